"""The heart: pure decisions about identity, custody and stability. Standard library only, no I/O, no clock."""
