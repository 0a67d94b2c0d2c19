"""`coi witness`: runs at another site, without an instance, and remembers what a log said of itself."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click

from coi import clock
from coi.actions import outside
from coi.actions import witness as witnesses
from coi.actions.witness import Contradiction
from coi.journey.checkpoint import BadNote, read_verifier_key

_SERVED = "/api/v1/log/checkpoint"
_ALARMED = 3  # the exit code that says that the log was caught


@click.command()
@click.option("--follow", "url", required=True, metavar="URL", help="The service whose log is watched.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=Path("witness"), show_default=True,
              help="Where the last checkpoint and any evidence are kept.")  # fmt: skip
@click.option("--key", help="The log's public key, got from a person; needed at first, and after the key was changed.")
@click.option("--every", type=click.FloatRange(1, 86_400), default=60, show_default=True, help="Seconds between looks.")
@click.option("--once", is_flag=True, help="Look once and exit.")
@click.option("--listen", metavar="PORT", type=click.IntRange(1, 65_535),
              help="Show the kept checkpoint on this port; 503 while an alarm stands.")  # fmt: skip
def witness(*, url: str, folder: Path, key: str | None, every: float, once: bool, listen: int | None) -> None:
    """Follow the log of another site: keep its last checkpoint and raise an alarm when the log contradicts it.

    With --once the exit code is 0 when the log follows, 1 when it cannot be reached, 3 while an alarm stands.
    """
    key = _public_key(key) if key is not None else None
    if key is None and not (folder / witnesses.KEY).exists():
        click.echo("No --key was given: the key that the log itself names is believed and kept from now on.", err=True)
    if listen:
        _show(folder, listen)
    pause = threading.Event()
    while True:
        code = _look(url, folder, key)
        if once:
            raise SystemExit(code)
        pause.wait(every)


def _public_key(given: str) -> str:
    """Return the public key that was given as text or in a file; a mistake here is no alarm."""
    file = Path(given)
    try:
        text = file.read_text("utf-8") if "+" not in given and file.is_file() else given
        read_verifier_key(text)
    except (BadNote, OSError, ValueError) as fault:
        raise click.BadParameter(f"{fault} Give the log's public key, or the file that holds it.") from None
    return text.strip()


def _look(url: str, folder: Path, key: str | None) -> int:
    """Look once, say what was seen and return the exit code of it."""
    try:
        seen = witnesses.look(url=url, folder=folder, key=key, fetch=outside.fetched, now=clock.now())
    except Contradiction as fault:
        click.echo(f"ALARM: {fault} The evidence is in {folder}.", err=True)
        if "not signed" in str(fault):
            click.echo("If its key was changed, get the new public key from a person, move "
                       f"{folder / witnesses.ALARM} away, and say the key once with --key.", err=True)  # fmt: skip
        return _ALARMED
    except OSError as fault:
        click.echo(f"Not reached: {fault}", err=True)
        return 1
    standing = witnesses.alarm(folder)
    if standing is not None:
        click.echo(f"ALARM since before: {standing} Look into {folder / witnesses.ALARM} and move it away.", err=True)
        return _ALARMED
    click.echo(f"{seen.size} entries, and they begin with what was known." if seen.grown else f"{seen.size} entries.")
    return 0


def _show(folder: Path, port: int) -> None:
    server = ThreadingHTTPServer(("", port), _handler(folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _handler(folder: Path) -> Callable[..., BaseHTTPRequestHandler]:
    class Kept(BaseHTTPRequestHandler):
        """Shows the checkpoint that is kept, and nothing else."""

        def do_GET(self) -> None:
            """Answer with the kept checkpoint; 503 with what the alarm says while one stands."""
            kept, standing = folder / witnesses.KEPT, witnesses.alarm(folder)
            status, text = 200, kept.read_text("utf-8") if kept.exists() else ""
            if self.path != _SERVED or not text:
                status, text = 404, f"Ask for {_SERVED}.\n"
            elif standing is not None:
                status, text = 503, standing + "\n"
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            """Say nothing: who asks is nobody's business."""

    return Kept


COMMANDS = (witness,)
