"""The id of what is going on is in the header of every call to vCenter, which writes it into its log."""

from __future__ import annotations

import logging

import pytest

from tests.vsphere.conftest import account_of, endpoint_of
from wizard.checks.gathering import Collector, gather
from wizard.checks.side_by_side import ask_all
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.discovery import InventoryWatch
from wizard.vsphere.session import Session, connect
from wizard.wire import trace

pytestmark = pytest.mark.vcenter


def ids_of(vcenter: LabVCenter) -> set[str]:
    return {call["operation_id"] for call in vcenter.control.calls()}


@pytest.fixture(autouse=True)
def no_calls_yet(vcenter: LabVCenter) -> None:
    vcenter.control.reset_calls()


def test_every_call_from_sign_in_to_sign_out_goes_by_the_id(vcenter: LabVCenter) -> None:
    with (
        trace.following("trace-of-a-session"),
        connect(endpoint_of(vcenter), account_of(vcenter), book=vcenter.book) as session,
    ):
        session.server_time()
    methods = {call["method"] for call in vcenter.control.calls()}
    assert {"RetrieveServiceContent", "Login", "CurrentTime", "Logout"} <= methods
    assert ids_of(vcenter) == {"trace-of-a-session"}


def test_a_call_for_nobody_has_no_header(session: Session, vcenter: LabVCenter) -> None:
    vcenter.control.reset_calls()
    session.server_time()
    assert vcenter.control.calls() == [{"method": "CurrentTime", "operation_id": ""}]


def test_calls_whose_answers_are_read_in_pieces_go_by_it_too(session: Session, vcenter: LabVCenter) -> None:
    vcenter.control.reset_calls()
    with trace.following("trace-of-a-discovery"):
        watch = InventoryWatch(session, page_size=20)
        assert len(list(watch.read_all())) > 1
        watch.close()
    assert {"WaitForUpdatesEx", "RetrievePropertiesEx"} <= {
        call["method"] for call in vcenter.control.calls()
    }
    assert ids_of(vcenter) == {"trace-of-a-discovery"}


def test_collectors_in_threads_of_their_own_go_by_it(session: Session, vcenter: LabVCenter) -> None:
    def collector(name: str) -> Collector:
        return Collector(
            name=name,
            provides=(name,),
            collect=lambda _known: {
                name: [str(at) for at in ask_all(lambda _: session.server_time(), [1, 2, 3])]
            },
            deadline_s=10,
            observed_from="this server",
        )

    vcenter.control.reset_calls()
    with trace.following("trace-of-a-preflight"):
        sheet = gather([collector("one"), collector("two")])
    assert len(sheet.values()) == 2
    assert len(vcenter.control.calls()) == 6
    assert ids_of(vcenter) == {"trace-of-a-preflight"}


def test_two_that_share_a_session_go_by_their_own_ids(session: Session, vcenter: LabVCenter) -> None:
    vcenter.control.reset_calls()

    def ask(who: str) -> None:
        with trace.following(who):
            for _number in range(5):
                session.server_time()

    ask_all(ask, ["first", "second"])
    assert sorted(call["operation_id"] for call in vcenter.control.calls()) == ["first"] * 5 + ["second"] * 5


def test_each_call_is_told_with_its_step_and_how_it_ended(
    session: Session, vcenter: LabVCenter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "wizard.wire.calls")
    session.server_time()
    vcenter.control.add_fault("CurrentTime", "NotAuthenticated", count=1)
    with pytest.raises(Exception, match="NotAuthenticated"):
        session.server_time()
    told = [
        (record.levelname, record.part, record.step, record.outcome)  # type: ignore[attr-defined]
        for record in caplog.records
    ]
    assert told == [
        ("DEBUG", "vsphere", "CurrentTime", "ok"),
        ("INFO", "vsphere", "CurrentTime", "vim.fault.NotAuthenticated"),
    ]
