"""The dossier: everything that is known of one therapy, for somebody who was not there and asks to see it.

It holds facts and who stands for them, in the order of the log, with both times of each. Nothing is judged anew, and
nothing that was corrected is left out: it is marked, with what counts instead. The patient's name is there only when
the reader belongs to the site that treats.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coi.exports import dossier_custody as things
from coi.exports.dossier_entries import Told, corrections_json, entries_json, moment_json
from coi.journey.entry import instant

FORMAT = "coi-dossier-v1"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """How it was made: when, for whom, as recorded by when (None: now), by which software, under which banner."""

    at: datetime
    reader: str
    as_of: datetime | None = None
    software: str
    banner: str | None = None


def build(told: Told, *, made: Made, patient: Mapping[str, Any] | None = None) -> Json:
    """Return the dossier as plain JSON values; `patient` only for a reader who may know the name."""
    entries = entries_json(told)
    return {
        "format": FORMAT, "made_at": instant(made.at), "made_for": made.reader, "as_of": moment_json(made.as_of),
        "software": made.software, "banner": made.banner, "therapy": _therapy(told),
        "patient": dict(patient) if patient is not None else None,
        "containers": things.containers_json(told), "lots": things.lots_json(told),
        "custody": things.custody_json(told), "labels": things.labels_json(told),
        "reconciliation": things.reconciliation_json(told),
        "releases": things.releases_json(told), "windows": things.windows_json(told, at=made.as_of or made.at),
        "deviations": things.deviations_json(told), "corrections": corrections_json(told),
        "documents": things.documents_json(told), "entries": entries,
        "people": _people(entries), "last_leaf": entries[-1]["leaf"] if entries else None,
    }  # fmt: skip


def sealed(document: Json, *, seal: Callable[[str, str], str]) -> Json:
    """Return the dossier with the signed note over all of it: whatever is changed afterwards is found.

    The digest is SHA-256 over the document without its seal, as JSON with sorted keys and no white space, in UTF-8.
    """
    line = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return {**document, "seal": seal("dossier", hashlib.sha256(line.encode()).hexdigest())}


def _therapy(told: Told) -> Json:
    therapy, pathway = told.therapy, told.pathway
    return {
        "coi": therapy.coi, "site": therapy.site, "patient": therapy.patient, "parties": sorted(therapy.parties),
        "pathway": {"name": pathway.name, "version": pathway.version, "title": pathway.title,
                    "digest": pathway.digest},
        "stage": pathway.stages[therapy.stage].title if therapy.begun else None,
        "enrolled_at": moment_json(therapy.enrolled_at), "closed": therapy.closed,
        "postponed": told.reason(therapy.postponed), "donations": list(therapy.donations),
        "donor_tests": therapy.donor_tests(), "plan": therapy.plan,
    }  # fmt: skip


def _people(entries: list[Json]) -> list[str]:
    """Return everybody whom the shown entries name, once each."""
    found: set[str] = set()
    for entry in entries:
        found |= {entry["recorded_by"]["person"], *entry["performed_by"]}
        found |= {signature["person"] for signature in entry["signatures"]}
    return sorted(person for person in found if person)
