"""The office: what every use case needs at hand, put together once when a process starts."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version

from sqlalchemy import Connection, select

import scanners
from coi.journey.identity import RefType, mint
from coi.journey.pathway import Pathway, read_pathway
from coi.journey.steps import STEPS, Purpose
from coi.record.db import Store
from coi.record.logkey import LogKey
from coi.record.tables import PATHWAY
from coi.record.vault import VaultKeys
from labels.law import SHIPPED, Law

SOFTWARE = f"coi-tracker {version('coi-tracker')}"


@dataclass(frozen=True, slots=True)
class Office:
    """The store, the vault's keys, the keys that sign for log and labels, the clock, the rules of this installation.

    Without a label key labels carry their serial alone, which proves nothing offline.
    """

    store: Store
    keys: VaultKeys
    log_key: LogKey
    now: Callable[[], datetime]
    demo: bool = False
    max_skew_seconds: int = 120
    software: str = SOFTWARE
    site: scanners.Site = field(default_factory=scanners.Site)  # how the scanners of this installation are set up
    label_key: LogKey | None = None
    law: Law = SHIPPED
    pathways: dict[str, Pathway] = field(default_factory=dict)  # by digest; their bytes never change

    def mint(self, kind: RefType) -> str:
        """Return a new identifier of ours."""
        return mint(kind, choose=secrets.choice)

    def pathway(self, conn: Connection, digest: str) -> Pathway:
        """Return the pathway with `digest`; LookupError when it was never published here."""
        if digest not in self.pathways:
            document = conn.execute(select(PATHWAY.c.document).where(PATHWAY.c.digest == digest)).scalar()
            if document is None:
                raise LookupError(f"Pathway {digest} was never published here.")
            self.pathways[digest] = understood(bytes(document))
        return self.pathways[digest]


def understood(document: bytes) -> Pathway:
    """Return the pathway that `document` is; raises BadPathway."""
    return read_pathway(document, kinds=frozenset(STEPS), purposes=frozenset(purpose.value for purpose in Purpose))
