"""Where a printer may be, and where it may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.printing import BadAddress, read_address, read_queue
from labels.printing.address import HIGHEST_PORT, LOWEST_PORT


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("10.1.2.3", "10.1.2.3", 9100),
        ("10.1.2.3:6101", "10.1.2.3", 6101),
        ("127.0.0.1:9100", "127.0.0.1", 9100),
        ("[fd00::7]:9100", "fd00::7", 9100),
        ("[::1]", "::1", 9100),
        ("Printer-3.Example.ORG", "printer-3.example.org", 9100),
        ("zebra:9100", "zebra", 9100),
    ],
)
def test_a_host_and_a_port_are_read(text, host, port):
    found = read_address(text)
    assert (found.host, found.port) == (host, port)
    assert read_address(str(found)) == found


@pytest.mark.parametrize(
    "text",
    ["", ":9100", "169.254.169.254", "169.254.169.254:9100", "[fe80::1]:9100", "[::ffff:169.254.169.254]:9100",
     "0.0.0.0", "255.255.255.255", "224.0.0.1", "[ff02::1]", "[::]", "10.1.2.3:80", "10.1.2.3:65536", "10.1.2.3:0",
     "10.1.2.3:-1", "10.1.2.3:+9100", "10.1.2.3:\uff19100", "10.1.2.3:9100:1", "a b", "user@host", "host/path",
     "http://host", "-host", "host-", "ho_st", "[10.1.2.3]:9100", "[fd00::7]x", "fd00::7", "2852039166", "0xa9fea9fe",
     "[fe80::1%eth0]:9100", "x" * 64, "host:", "host\n:9100", "hôst"],
)  # fmt: skip
def test_everything_else_is_refused(text):
    with pytest.raises(BadAddress):
        read_address(text)


@given(st.text(max_size=40))
def test_an_address_is_read_again_as_it_was_written_or_refused(text):
    try:
        found = read_address(text)
    except BadAddress:
        return
    assert LOWEST_PORT <= found.port <= HIGHEST_PORT
    assert read_address(str(found)) == found


@pytest.mark.parametrize("text", ["", "-d", "a b", "a/b", "a;b", "a\n", "$x", "x" * 128])
def test_what_could_be_more_than_the_name_of_a_queue_is_refused(text):
    with pytest.raises(BadAddress):
        read_queue(text)


def test_the_name_of_a_queue_is_read():
    assert read_queue("Zebra_ward-3.raw") == "Zebra_ward-3.raw"
