"""The list of printers at the command line: what is added is told to the log, what is wrong is one sentence."""

from coi.actions import system
from tests.labels.printing import listening as devices
from tests.labels.printing.listening import listening


def test_a_printer_is_added_listed_tried_and_removed_and_the_log_knows(instance):
    with listening(devices.takes_everything) as device:
        added = instance.run("printer", "add", "ward-3", "--address", str(device.address), "--size", "50x25",
                             "--site", "demo-hospital")  # fmt: skip
        assert "ward-3 was added" in added
        assert f"ward-3  raw  {device.address}  zpl  203 dpi  50x25 mm  demo-hospital" in instance.run(
            "printer", "list"
        )
        assert "took the test print" in instance.run("printer", "test", "ward-3")
    assert device.received.startswith(b"^XA")
    assert "nothing was sent" in instance.run("printer", "test", "ward-3", expect=1)
    assert "removed" in instance.run("printer", "remove", "ward-3")
    assert "ward-3" not in instance.run("printer", "list")
    assert "no such printer" in instance.run("printer", "remove", "ward-3", expect=1)
    with instance.office() as office, office.store.read() as conn:
        told = system.told(conn, "printer.added", "printer.removed")
    assert [entry.values["code"] for entry in told] == ["ward-3", "ward-3"]
    assert told[0].values["address"] == str(device.address)
    assert "proves itself" in instance.run("verify")


def test_a_printer_that_is_wrong_is_refused_in_one_sentence(instance):
    for wrong, said in (
        (["--address", "169.254.169.254"], "link-local"),
        (["--address", "10.1.2.3:80"], "1024 to 65535"),
        ([], "expected host:port"),
        (["--kind", "lp", "--address", "a b"], "expected letters"),
        (["--kind", "null", "--address", "x"], "has no address"),
        (["--address", "10.1.2.3", "--site", "nowhere"], "no such site"),
    ):
        assert said in instance.run("printer", "add", "ward-3", *wrong, expect=1)
    assert "such as 100x100" in instance.run("printer", "add", "ward-3", "--size", "large", expect=2)
    assert instance.run("printer", "list").splitlines() == ["browser  browser  pdf  300 dpi  450x450 mm"]
