"""`coi export archive` and `coi import`: everything as files that outlive the software, and back."""

from pathlib import Path

import click

from coi.actions import archive as archives
from coi.actions import archived, importing
from coi.actions.upgrade import upgrade
from coi.cli import opening
from coi.cli.instance import in_demo_mode
from coi.cli.records import export

_NEW = click.Path(path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@export.command("archive")
@click.argument("folder", type=_NEW)
@click.option("--therapy", metavar="COI", help="Only this therapy, with proofs; such an archive cannot be imported.")
@click.option("--without-names", is_flag=True, help="Leave the patients' names, numbers, notes and documents out.")
def export_archive(*, folder: Path, therapy: str | None, without_names: bool) -> None:
    """Write everything to the new FOLDER, readable without this software: a BagIt bag with its own README."""
    with opening.office() as office:
        count = archives.write_archive(office, folder, therapy=therapy, names=not without_names)
    click.echo(f"{count} files are in {folder.name}; data/README.txt says what each of them is.")
    if without_names:
        click.echo("Names, numbers, notes and documents were left out; a service cannot be filled from this archive.")
    else:
        click.secho(f"{folder.name} HOLDS NAMES, BIRTH DATES AND NUMBERS OF PATIENTS IN THE CLEAR: keep it as you keep "
                    "the patients' own files.", bold=True)  # fmt: skip


@click.command("import")
@click.argument("folder", type=_FOLDER)
@click.option("--key", type=_FILE, help="The log's public key as you have it from elsewhere; else the archive's own.")
@click.option("--new-vault-key", is_flag=True, help="The archived instance's vault key is lost; go on with another.")
def import_(*, folder: Path, key: Path | None, new_vault_key: bool) -> None:
    """Fill a new instance from the archive in FOLDER; put the old vault key into it first and do not run coi init."""
    archive = archived.checked(folder, key=key.read_text("utf-8").strip() if key else None)
    found = opening.settings()
    importing.prepare(found, archive, new_vault_key=new_vault_key)
    if archive.about["demo"]:
        found = in_demo_mode(found)  # made-up people stay marked as such
    upgrade(found)
    with opening.office(found, guarded=True) as office:
        done = importing.import_archive(office, archive)
    click.echo(f"{done.size} entries of the log {archive.log} were imported; they were signed with {archive.key}")
    if office.log_key.verifier_key != archive.key:
        click.echo(f"From now on another key signs; hand it over to everybody who checks the log: "
                   f"{office.log_key.verifier_key}")  # fmt: skip
    click.echo("Nobody has a password here; give each person a new one with coi person password CODE.")
    if new_vault_key:
        click.echo(f"Seals, places and devices that are in the log can be compared with no new scan, and "
                   f"{done.codes_lost} foreign codes are known no more.")  # fmt: skip
    click.echo("The log proves itself, and the projections say what it says.")


COMMANDS = (import_,)
