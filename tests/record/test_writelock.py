"""The fair write lock of a SQLite store: mutual exclusion, order, death of a holder, forks."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from coi.record.writelock import StoreBusy, WriteReentered, write_lock
from tests.processes import PATIENCE, all_end_well, other


@pytest.fixture
def database(tmp_path):
    return tmp_path / "coi.sqlite3"


def holds(talk, database):
    with write_lock(database).held(wait=PATIENCE):
        talk.send("held")
        talk.recv()


def writes_its_name(talk, database, name, order):
    with write_lock(database).held(wait=PATIENCE):
        note(order, name)


def asks_in_vain(_talk, database):
    with pytest.raises(StoreBusy), write_lock(database).held(wait=0.05):
        pytest.fail("two held the lock")


def note(order, name):
    with order.open("a") as file:
        file.write(f"{name}\n")


def until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "this never came"
        time.sleep(0.001)


def has_a_ticket(pid, database):
    """Whether the kernel lists a byte lock of this process above the byte that guards the drawing."""
    inode = lock_file(database).stat().st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        _, kind, _, mode, owner, where, first, *_ = line.split()
        if (kind, mode, owner) == ("POSIX", "WRITE", str(pid)) and where.endswith(f":{inode}") and first != "0":
            return True
    return False


def lock_file(database):
    return database.with_name(f"{database.name}.lock")


def queued_threads(lock):
    return len(lock._threads._waiting)


def test_processes_and_threads_together_lose_no_increment_of_a_plain_file(database, tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("0")

    def one_thread():
        for _ in range(100):
            with write_lock(database).held(wait=PATIENCE):
                counter.write_text(str(int(counter.read_text()) + 1))

    def two_threads(talk):
        threads = [threading.Thread(target=one_thread) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

    all_end_well(two_threads, times=4)
    assert counter.read_text() == "800"


def test_threads_get_the_lock_in_the_order_in_which_they_asked(database):
    lock, order = write_lock(database), []

    def ask(number):
        with lock.held(wait=PATIENCE):
            order.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    with lock.held(wait=PATIENCE):
        for number, each in enumerate(threads):
            each.start()
            until(lambda asked=number + 1: queued_threads(lock) == asked)
    for each in threads:
        each.join()
    assert order == [0, 1, 2, 3, 4]


def test_processes_get_the_lock_in_the_order_in_which_they_asked(database, tmp_path):
    order = tmp_path / "order"
    with ExitStack() as started:
        with write_lock(database).held(wait=PATIENCE):
            queue = []
            for name in "ABCD":
                queue.append(started.enter_context(other(writes_its_name, database, name, order)))
                until(lambda: has_a_ticket(queue[-1].pid, database))
        for each in queue:
            each.ended()
    assert order.read_text().split() == ["A", "B", "C", "D"]


def test_a_thread_that_writes_again_at_once_does_not_overtake_one_that_waits(database):
    lock = write_lock(database)
    for _ in range(20):
        order = []

        def ask(order=order):
            with lock.held(wait=PATIENCE):
                order.append("waited")

        waiting = threading.Thread(target=ask)
        with lock.held(wait=PATIENCE):
            waiting.start()
            until(lambda: queued_threads(lock) == 1)
        with lock.held(wait=PATIENCE):
            order.append("again")
        waiting.join()
        assert order == ["waited", "again"]


def test_a_process_that_writes_again_at_once_does_not_overtake_one_that_waits(database, tmp_path):
    lock = write_lock(database)
    for turn in range(20):
        order = tmp_path / f"order-{turn}"
        with ExitStack() as started:
            with lock.held(wait=PATIENCE):
                waiting = started.enter_context(other(writes_its_name, database, "waited", order))
                until(lambda pid=waiting.pid: has_a_ticket(pid, database))
            with lock.held(wait=PATIENCE):
                note(order, "again")
            waiting.ended()
        assert order.read_text().split() == ["waited", "again"]


def test_a_killed_holder_frees_the_lock(database):
    with other(holds, database) as holder:
        holder.hears("held")
        with pytest.raises(StoreBusy), write_lock(database).held(wait=0.05):
            pytest.fail("two held the lock")
        holder.killed()
        with write_lock(database).held(wait=PATIENCE):
            pass


def test_a_killed_waiter_frees_its_place_and_only_its_place(database, tmp_path):
    order = tmp_path / "order"
    with other(holds, database) as holder:
        holder.hears("held")
        with (
            other(writes_its_name, database, "killed", order) as first,
            other(writes_its_name, database, "second", order) as second,
        ):
            until(lambda: has_a_ticket(first.pid, database) and has_a_ticket(second.pid, database))
            first.killed()
            with pytest.raises(StoreBusy), write_lock(database).held(wait=0.05):
                pytest.fail("the holder was overtaken")
            assert not order.exists()
            holder.says("let go")
            second.ended()
    assert order.read_text().split() == ["second"]


def test_a_holder_that_is_killed_while_its_forked_child_lives_on_frees_the_lock(database):
    def forks_and_holds(talk):
        with write_lock(database).held(wait=PATIENCE):
            child = os.fork()
            if child == 0:
                talk.poll(PATIENCE)  # lives until the test closes its end
                os._exit(0)
            talk.send(child)
            time.sleep(PATIENCE)

    with other(forks_and_holds) as holder:
        child = holder.hears()
        holder.killed()
        os.kill(child, 0)  # raises when there is no such process
        with write_lock(database).held(wait=PATIENCE):
            pass
        holder.talk.close()


def test_a_forked_child_does_not_hold_what_its_parent_holds(database):
    def asks(talk):
        lock = write_lock(database)
        with pytest.raises(StoreBusy), lock.held(wait=0.05):
            pytest.fail("the child took the lock that its parent holds")
        talk.send("refused")
        with lock.held(wait=PATIENCE):
            talk.send("held")

    with ExitStack() as started:
        with write_lock(database).held(wait=PATIENCE):
            child = started.enter_context(other(asks))
            child.hears("refused")
        child.hears("held")
        child.ended()


def test_a_child_that_was_forked_while_threads_waited_starts_with_an_empty_queue(database):
    lock = write_lock(database)

    def ask(_talk=None):
        with lock.held(wait=PATIENCE):
            pass

    waiting = threading.Thread(target=ask)
    with ExitStack() as started:
        with lock.held(wait=PATIENCE):
            waiting.start()
            until(lambda: queued_threads(lock) == 1)
            child = started.enter_context(other(ask))
        child.ended()
        waiting.join()


def test_a_program_that_is_started_while_the_lock_is_held_inherits_nothing_of_it(database):
    listing = "import os; print([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if int(n) > 2"
    listing += " and os.path.exists(f'/proc/self/fd/{n}')])"
    with write_lock(database).held(wait=PATIENCE):
        shown = subprocess.run(
            [sys.executable, "-c", listing], close_fds=False, capture_output=True, text=True, check=True
        ).stdout
    assert f"{database.name}.lock" not in shown


def test_asking_again_inside_the_lock_is_refused_at_once_and_the_outer_hold_stays(database):
    lock = write_lock(database)
    with lock.held(wait=PATIENCE):
        with pytest.raises(WriteReentered, match="pass the open connection on"), lock.held(wait=PATIENCE):
            pytest.fail("entered twice")
        with pytest.raises(WriteReentered), write_lock(database).held(wait=PATIENCE):
            pytest.fail("entered twice by another name")
        with other(asks_in_vain, database) as asking:
            asking.ended()
    with lock.held(wait=PATIENCE):
        pass


def test_a_thread_that_gave_up_leaves_the_queue_and_the_next_one_gets_the_lock(database):
    lock, found = write_lock(database), []

    def give_up():
        with pytest.raises(StoreBusy, match="try again"), lock.held(wait=0.05):
            found.append("held too early")

    def wait():
        with lock.held(wait=PATIENCE):
            found.append("held")

    impatient, patient = threading.Thread(target=give_up), threading.Thread(target=wait)
    with lock.held(wait=PATIENCE):
        impatient.start()
        until(lambda: queued_threads(lock) == 1)
        patient.start()
        impatient.join()
        until(lambda: queued_threads(lock) == 1)
    patient.join()
    assert found == ["held"]


class Interrupted(Exception):
    pass


@pytest.fixture
def interruption():
    """Have SIGUSR1 raise Interrupted in the main thread, as Ctrl-C or a server's time limit would."""

    def interrupt(_number, _frame):
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_a_thread_that_is_interrupted_while_it_waits_leaves_the_queue(database, interruption):
    lock, held = write_lock(database), threading.Event()

    def interrupts_who_waits():
        with lock.held(wait=PATIENCE):
            held.set()
            until(lambda: queued_threads(lock) == 1)
            os.kill(os.getpid(), signal.SIGUSR1)
            until(lambda: queued_threads(lock) == 0)

    holder = threading.Thread(target=interrupts_who_waits)
    holder.start()
    held.wait(PATIENCE)
    with pytest.raises(Interrupted), lock.held(wait=PATIENCE):
        pytest.fail("two held the lock")
    holder.join()
    with lock.held(wait=PATIENCE):
        pass


def test_a_process_that_is_interrupted_while_it_waits_gives_its_ticket_back(database, interruption, tmp_path):
    def interrupts_who_waits(talk):
        with write_lock(database).held(wait=PATIENCE):
            talk.send("held")
            until(lambda: has_a_ticket(os.getppid(), database))
            os.kill(os.getppid(), signal.SIGUSR1)
            until(lambda: not has_a_ticket(os.getppid(), database))

    with other(interrupts_who_waits) as holder:
        holder.hears("held")
        with pytest.raises(Interrupted), write_lock(database).held(wait=PATIENCE):
            pytest.fail("two held the lock")
        holder.ended()
    with other(writes_its_name, database, "held", tmp_path / "order") as next_one:
        next_one.ended()


def test_a_hand_over_in_the_moment_of_giving_up_is_kept_not_lost(database):
    queue = write_lock(database)._threads
    assert queue.enter(PATIENCE)
    turn = threading.Lock()
    turn.acquire()
    queue._waiting.append(turn)
    queue.leave()  # hands over to a thread whose patience ends just now
    assert queue._give_up(turn) is False
    assert queue._taken, "the lock was given to nobody"


def test_an_exception_inside_frees_the_lock(database):
    with pytest.raises(ZeroDivisionError), write_lock(database).held(wait=PATIENCE):
        _ = 1 / 0
    with other(writes_its_name, database, "held", database.with_name("order")) as waiting:
        waiting.ended()


def test_a_removed_lock_file_is_replaced_and_excludes_again(database):
    lock = write_lock(database)
    with lock.held(wait=PATIENCE):
        pass
    lock_file(database).unlink()
    with lock.held(wait=PATIENCE), other(asks_in_vain, database) as asking:
        asking.ended()
    assert lock_file(database).exists()


def test_the_database_has_one_lock_by_whatever_name_it_is_opened(database, tmp_path):
    database.touch()
    alias = tmp_path / "elsewhere" / "alias.sqlite3"
    alias.parent.mkdir()
    alias.symlink_to(database)
    assert write_lock(alias) is write_lock(database)


def test_the_lock_file_stays_empty(database):
    with write_lock(database).held(wait=PATIENCE):
        pass
    assert lock_file(database).stat().st_size == 0


def test_a_file_has_one_lock_for_the_life_of_the_process_so_that_none_closes_it_under_another(database):
    first = id(write_lock(database))
    gc.collect()
    others = [object() for _ in range(100)]
    assert id(write_lock(database)) == first
    assert len(others) == 100


def test_a_resting_lock_closes_its_file_only_when_nobody_holds_it(database):
    lock = write_lock(database)
    with lock.held(wait=PATIENCE):
        lock.rest()
        with other(asks_in_vain, database) as process:
            process.ended()
    lock.rest()
    assert str(lock_file(database)) not in open_files()
    with lock.held(wait=PATIENCE), other(asks_in_vain, database) as process:
        process.ended()


def open_files():
    return [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
