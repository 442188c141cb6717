from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from wizard.addresses import AddressBook
from wizard.text import Text
from wizard.vsphere.errors import Unreachable
from wizard.vsphere.host_reach import check_hosts


@pytest.fixture
def open_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port whose queue is full: what knocks there hears nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        knocking = [socket.socket() for _number in range(4)]
        for sock in knocking:
            sock.setblocking(False)
            sock.connect_ex(address)
        yield address[1]
        for sock in knocking:
            sock.close()


def check(*hosts: str, deadline_s: float = 5.0, **ports: int) -> list[str]:
    """The phases that are told; `ports` are where the hosts' 443 is."""
    detours = (f"{name}.lab.test:443:127.0.0.1:{port}" for name, port in ports.items())
    told: list[Text] = []
    names = [f"{host}.lab.test" for host in hosts]
    check_hosts(names, book=AddressBook.parse(",".join(detours)), deadline_s=deadline_s, on_phase=told.append)
    return [str(text) for text in told]


def test_hosts_that_answer_are_no_news(open_port: int) -> None:
    assert check("a", "b", a=open_port, b=open_port) == []


def test_a_standalone_host_is_the_one_that_we_speak_to() -> None:
    assert check() == []


def test_some_that_cannot_be_reached_are_a_warning_with_their_reasons(
    open_port: int, closed_port: int
) -> None:
    (warning,) = check("a", "b", "c", a=open_port, b=closed_port)
    assert warning.startswith("Warning: 2 of the 3 ESXi hosts that may take the disks cannot be reached")
    assert "b.lab.test (b.lab.test:443 refused the connection" in warning
    assert "c.lab.test (The name c.lab.test is not known" in warning


def test_none_that_can_be_reached_is_an_error_that_names_what_to_open(closed_port: int) -> None:
    with pytest.raises(Unreachable) as caught:
        check("a", "b", a=closed_port, b=closed_port)
    assert (caught.value.step, caught.value.address) == ("hosts", "a.lab.test:443")
    assert "Nothing was changed in vCenter" in str(caught.value)
    assert "reach them on TCP 443: a.lab.test, b.lab.test" in str(caught.value.remedy)


def test_many_silent_hosts_take_no_longer_than_one(silent_port: int) -> None:
    names = [f"h{number}" for number in range(40)]
    began = time.monotonic()
    with pytest.raises(Unreachable, match="did not answer in time") as caught:
        check(*names, deadline_s=0.4, **dict.fromkeys(names, silent_port))
    assert time.monotonic() - began < 40 * 0.4 / 2
    assert str(caught.value).count("h3") < 12
    assert "…" in str(caught.value)
