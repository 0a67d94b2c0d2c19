"""The memory: entries that nobody can rewrite, the rows projected from them, and the vault."""
