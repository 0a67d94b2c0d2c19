"""`coi pathway`: a product's journey as a TOML file, checked and published."""

from pathlib import Path

import click

from coi.actions.office import understood
from coi.actions.setup import publish as publish_pathway
from coi.cli import opening

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def pathway() -> None:
    """Check and publish the journeys of products."""


@pathway.command()
@click.argument("file", type=_FILE)
def check(*, file: Path) -> None:
    """Say every fault of the pathway in FILE; needs no instance."""
    found = understood(file.read_bytes())
    click.echo(f"{found.name} {found.version} can be published; its digest is {found.digest}.")


@pathway.command()
@click.argument("file", type=_FILE)
def publish(*, file: Path) -> None:
    """Publish the pathway in FILE for new therapies; running ones keep theirs. Again changes nothing."""
    document = file.read_bytes()
    found = understood(document)
    with opening.office(guarded=True) as office:
        publish_pathway(office, document)
    click.echo(f"{found.name} {found.version} is published; its digest is {found.digest}.")


COMMANDS = (pathway,)
