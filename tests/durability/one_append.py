"""One step in a process of its own, to be run under strace: `python -m tests.durability.one_append INSTANCE URL COI`.

It says what came of the step, waits to be told to go on, sends the same step again and then another one, all with the
store that it has. Each line it says is JSON: {"status": …, "leaf": …} or {"error": …}.
"""

import json
import sys
from pathlib import Path

from coi.actions.requests import Caller
from coi.journey.steps import Role
from coi.record.db import StoreUnusable
from tests.play import HOSPITAL, Player
from tests.worlds import open_office

FIRST, SECOND = "00000000-0000-4000-8000-0000000000a1", "00000000-0000-4000-8000-0000000000a2"
DONE = "said"  # a file of this name is made beside the database right after the first answer


def main(instance, url, coi):
    office = open_office(Path(instance), url)
    nurse = Caller("demo-nurse", {HOSPITAL: frozenset({Role.NURSE})})
    player = Player(office, callers={"demo-nurse": nurse})
    _say(_taken(player, coi, FIRST))
    (Path(instance).parent / DONE).touch()
    sys.stdin.readline()
    for id_ in (FIRST, SECOND):
        _say(_taken(player, coi, id_))


def _taken(player, coi, id_):
    try:
        status, body = player.try_step(
            "demo-nurse", "container.planned", coi=coi, id_=id_, values={"purpose": "starting_material", "count": 1}
        )
    except StoreUnusable as fault:
        return {"error": type(fault).__name__}
    return {"status": status, "leaf": body["receipt"]["leaf"]}


def _say(what):
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
