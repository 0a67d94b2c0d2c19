"""`coi printer`: the printers that labels may be sent to, and a test print on each."""

import re

import click

from coi.actions import printers
from coi.actions.labels import RESOLUTIONS
from coi.cli import opening
from coi.record.printers import Printer
from labels.printing import LANGUAGES, SENT

_SIZE = re.compile(r"([0-9]{1,3})x([0-9]{1,3})")


@click.group()
def printer() -> None:
    """Printers for labels."""


@printer.command("add")
@click.argument("code")
@click.option("--kind", type=click.Choice(printers.KINDS), default="raw", help="How it is reached.")
@click.option("--address", default="", help="host:port of a raw printer, or the queue's name for lp.")
@click.option("--language", type=click.Choice(LANGUAGES), default="zpl", help="What it understands.")
@click.option("--dpi", type=click.Choice([str(dpi) for dpi in RESOLUTIONS]), default="203", help="Dots an inch.")
@click.option("--size", default="100x100", help="Width and height of its paper in millimetres, such as 100x100.")
@click.option("--site", default="", help="The only site whose people may use it; everybody when left out.")
def add(*, code: str, kind: str, address: str, language: str, dpi: str, size: str, site: str) -> None:
    """Add the printer CODE."""
    width, height = _size(size)
    made = Printer(code=code, kind=kind, address=address, language=language, dpi=int(dpi), width=width, height=height,
                   site=site)  # fmt: skip
    with opening.office(guarded=True) as office:
        printers.add(office, made)
        click.echo(f"{code} was added.")


def _size(text: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise click.BadParameter("expected width x height in millimetres, such as 100x100.", param_hint="--size")
    return int(found[1]), int(found[2])


@printer.command("list")
def show() -> None:
    """List the printers."""
    with opening.office() as office:
        for one in printers.known(office):
            size = f"{one.width}x{one.height} mm"
            click.echo("  ".join(filter(None, (one.code, one.kind, one.address, one.language, f"{one.dpi} dpi", size,
                                               one.site))))  # fmt: skip


@printer.command("remove")
@click.argument("code")
def remove(*, code: str) -> None:
    """Take the printer CODE off the list."""
    with opening.office(guarded=True) as office:
        printers.remove(office, code)
        click.echo(f"{code} was removed.")


@printer.command("test")
@click.argument("code")
def test(*, code: str) -> None:
    """Send a test print, which is no label, to the printer CODE."""
    with opening.office() as office:
        told = printers.try_out(office, code)
    if told.state != SENT:
        raise click.ClickException(told.message)
    click.echo("The printer took the test print; look whether it came out.")


COMMANDS = (printer,)
