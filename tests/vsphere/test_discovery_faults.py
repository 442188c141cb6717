"""Whatever goes wrong while the inventory is read ends in an error of this room that names address and step."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.vsphere.conftest import SignIn, account_of
from tests.vsphere.relay import Relay
from tests.vsphere.servers import LOOPBACK
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere import bulk_answer
from wizard.vsphere.bulk_properties import bulk_pages
from wizard.vsphere.collector import type_name
from wizard.vsphere.discovery import InventoryWatch
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import CallFailed, ConnectionLost, NoPermission, VSphereError
from wizard.vsphere.inventory_spec import create_view, some
from wizard.vsphere.session import Session, connect

pytestmark = pytest.mark.vcenter

# The calls of a full reading, in their order; the last one comes three times.
CALLS = (
    "CreateContainerView",
    "CreatePropertyCollector",
    "CreateFilter",
    "WaitForUpdatesEx",
    "RetrievePropertiesEx",
)
REST = "ContinueRetrievePropertiesEx"


def read(session: Session, *, page_size: int = 40) -> int:
    watch = InventoryWatch(session, page_size=page_size)
    return sum(len(batch.machines) for batch in watch.read_all())


def read_in_parts(session: Session) -> int:
    """As from a server that sends less at a time than it is asked for."""
    view = create_view(session)
    try:
        references = {item._moId: type_name(item) for item in view.view}
        parts = bulk_pages(session, [some(session, references)], page_size=40, convert=lambda content: None)
        return sum(len(part) for part in parts)
    finally:
        view.DestroyView()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("how", "error"), [("drop", ConnectionLost), ("truncate", ConnectionLost), ("garbage", VSphereError)]
)
def test_an_answer_that_is_lost_or_none_is_told(
    session: Session, vcenter: LabVCenter, call: str, how: str, error: type[VSphereError]
) -> None:
    vcenter.control.break_call(call, how)
    with pytest.raises(error) as caught:
        read(session)
    assert (caught.value.address, caught.value.step) == ("vcenter.lab.test:443", call)
    assert str(caught.value.text)
    assert str(caught.value.remedy)
    assert read(session) == 40


@pytest.mark.parametrize("call", CALLS)
def test_a_fault_of_vsphere_is_told(session: Session, vcenter: LabVCenter, call: str) -> None:
    vcenter.control.add_fault(call, "NoPermission", count=1)
    with pytest.raises(NoPermission) as caught:
        read(session)
    assert (caught.value.address, caught.value.step) == ("vcenter.lab.test:443", call)
    assert read(session) == 40


@pytest.mark.parametrize("call", CALLS)
def test_a_session_that_ends_on_the_way_is_not_taken_for_the_end(
    sign_in: SignIn, vcenter: LabVCenter, call: str
) -> None:
    with sign_in() as session:
        vcenter.control.expire_sessions(at_method=call)
        with pytest.raises(ConnectionLost, match="has ended") as caught:
            read(session)
    assert caught.value.step == call


def test_properties_that_nobody_may_see_any_more_are_not_an_empty_inventory(
    relay: Relay, vcenter: LabVCenter
) -> None:
    fault = b'<missingSet><path>name</path><fault><fault xsi:type="NotAuthenticated"/></fault></missingSet></objects>'
    relay.edit = lambda call, body: (
        body.replace(b"</objects>", fault) if call == "RetrievePropertiesEx" else body
    )
    with through(relay, vcenter) as session, pytest.raises(ConnectionLost, match="has ended"):
        read(session)


def test_a_server_that_says_nothing_is_given_up_in_time(sign_in: SignIn, vcenter: LabVCenter) -> None:
    vcenter.control.add_delay("RetrievePropertiesEx", 2000, count=1)
    with (
        sign_in(timeout_s=0.5) as session,
        pytest.raises(ConnectionLost, match="did not answer RetrievePropertiesEx in time"),
    ):
        read(session)


@pytest.mark.parametrize(
    ("how", "error"), [("drop", ConnectionLost), ("truncate", ConnectionLost), ("garbage", VSphereError)]
)
def test_an_answer_in_parts_is_read_to_its_end_or_fails(
    session: Session, vcenter: LabVCenter, how: str, error: type[VSphereError]
) -> None:
    assert read_in_parts(session) == 89
    vcenter.control.break_call(REST, how)
    with pytest.raises(error) as caught:
        read_in_parts(session)
    assert (caught.value.address, caught.value.step) == ("vcenter.lab.test:443", REST)
    assert read_in_parts(session) == 89


def test_the_rest_of_an_answer_that_nobody_wants_is_given_up(relay: Relay, vcenter: LabVCenter) -> None:
    with through(relay, vcenter) as session:
        view = create_view(session)
        references = {item._moId: type_name(item) for item in view.view}
        parts = bulk_pages(session, [some(session, references)], page_size=20, convert=lambda content: None)
        assert len(next(parts)) == 20
        parts.close()
        assert relay.count("CancelRetrievePropertiesEx") == 1


def declare_entity(body: bytes) -> bytes:
    declared = b'<!DOCTYPE a [<!ENTITY e "x">]>'
    return re.sub(rb"(<\?xml[^>]*\?>)", rb"\1" + declared, body, count=1)


def blow_up(body: bytes) -> bytes:
    return body.replace(b"<propSet>", b"<obj>" + b"<a/>" * 60_000 + b"</obj><propSet>", 1)


def break_number(body: bytes) -> bytes:
    return re.sub(rb"(<name>config.hardware.numCPU</name><val[^>]*>)[0-9]+", rb"\1many", body, count=1)


def break_nesting(body: bytes) -> bytes:
    return body.replace(b"</propSet>", b"</propset>", 1)


@pytest.mark.parametrize(
    "spoil",
    [declare_entity, blow_up, break_number, break_nesting],
    ids=lambda spoil: spoil.__name__,
)
def test_an_answer_that_is_not_what_was_asked_for_is_refused(
    relay: Relay, vcenter: LabVCenter, spoil: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that the test need not send as much.
    monkeypatch.setattr(bulk_answer, "LARGEST_ELEMENT", 60_000)
    with through(relay, vcenter) as session:
        # The lab's own answers are within the limit.
        assert read(session) == 40
        relay.edit = lambda call, body: spoil(body) if call == "RetrievePropertiesEx" else body
        with pytest.raises(
            CallFailed, match="answered RetrievePropertiesEx with something that cannot be read"
        ):
            read(session)


@pytest.mark.parametrize(
    ("status", "body"), [(302, b""), (503, b"<html/>"), (500, b"<html/>"), (500, b"broken")]
)
def test_an_http_answer_without_soap_is_refused(
    relay: Relay, vcenter: LabVCenter, status: int, body: bytes
) -> None:
    relay.statuses["RetrievePropertiesEx"] = status
    relay.edit = lambda call, answer: body if call == "RetrievePropertiesEx" else answer
    with (
        through(relay, vcenter) as session,
        pytest.raises(CallFailed, match="answered RetrievePropertiesEx with something that cannot be read"),
    ):
        read(session)


@pytest.mark.parametrize("call", ["RetrievePropertiesEx", "WaitForUpdatesEx"])
@pytest.mark.parametrize(
    "body",
    [
        b'<html xmlns="http://www.w3.org/1999/xhtml"><body>Please sign in.</body></html>',
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
    ],
)
def test_an_answer_to_nothing_that_was_asked_is_not_an_empty_inventory(
    relay: Relay, vcenter: LabVCenter, call: str, body: bytes
) -> None:
    relay.edit = lambda name, answer: body if name == call else answer
    with (
        through(relay, vcenter) as session,
        pytest.raises(CallFailed, match=f"answered {call} with something that cannot be read"),
    ):
        read(session)


def test_a_failure_leaves_nothing_open_at_the_server(relay: Relay, vcenter: LabVCenter) -> None:
    relay.edit = lambda name, body: body[: len(body) // 2] if name == "RetrievePropertiesEx" else body
    with through(relay, vcenter) as session:
        with pytest.raises(ConnectionLost):
            read(session, page_size=20)
        made = {name: relay.count(name) for name in ("CreateContainerView", "CreatePropertyCollector")}
        assert made == {"CreateContainerView": 1, "CreatePropertyCollector": 1}
        taken_down = [name for name in relay.calls if name.startswith("Destroy")]
        assert taken_down == ["DestroyPropertyCollector", "DestroyView"]


def through(relay: Relay, vcenter: LabVCenter) -> AbstractContextManager[Session]:
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    return connect(endpoint, account_of(vcenter))
