"""The command line. Each command is a few lines: settings and office in, one action, what it said out.

Whatever goes wrong is one plain sentence on standard error, with exit 2 for a wrong command and 1 for all else.
"""

import os
import sys
from collections.abc import Sequence

import click
from sqlalchemy.exc import DBAPIError

from coi.actions.faults import Fault
from coi.actions.office import SOFTWARE
from coi.cli import archives, instance, pathways, people, printers, records, serving, witnessing
from coi.journey.pathway import BadPathway
from coi.record.db import StoreBusy, StoreUnusable
from coi.record.logkey import LogKeyError
from coi.record.transparency import LogBroken
from coi.record.unusable import first_line
from coi.record.vault import VaultError
from coi.settings import SettingsError, variable

_EXPECTED = (SettingsError, Fault, StoreBusy, LogBroken, OSError, ValueError, LookupError)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(SOFTWARE, message="%(version)s")
def commands() -> None:
    """Keep the chain of identity and the chain of custody of cell therapies."""
    os.umask(0o077)  # databases, exports, copies: whatever a command makes is its owner's only


for _room in (instance, people, printers, serving, pathways, records, archives, witnessing):
    for _command in _room.COMMANDS:
        commands.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that `arguments` name, without them those of the process, and exit."""
    try:
        commands.main(arguments, prog_name="coi", standalone_mode=False)
    except click.ClickException as fault:
        _fail(fault.format_message(), fault.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _fail("Stopped before it was done.", 1)
    except BadPathway as fault:
        _fail("\n".join(fault.faults), 1)
    except VaultError as fault:
        _fail(f"Vault key: {fault}.", 1)
    except LogKeyError as fault:
        _fail(f"Log key: {fault}.", 1)
    except _EXPECTED as fault:
        _fail(str(fault) or type(fault).__name__, 1)
    except (DBAPIError, StoreUnusable) as fault:
        _fail(f"The database cannot be used: {first_line(fault)}.", 1)
    except Exception as fault:  # a mistake of ours is one sentence as well; how to see more is in it
        if os.environ.get(variable("log_level"), "").lower() == "debug":
            raise
        _fail(f"This should not have happened ({type(fault).__name__}: {fault}); COI_LOG_LEVEL=debug shows where.", 1)


def _fail(message: str, code: int) -> None:
    click.echo(message, err=True)
    sys.exit(code)
