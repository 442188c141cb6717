"""TCP opened within the caller's patience."""

from __future__ import annotations

import errno
import socket

import pytest

from wizard.wire.destinations import Destination, Purpose
from wizard.wire.tcp import connect_any, look_up

# No TCP ever goes to a group of machines; the kernel says so before anything is sent.
NO_ROUTE = (socket.AF_INET, ("224.0.0.1", 443))


class Anywhere(Destination):
    """The rules refuse a group of machines before the kernel is asked, and here it is the kernel that is listened to."""

    def check(self, address: str) -> None:
        assert address


TO = Anywhere(purpose=Purpose.VSPHERE, host="vc.example.net", port=443)


class Impatient(Exception):
    """What a caller raises who waits no longer."""


def give_up() -> float:
    raise Impatient


def test_an_address_without_a_route_does_not_count_as_connected() -> None:
    with pytest.raises(OSError, match=r".") as caught:
        connect_any([NO_ROUTE], to=TO, pause=lambda: 1.0, left=lambda: 1.0)
    assert caught.value.errno == errno.ENETUNREACH


def test_the_next_address_is_tried_where_there_is_no_route_to_the_first() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reachable = (socket.AF_INET, listener.getsockname())
        with connect_any([NO_ROUTE, reachable], to=TO, pause=lambda: 1.0, left=lambda: 1.0) as sock:
            assert sock.getpeername() == listener.getsockname()


def test_a_listener_that_accepts_nobody_is_waited_for_no_longer_than_agreed() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = (socket.AF_INET, full.getsockname())
        with connect_any([address], to=TO, pause=lambda: 1.0, left=lambda: 1.0):
            with pytest.raises(TimeoutError):
                connect_any([address], to=TO, pause=lambda: 0.05, left=lambda: 0.3)
            with pytest.raises(Impatient):
                connect_any([address], to=TO, pause=give_up, left=lambda: 10.0)


def test_what_the_caller_raises_while_a_name_is_looked_up_comes_out() -> None:
    with pytest.raises(Impatient):
        look_up("localhost", 443, pause=give_up)
