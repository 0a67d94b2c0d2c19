"""Print jobs against races and kill -9: one serial is one print, and what nobody could tell is unknown."""

import threading
from uuid import uuid4

from coi.actions import printers, printing
from coi.actions.attempts import CREATED, REFUSED, body_digest
from coi.actions.printing import PrintRequest
from coi.actions.reads import history
from coi.actions.verification import verify
from coi.record.printers import Printer
from tests.labels.printing import listening as devices
from tests.labels.printing.listening import listening
from tests.play import Player
from tests.processes import PATIENCE, other


def asked(label, id_=None):
    return PrintRequest(id=id_ or str(uuid4()), digest=body_digest({"label": label}), label=label, printer="ward-3")


def issued(office, device):
    """Put a listening printer on the list and issue a label; return the player, the therapy and the label."""
    printers.add(office, Printer(code="ward-3", kind="raw", address=str(device.address), language="zpl", dpi=203,
                                 width=100, height=100))  # fmt: skip
    player = Player(office)
    coi = player.enrol("MRN-1")
    (id_,) = player.plan(coi, "starting_material")
    return player, coi, player.label(id_)


def test_of_six_people_who_print_one_label_at_once_one_does(office):
    with listening(devices.takes_everything) as device:
        player, coi, label = issued(office, device)
        caller, answers = player.as_("demo-nurse"), []

        def send():
            answers.append(printing.print_label(office, asked(label), caller=caller))

        threads = [threading.Thread(target=send) for _ in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(PATIENCE)
    assert sorted(one.answer.status for one in answers) == [CREATED, *[REFUSED] * 5]
    assert [one.state for one in answers if one.state] == ["sent"]
    assert device.dialled == 1
    therapy, entries, _ = history(office, coi, caller=caller)
    assert [entry.kind for entry in entries if entry.kind in ("label.sent", "print.ended")] == [
        "label.sent",
        "print.ended",
    ]
    assert therapy.labels[label].state == "issued"


def print_and_wait(talk, office, request, caller):
    talk.send("begun")
    printing.print_label(office, request, caller=caller)


def test_a_service_that_is_killed_while_the_printer_takes_it_leaves_the_job_unknown_and_sends_nothing_again(office):
    with listening(devices.never_closes) as device:
        player, coi, label = issued(office, device)
        caller, request = player.as_("demo-nurse"), asked(label)
        office.store.close()  # its connections are not for two processes
        with other(print_and_wait, office, request, caller) as service:
            service.hears("begun")
            assert device.taken.wait(PATIENCE)
            service.killed()
        again = printing.print_label(office, request, caller=caller)
        assert (again.state, device.dialled) == ("unknown", 1)
    therapy, entries, _ = history(office, coi, caller=caller)
    assert therapy.labels[label].sent == "unknown"
    assert [entry.kind for entry in entries][-1] == "label.sent"
    assert verify(office) == []
