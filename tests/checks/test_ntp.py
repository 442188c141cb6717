from __future__ import annotations

import struct
import time

import pytest

from tests.checks.far_ends import Zone, ntp_answer, udp_server
from wizard.addresses import AddressBook
from wizard.checks.probes.failure import ProbeError
from wizard.checks.probes.ntp import offset


@pytest.mark.parametrize("ahead", [400.0, -400.0, 0.0])
def test_the_offset_is_the_servers_clock_minus_ours(ahead: float):
    with udp_server(ntp_answer(ahead)) as port:
        answer = offset("127.0.0.1", port=port, timeout_s=2)
    assert answer.offset_s == pytest.approx(ahead, abs=0.5)
    assert answer.stratum == 2


def test_the_offset_survives_the_rollover_of_2036():
    # Seconds 0 of the new era is 2036-02-07T06:28:16Z.
    rollover = 2_085_978_496
    with udp_server(ntp_answer(rollover + 3600 - time.time())) as port:
        answer = offset("127.0.0.1", port=port, timeout_s=2)
    assert answer.offset_s == pytest.approx(rollover + 3600 - time.time(), abs=2)


def test_a_name_is_looked_up_and_the_address_book_followed():
    with (
        udp_server(ntp_answer(1.0)) as port,
        udp_server(Zone({"time.inside.test": ["127.0.0.1"]}).answer) as dns_port,
    ):
        book = AddressBook.parse(f"10.9.9.9:53:127.0.0.1:{dns_port},time.inside.test:123:clock.test:{port}")
        with pytest.raises(ProbeError, match=r"DNS knows no clock\.test"):
            offset("time.inside.test", book=book, dns_servers=("10.9.9.9",))
        straight = AddressBook.parse(
            f"10.9.9.9:53:127.0.0.1:{dns_port},time.inside.test:123:127.0.0.1:{port}"
        )
        assert offset("time.inside.test", book=straight).offset_s == pytest.approx(1.0, abs=0.5)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (ntp_answer(stratum=0, reference=b"RATE"), "denied", "code RATE"),
        (ntp_answer(stratum=16), "bad_answer", "not synchronized"),
        (ntp_answer(leap=3), "bad_answer", "not synchronized"),
    ],
)
def test_a_server_that_gives_no_time_is_refused(answer, kind: str, words: str):
    with udp_server(answer) as port, pytest.raises(ProbeError) as caught:
        offset("127.0.0.1", port=port, timeout_s=2)
    assert caught.value.kind == kind
    assert words in str(caught.value)


def test_a_silent_time_server_is_a_time_out():
    with udp_server(lambda question: None) as port, pytest.raises(ProbeError) as caught:
        offset("127.0.0.1", port=port, timeout_s=0.3)
    assert caught.value.kind == "timeout"


def test_a_port_where_nobody_listens_is_refused():
    with udp_server(lambda question: None) as port:
        pass
    with pytest.raises(ProbeError) as caught:
        offset("127.0.0.1", port=port, timeout_s=2)
    assert caught.value.kind == "refused"


def test_an_answer_to_a_question_that_nobody_asked_is_ignored():
    honest = ntp_answer(0.0)

    def forge(question: bytes) -> bytes:
        reply = honest(question)
        return reply[:24] + struct.pack("!Q", 1) + reply[32:]

    with udp_server(forge) as port, pytest.raises(ProbeError) as caught:
        offset("127.0.0.1", port=port, timeout_s=0.3)
    assert caught.value.kind == "timeout"
