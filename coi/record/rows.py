"""Rows from outside: is what somebody brings a row of this table at all? Asked before a database is."""

from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel import AutoString

LARGEST = 2**31 - 1  # what an integer column holds on either database
# what a file from outside can bring about in whoever reads and stores it
UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    OverflowError,
    IntegrityError,
    DataError,
)


def fits(table: Table, row: object) -> bool:
    """Tell whether `row` has exactly the columns of `table`, each with a value that it holds."""
    columns = {column.name: column for column in table.columns}
    if not isinstance(row, dict) or row.keys() != columns.keys():
        return False
    return all(_fits(column, row[name]) for name, column in columns.items())


def _fits(column: Column[Any], value: object) -> bool:
    if value is None:
        return bool(column.nullable)
    wanted = str if isinstance(column.type, AutoString) else column.type.python_type
    return type(value) is wanted and (not isinstance(value, int) or abs(value) <= LARGEST)
