"""The list of printers. Nothing is ever removed from it, only made inactive: the log names printers by their codes."""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, insert, select, update

from coi.record.tables import PRINTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """One printer: `kind` is raw, lp, browser or null; the size of its paper in millimetres; '' stands for any site."""

    code: str
    kind: str
    address: str
    language: str
    dpi: int
    width: int
    height: int
    site: str = ""


_COLUMNS = [PRINTER.c[name] for name in Printer.__slots__]


def known(conn: Connection) -> list[Printer]:
    """Return the active printers by code."""
    rows = conn.execute(select(*_COLUMNS).where(PRINTER.c.active).order_by(PRINTER.c.code)).mappings()
    return [Printer(**row) for row in rows]


def was_known(conn: Connection, code: str) -> bool:
    """Tell whether a printer, active or not, has ever had this code."""
    return conn.execute(select(PRINTER.c.code).where(PRINTER.c.code == code)).first() is not None


def add(conn: Connection, printer: Printer) -> None:
    """Add a printer."""
    conn.execute(insert(PRINTER), {**asdict(printer), "active": True})


def remove(conn: Connection, code: str) -> bool:
    """Make a printer inactive; tell whether there was one."""
    gone = conn.execute(update(PRINTER).where(PRINTER.c.code == code, PRINTER.c.active).values(active=False))
    return bool(gone.rowcount)
