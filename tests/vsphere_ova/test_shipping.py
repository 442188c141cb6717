"""Uploads side by side to hosts that are busy, refuse, or fall silent."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.vsphere.conftest import authority as authority
from tests.vsphere_ova.hosts import NAME, Host, answer_after, serving, take_all
from wizard.lab.certificates import Authority, KeyPair
from wizard.text import Text
from wizard.vsphere.disk_upload import UploadRefused
from wizard.vsphere.errors import LeaseFailed, UploadFailed, VSphereError
from wizard.vsphere.shipping import Shipment, Shipping, Tries
from wizard.vsphere.template import open_template
from wizard.vsphere.transfer import Meter, Transfer

TRIES = Tries(at_once=3, tries=3, pause_s=0.01, connect_s=5.0, stall_s=5.0)
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
UNKNOWN = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="session")
def pair(authority: Authority) -> KeyPair:
    return authority.issue("esx-99", (NAME,))


@dataclass(kw_only=True)
class Ship:
    template: Path
    pair: KeyPair
    seen: int = 0
    phases: list[str] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    verdict: Callable[[UploadFailed], VSphereError] = lambda failure: failure

    def __call__(self, behave: Callable[[Host, ssl.SSLSocket], None]) -> int:
        """Send all disks to a host; how many connections it has seen."""
        with serving(self.pair, behave) as host, open_template(self.template) as template:
            target = host.target(thumbprint=self.pair.sha256)
            shipments = [
                Shipment(payload=item, target=target, create=False) for item in template.payloads.values()
            ]
            meter = Meter(self.transfers.append, total=sum(item.payload.size for item in shipments))
            try:
                Shipping(
                    template,
                    shipments,
                    meter,
                    sums={},
                    book=host.book,
                    tries=TRIES,
                    check=lambda: None,
                    verdict=self.verdict,
                    on_phase=self._tell,
                ).run()
            finally:
                self.seen = host.connections
        return self.seen

    def _tell(self, phase: Text) -> None:
        self.phases.append(str(phase))


@pytest.fixture
def ship(template: Path, pair: KeyPair) -> Ship:
    return Ship(template=template, pair=pair)


def test_all_disks_are_taken_side_by_side(ship: Ship) -> None:
    together = threading.Barrier(3, timeout=5)

    def behave(host: Host, connection: ssl.SSLSocket) -> None:
        together.wait()
        take_all(host, connection)

    assert ship(behave) == 3
    assert ship.transfers[-1].percent == 100


def test_a_host_that_takes_one_at_a_time_gets_one_at_a_time(ship: Ship) -> None:
    one = threading.Lock()
    second_came = threading.Event()

    def behave(host: Host, connection: ssl.SSLSocket) -> None:
        if not one.acquire(blocking=False):
            second_came.set()
            answer_after(0, UNAVAILABLE)(host, connection)
            return
        try:
            second_came.wait(5)
            take_all(host, connection)
        finally:
            one.release()

    ship(behave)
    assert ship.transfers[-1].percent == 100
    assert any("takes no more files at once: they are sent one after the other" in p for p in ship.phases)


def test_a_refusal_is_tried_once_more_and_then_believed(ship: Ship) -> None:
    def behave(host: Host, connection: ssl.SSLSocket) -> None:
        answer_after(0, BROKEN)(host, connection)

    with pytest.raises(UploadRefused, match="500 Internal Server Error"):
        ship(behave)
    assert any("(try 2 of 3)" in phase for phase in ship.phases)
    assert not any("(try 3 of 3)" in phase for phase in ship.phases)


def test_a_passing_refusal_is_got_over(ship: Ship) -> None:
    first = threading.Lock()

    def behave(host: Host, connection: ssl.SSLSocket) -> None:
        if first.acquire(blocking=False):
            answer_after(0, BROKEN)(host, connection)
        else:
            take_all(host, connection)

    assert ship(behave) == 4
    assert ship.transfers[-1].percent == 100


def test_what_the_host_does_not_know_is_not_sent_twice(ship: Ship) -> None:
    def behave(host: Host, connection: ssl.SSLSocket) -> None:
        answer_after(0, UNKNOWN)(host, connection)

    with pytest.raises(UploadRefused, match="404 Not Found"):
        ship(behave)
    assert not any("try 2" in phase for phase in ship.phases)


def test_a_lease_that_has_ended_makes_another_try_useless(ship: Ship) -> None:
    def behave(host: Host, connection: ssl.SSLSocket) -> None:
        host.read_head(connection)

    ship.verdict = lambda _failure: LeaseFailed(Text("vCenter gave up the import."))
    with pytest.raises(LeaseFailed, match="gave up"):
        ship(behave)
    assert not any("try 2" in phase for phase in ship.phases)
