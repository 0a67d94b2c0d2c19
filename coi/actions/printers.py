"""Printers: the list that administrators keep, and what stands behind each line of it.

An address is judged when it is added and again when it is dialled. Every change is an entry of the system's stream; a
code is never given twice, because the log names printers by it.
"""

from dataclasses import asdict
from typing import Final

from coi.actions.faults import Fault, malformed, unknown
from coi.actions.labels import RESOLUTIONS
from coi.actions.office import Office
from coi.actions.requests import Caller
from coi.actions.system import Fact, tell
from coi.journey.values import CODE
from coi.record import people, printers
from coi.record.printers import Printer
from labels import printing as devices

KINDS: Final = ("raw", "lp", "browser", "null")
LARGEST: Final = 450  # millimetres
BROWSER: Final = Printer(code="browser", kind="browser", address="", language="pdf", dpi=300, width=LARGEST,
                         height=LARGEST)  # fmt: skip
"""The browser's own print dialogue is always there."""
_ADDRESSED: Final = {"raw": devices.read_address, "lp": devices.read_queue}


def known(office: Office, *, caller: Caller | None = None) -> list[Printer]:
    """Return the printers that there are, the browser last; for a `caller` those of the own sites."""
    with office.store.read() as conn:
        found = [*printers.known(conn), BROWSER]
    if caller is None or "*" in caller.grants:
        return found
    return [one for one in found if one.site in ("", *caller.grants)]


def called(office: Office, code: str, *, caller: Caller | None = None) -> Printer:
    """Return the printer with this code; raises Fault 404 when there is none that the caller may use."""
    found = next((one for one in known(office, caller=caller) if one.code == code), None)
    if found is None:
        raise unknown("printer")
    return found


def add(office: Office, printer: Printer) -> None:
    """Add a printer; raises Fault 400 with a sentence for each part that is wrong, 409 for a code that was used."""
    faults = _faults(printer)
    if faults:
        raise malformed("printer.malformed", next(iter(faults.values()))[0], faults)
    with office.store.write() as conn:
        if printer.site and printer.site not in people.known_organisations(conn, [printer.site]):
            raise malformed("printer.site", "There is no such site; add it first.", {"site": ["Not known here."]})
        if printer.code == BROWSER.code or printers.was_known(conn, printer.code):
            message = f"{printer.code} is or was a printer here; choose another code."
            raise Fault(409, "printer.taken", message, {"code": [message]})
        printers.add(conn, printer)
        tell(office, conn, [Fact("printer.added", asdict(printer))])


def _faults(printer: Printer) -> dict[str, list[str]]:
    """Return a sentence for each part of `printer` that is wrong."""
    faults: dict[str, list[str]] = {}
    if not CODE.fullmatch(printer.code):
        faults["code"] = ["Expected a code of small letters, digits, '.', '_' and '-', such as ward-3."]
    for name, options in (("kind", KINDS), ("language", devices.LANGUAGES), ("dpi", RESOLUTIONS)):
        if getattr(printer, name) not in options:
            faults[name] = [f"Expected one of {', '.join(map(str, options))}."]
    if not (0 < printer.width <= LARGEST and 0 < printer.height <= LARGEST):
        faults["size"] = [f"Expected a width and a height from 1 to {LARGEST} millimetres."]
    return faults | _address_faults(printer)


def _address_faults(printer: Printer) -> dict[str, list[str]]:
    read = _ADDRESSED.get(printer.kind)
    if read is None:
        return {"address": [f"A printer of the kind {printer.kind} has no address."]} if printer.address else {}
    try:
        read(printer.address)
    except devices.BadAddress as fault:
        return {"address": [str(fault)]}
    return {}


def remove(office: Office, code: str) -> None:
    """Take a printer off the list; raises Fault 404 when it is not on it."""
    with office.store.write() as conn:
        if not printers.remove(conn, code):
            raise unknown("printer")
        tell(office, conn, [Fact("printer.removed", {"code": code})])


def try_out(office: Office, code: str) -> devices.Sent:
    """Send a test print, which is no label, and return what is known of it; raises Fault 404 for an unknown printer."""
    printer = called(office, code)
    data = devices.sample(printer.language, dpi=printer.dpi, width=printer.width, height=printer.height)
    return device(printer).send(data, title="test-print")


def device(printer: Printer) -> devices.Printer:
    """Return what sends to `printer`."""
    if printer.kind == "raw":
        return devices.RawPrinter(devices.read_address(printer.address))
    if printer.kind == "lp":
        return devices.QueuePrinter(devices.read_queue(printer.address), raw=printer.language.startswith("zpl"))
    return devices.BrowserPrinter() if printer.kind == "browser" else devices.NullPrinter()
