"""The drill: a backup is restored into a scratch folder, with the escrowed key, before anybody needs it.

It proves that the backup is whole, that the log in it verifies, that the vault opens with the key as it lies in escrow,
and that a wristband still finds its patient. The result is an entry, whatever it is; the instance itself is only read.
"""

import json
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, select

from coi.actions import backup
from coi.actions.escrow import keys_in
from coi.actions.faults import Fault
from coi.actions.office import Office
from coi.actions.setup import make_tables
from coi.actions.system import Fact, last_told, tell
from coi.record import codes, sealed, transparency
from coi.record.db import open_store
from coi.record.tables import CODE
from coi.record.vault import VaultError

STALE_AFTER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill showed: how much was restored, how long it took, whether a wristband resolved, what was wrong.

    `wristband` is None when there was no patient to look for.
    """

    entries: int
    root: str
    seconds: int
    wristband: bool | None
    faults: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether the backup could be relied on."""
        return not self.faults and self.wristband is not False


def drill(office: Office, *, escrowed: Path, file: Path | None = None) -> Drilled:
    """Try to restore the backup `file`, or one that is made now, with the key in `escrowed`, and record the result."""
    keys = keys_in(escrowed)
    started = time.monotonic()
    with TemporaryDirectory(prefix="coi-drill-") as name:
        scratch = Path(name)
        if file is None:
            file = scratch / "backup.tar"
            backup.back_up(office, file)
        store = open_store(f"sqlite:///{scratch / 'coi.sqlite3'}")
        try:
            done = _tried(replace(office, store=store, keys=keys, pathways={}), file)
        finally:
            store.close()
    done = replace(done, seconds=round(time.monotonic() - started))
    values = {"entries": done.entries, "root": done.root, "seconds": done.seconds, "wristband": done.wristband,
              "faults": len(done.faults), "passed": done.passed}  # fmt: skip
    with office.store.write() as conn:
        tell(office, conn, [Fact("backup.drilled", values)])
    return done


def _tried(scratch: Office, file: Path) -> Drilled:
    make_tables(scratch.store)
    try:
        faults = backup.restore(scratch, file, record=False, although_wrong=True)
        with scratch.store.read() as conn:
            tree = transparency.last_frontier(conn)
            resolves = _a_wristband_resolves(scratch, conn)
    except (Fault, VaultError) as fault:
        return Drilled(0, "", 0, None, (str(fault),))
    return Drilled(tree.size, tree.root().hex(), 0, resolves, tuple(faults))


def _a_wristband_resolves(scratch: Office, conn: Connection) -> bool | None:
    """Open the last patient's number in the vault and look it up as a scanned wristband is."""
    patient = conn.execute(
        select(CODE.c.subject).where(CODE.c.type == "patient", CODE.c.token != CODE.c.subject).limit(1)
    ).scalar()
    if patient is None:
        return None
    kept = sealed.read(conn, [patient], keys=scratch.keys).get(patient, {})
    numbers = [json.loads(text)["value"] for name, text in kept.items() if name.startswith("identifier.")]
    tokens = [codes.foreign_token(scratch.keys, text=number, scope="patient") for number in numbers]
    found = codes.resolve(conn, tokens)
    return any(one.subject == patient for several in found.values() for one in several)


def last_passed(conn: Connection) -> datetime | None:
    """Return when a drill last passed; None when none ever did."""
    last = last_told(conn, "backup.drilled")
    return last.recorded_at if last is not None and last.values["passed"] else None
