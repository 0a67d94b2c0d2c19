"""`coi label-keys`, `coi label …`: the keys that sign labels, a label that is judged offline, the law of labels."""

from dataclasses import replace
from pathlib import Path

import click

import scanners
from coi.actions import labelkeys, setup
from coi.actions.logkeys import take_the_place
from coi.cli import opening
from coi.record.logkey import create_log_key, load_log_key
from labels.law import Law, read_law

_THERE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("label-keys")
@click.option("--new", is_flag=True, help="Have another key sign labels from now on; stop the service first.")
@click.option("--compromised", is_flag=True, help="With --new: nothing that the old key signed is believed any more.")
def label_keys(*, new: bool, compromised: bool) -> None:
    """Print the public keys that labels are checked with, for everybody; or change the key."""
    if compromised and not new:
        raise click.ClickException("Got --compromised alone; a key is revoked by another one: say --new --compromised.")
    found = opening.settings()
    if new:
        file, coming = found.instance / setup.LABEL_KEY_FILE, found.instance / f"{setup.LABEL_KEY_FILE}.coming"
        if not file.exists():
            raise click.ClickException("There is no label key yet; run coi upgrade.")
        key = load_log_key(coming) if coming.exists() else create_log_key(coming, name=load_log_key(file).name)
        with opening.office(found) as office:
            labelkeys.adopt(replace(office, label_key=key), compromised=compromised)
        take_the_place(coming, file)
    with opening.office(found) as office:
        click.echo(labelkeys.key_list(office), nl=False)


@click.group()
def label() -> None:
    """Labels: judge one offline, look at the law that decides what they say."""


@label.command()
@click.argument("text")
@click.option("--keys", "file", type=_THERE, required=True, help="The list that coi label-keys prints.")
def check(*, text: str, file: Path) -> None:
    """Judge the TEXT of a label's symbol with a list of public keys alone; exit 1 unless it is genuine."""
    try:
        keys = scanners.read_keys(file.read_text("utf-8"))
        verdict = scanners.verify_label(scanners.read_text(text, via="api").text, keys)
    except scanners.ScanError as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(verdict.sentence)
    if not verdict.genuine:
        raise SystemExit(1)


@label.command()
@click.option("--check", "file", type=_THERE, help="Read this document instead of the one in force.")
def law(*, file: Path | None) -> None:
    """Print the law of labels that is in force: every row with its source, and which of them nobody verified."""
    found = read_law(file.read_bytes()) if file else setup.law_of(opening.settings().instance)
    click.echo(f"Label law {found.name}: {found.title}")
    for line in _rows(found):
        click.echo(line)


def _rows(found: Law) -> list[str]:
    rows = [(one.verified, f"{', '.join(one.regimes)}: {one.text}", one.source) for one in found.statements]
    rows += [(one.verified, f"{', '.join(one.regimes)}: {one.title} ({_stages(one.stages)})", one.source)
             for one in found.duties]  # fmt: skip
    rows += [(one.verified, f"{', '.join(one.regimes)}, {', '.join(one.markets)}: shows {', '.join(one.show)}",
              one.source) for one in found.identifiers]  # fmt: skip
    return [f"{'verified' if verified else 'NOT VERIFIED':12}  {says} - {source}" for verified, says, source in rows]


def _stages(stages: object) -> str:
    told = stages.items() if isinstance(stages, dict) else ()
    return "; ".join(f"{stage}: {' or '.join(places)}" for stage, places in told)


COMMANDS = (label_keys, label)
