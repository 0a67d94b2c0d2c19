"""Two members of one organisation accept one handoff at the same moment: one wins, the other hears who holds it."""

import os
import threading

import pytest

from coi.actions.verification import verify
from tests.play import Player
from tests.processes import all_end_well, fork

TAKERS = ("demo-courier", "demo-courier-2")
IN_TEST, IN_SOAK = 8, 200


def race_in_threads(player, coi, serial):
    answers = {}
    ready = threading.Barrier(len(TAKERS))

    def accept(person):
        ready.wait()
        answers[person] = player.try_step(person, "handoff.accepted", [("container", serial)], coi=coi)

    threads = [threading.Thread(target=accept, args=(person,)) for person in TAKERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def race_in_processes(player, coi, serial):
    ready, said = fork.Barrier(len(TAKERS)), fork.SimpleQueue()
    persons = iter(TAKERS)
    for person in TAKERS:
        player.as_(person)  # looked up before the start

    def accept(_talk, person):
        ready.wait()
        said.put((person, player.try_step(person, "handoff.accepted", [("container", serial)], coi=coi)))

    started = [fork.Process(target=accept, args=(None, person)) for person in persons]
    for process in started:
        process.start()
    answers = dict(said.get() for _ in started)
    for process in started:
        process.join(60)
        assert process.exitcode == 0
    return answers


def one_wins_and_the_other_hears_who(player, answers, coi):
    statuses = sorted(status for status, _ in answers.values())
    assert statuses == [201, 422], answers
    (winner,) = [person for person, (status, _) in answers.items() if status == 201]
    (refusal,) = [body for status, body in answers.values() if status == 422]
    stops = [f for f in refusal["findings"] if f["severity"] == "stop"]
    assert [f["family"] for f in stops] == ["custody"]
    assert f"{winner} of demo-courier-co" in stops[0]["message"]


def play_races(office, race, pairs):
    player = Player(office)
    for number in range(pairs):
        coi, serial = player.offered(f"RACE-{number}")
        one_wins_and_the_other_hears_who(player, race(player, coi, serial), coi)
    assert verify(office) == []


@pytest.mark.parametrize("race", [race_in_threads, race_in_processes])
def test_of_two_simultaneous_accepts_exactly_one_wins(office, race):
    play_races(office, race, IN_TEST)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("race", [race_in_threads, race_in_processes])
def test_of_two_hundred_pairs_of_accepts_exactly_one_wins_each_time(office, race, record_property):
    play_races(office, race, IN_SOAK)
    record_property("pairs", IN_SOAK)


def test_the_same_attempt_sent_by_many_threads_at_once_is_one_entry(office):
    player = Player(office)
    coi, serial = player.offered("SAME-1")
    answers = []
    id_ = "6f2c1c0e-8f6a-4f6e-9b0a-0d3a5b7c9e11"

    def accept():
        answers.append(player.try_step("demo-courier", "handoff.accepted", [("container", serial)], coi=coi, id_=id_))

    threads = [threading.Thread(target=accept) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert len({str(body) for _, body in answers}) == 1


def play_offers(_talk, office):
    player = Player(office)
    for number in range(4):
        player.offered(f"MANY-{os.getpid()}-{number}")


def test_writers_in_several_processes_leave_a_log_without_a_gap(office):
    all_end_well(play_offers, times=3, args=(office,))
    assert verify(office) == []
