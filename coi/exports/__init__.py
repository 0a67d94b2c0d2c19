"""What leaves the house: history and state as files, never altered."""
