"""`coi init`, `upgrade`, `doctor`, `token`: an instance is made, brought up to date, looked at, opened to programs."""

import secrets
import tomllib
from pathlib import Path

import click
from argon2 import PasswordHasher
from sqlalchemy import select

from coi import clock
from coi.actions import doctor as doctors
from coi.actions import escrow, labelkeys, logkeys, people, setup, story
from coi.actions.office import Office
from coi.actions.upgrade import upgrade as upgrade_tables
from coi.actions.verification import rebuild
from coi.cli import opening
from coi.record import schema
from coi.record.db import open_store
from coi.record.logkey import create_log_key, load_log_key
from coi.record.tables import ENTRY, PERSON
from coi.settings import FILE, Settings

_PASSWORD_BYTES = 12


@click.command()
@click.option("--demo", is_flag=True, help="Add made-up sites and people, and mark everything as a demo.")
@click.option("--story", "with_story", is_flag=True, help="Play some journeys, too; for a demo.")
@click.option("--escrow", "copies", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A copy of the vault's key in its safe place; give two.")  # fmt: skip
def init(*, demo: bool, with_story: bool, copies: tuple[Path, ...]) -> None:
    """Make the instance: folder, vault key, tables, shipped pathways. Again changes nothing."""
    found = opening.settings()
    people_there, entries_there = _in_use(found)
    key = found.instance / setup.KEY_FILE
    if entries_there and not key.exists():
        raise click.ClickException(f"The database is in use but its vault key is not at {key}; put it back from its "
                                   "copy, with a new one not a single name could be read.")  # fmt: skip
    if demo and people_there and not found.demo:
        raise click.ClickException(
            "This instance has real people in it; name another one with COI_INSTANCE for a demo."
        )
    if with_story and not (demo or found.demo):
        raise click.ClickException("The story is made up and belongs into a demo only; say coi init --demo --story.")
    setup.make_instance(found.instance)
    if demo:
        found = in_demo_mode(found)
    changed = upgrade_tables(found)
    with opening.office(found) as office:
        if changed:
            rebuild(office)
        logkeys.adopt(office)
        labelkeys.adopt(office)
        setup.publish_shipped(office)
        if demo:
            _seed(office, found)
        if with_story:
            click.echo(f"The story is told by the therapies {', '.join(story.play(office))}.")
        if copies:
            escrow.confirm(office, copies, key_file=key)
        finished = found.demo or escrow.is_confirmed(office)
    if not finished:
        raise click.ClickException(
            f"The instance is made in {found.instance} but not finished: copy {key} to {escrow.COPIES} places, apart "
            "from each other and from the backups, and say coi init --escrow COPY --escrow COPY. The service does not "
            "start before."
        )
    click.echo(f"The instance is ready in {found.instance}.")


def _in_use(found: Settings) -> tuple[bool, bool]:
    """Tell whether there are people and whether there are entries in the database."""
    if not doctors.has_database(found):
        return False, False
    store = open_store(found.database_url)
    try:
        with store.read() as conn:
            if schema.current(conn) is None:
                return False, False
            return tuple(conn.execute(select(table).limit(1)).first() is not None for table in (PERSON, ENTRY))  # type: ignore[return-value]  # of two tables
    finally:
        store.close()


def in_demo_mode(found: Settings) -> Settings:
    """Write `demo = true` into the instance's settings, unless they say so, and read them again."""
    file = found.instance / FILE
    if not found.demo:
        written = file.read_text("utf-8") if file.exists() else ""
        if "demo" not in tomllib.loads(written):
            file.write_text(
                "demo = true\n" + written, "utf-8"
            )  # in front: behind a table's head it would be the table's
    again = opening.settings()
    if not again.demo:
        raise click.ClickException(f"COI_DEMO or {file} says demo is false; take that away for a demo.")
    return again


def _seed(office: Office, found: Settings) -> None:
    password = found.demo_password or secrets.token_urlsafe(_PASSWORD_BYTES)
    hasher = PasswordHasher(found.argon2_time_cost, found.argon2_memory_cost, found.argon2_parallelism)
    if setup.seed_demo(office, hashed=lambda: hasher.hash(password)):
        click.echo(f"The demo people are {', '.join(setup.DEMO_PEOPLE)}.")
        click.echo(f"Their password, shown only now: {password}")


@click.command()
def upgrade() -> None:
    """Bring the tables up to date. Again changes nothing; stop the service first."""
    found = opening.settings()
    if not (found.instance / setup.KEY_FILE).exists():
        raise click.ClickException(doctors.NOT_THERE)
    changed = upgrade_tables(found)
    setup.make_label_key(found.instance)
    click.echo(f"The tables are at migration {schema.head()}.")
    if changed:
        with opening.office(found) as office:
            click.echo(f"{rebuild(office)} projected rows were written anew.")
            logkeys.adopt(office)
    with opening.office(found) as office:
        labelkeys.adopt(office)


@click.command()
def doctor() -> None:
    """Look at everything and say what is wrong; exit 1 when something is."""
    told = doctors.examine(opening.settings(), now=clock.now())
    for each in told:
        click.echo(f"{each.level:5}  {each.says}")
    if any(each.level == "wrong" for each in told):
        raise SystemExit(1)


@click.group()
def token() -> None:
    """Bearer tokens for programs."""


@token.command()
@click.argument("person")
@click.option(
    "--days", type=click.IntRange(1, 3650), default=people.TOKEN_DAYS, show_default=True, help="It ends then."
)
def issue(*, person: str, days: int) -> None:
    """Print a new bearer token of PERSON; it is not shown again."""
    with opening.office(guarded=True) as office:
        click.echo(people.issue_token(office, person, days=days))


@click.command("log-key")
@click.option("--new", is_flag=True, help="Have another key sign from now on; stop the service first.")
def log_key(*, new: bool) -> None:
    """Print the log's public key, for everybody who wants to check the log; or change the key."""
    found = opening.settings()
    if new:
        _change_log_key(found)
    with opening.office(found) as office:
        click.echo(office.log_key.verifier_key)


def _change_log_key(found: Settings) -> None:
    file, coming = found.instance / setup.LOG_KEY_FILE, found.instance / setup.LOG_KEY_FILE.with_suffix(".coming")
    with opening.keyless_office(found) as (store, known):
        if not known:
            raise click.ClickException("The log names no key yet; run coi init first.")
        old = load_log_key(file) if file.exists() else None
        key = load_log_key(coming) if coming.exists() else create_log_key(coming, name=known.partition("+")[0])
        if known != key.verifier_key:  # else it was recorded, and only the file is not in its place yet
            logkeys.change(store(key), old=old, told_key=known)
    logkeys.take_the_place(coming, file)


COMMANDS = (init, upgrade, doctor, token, log_key)
