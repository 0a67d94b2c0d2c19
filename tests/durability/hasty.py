"""The real application with a fault: its SQLite does not wait for the disk. What finds no fault in it finds nothing."""

from sqlalchemy import event

from coi.api.access import EXTENSION
from coi.app import create_app


def app():
    made = create_app()
    event.listen(made.extensions[EXTENSION].store._writer, "checkout", lambda conn, *_: _hurry(conn))
    return made


def _hurry(conn):
    conn.execute("PRAGMA synchronous=OFF")
