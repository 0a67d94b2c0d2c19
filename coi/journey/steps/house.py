"""Rows of the registry: what happens to the house itself. Written by the system, in the streams of what they concern.

No person's name and no secret stands in them: codes, public keys, sizes and digests only.
"""

from coi.journey.steps.parts import ALWAYS_STOPS
from coi.journey.steps.row import StepKind

_TITLES = {
    "organisation.added": "Organisation added",
    "person.added": "Person added, with the roles",
    "password.renewed": "Password of a person made anew",
    "settings.changed": "Settings changed",
    "key.adopted": "Log key adopted",
    "key.changed": "Log key changed",
    "key.escrowed": "Copies of the vault's key confirmed",
    "watcher.seen": "Watcher alive",
    "guards.broken": "Guards of the log found missing or altered",
    "guards.mended": "Guards of the log found as they must be again",
    "log.exported": "Log exported",
    "log.imported": "Log imported from an archive",
    "log.restored": "Log restored from a backup",
    "backup.made": "Backup made",
    "backup.drilled": "Restore of a backup tried",
    "printer.added": "Printer added",
    "printer.removed": "Printer removed",
}

ROWS = tuple(
    StepKind(kind=kind, title=title, who=frozenset(), stops=ALWAYS_STOPS, route="system")
    for kind, title in _TITLES.items()
)
