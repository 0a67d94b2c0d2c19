"""Migrations of the tables. Log tables are only ever added to, never altered."""
