"""Preflight against the lab: what is found there, what is kept from one run to the next, what a waiver can do."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from tests.builders import make_operator
from tests.lab_fixtures import leave_vcenter
from tests.services.conftest import settled
from tests.vsphere.relay import relaying
from tests.walk import TEMPLATE, VM_NAME, Walk
from wizard.models import AuditEntry, CheckResult, Operator, Task, TaskState, Waiver
from wizard.services import attestations, preflight, tasks, vcenter_access
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound, NotReady

pytestmark = pytest.mark.vcenter

CLOSED = "login.microsoftonline.com"
ROW = "URL-04"  # the requirement that asks for that host; it blocks, and it can be waived


def results(walk: Walk) -> dict[str, CheckResult]:
    return {row.requirement_id: row for row in preflight.latest_results(walk.deployment)}


def close_the_way(settings: Any) -> None:
    settings.CONNECT_TO = f"{CLOSED}:443:127.0.0.1:1,{settings.CONNECT_TO}"


def open_the_way(settings: Any) -> None:
    settings.CONNECT_TO = settings.CONNECT_TO.partition(",")[2]


def today() -> date:
    return timezone.localdate()


def ask(walk: Walk, requirement: str = ROW, **changes: Any) -> Waiver:
    wanted: dict[str, Any] = {"reason": "The appliance has a proxy of its own.", "until": today(), **changes}
    return preflight.waive(walk.deployment, requirement, actor=walk.operator, **wanted)


def waive(walk: Walk, requirement: str = ROW, **changes: Any) -> Waiver:
    """Asked for by one person, approved by another."""
    ask(walk, requirement, **changes)
    return preflight.approve_waiver(walk.deployment, requirement, actor=reviewer())


def reviewer() -> Operator:
    return Operator.objects.filter(username="olga").first() or make_operator("olga", Operator.Role.REVIEWER)


def probed(found: dict[str, CheckResult], walk: Walk) -> dict[str, CheckResult]:
    """Without the rows that rest on what people answered: those are as of now, whenever they are read."""
    asked = {row.id for row in attestations.questions_for(walk.deployment)}
    return {name: row for name, row in found.items() if name not in asked}


@pytest.fixture
def blocked(walk: Walk, settings: Any) -> Walk:
    """All answered; preflight ran, and one host of Azure cannot be reached."""
    walk.to("vault")
    close_the_way(settings)
    walk.done("preflight")
    return walk


# --- what is found ----------------------------------------------------------------------------------------------------


def test_against_the_lab_nothing_blocks_and_every_result_says_where_it_was_seen_from(walk: Walk) -> None:
    task = walk.to("vault").done("preflight")
    assert task.result is not None
    assert (task.result["blocked"], task.result["counts"]["fail"], task.result["counts"]["unknown"]) == (
        False,
        0,
        0,
    )
    found = results(walk)
    assert found.keys() == {row.id for row in preflight.requirements_for(walk.deployment)}
    assert {row.observed_from for row in found.values()} - {""} >= {"Foothold", "vcenter.lab.test:443"}
    assert all(str(row.observed) and str(row.expected) and row.observed_from for row in found.values())
    assert all(str(row.remedy) for row in found.values() if row.status != "pass")
    assert walk.state == "checked"
    assert walk.control.logins()[walk.vcenter.account("asr-operator").username]["attempts"] == 1, (
        "preflight shares the session of the sign-in"
    )


def test_before_every_step_is_answered_it_does_not_start_and_names_what_is_missing(walk: Walk) -> None:
    walk.to("placement")
    with pytest.raises(NotReady, match="Preflight cannot start yet") as refused:
        walk.launch("preflight")
    assert str(refused.value.remedy) == (
        "Still missing: OVA template, Network identity, Recovery Services vault"
    )


def test_a_datastore_that_filled_up_after_it_was_chosen_is_found(walk: Walk) -> None:
    walk.to("vault")
    walk.control.set_datastore("DC0", "LocalDS_0", free_gb=500)
    task = walk.done("preflight")
    assert task.result is not None
    assert task.result["blocking"] == ["PLC-01"]
    row = results(walk)["PLC-01"]
    assert str(row.summary).startswith("Datastore LocalDS_0 lacks 78")
    assert str(row.expected) == "at least 1280 GB free"
    assert "free or add space on this one" in str(row.remedy)
    assert walk.state == "vault"
    walk.control.set_datastore("DC0", "LocalDS_0", free_gb=4096)
    walk.done("preflight", only="failed")
    assert walk.state == "checked"


def test_a_name_that_was_taken_after_it_was_chosen_is_found(walk: Walk) -> None:
    walk.to("vault")
    place = {"datacenter": "DC0", "folder": "Infrastructure/Recovery", "compute": "DC0_C0"}
    walk.control.add_machine({**place, "datastore": "LocalDS_0", "name": VM_NAME, "disks_gb": [1]})
    walk.done("preflight")
    row = results(walk)["PLC-06"]
    assert (row.status, str(row.observed), str(row.expected)) == ("fail", "taken", "free")
    assert "Choose another name in the placement step" in str(row.remedy)
    walk.control.remove_machine(VM_NAME)


def test_missing_rights_are_named_by_privilege_and_object_on_both_levels(walk: Walk) -> None:
    walk.to("vault")
    walk.enter_password("asr-partial")
    walk.done("sign_in_vcenter")
    task = walk.done("preflight")
    assert task.result is not None
    assert task.result["blocking"] == ["PV-OVA"]
    found = results(walk)
    assert found["PV-28"].status == "pass", "reading the inventory is the first level"
    assert found["PV-FULL"].status == "warn"
    (lacking,) = (detail["values"] for detail in found["PV-FULL"].details)
    assert (lacking["privilege"], lacking["object"]) == ("Datastore.AllocateSpace", "LocalDS_0")
    named = {
        (detail["values"]["privilege"], detail["values"]["object"]) for detail in found["PV-OVA"].details
    }
    assert {("VApp.Import", "DC0_C0"), ("Datastore.AllocateSpace", "LocalDS_0")} <= named


def test_a_certificate_that_changed_is_told_with_both_fingerprints_and_the_password_kept(walk: Walk) -> None:
    walk.to("vault")
    before = walk.control.logins()
    other = walk.vcenter.other_certificate()
    walk.control.present_certificate(other.certificate, other.key)
    walk.done("preflight")
    row = results(walk)["VC-02"]
    assert row.status == "unknown"
    assert other.sha256 in str(row.summary)
    assert walk.vcenter.thumbprint_sha256 in str(row.summary)
    assert "The password was not sent" in str(row.summary)
    assert results(walk)["PLC-01"].status == "skipped"
    assert walk.control.logins() == before


def test_a_vcenter_that_is_gone_leaves_the_rest_judged(walk: Walk) -> None:
    walk.to("vault")
    walk.control.set_gone(True)
    task = walk.done("preflight")
    walk.control.set_gone(False)
    assert task.result is not None
    assert task.result["blocked"]
    found = results(walk)
    assert "vcenter.lab.test:443" in str(found["VC-01"].summary)
    assert str(found["PLC-01"].remedy) == "Settle VC-02, then run the checks again."
    assert {found[row].status for row in ("NET-01", "TPL-01", "TIME-03", ROW)} == {"pass"}
    warned = [str(event.message) for event in task.events.filter(level="warning")]
    assert "vCenter: could not be looked at." in warned


def test_a_closed_way_to_azure_is_told_by_host(blocked: Walk) -> None:
    row = results(blocked)[ROW]
    assert str(row.summary) == f"{CLOSED} cannot be reached from here."
    assert f"Allow outgoing TCP to {CLOSED}" in str(row.remedy)
    assert blocked.state == "vault"


# --- running again ----------------------------------------------------------------------------------------------------


def test_one_requirement_is_looked_at_again_with_those_it_rests_on_and_the_others_are_kept(
    walk: Walk,
) -> None:
    walk.to("checked")
    before = results(walk)
    task = walk.done("preflight", only=["PLC-01"])
    after = results(walk)
    assert after.keys() == before.keys()
    fresh = {row for row in after if after[row].observed_at != before[row].observed_at}
    assert fresh == {"NET-11", "VC-02", "PLC-01"}
    assert task.result is not None
    assert sum(task.result["counts"].values()) == len(after)
    assert [row.position for row in after.values()] == list(range(len(after)))
    assert CheckResult.objects.filter(
        task=walk.deployment.tasks.filter(kind="preflight").last()
    ).count() == len(before)


def test_what_failed_is_looked_at_again_and_the_others_are_kept(blocked: Walk, settings: Any) -> None:
    before = results(blocked)
    unsettled = {row for row in before if before[row].status != "pass"}
    open_the_way(settings)
    blocked.done("preflight", only="failed")
    after = results(blocked)
    assert after[ROW].status == "pass"
    assert {row for row in after if after[row].observed_at != before[row].observed_at} >= unsettled
    assert after["PLC-01"].observed_at == before["PLC-01"].observed_at
    assert blocked.state == "checked"


def test_a_requirement_that_there_is_not_is_refused_by_name(walk: Walk) -> None:
    walk.to("vault")
    with pytest.raises(Invalid) as refused:
        walk.launch("preflight", only=["PLC-01", "XYZ-99"])
    (error,) = refused.value.errors
    assert (error.path, error.code) == ("only", "unknown_requirement")
    assert "XYZ-99" in str(error.message)


def test_what_failed_for_another_cloud_is_no_reason_to_refuse_the_next_run(blocked: Walk) -> None:
    blocked.answer("vault", cloud="china", region="chinaeast2")
    assert ROW not in {row.id for row in preflight.requirements_for(blocked.deployment)}
    blocked.done("preflight", only="failed")
    assert ROW not in results(blocked)


def test_a_changed_answer_takes_it_back_to_draft_and_no_part_of_a_run_lifts_it_again(
    walk: Walk, settings: Any
) -> None:
    walk.to("checked")
    walk.answer("network", address="192.0.2.11")
    assert walk.state == "vault"
    before = probed(results(walk), walk)
    walk.done("preflight", only=["TPL-01"])
    after = results(walk)
    assert all(after[row].observed_at != before[row].observed_at for row in before), (
        "all of it is judged anew"
    )
    assert after["NET-12"].status == "warn", "the new address is not in DNS"


def test_saving_the_same_answers_again_leaves_it_checked(walk: Walk) -> None:
    walk.to("checked")
    walk.answer("network")
    assert walk.state == "checked"
    before = results(walk)
    walk.done("preflight", only=["TPL-01"])
    after = results(walk)
    assert {row for row in after if after[row].observed_at != before[row].observed_at} == {"TPL-01"}


def test_a_template_that_was_replaced_and_inspected_again_takes_it_back_to_draft(walk: Walk) -> None:
    walk.to("checked")
    walk.done("inspect_template", file=TEMPLATE)
    assert walk.state == "checked", "the same file once more changes nothing"
    walk.make_template(seed=7)
    walk.done("inspect_template", file=TEMPLATE)
    assert walk.state == "vault"
    before = results(walk)
    walk.done("preflight", only=["NET-01"])
    after = results(walk)
    assert after["TPL-01"].observed_at != before["TPL-01"].observed_at
    assert walk.state == "checked"


def test_a_run_that_is_cancelled_keeps_the_results_before_it_and_signs_out(walk: Walk, settings: Any) -> None:
    with relaying(walk.vcenter) as relay:
        settings.CONNECT_TO = f"slow.lab.test:443:127.0.0.1:{relay.port},{settings.CONNECT_TO}"
        walk.to("capacity").enter_password()
        address = {"host": "slow.lab.test", "port": 443, "thumbprint_sha256": relay.pair.sha256}
        walk.answer("vcenter", **address, credential=walk.credential)
        walk.done("sign_in_vcenter")
        walk.to("checked")
        before = results(walk)
        leave_vcenter()
        task = walk.launch("preflight")
        reached, go_on = threading.Event(), threading.Event()

        def hold_back(call: str, body: bytes) -> bytes:
            if call == "Login":
                reached.set()
                go_on.wait(30)
            return body

        def cancel_when_it_signs_in() -> None:
            reached.wait(30)
            try:
                tasks.cancel(Task.objects.get(pk=task.pk), actor=walk.operator)
            finally:
                connection.close()

        relay.edit = hold_back
        watcher = threading.Thread(target=cancel_when_it_signs_in)
        watcher.start()
        walk.execute(task)
        watcher.join()
        assert task.state == TaskState.CANCELLED, "nobody waits for a part that hangs"
        assert results(walk).keys() == before.keys()
        assert walk.state == "checked"
        # From now on a session is closed when it is given back, and not before.
        vcenter_access.keep_no_sessions()
        undone = relay.count("Logout") + 1
        go_on.set()
        assert settled(lambda: relay.count("Logout") == undone), "the sign-in that came too late is undone"
    assert walk.standing == "accepted"


# --- waivers ----------------------------------------------------------------------------------------------------------


def test_a_waiver_lifts_what_blocks_and_says_who_and_why(blocked: Walk) -> None:
    waive(blocked)
    assert blocked.state == "checked"
    verdict = preflight.verdict_of(blocked.deployment)
    assert verdict is not None
    assert (verdict.blocked, verdict.waived) == (False, (ROW,))
    said = [
        str(row.sentence) for row in AuditEntry.objects.filter(action__startswith="waiver.").order_by("id")
    ]
    why, name = "The appliance has a proxy of its own.", blocked.deployment.name
    assert said == [
        f"oskar asked to waive {ROW} of {name} until {today().isoformat()}: {why}",
        f"olga approved the waiver of {ROW} of {name} until {today().isoformat()} that oskar asked for: {why}",
    ]


def test_a_waiver_that_has_expired_blocks_the_deployment_without_any_job_having_run(blocked: Walk) -> None:
    waive(blocked)
    assert blocked.state == "checked"
    blocked.done("plan_deployment")
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=True):
        with pytest.raises(NotReady) as refused:
            blocked.launch("deploy_ova")
        assert (
            str(refused.value.remedy) == f"Still missing: what preflight found to be mended or waived: {ROW}"
        )
        assert Task.objects.filter(kind="deploy_ova").count() == 0
        waive(blocked)
        assert blocked.launch("deploy_ova").active


def test_a_waiver_that_is_taken_back_blocks_again(blocked: Walk) -> None:
    waive(blocked)
    preflight.take_back_waiver(blocked.deployment, ROW, actor=blocked.operator)
    assert blocked.state == "vault"
    with pytest.raises(NotFound, match=f"{ROW} is not waived"):
        preflight.take_back_waiver(blocked.deployment, ROW, actor=blocked.operator)


def test_a_waiver_does_not_lift_what_was_found_for_other_answers(blocked: Walk) -> None:
    blocked.answer("network", address="192.0.2.11")
    waive(blocked)
    assert blocked.state == "vault"
    blocked.done("preflight")
    assert blocked.state == "checked"


@pytest.mark.parametrize(
    ("requirement", "changes", "code", "words"),
    [
        ("PLC-01", {}, "not_waivable", "PLC-01 cannot be waived: nothing would work without it"),
        (ROW, {"reason": "  "}, "missing", "Say why"),
        (ROW, {"until": date(2020, 1, 1)}, "past", "lies in the past"),
    ],
)
def test_a_waiver_without_ground_is_refused(
    blocked: Walk, requirement: str, changes: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        waive(blocked, requirement, **changes)
    (error,) = refused.value.errors
    assert error.code == code
    assert words in str(error.message)
    assert not Waiver.objects.exists()


def test_only_who_operates_waives(blocked: Walk, viewer: Operator) -> None:
    with pytest.raises(NotAllowed):
        preflight.waive(blocked.deployment, ROW, reason="Because.", until=today(), actor=viewer)
    with pytest.raises(NotFound, match="There is no requirement XYZ-99"):
        waive(blocked, "XYZ-99")


def test_nothing_is_waived_or_taken_back_while_it_deploys(blocked: Walk) -> None:
    waive(blocked)
    blocked.done("plan_deployment")
    task = blocked.launch("deploy_ova")
    for act in (
        lambda: preflight.take_back_waiver(blocked.deployment, ROW, actor=blocked.operator),
        lambda: ask(blocked),
        lambda: preflight.approve_waiver(blocked.deployment, ROW, actor=reviewer()),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "task_running"
    assert blocked.execute(task).state == TaskState.SUCCEEDED
