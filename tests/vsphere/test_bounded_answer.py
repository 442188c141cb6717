from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pyVmomi import vim

from tests.vsphere.servers import LOOPBACK, Handler, answering, over_tls, serving
from wizard.addresses import DIRECT
from wizard.lab.certificates import Authority, KeyPair
from wizard.vsphere import stub as stubs
from wizard.vsphere.bounded_answer import BoundedAnswer
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import CallFailed
from wizard.vsphere.stub import PinnedStub

LIMIT = 64 << 10
NOW = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    b'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    b'<soapenv:Body><CurrentTimeResponse xmlns="urn:vim25"><returnval>2026-11-22T10:00:00Z</returnval>'
    b"</CurrentTimeResponse></soapenv:Body></soapenv:Envelope>"
)


@contextmanager
def asking(pair: KeyPair, handle: Handler) -> Iterator[PinnedStub]:
    with serving(over_tls(pair, handle)) as port:
        endpoint = Endpoint(host=LOOPBACK, port=port, thumbprint_sha256=pair.sha256)
        stub = PinnedStub(endpoint, thumbprint=pair.sha256, book=DIRECT, timeout_s=30.0)
        try:
            yield stub
        finally:
            stub.DropConnections()  # type: ignore[no-untyped-call]


def now(stub: PinnedStub) -> int:
    answer: int = vim.ServiceInstance("ServiceInstance", stub).CurrentTime().year  # type: ignore[no-untyped-call]
    return answer


@pytest.fixture(scope="module")
def pair(authority: Authority) -> KeyPair:
    return authority.issue("bounded", (LOOPBACK,))


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stubs, "LARGEST_ANSWER", LIMIT)


def test_an_answer_within_the_limit_is_read(pair: KeyPair) -> None:
    body = NOW + b" " * (LIMIT - len(NOW))
    with asking(pair, answering("200 OK", body, content_type="text/xml")) as stub:
        assert now(stub) == 2026


@pytest.mark.parametrize("padded", [NOW + b" " * LIMIT, b" " * LIMIT + NOW], ids=["behind", "before"])
def test_an_answer_that_does_not_end_is_given_up(pair: KeyPair, padded: bytes) -> None:
    with (
        asking(pair, answering("200 OK", padded, content_type="text/xml")) as stub,
        pytest.raises(CallFailed, match=r"CurrentTime could not be exchanged .* \(AnswerTooLarge\)"),
    ):
        now(stub)


def test_an_answer_that_grows_when_it_is_unpacked_is_not_unpacked(pair: KeyPair) -> None:
    head = "200 OK\r\nContent-Encoding: gzip"
    with (
        asking(pair, answering(head, gzip.compress(NOW + b" " * LIMIT), content_type="text/xml")) as stub,
        pytest.raises(CallFailed, match="AnswerTooLarge"),
    ):
        now(stub)


def test_what_is_read_piece_by_piece_may_be_longer(pair: KeyPair) -> None:
    body = b"x" * (3 * LIMIT)
    with asking(pair, answering("200 OK", body)) as stub:
        connection = stub.connection_without_limit()
        connection.request("GET", "/")
        response = connection.getresponse()
        assert isinstance(response, BoundedAnswer)
        assert response.read() == body
        connection.close()
