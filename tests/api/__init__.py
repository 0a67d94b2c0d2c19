"""The interface from outside: what programs rely on."""
