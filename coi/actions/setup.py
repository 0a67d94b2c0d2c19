"""Setting up: the instance folder with its key, the tables, the shipped pathways, and the demo world.

Everything here can be said twice; what is there already stays as it is.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib import resources
from pathlib import Path
from uuid import UUID, uuid5

from sqlalchemy import insert, select

import scanners
from coi.actions.appending import append, system_fields
from coi.actions.attempts import desk_of
from coi.actions.faults import Fault
from coi.actions.office import Office, understood
from coi.actions.people import organisation_fact, person_fact
from coi.actions.system import STREAM, Fact, tell
from coi.journey.steps import Role
from coi.record import people, schema
from coi.record.db import Store, open_store
from coi.record.ledger import Draft
from coi.record.logkey import LogKey, create_log_key, load_log_key
from coi.record.tables import ORGANISATION, PATHWAY, PERSON
from coi.record.vault import create_master, derive_keys, load_master
from coi.settings import Settings, SettingsError
from labels.law import SHIPPED, Law, read_law

KEY_FILE = Path("keys") / "vault.key"
LOG_KEY_FILE = Path("keys") / "log.key"
LABEL_KEY_FILE = Path("keys") / "label.key"
LAW_FILE = "label-law.toml"
_PATHWAY_SPACE = UUID("0c9f7d4e-3b1a-5e62-8d47-6a5b2c9e1f03")  # names the entries of published pathways; never changed

DEMO_ORGANISATIONS = (
    ("demo-hospital", "Demo hospital", "site"),
    ("demo-plant", "Demo plant", "site"),
    ("demo-courier-co", "Demo courier company", "courier"),
)
_H, _P, _C = "demo-hospital", "demo-plant", "demo-courier-co"
DEMO_PEOPLE: Mapping[str, tuple[tuple[str, Role], ...]] = {
    "demo-nurse": ((_H, Role.NURSE),),
    "demo-courier": ((_C, Role.COURIER),),
    "demo-courier-2": ((_C, Role.COURIER),),
    "demo-receiver": ((_P, Role.RECEIVER), (_H, Role.RECEIVER)),
    "demo-operator": ((_P, Role.OPERATOR), (_H, Role.OPERATOR)),
    "demo-quality": ((_P, Role.QUALITY), (_H, Role.QUALITY)),
    "demo-quality-2": ((_P, Role.QUALITY), (_H, Role.QUALITY)),
    "demo-infusion": ((_H, Role.INFUSION),),
    "demo-infusion-2": ((_H, Role.INFUSION),),
    "demo-physician": ((_H, Role.PHYSICIAN),),
    "demo-coordinator": ((_H, Role.COORDINATOR), (_P, Role.COORDINATOR)),
    "demo-auditor": (("*", Role.AUDITOR),),
    "demo-admin": (("*", Role.ADMIN),),
}


def open_office(settings: Settings, *, now: Callable[[], datetime]) -> Office:
    """Return the office of an instance; nothing is connected yet.

    Raises VaultError or LogKeyError for its keys, BadLaw for the instance's own label law.
    """
    keys = derive_keys(load_master(settings.instance / KEY_FILE))
    log_key = load_log_key(settings.instance / LOG_KEY_FILE)
    return Office(store=open_store(settings.database_url), keys=keys, log_key=log_key, now=now, demo=settings.demo,
                  max_skew_seconds=settings.max_skew_seconds, site=scanners_of(settings),
                  label_key=label_key_of(settings.instance), law=law_of(settings.instance))  # fmt: skip


def scanners_of(settings: Settings) -> scanners.Site:
    """Return how the scanners are set up; raises SettingsError for a pattern that must not be used."""
    try:
        patterns = scanners.checked_patterns((settings.scanner_patterns or "").splitlines())
    except scanners.BadPattern as fault:
        raise SettingsError(f"scanner_patterns: {fault}") from fault
    return scanners.Site(
        settings.scanner_prefix or "", settings.scanner_suffix or "", settings.scanner_fnc1 or "", patterns
    )


def label_key_of(folder: Path) -> LogKey | None:
    """Return the key that signs labels, None where none was made yet; raises LogKeyError for one that is unusable."""
    return load_log_key(folder / LABEL_KEY_FILE) if (folder / LABEL_KEY_FILE).exists() else None


def law_of(folder: Path) -> Law:
    """Return the label law of an instance: its own document where there is one, else the shipped one."""
    own = folder / LAW_FILE
    return read_law(own.read_bytes()) if own.exists() else SHIPPED


def make_label_key(folder: Path) -> None:
    """Make the key that signs labels, unless it is there."""
    if not (folder / LABEL_KEY_FILE).exists():
        create_log_key(folder / LABEL_KEY_FILE, name=f"coi-label/{secrets.token_hex(8)}")


def make_instance(folder: Path) -> None:
    """Make the instance folder, the vault's key and the log's key, unless they are there."""
    keys = (folder / KEY_FILE).parent
    keys.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    keys.chmod(0o700)
    if not (folder / KEY_FILE).exists():
        create_master(folder / KEY_FILE)
    if not (folder / LOG_KEY_FILE).exists():
        create_log_key(folder / LOG_KEY_FILE)
    make_label_key(folder)


def make_tables(store: Store) -> None:
    """Bring the tables up to the newest migration."""
    schema.upgrade(store)


def publish_shipped(office: Office) -> None:
    """Publish the pathways that come with the product."""
    for file in sorted((resources.files("coi") / "pathways").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            publish(office, file.read_bytes())


def publish(office: Office, document: bytes) -> str:
    """Publish a pathway and return its digest; the same bytes twice change nothing.

    Raises BadPathway for a document that is not usable, Fault 409 when this name and version have other bytes.
    """
    pathway = understood(document)
    with office.store.write() as conn:
        if conn.execute(select(PATHWAY.c.digest).where(PATHWAY.c.digest == pathway.digest)).first():
            return pathway.digest
        same = PATHWAY.c.name == pathway.name, PATHWAY.c.version == pathway.version
        if conn.execute(select(PATHWAY.c.digest).where(*same)).first():
            raise Fault(409, "pathway.version", f"Version {pathway.version} of {pathway.name} is published with other "
                        "contents; give the new one its own version.")  # fmt: skip
        id_ = str(uuid5(_PATHWAY_SPACE, pathway.digest))
        desk = desk_of(office, conn, id_)
        told = {"name": pathway.name, "version": pathway.version, "digest": pathway.digest}
        fields = system_fields(office, desk, kind="pathway.published", attempt=id_, therapy=None) | {
            "id": id_, "occurred_at": desk.at, "values": {**told, "document": document.decode()},
        }  # fmt: skip
        written = append(office, desk, [Draft(STREAM, fields)], {})
        conn.execute(insert(PATHWAY), {**told, "title": pathway.title, "position": written.first.entry.position,
                                       "document": document})  # fmt: skip
    return pathway.digest


def seed_demo(office: Office, *, hashed: Callable[[], str]) -> bool:
    """Add the demo sites and people, unless they are there; tell whether they were added. `hashed` is called once."""
    with office.store.write() as conn:
        if conn.execute(select(PERSON.c.code).where(PERSON.c.code == "demo-nurse")).first():
            return False
        password = hashed()
        facts: list[Fact] = []
        for code, title, kind in DEMO_ORGANISATIONS:
            if not conn.execute(select(ORGANISATION.c.code).where(ORGANISATION.c.code == code)).first():
                people.add_organisation(conn, code=code, title=title, kind=kind, country="XA", zone="UTC")
                facts.append(organisation_fact(code, kind))
        for code, grants in DEMO_PEOPLE.items():
            name = code.replace("demo-", "Demo ").replace("-", " ")
            people.add_person(conn, code=code, name=name, password=password, grants=grants)
            facts.append(person_fact(code, grants))
        tell(office, conn, facts)
    return True
