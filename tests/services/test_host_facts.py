"""Facts of target machines that somebody uploads: taken where they belong, told apart where they do not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment
from tests.hosts.signing import minimal, signed
from tests.services.machines import answer_of, by_hand, hear, order_of, script_for
from wizard.models import AuditEntry, CollectorIssue, Deployment, HostFacts, Operator
from wizard.services import deployment_progress, deployments, host_facts, preflight
from wizard.services.errors import Invalid, NotAllowed, NotReady
from wizard.services.host_facts import FactsRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return by_hand(operator, "lyon")


def refusal(deployment: Deployment, data: bytes, actor: Operator) -> FactsRefused:
    with pytest.raises(FactsRefused) as refused:
        host_facts.receive(deployment, data, actor=actor)
    return refused.value


def step(deployment: Deployment, step_id: str) -> str:
    return next(row.status for row in deployment_progress.overview(deployment) if row.step.id == step_id)


# --- scripts ----------------------------------------------------------------------------------------------------------


def test_a_script_knows_its_deployment_and_what_to_look_for(
    deployment: Deployment, operator: Operator
) -> None:
    name, script = host_facts.issue_script(deployment, "cs", "powershell", actor=operator)
    issue = CollectorIssue.objects.get()
    order = order_of(script)
    assert name == "Collect-Facts-lyon-cs.ps1"
    assert (order["Nonce"], order["Key"], order["Component"]) == (issue.nonce, issue.key(), "cs")
    assert order["Deployment"] == str(deployment.pk)
    assert "'login.microsoftonline.com'; port = 443" in script
    assert timedelta(days=6, hours=23) < issue.expires_at - timezone.now() <= timedelta(days=7)


def test_the_key_of_a_script_is_not_readable_in_the_table(deployment: Deployment, operator: Operator) -> None:
    key = order_of(script_for(deployment, operator))["Key"]
    sealed = bytes(CollectorIssue.objects.get().sealed_key)
    assert key not in sealed
    assert key.hex().encode() not in sealed


@pytest.mark.parametrize(
    ("component", "language", "code"),
    [
        ("appliance", "powershell", "unknown_component"),
        ("mt_linux", "shell", "unknown_component"),
        ("cs", "shell", "wrong_language"),
        ("cs", "python", "wrong_language"),
    ],
)
def test_a_script_that_nobody_needs_is_refused(
    deployment: Deployment, operator: Operator, component: str, language: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        host_facts.issue_script(deployment, component, language, actor=operator)
    assert [error.code for error in refused.value.errors] == [code]
    assert not CollectorIssue.objects.exists()


def test_a_template_needs_no_script_but_its_linux_master_target_does(operator: Operator) -> None:
    deployment = stories.answered(operator)
    assert host_facts.components_to_ask(deployment) == ()
    failback = {**stories.ANSWERS["capacity"], "failback": True, "linux_failback": True}
    deployments.answer(deployment, "capacity", failback, actor=operator)
    name, script = host_facts.issue_script(deployment, "mt_linux", "shell", actor=operator)
    assert name.endswith("-mt_linux.sh")
    assert "esxi:DC0_H0" in script
    assert "902" in script, "the master target writes disks through the host"


def test_before_the_vault_is_answered_a_script_says_what_is_missing(operator: Operator) -> None:
    deployment = make_deployment(operator)
    deployments.answer(
        deployment,
        "source",
        {"protects": ["physical"], "method": "manual", "runs_on": "physical"},
        actor=operator,
    )
    with pytest.raises(NotReady) as refused:
        script_for(deployment, operator)
    assert "Recovery Services vault" in str(refused.value.remedy)


def test_who_only_looks_takes_no_script_and_brings_no_facts(
    deployment: Deployment, operator: Operator, viewer: Operator
) -> None:
    with pytest.raises(NotAllowed):
        host_facts.issue_script(deployment, "cs", "powershell", actor=viewer)
    data = answer_of(script_for(deployment, operator))
    with pytest.raises(NotAllowed):
        host_facts.receive(deployment, data, actor=viewer)


# --- documents --------------------------------------------------------------------------------------------------------


def test_what_the_machine_said_is_kept_and_completes_its_step(
    deployment: Deployment, operator: Operator
) -> None:
    assert step(deployment, "evidence") != "complete", "an answer alone proves nothing"
    row = hear(deployment, operator)
    assert step(deployment, "evidence") == "complete"
    assert host_facts.latest(deployment, "cs") == row
    assert row.facts["os.product_type"] == {"value": 3}
    assert (row.way, row.host_name, row.received_by) == ("upload", "cs01", operator)
    said = str(AuditEntry.objects.get(action="facts.received").sentence)
    assert said == "oskar brought the facts of cs01 (Configuration server) to lyon."


def test_what_could_not_be_read_is_kept_with_its_reason(deployment: Deployment, operator: Operator) -> None:
    facts = {"hardware.memory_bytes": {"value": "plenty"}, "hardware.disks": {"error": "WMI is broken"}}
    row = hear(deployment, operator, facts=facts)
    assert row.facts["hardware.memory_bytes"].keys() == {"reason"}, "no text where a number belongs"
    assert row.facts["hardware.disks"]["reason"]["values"] == {"why": "WMI is broken"}


def test_a_document_in_utf_16_is_taken(deployment: Deployment, operator: Operator) -> None:
    data = answer_of(script_for(deployment, operator)).decode().encode("utf-16")
    assert host_facts.receive(deployment, data, actor=operator).host_name == "cs01"


def test_an_edited_document_is_refused_as_tampered(deployment: Deployment, operator: Operator) -> None:
    data = answer_of(script_for(deployment, operator)).replace(
        b'"os.product_type": {"value": 3}', b'"os.product_type": {"value": 2}'
    )
    refused = refusal(deployment, data, operator)
    assert refused.code == "tampered"
    assert "changed after they were collected" in str(refused)
    assert not HostFacts.objects.exists()


def test_a_document_of_another_deployment_names_it_to_whoever_may_see_it(
    deployment: Deployment, operator: Operator
) -> None:
    other = by_hand(operator, "oslo")
    refused = refusal(deployment, answer_of(script_for(other, operator)), operator)
    assert refused.code == "other_deployment"
    assert str(refused) == "This document belongs to the deployment oslo, not to lyon."
    assert [error.code for error in refused.errors] == ["other_deployment"]


def test_a_document_of_a_script_that_nobody_issued_is_refused(
    deployment: Deployment, operator: Operator
) -> None:
    data = answer_of(script_for(deployment, operator), nonce="0" * 32)
    assert refusal(deployment, data, operator).code == "unknown_nonce"


def test_after_seven_days_a_script_is_no_longer_good(deployment: Deployment, operator: Operator) -> None:
    script = script_for(deployment, operator)
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        refused = refusal(deployment, answer_of(script), operator)
    assert refused.code == "expired"
    assert "was good until" in str(refused)


def test_the_same_document_is_taken_once(deployment: Deployment, operator: Operator) -> None:
    data = answer_of(script_for(deployment, operator))
    host_facts.receive(deployment, data, actor=operator)
    assert refusal(deployment, data, operator).code == "same_document"
    other_line_ends = data.replace(b", ", b", \r")
    assert refusal(deployment, other_line_ends, operator).code == "same_document"


def test_a_document_older_than_what_is_kept_is_refused(deployment: Deployment, operator: Operator) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=2), tick=False):
        script = script_for(deployment, operator)
    with time_machine.travel(timezone.now() - timedelta(hours=1), tick=False):
        older = answer_of(script)
    hear(deployment, operator)
    assert refusal(deployment, older, operator).code == "older"


def test_a_machine_of_another_name_is_not_the_one_that_is_set_up(
    deployment: Deployment, operator: Operator
) -> None:
    refused = refusal(deployment, answer_of(script_for(deployment, operator), host="DB07"), operator)
    assert refused.code == "other_host"
    assert "DB07" in str(refused)
    assert "cs01" in str(refused.remedy)
    assert hear(deployment, operator, host="CS01.lab.test").host_name == "CS01.lab.test"


def test_a_document_of_a_component_that_is_not_installed_any_more_is_refused(
    deployment: Deployment, operator: Operator
) -> None:
    data = answer_of(script_for(deployment, operator))
    changed = {
        "protects": ["physical"],
        "method": "manual",
        "runs_on": "physical",
        "component": "ps_scaleout",
    }
    deployments.answer(deployment, "source", changed, actor=operator)
    assert refusal(deployment, data, operator).code == "other_component"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<facts/>", "not_json"),
        (b"\xff\xfe\x00\xd8", "wrong_encoding"),
        (b"[]", "not_json"),
        (b'{"schema": "foothold.host-facts/9"}', "wrong_schema"),
        (b" " * (5 * 2**20 + 1), "too_big"),
    ],
)
def test_what_no_collector_wrote_is_refused_with_its_own_code(
    deployment: Deployment, operator: Operator, data: bytes, code: str
) -> None:
    assert refusal(deployment, data, operator).code == code


def test_a_clock_that_is_wrong_makes_facts_neither_old_nor_of_tomorrow(
    deployment: Deployment, operator: Operator
) -> None:
    now = timezone.now()
    ahead = hear(deployment, operator, finished_at=(now + timedelta(days=3)).isoformat())
    assert ahead.collected_at <= timezone.now()
    behind = hear(deployment, operator, finished_at=(now - timedelta(days=300)).isoformat())
    assert behind.collected_at >= ahead.collected_at


def test_facts_have_an_age_and_are_old_after_a_day(deployment: Deployment, operator: Operator) -> None:
    assert host_facts.age(deployment, "cs") is None
    row = hear(deployment, operator)
    assert not host_facts.is_old(row)
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        age: Any = host_facts.age(deployment, "cs")
        assert age > timedelta(hours=24)
        assert host_facts.is_old(row)


def test_another_host_name_in_the_network_step_asks_for_facts_again(
    deployment: Deployment, operator: Operator
) -> None:
    hear(deployment, operator)
    deployments.answer(
        deployment, "network", {**stories.ANSWERS["network"], "host_name": "cs02"}, actor=operator
    )
    assert step(deployment, "evidence") != "complete"


def test_another_machine_of_the_same_name_takes_a_checked_deployment_back_to_draft(
    deployment: Deployment, operator: Operator
) -> None:
    hear(deployment, operator)
    stories.check(deployment, operator)
    assert deployment.state == "checked"
    hear(deployment, operator)
    deployment.refresh_from_db()
    assert deployment.state == "checked", "the same machine once more changes nothing"
    hear(deployment, operator, machine_id="another")
    deployment.refresh_from_db()
    assert deployment.state == "draft"


def test_no_waiver_lifts_what_was_judged_of_another_master_target(operator: Operator, settings: Any) -> None:
    settings.WAIVERS_NEED_SECOND_PERSON = False
    deployment = by_hand(operator, capacity={"failback": True, "linux_failback": True})
    hear(deployment, operator)
    hear_linux(deployment, operator, "first")
    stories.check(deployment, operator)
    hear_linux(deployment, operator, "second")
    row = next(row.id for row in preflight.requirements_for(deployment) if row.waivable)
    preflight.waive(deployment, row, reason="Known.", until=timezone.localdate(), actor=operator)
    deployment.refresh_from_db()
    assert deployment.state == "draft"
    assert preflight.outdated(deployment)


def hear_linux(deployment: Deployment, operator: Operator, machine_id: str) -> None:
    script_for(deployment, operator, "mt_linux")
    issue = CollectorIssue.objects.get(component="mt_linux", received=None)
    host = {"name": "mt01", "machine_id": machine_id}
    body = minimal(nonce=issue.nonce, component="mt_linux", collector="collect-facts.sh", host=host)
    data = signed(body, issue.key())
    host_facts.receive(deployment, data, actor=operator)


def test_a_draft_goes_with_everything_that_was_heard_for_it(
    deployment: Deployment, operator: Operator
) -> None:
    hear(deployment, operator)
    deployments.delete(deployment, actor=operator)
    assert not HostFacts.objects.exists()
    assert not CollectorIssue.objects.exists()


def test_the_task_list_does_not_read_the_facts_themselves(
    deployment: Deployment, operator: Operator, django_assert_max_num_queries: Any
) -> None:
    hear(deployment, operator)
    deployment = Deployment.objects.get(pk=deployment.pk)
    with django_assert_max_num_queries(6) as queries:
        deployment_progress.overview(deployment)
    assert not [query for query in queries.captured_queries if '"facts"' in query["sql"]]
