"""`lp`: the arguments it gets, the bytes it gets, and what each of its ends means. A program stands in its place."""

import sys

import pytest

from labels.printing import FAILED, SENT, UNKNOWN, BrowserPrinter, NullPrinter, QueuePrinter

LABEL = b"^XA^FDx^FS^XZ\n"


def program(folder, body):
    """Return a program that notes its arguments and its input, and then does `body`."""
    path = folder / "lp"
    path.write_text(
        f"#!{sys.executable}\nimport os, pathlib, signal, sys, time\nhere = pathlib.Path({str(folder)!r})\n"
        "(here / 'arguments').write_text(chr(10).join(sys.argv[1:]))\n"
        "(here / 'input').write_bytes(sys.stdin.buffer.read())\n" + body + "\n"
    )
    path.chmod(0o755)
    return str(path)


def test_the_queue_gets_the_label_once_with_plain_arguments(tmp_path):
    lp = program(tmp_path, "print('request id is zebra-7 (1 file(s))')")
    told = QueuePrinter("zebra", raw=True, program=lp).send(LABEL, title="LBL-1")
    assert told.state == SENT
    assert (tmp_path / "arguments").read_text().splitlines() == [
        "-d", "zebra", "-n", "1", "-t", "LBL-1", "-o", "raw", "-",
    ]  # fmt: skip
    assert (tmp_path / "input").read_bytes() == LABEL


def test_a_queue_that_does_not_take_it_failed_and_says_why(tmp_path):
    lp = program(tmp_path, "sys.exit('lp: The printer or class does not exist.')")
    told = QueuePrinter("zebra", program=lp).send(LABEL, title="LBL-1")
    assert told.state == FAILED
    assert "does not exist" in told.message


@pytest.mark.parametrize("body", ["os.kill(os.getpid(), signal.SIGKILL)", "time.sleep(600)"])
def test_an_lp_that_is_killed_or_hangs_leaves_it_unknown(tmp_path, body):
    told = QueuePrinter("zebra", program=program(tmp_path, body), done_within=3).send(LABEL, title="LBL-1")
    assert told.state == UNKNOWN
    assert "scan it back" in told.message


def test_a_machine_without_lp_failed(tmp_path):
    told = QueuePrinter("zebra", program=str(tmp_path / "none")).send(LABEL, title="LBL-1")
    assert told.state == FAILED
    assert "nothing was sent" in told.message


@pytest.mark.parametrize("title", ["-o raw", "", "a\nb", "Jane Doe", "x" * 65])
def test_a_title_that_is_no_serial_starts_nothing(tmp_path, title):
    lp = program(tmp_path, "pass")
    assert QueuePrinter("zebra", program=lp).send(LABEL, title=title).state == FAILED
    assert not (tmp_path / "arguments").exists()


@pytest.mark.parametrize("printer", [BrowserPrinter(), NullPrinter()])
def test_printers_without_a_device_take_everything_and_promise_nothing(printer):
    told = printer.send(LABEL, title="LBL-1")
    assert told.state == SENT
    assert "printed" not in told.message
