"""`coi verify`, `rebuild`, `backup`, `restore`, `export`: what one does with the whole log."""

from datetime import datetime
from pathlib import Path

import click

from coi.actions import backup as backups
from coi.actions import drill, exporting, outside, verification
from coi.actions.faults import Fault
from coi.actions.setup import KEY_FILE, LOG_KEY_FILE
from coi.actions.upgrade import upgrade
from coi.cli import opening
from coi.journey.entry import from_instant
from coi.record.logkey import LogKey, create_log_key

_NEW = click.Path(dir_okay=False, path_type=Path)
_THERE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--against", multiple=True, metavar="FILE_OR_URL",
              help="A checkpoint or receipt that was kept outside, or where a witness keeps it.")  # fmt: skip
def verify(*, against: tuple[str, ...]) -> None:
    """Check every leaf, chain, tree, answer and projection; exit 1 when something is wrong."""
    kept = [outside.fetched(place) for place in against]
    with opening.office() as office:
        _tell([*verification.verify(office), *(fault for text in kept for fault in outside.compare(office, text))])
        click.echo(f"{outside.size(office)} entries, signed with {office.log_key.verifier_key}.")
    for place, text in zip(against, kept, strict=True):
        click.echo(f"It begins with the {outside.size_of(text)} entries that {place} tells of.")


def _tell(faults: list[str]) -> None:
    for fault in faults:
        click.echo(fault)
    if faults:
        raise SystemExit(1)
    click.echo("The log proves itself, and the projections say what it says.")


@click.command()
def rebuild() -> None:
    """Write the projections anew from the log."""
    with opening.office(guarded=True) as office:
        click.echo(f"{verification.rebuild(office)} projected rows were written anew.")


@click.command()
@click.argument("file", type=_NEW)
def backup(*, file: Path) -> None:
    """Write a consistent copy of everything but the keys and settings.toml to FILE, while the service runs."""
    with opening.office() as office:
        count = backups.back_up(office, file)
        click.echo(f"{count} entries are in {file.name}. Neither key is: keep a copy of {KEY_FILE} elsewhere, or "
                   f"no name can be read again, and one of {LOG_KEY_FILE}, or another key has to sign.")  # fmt: skip


@click.command()
@click.argument("file", type=_THERE)
@click.option("--known", metavar="FILE_OR_URL",
              help="The newest checkpoint that anybody outside keeps, to record what is lost.")  # fmt: skip
@click.option("--although-wrong", is_flag=True,
              help="Restore what is found wrong too, when there is no other copy; what it is gets listed.")  # fmt: skip
def restore(*, file: Path, known: str | None, although_wrong: bool) -> None:
    """Fill a new instance from the backup FILE; put the old vault key into it first and do not run coi init."""
    found = opening.settings()
    size = outside.size_of(outside.fetched(known)) if known else None
    if not (found.instance / KEY_FILE).exists():
        raise click.ClickException(f"The backup holds no key; put the old instance's vault key at "
                                   f"{found.instance / KEY_FILE} first.")  # fmt: skip
    log_key = found.instance / LOG_KEY_FILE
    for folder in (found.instance, log_key.parent):
        folder.chmod(0o700)
    new = _key_for(file, log_key)
    upgrade(found)
    with opening.office(found, guarded=True) as office:
        faults = backups.restore(office, file, known=size, although_wrong=although_wrong)
        restored = backups.restored_size(office)
    click.echo(f"{restored} entries were restored.")
    if size is not None:
        click.echo(f"{max(0, size - restored)} entries that were known outside are lost.")
    if new is not None:
        click.echo("The old log key was not here, so a new one signs from now on; hand it over to everybody who checks "
                   f"the log: {new.verifier_key}")  # fmt: skip
    click.echo("What was backed up must never run again beside this one: that would be two logs of one name.")
    _tell(faults)


def _key_for(file: Path, place: Path) -> LogKey | None:
    """Make a log key in its place if there is none: the log goes on under its name. Return it if it is new."""
    origin = None if place.exists() else backups.origin_of(file)
    return create_log_key(place, name=origin) if origin else None


@click.command("drill")
@click.option("--key", "escrowed", type=_THERE, required=True, help="The vault's key as it lies in escrow.")
@click.argument("file", type=_THERE, required=False)
def try_restore(*, escrowed: Path, file: Path | None) -> None:
    """Try to restore the backup FILE, or one made now, with the escrowed key; exit 1 when it could not be relied on."""
    with opening.office(guarded=True) as office:
        done = drill.drill(office, escrowed=escrowed, file=file)
    for fault in done.faults:
        click.echo(fault)
    if not done.root:
        raise click.ClickException(f"The drill failed: nothing could be restored with {escrowed}.")
    words = {True: "a wristband resolves", False: "NO wristband resolves", None: "there is no patient to look for yet"}
    click.echo(f"{done.entries} entries were restored in {done.seconds} s, root {done.root}; {words[done.wristband]}.")
    if not done.passed:
        raise SystemExit(1)


@click.group()
def export() -> None:
    """Take the log out."""


@export.command()
@click.argument("file", type=_NEW)
def entries(*, file: Path) -> None:
    """Write the leaves of the log to FILE as JSON Lines, in the order of their positions."""
    with opening.office() as office:
        count = outside.export_log(office, file)
        click.echo(f"{count} entries are in {file.name}, the signed checkpoints beside it in {file.name}.checkpoints.")


@export.command()
@click.argument("file", type=_NEW)
def verifier(*, file: Path) -> None:
    """Write the free-standing verifier to FILE: it checks an export with the log's public key alone."""
    with file.open("xb") as out:
        out.write(outside.verifier())
    click.echo(f"The verifier is in {file.name}; it needs Python and the package cryptography, nothing else.")


@export.command()
@click.argument("coi")
@click.argument("file", type=_NEW)
@click.option("--at", help="As recorded by this moment, such as 2026-11-23T14:05:00+01:00.")
def dossier(*, coi: str, file: Path, at: str | None) -> None:
    """Write everything of the therapy COI to FILE: a PDF, or JSON when FILE ends in .json. Names nobody's patient."""
    moment = _moment(at) if at else None
    with opening.office() as office:
        try:
            exporting.write_dossier(office, coi, file, at=moment)
        except Fault as fault:
            raise click.ClickException(str(fault)) from None
    click.echo(f"The dossier of {coi} is in {file.name}.")


def _moment(text: str) -> datetime:
    try:
        return from_instant(text)
    except ValueError:
        raise click.ClickException("Expected a date and time with its offset, such as 2026-11-23T14:05:00Z.") from None


COMMANDS = (verify, rebuild, backup, restore, try_restore, export)
