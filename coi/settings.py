"""What an operator may choose, and the refusal to start on anything that is not understood.

A setting has one row in ``ROWS``. Its key stands in ``settings.toml`` of the instance folder; in capitals and with
``COI_`` before it, it is an environment variable, and the environment wins. A key that is not known or a value that
is not allowed is never passed over: a mistyped limit that falls back to a default is a limit that nobody set.

This module decides what a value may be. It opens no database, makes no folder and does not read ``os.environ``.
"""

import math
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

PREFIX = "COI_"
FILE = "settings.toml"
DATABASE = "coi.sqlite3"
LOOPBACK = ("127.0.0.1", "::1", "localhost")

_TRUE = ("true", "1", "yes", "on")
_FALSE = ("false", "0", "no", "off")


class SettingsError(Exception):
    """The service must not start: one sentence that names the key, what was got and what is allowed."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One running service's choices, checked. Made by `load` only. Secrets do not show in ``repr``.

    ``instance`` is the absolute path of the instance folder, which need not exist yet; every other field is
    explained by its row in ``ROWS``.
    """

    instance: Path
    database_url: str = field(repr=False)
    database_owner_url: str | None = field(repr=False)
    demo: bool
    demo_password: str | None = field(repr=False)
    host: str
    port: int
    base_url: str
    trusted_proxies: int
    secure_cookies: bool
    session_idle_minutes: int
    session_absolute_minutes: int
    max_skew_seconds: int
    max_body_bytes: int
    max_picture_pixels: int
    clock_sync: str
    sweep_seconds: float
    web_workers: int
    web_threads: int
    argon2_time_cost: int
    argon2_memory_cost: int
    argon2_parallelism: int
    log_level: str
    scanner_prefix: str | None
    scanner_suffix: str | None
    scanner_fnc1: str | None
    scanner_patterns: str | None


class Row(NamedTuple):
    """One setting: how its value is read, what it is when nobody sets it, and what it means to an operator.

    A default of None is worked out from the other settings by `load`, or means that there is no value.
    """

    read: Callable[[object], Any]
    default: Any
    says: str


class _RefusedError(Exception):
    """A value that is not allowed; ``got`` must be safe to show even when the setting is a secret."""

    def __init__(self, got: str, expected: str) -> None:
        super().__init__(f"got {got}, expected {expected}")


def _flag(got: object) -> bool:
    if isinstance(got, bool):
        return got
    word = got.strip().lower() if isinstance(got, str) else ""
    if word not in _TRUE + _FALSE:
        raise _RefusedError(repr(got), "true or false")
    return word in _TRUE


def _whole(low: int, high: int) -> Callable[[object], int]:
    def read(got: object) -> int:
        text = "" if isinstance(got, bool | float) else str(got).strip()
        # isdigit alone lets other scripts' digits pass; the length keeps a huge text from being converted
        digits = text.isascii() and text.isdigit() and len(text) <= len(str(high))
        if not digits or not low <= int(text) <= high:
            raise _RefusedError(repr(got), f"a whole number from {low} to {high}")
        return int(text)

    return read


def _seconds(low: float, high: float) -> Callable[[object], float]:
    def read(got: object) -> float:
        try:
            number = math.nan if isinstance(got, bool) else float(str(got))
        except ValueError:
            number = math.nan
        if not low <= number <= high:  # not-a-number fails every comparison
            raise _RefusedError(repr(got), f"seconds from {low:g} to {high:g}")
        return number

    return read


def _word(*allowed: str) -> Callable[[object], str]:
    def read(got: object) -> str:
        word = got.strip().lower() if isinstance(got, str) else ""
        if word not in allowed:
            raise _RefusedError(repr(got), f"one of {', '.join(allowed)}")
        return word

    return read


def _host(got: object) -> str:
    if not isinstance(got, str) or not got or not got.isprintable() or set(got) & set(" /@"):
        raise _RefusedError(repr(got), "a host name or address such as 127.0.0.1")
    return got


def _secret(got: object) -> str:
    if not isinstance(got, str) or not got.strip() or not got.isprintable():
        raise _RefusedError("a text that is empty or has control characters", "printable characters")
    return got


def _around(got: object) -> str:
    if not isinstance(got, str) or not got.isascii() or not got.isprintable() or len(got) > 16:  # noqa: PLR2004 - said in the refusal
        raise _RefusedError(repr(got), "at most 16 visible ASCII characters")
    return got


def _lines(got: object) -> str:
    lines = got.splitlines() if isinstance(got, str) else got
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise _RefusedError(repr(got), "a list of texts, or one a line in the environment")
    return "\n".join(line.strip() for line in lines if line.strip())


def _web_address(got: object) -> str:
    parts = _split(got)
    plain = parts is not None and not ("@" in parts.netloc or parts.query or parts.fragment)
    if parts is None or not plain or parts.scheme not in ("http", "https") or not parts.hostname:
        shown = "an address with a user in it" if "@" in str(got) else repr(got)
        raise _RefusedError(shown, "scheme, host and path such as https://coi.example.org")
    return parts.geturl().rstrip("/")


def _database(got: object) -> str:
    parts = _split(got)
    scheme = parts.scheme if parts else "nothing that reads as an address"
    on_disk = parts is not None and not parts.netloc and parts.path.strip("/") not in ("", ":memory:")
    if scheme not in ("postgresql", "postgresql+psycopg") and not (scheme == "sqlite" and on_disk):
        # Only the scheme is shown: the rest may hold a password.
        without = " without a file" if scheme == "sqlite" else ""
        raise _RefusedError(scheme + without, "sqlite:////folder/coi.sqlite3 or postgresql://user@host/database")
    return str(got)


def _split(got: object) -> SplitResult | None:
    if not isinstance(got, str) or not got.isprintable():
        return None
    try:
        parts = urlsplit(got)
        port_is_possible = parts.port != 0
    except ValueError:  # a port that is no port, a broken IPv6 address
        return None
    return parts if port_is_possible else None


ROWS: Mapping[str, Row] = {
    "database_url": Row(_database, None, f"The database. Not set: the SQLite file {DATABASE} in the instance folder."),
    "database_owner_url": Row(_database, None, "PostgreSQL only: the role that owns the tables, for init and upgrade."),
    "demo": Row(_flag, False, "Demo mode: made-up people and sites, marked on every page and label."),
    "demo_password": Row(_secret, None, "Password of every demo person. Not set: one is made up and printed."),
    "host": Row(_host, "127.0.0.1", "Address on which the service listens."),
    "port": Row(_whole(1, 65_535), 8000, "Port on which the service listens."),
    "base_url": Row(_web_address, None, "Where browsers reach the service. Not set: http, host and port."),
    "trusted_proxies": Row(_whole(0, 10), 0, "Proxies in front of the service whose X-Forwarded headers are believed."),
    "secure_cookies": Row(_flag, None, "Cookies over https only. Not set: yes, save in demo mode or on loopback."),
    "session_idle_minutes": Row(_whole(1, 1440), 15, "Minutes without a request after which a session ends."),
    "session_absolute_minutes": Row(_whole(1, 10_080), 720, "Minutes after sign-in at which a session ends anyway."),
    "max_skew_seconds": Row(_whole(1, 3600), 120, "How far an asked step's time may be from the server's clock."),
    "max_body_bytes": Row(_whole(65_536, 2**30), 10 * 2**20, "Largest request body in bytes, picture included."),
    "max_picture_pixels": Row(_whole(10_000, 4 * 10**8), 4 * 10**7, "Largest picture, width times height."),
    "clock_sync": Row(_word("kernel", "outside"), "kernel", "Who says that the clock is right: the kernel, or you."),
    "sweep_seconds": Row(_seconds(0.05, 3600), 5.0, "Seconds between two looks of the watcher for due clocks."),
    "web_workers": Row(_whole(1, 64), 2, "Web worker processes."),
    "web_threads": Row(_whole(1, 128), 8, "Threads in each web worker."),
    "argon2_time_cost": Row(_whole(1, 100), 3, "Password hashing: passes over the memory."),
    "argon2_memory_cost": Row(_whole(8, 2**22), 2**16, "Password hashing: memory in KiB."),
    "argon2_parallelism": Row(_whole(1, 64), 4, "Password hashing: lanes."),
    "log_level": Row(_word("debug", "info", "warning", "error"), "info", "The least level that is logged."),
    "scanner_prefix": Row(_around, None, "What the hand scanners put before every code."),
    "scanner_suffix": Row(_around, None, "What the hand scanners put behind every code, before Enter."),
    "scanner_fnc1": Row(_around, None, "What the hand scanners send for the FNC1 of GS1. Not set: the character GS."),
    "scanner_patterns": Row(_lines, None, "Wristbands and badges as regular patterns; see docs/scanners.md."),
}
"""Every setting but the instance folder, which only the environment can name: it says where the file is."""


def load(environ: Mapping[str, str], *, folder: Path | None = None) -> Settings:
    """The settings of the instance that ``environ`` names.

    ``folder`` is where a relative ``COI_INSTANCE`` and the default ``instance/`` start. Without it the default lies
    beside ``wsgi.py`` in a checkout, else in the current folder. Raises `SettingsError` on the first key or value
    that is not understood.
    """
    instance = _instance(environ, folder=folder)
    file = instance / FILE
    ours = {key: value for key, value in environ.items() if key.startswith(PREFIX)}
    _refuse_unknown(ours, known=[variable("instance"), *map(variable, ROWS)], where="the environment")
    written = _read(file)
    _refuse_unknown(written, known=list(ROWS), where=str(file))
    values = {key: _value(key, environ=ours, written=written, file=file) for key in ROWS}
    return _checked(Settings(instance=instance, **_worked_out(values, instance=instance)))


def variable(key: str) -> str:
    """The environment variable of a setting: ``sweep_seconds`` is ``COI_SWEEP_SECONDS``."""
    return PREFIX + key.upper()


def _instance(environ: Mapping[str, str], *, folder: Path | None) -> Path:
    checkout = Path(__file__).resolve().parent.parent
    start = folder or Path.cwd()
    name = environ.get(variable("instance"))
    if name is None:
        beside = checkout if folder is None and (checkout / "wsgi.py").is_file() else start
        return (beside / "instance").absolute()
    if not name.strip() or not name.isprintable() or "?" in name:  # a question mark would cut the database's address
        raise SettingsError(f"{variable('instance')}: got {name!r}, expected the path of a folder, without a '?'.")
    return (start / name).absolute()


def _refuse_unknown(keys: Mapping[str, object], *, known: list[str], where: str) -> None:
    for key in sorted(set(keys) - set(known)):
        near = get_close_matches(key, known, n=1)
        meant = f" (did you mean {near[0]}?)" if near else ""
        raise SettingsError(f"{key}: got an unknown setting in {where}{meant}, expected one of {', '.join(known)}.")


def _read(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as fault:
        raise SettingsError(f"{file}: got a file that cannot be read ({fault}), expected TOML in UTF-8.") from fault


def _value(key: str, *, environ: Mapping[str, str], written: Mapping[str, object], file: Path) -> Any:
    name = variable(key)
    where = name if name in environ else f"{key} in {file}"
    if name not in environ and key not in written:
        return ROWS[key].default
    try:
        return ROWS[key].read(environ[name] if name in environ else written[key])
    except _RefusedError as refused:
        raise SettingsError(f"{where}: {refused}.") from None


def _worked_out(values: dict[str, Any], *, instance: Path) -> dict[str, Any]:
    """Fill in the defaults that follow from other settings."""
    host = f"[{values['host']}]" if ":" in values["host"] else values["host"]
    base_url = values["base_url"] or f"http://{host}:{values['port']}"
    # Behind a proxy the service itself may listen on loopback while browsers come from anywhere.
    loopback = not values["trusted_proxies"] and urlsplit(base_url).hostname in LOOPBACK
    secure = values["secure_cookies"]
    return values | {
        "database_url": values["database_url"] or f"sqlite:///{instance / DATABASE}",
        "base_url": base_url,
        "secure_cookies": not (values["demo"] or loopback) if secure is None else secure,
    }


def _checked(settings: Settings) -> Settings:
    """Refuse values that are allowed alone and impossible together."""
    idle, whole = settings.session_idle_minutes, settings.session_absolute_minutes
    memory, lanes = settings.argon2_memory_cost, settings.argon2_parallelism
    if idle > whole:
        raise _together("session_idle_minutes", idle, f"at most {whole}, the value of", "session_absolute_minutes")
    if memory < 8 * lanes:  # RFC 9106, section 3.1: at least 8 KiB for each lane
        raise _together("argon2_memory_cost", memory, f"at least {8 * lanes}, 8 KiB for each of", "argon2_parallelism")
    if settings.database_owner_url and settings.database_url.startswith("sqlite"):
        raise _together("database_owner_url", "an owner role", "none with the SQLite database of", "database_url")
    return settings


def _together(key: str, got: object, expected: str, other: str) -> SettingsError:
    return SettingsError(f"{variable(key)}: got {got}, expected {expected} {variable(other)}.")
