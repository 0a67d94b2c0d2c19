"""`coi serve` and `coi watch`: the web workers and the watcher."""

import http.client
import os
import socket
import sys

import click

from coi import clock, logs
from coi import watch as watcher
from coi.actions.doctor import dangers, hindrance
from coi.actions.housekeeping import note_settings
from coi.cli import opening
from coi.cli.supervising import Child, supervise
from coi.settings import Settings, load, variable

_PROBE_SECONDS = 1
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where a service that listens everywhere is found
_GRACE_SECONDS = 6  # for requests that are under way when the service stops
_HUNG_SECONDS = 60  # a worker that shows no life for so long is replaced


@click.command()
def watch() -> None:
    """Run the watcher alone until SIGTERM; any number of them may run."""
    settings = load(os.environ)
    _refuse(settings)
    watcher.run(settings)


@click.command()
@click.option("--host", help="Listen here instead of where the settings say.")
@click.option("--port", help="Listen on this port instead.")
def serve(*, host: str | None, port: str | None) -> None:
    """Run the service, web workers and watcher, until SIGTERM."""
    given = {variable("host"): host, variable("port"): port}
    environ = {**os.environ, **{name: value for name, value in given.items() if value is not None}}
    settings = load(environ)
    _refuse(settings)
    logs.set_up(settings.log_level)
    with _bound(settings) as line:
        children = [
            Child("web", _web(settings, line), environ, fds=(line.fileno(),), must_start=True),
            Child("watcher", [sys.executable, "-m", "coi.cli", "watch"], environ),
        ]
        code = supervise(children, answers=lambda: _answers(settings), ready=lambda: _say_where(settings))
    sys.exit(code)


def _refuse(settings: Settings) -> None:
    reason = hindrance(settings)
    if reason:
        raise click.ClickException(reason)
    for told in dangers(settings, now=clock.now()):
        if told.level == "wrong":
            raise click.ClickException(told.says)
        if not settings.demo:
            click.echo(f"Note: {told.says}", err=True)
    with opening.closing_office(settings) as office:
        note_settings(office, settings)


def _bound(settings: Settings) -> socket.socket:
    """Return a socket bound to the address. It outlives a web server that has to be started again."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        line = socket.socket(family, kind, proto)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        line.bind(address)
    except OSError as fault:
        raise click.ClickException(f"Port {settings.port} of {settings.host} is taken or cannot be used here "
                                   f"({fault.strerror}); choose another one with --port.") from None  # fmt: skip
    return line


def _web(settings: Settings, line: socket.socket) -> list[str]:
    return [
        sys.executable, "-m", "gunicorn", "--no-control-socket", "--bind", f"fd://{line.fileno()}",
        "--worker-class", "gthread", "--workers", str(settings.web_workers), "--threads", str(settings.web_threads),
        "--graceful-timeout", str(_GRACE_SECONDS), "--timeout", str(_HUNG_SECONDS), "--log-level", "warning",
        "--access-logfile", "/dev/null", "--forwarded-allow-ips", "", "coi.app:create_app()",
    ]  # fmt: skip


def _answers(settings: Settings) -> bool:
    host = _HERE.get(settings.host, settings.host)
    line = http.client.HTTPConnection(host, settings.port, timeout=_PROBE_SECONDS)
    try:
        line.request("GET", "/health")
        line.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()
    return True


def _say_where(settings: Settings) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    click.echo(f"The service listens on http://{host}:{settings.port}")
    if settings.base_url != f"http://{host}:{settings.port}":
        click.echo(f"Browsers are to reach it at {settings.base_url}")


COMMANDS = (serve, watch)
