"""A look at a vault over HTTP: what is kept, when history grows, what goes wrong and how that is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import stories, vault_stories
from tests.vault_stories import ADDRESS, SERVER, VAULT, look
from wizard.lab.arm import LabAzure
from wizard.models import (
    AzureAccount,
    Component,
    Deployment,
    Notice,
    Operator,
    Severity,
    StepAnswer,
    Task,
    TaskState,
    Team,
    VaultObservation,
    VaultWatch,
)
from wizard.services import tasks
from wizard.services.errors import Invalid, NotAllowed, NotReady
from wizard.services.tasks.progress import Cancelled
from wizard.services.vault_observation import claim, corrections, history, showing
from wizard.services.vault_observation.claim import ClaimLost
from wizard.services.vault_observation.looking import look as look_under
from wizard.web import vault_lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def deployment(azure: LabAzure, operator: Operator) -> Deployment:
    found = vault_stories.watched(operator)
    vault_stories.set_up(azure)
    return found


@pytest.fixture
def bare(azure: LabAzure, operator: Operator) -> Deployment:
    """Nothing is recorded yet, so nothing can differ."""
    found = vault_stories.watched(operator, "registered")
    vault_stories.set_up(azure)
    return found


def succeeded(task: Task) -> dict[str, Any]:
    assert task.state == TaskState.SUCCEEDED, task.error
    assert task.result is not None
    return task.result


def watch_of(deployment: Deployment) -> VaultWatch:
    return VaultWatch.objects.get(deployment=deployment)


# --- what is kept -------------------------------------------------------------------------------------------------------


def test_a_look_keeps_what_the_vault_shows_and_says_how_it_went(
    bare: Deployment, operator: Operator, settings: Any
) -> None:
    settings.HEALTH_MINUTES = 7
    task = look(bare, operator)
    result = succeeded(task)
    row = bare.observations.get()
    assert (row.number, result["observation"], result["changed"]) == (1, 1, True)
    judgement = showing.judgement_in(row)
    assert judgement is not None
    (server,) = judgement.observed.of_kind("cs")
    assert (server.name, server.address) == (SERVER, ADDRESS)
    assert judgement.observed.vault.name == VAULT
    assert len(judgement.observed.components) == result["components"]
    watch = watch_of(bare)
    assert watch.refreshed_at is not None
    assert watch.next_refresh_at == watch.refreshed_at + timedelta(minutes=7)
    assert (watch.refresh_claim, watch.refreshing_until, watch.refresh_failed_at) == ("", None, None)
    assert [str(event.phase) for event in task.events.all() if "vault" in str(event.phase)]


def test_nothing_differs_from_a_record_that_is_not_there(bare: Deployment, operator: Operator) -> None:
    look(bare, operator)
    assert bare.observations.get().differences == []
    assert not Notice.objects.filter(key__startswith="drift").exists()


def test_a_look_at_what_is_as_before_adds_nothing_to_the_history(
    bare: Deployment, operator: Operator, azure: LabAzure
) -> None:
    look(bare, operator)
    first = bare.observations.get()
    azure.control.set_server(SERVER, cpuLoad="37")
    result = succeeded(look(bare, operator))
    row = bare.observations.get()
    assert (result["observation"], result["changed"]) == (1, False)
    assert row.last_seen_at > first.last_seen_at
    assert row.first_seen_at == first.first_seen_at
    assert row.document != first.document, "it says how much load there is now"


def test_a_change_that_matters_begins_a_new_row(
    bare: Deployment, operator: Operator, azure: LabAzure
) -> None:
    look(bare, operator)
    azure.control.set_server(SERVER, version="9.65.9999.1")
    assert succeeded(look(bare, operator))["changed"] is True
    new, old = bare.observations.all()
    assert (new.number, old.number) == (2, 1)
    assert old.last_seen_at < new.first_seen_at
    assert new.digest != old.digest


def test_all_history_stays_but_only_the_newest_of_it_whole(
    bare: Deployment, operator: Operator, azure: LabAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "WHOLE", 2)
    for number in range(1, 5):
        azure.control.set_server(SERVER, version=f"9.65.{number}.1")
        look(bare, operator)
    rows = list(bare.observations.all())
    assert [row.number for row in rows] == [4, 3, 2, 1]
    assert [bool(row.document and row.health) for row in rows] == [True, True, False, False]
    told = [[str(text) for text in entry.changes] for entry in history.entries(rows)]
    assert told[2] == [f"Version of {SERVER}: 9.65.1.1 → 9.65.2.1"]
    assert history.entries(rows)[3].first
    look(bare, operator)
    assert bare.observations.first().changes == rows[0].changes, "a look without a change leaves them"


def test_an_address_that_is_another_than_recorded_is_a_critical_difference(
    deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.set_server(SERVER, address="192.0.2.99")
    look(deployment, operator)
    judgement = showing.judgement_in(deployment.observations.get())
    assert judgement is not None
    found = [one for one in judgement.differences if one.seen == "192.0.2.99"]
    assert [(one.planned, one.severity, one.seen_in) for one in found if one.field == "address"] == [
        (ADDRESS, "critical", "vault")
    ]
    assert all(one.remedy for one in found)
    assert deployment.observations.get().severity == Severity.CRITICAL
    assert Notice.objects.filter(severity=Severity.CRITICAL, key__startswith="drift").exists()


def test_a_corrected_role_counts_from_the_next_look_on(
    bare: Deployment, operator: Operator, azure: LabAzure
) -> None:
    added = azure.control.register_process_server(VAULT, "azps01", "10.9.0.4", azure=True)
    look(bare, operator)
    corrections.correct(bare, added["server_id"], "ps_failback", actor=operator)
    assert watch_of(bare).next_refresh_at is None, "a look is due at once"
    look(bare, operator)
    judgement = showing.judgement_in(bare.observations.all()[0])
    assert judgement is not None
    (server,) = (one for one in judgement.observed.components if one.name == "azps01" and "#" not in one.key)
    assert (server.kind, server.certainty) == ("ps_failback", "corrected")
    corrections.correct(bare, added["server_id"], "", actor=operator)
    assert corrections.of_deployment(bare) == {}


# --- one at a time, and not too often -----------------------------------------------------------------------------------


def test_deployments_of_one_vault_share_what_it_answered_within_a_minute(
    bare: Deployment, operator: Operator, azure: LabAzure
) -> None:
    other = vault_stories.watched(operator, "registered")
    look(bare, operator)
    asked = len(azure.control.requests())
    task = tasks.launch("refresh_health", deployment=other, actor=operator)
    tasks.execute(task.pk, "test")
    assert len(azure.control.requests()) == asked
    assert other.observations.get().document["read_at"] == bare.observations.get().document["read_at"]


def test_another_account_asks_for_itself(bare: Deployment, operator: Operator, azure: LabAzure) -> None:
    other = vault_stories.watched(operator, "registered")
    vault_stories.choose(other, vault_stories.account(operator, "less-rights").name)
    look(bare, operator)
    asked = len(azure.control.requests())
    task = tasks.launch("refresh_health", deployment=other, actor=operator)
    tasks.execute(task.pk, "test")
    assert len(azure.control.requests()) > asked


def test_one_look_at_a_time_and_whoever_was_not_heard_of_loses_the_right(bare: Deployment) -> None:
    first = claim.take(bare.pk)
    assert first is not None
    assert claim.take(bare.pk) is None
    VaultWatch.objects.update(refreshing_until=timezone.now() - timedelta(seconds=1))
    second = claim.take(bare.pk)
    assert second is not None
    with pytest.raises(ClaimLost):
        first.renew()
    second.give_up()
    assert claim.take(bare.pk) is not None


@pytest.mark.parametrize("fails", [False, True])
def test_what_is_corrected_while_somebody_looks_counts_at_once_all_the_same(
    bare: Deployment, operator: Operator, azure: LabAzure, fails: bool
) -> None:
    right = claim.take(bare.pk)
    assert right is not None

    def correct(_phase: Any, percent: int) -> None:
        # The corrections of this look were read already.
        if percent == 90:
            corrections.replace(bare, {"a server": "ps_failback"}, actor=operator)
            if fails:
                raise Invalid([])

    if fails:
        with pytest.raises(Invalid):
            look_under(right, report=correct)
    else:
        look_under(right, report=correct)
    assert watch_of(bare).next_refresh_at is None, "another look is due"
    assert watch_of(bare).refreshing_until is None


def test_a_look_that_was_stopped_is_due_as_it_was_before(bare: Deployment) -> None:
    due = timezone.now() + timedelta(minutes=9)
    VaultWatch.objects.create(deployment=bare, next_refresh_at=due)
    right = claim.take(bare.pk)
    assert right is not None

    def stop(_phase: Any, _percent: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        look_under(right, report=stop)
    assert watch_of(bare).next_refresh_at == due
    assert watch_of(bare).refresh_failed_at is None


def test_a_look_that_was_overtaken_writes_nothing(bare: Deployment) -> None:
    mine = claim.take(bare.pk)
    assert mine is not None

    def overtaken(_phase: Any, percent: int) -> None:
        if percent == 90:
            VaultWatch.objects.update(refresh_claim="another worker")

    with pytest.raises(ClaimLost):
        look_under(mine, report=overtaken)
    assert not VaultObservation.objects.exists()
    assert not Notice.objects.exists()
    assert watch_of(bare).refresh_claim == "another worker"


def test_a_cancelled_look_has_not_failed(bare: Deployment, operator: Operator) -> None:
    task = tasks.launch("refresh_health", deployment=bare, actor=operator)
    Task.objects.filter(pk=task.pk).update(cancel_requested=True)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert task.state == TaskState.CANCELLED
    watch = VaultWatch.objects.filter(deployment=bare).first()
    assert watch is None or (watch.refresh_failed_at is None and watch.refreshing_until is None)


# --- what is needed -----------------------------------------------------------------------------------------------------


def test_without_an_account_nothing_starts_and_it_is_said_what_is_missing(operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed")
    with pytest.raises(NotReady) as refused:
        tasks.launch("refresh_health", deployment=deployment, actor=operator)
    assert "an Azure account in the vault step" in str(refused.value.remedy)


def test_before_anything_is_deployed_nothing_starts(operator: Operator, azure: LabAzure) -> None:
    draft = vault_stories.watched(operator, "vault")
    with pytest.raises(NotReady) as refused:
        tasks.launch("refresh_health", deployment=draft, actor=operator)
    assert "stands" in str(refused.value.remedy)


# --- what goes wrong ----------------------------------------------------------------------------------------------------

_FAULTS = [
    ("throttled", {"count": 0, "retry_after": 1}, "throttled"),
    ("always_503", {}, "service_failed"),
    ("expired", {"count": 0}, "sign_in_failed"),
    ("forbidden", {"count": 0}, "not_permitted"),
    ("html", {"count": 0}, "not_azure"),
    ("not_found", {"count": 0}, "not_found"),
    ("truncated", {"count": 0}, "unreachable"),
    ("reset", {"count": 0}, "unreachable"),
]


@pytest.mark.parametrize(("fault", "options", "code"), _FAULTS, ids=[row[0] for row in _FAULTS])
def test_what_went_wrong_is_kept_with_its_remedy(
    bare: Deployment, operator: Operator, azure: LabAzure, fault: str, options: dict[str, Any], code: str
) -> None:
    look(bare, operator)
    before = bare.observations.get()
    azure.control.fault(fault, path="Microsoft.RecoveryServices/vaults", **options)
    task = look(bare, operator)
    assert task.state == TaskState.FAILED
    assert task.error is not None
    assert task.error["code"] == code, task.error
    assert task.error["remedy"]["text"]
    failure = showing.freshness_of(bare).failure
    assert failure is not None
    assert failure.code == code
    assert str(failure.text)
    assert str(failure.remedy)
    assert failure.where, "address and step"
    watch = watch_of(bare)
    assert (watch.refresh_claim, watch.refreshing_until) == ("", None)
    notice = Notice.objects.get(key="looking")
    assert (notice.severity, notice.ended_at) == (Severity.WARNING, None)
    assert str(failure.text) in str(notice.sentence)
    assert bare.observations.get().document == before.document, "what was seen before stays"

    azure.control.clear_faults()
    succeeded(look(bare, operator))
    assert showing.freshness_of(bare).failure is None
    notice.refresh_from_db()
    assert notice.ended_at is not None


def test_however_often_looking_fails_it_is_told_once(
    bare: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.fault("html", count=0)
    for _time in range(3):
        assert look(bare, operator).state == TaskState.FAILED
    azure.control.clear_faults()
    azure.control.fault("forbidden", path="vaults", count=0)
    look(bare, operator)
    notice = Notice.objects.get()
    failure = showing.freshness_of(bare).failure
    assert failure is not None
    assert str(failure.text) in str(notice.sentence), "it says what is the matter now"
    azure.control.clear_faults()
    for _time in range(2):
        succeeded(look(bare, operator))
    assert Notice.objects.filter(key="looking").count() == 1


def test_a_fault_of_a_moment_is_got_over(bare: Deployment, operator: Operator, azure: LabAzure) -> None:
    azure.control.fault("once_500", path="replicationFabrics")
    succeeded(look(bare, operator))


def test_who_is_asked_to_wait_waits_longer_than_the_schedule(
    bare: Deployment, operator: Operator, azure: LabAzure, settings: Any
) -> None:
    settings.HEALTH_MINUTES = 1
    azure.control.fault("throttled", count=0, retry_after=3600)
    before = timezone.now()
    assert look(bare, operator).state == TaskState.FAILED
    next_at = watch_of(bare).next_refresh_at
    assert next_at is not None
    assert next_at > before + timedelta(minutes=59)


def test_an_account_that_was_moved_to_another_team_is_not_used(
    bare: Deployment, operator: Operator, azure: LabAzure
) -> None:
    task = tasks.launch("refresh_health", deployment=bare, actor=operator)
    AzureAccount.objects.update(team=Team.objects.create(name="Essen"))
    before = len(azure.control.requests())
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert (task.error or {})["code"] == "account_of_other_team"
    assert len(azure.control.requests()) == before


def test_an_account_that_is_gone_is_said(bare: Deployment, operator: Operator) -> None:
    vault_stories.choose(bare, "nobody")
    task = look(bare, operator)
    assert task.error is not None
    assert task.error["code"] == "unknown_account"
    failure = showing.freshness_of(bare).failure
    assert failure is not None
    assert "nobody" in str(failure.text)


def test_a_part_that_may_not_be_read_is_left_out_and_named(
    bare: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.fault("forbidden", path="replicationVaultHealth", count=0)
    succeeded(look(bare, operator))
    judgement = showing.judgement_in(bare.observations.get())
    assert judgement is not None
    assert [(one.part, one.reason) for one in judgement.observed.skipped] == [
        ("vault_health", "not_permitted")
    ]


@pytest.mark.parametrize("fault", ["naive_dates", "extreme_dates"])
def test_odd_dates_are_no_failure(bare: Deployment, operator: Operator, azure: LabAzure, fault: str) -> None:
    azure.control.fault(fault)
    succeeded(look(bare, operator))


def test_an_appliance_is_seen_though_the_list_of_fabrics_is_empty_of_it(
    azure: LabAzure, operator: Operator
) -> None:
    deployment = vault_stories.watched(operator, "registered")
    azure.control.register_appliance(VAULT, "appliance01", "192.0.2.20")
    azure.control.fault("list_empty_get_full")
    succeeded(look(deployment, operator))
    judgement = showing.judgement_in(deployment.observations.get())
    assert judgement is not None
    assert "appliance01" in {one.name for one in judgement.observed.components}


def test_what_is_registered_but_does_not_show_yet_appears_later(azure: LabAzure, operator: Operator) -> None:
    deployment = vault_stories.watched(operator, "registered")
    azure.control.fault("visibility_lag", method="POST", seconds=900)
    vault_stories.set_up(azure)
    look(deployment, operator)
    azure.control.advance(901)
    look(deployment, operator)
    new, old = deployment.observations.all()
    assert [one["name"] for one in old.document["components"] if one["kind"] == "cs"] == []
    assert [one["name"] for one in new.document["components"] if one["kind"] == "cs"] == [SERVER]


def test_characters_that_no_database_keeps_stop_nothing(
    bare: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.set_server(SERVER, strange="nul \x00 and half \ud800")
    succeeded(look(bare, operator))


def test_nobody_else_may_correct_or_correct_to_nonsense(
    bare: Deployment, operator: Operator, viewer: Operator
) -> None:
    with pytest.raises(NotAllowed):
        corrections.correct(bare, "x", "ps_failback", actor=viewer)
    with pytest.raises(Invalid):
        corrections.correct(bare, "x", "vault", actor=operator)
    assert corrections.of_deployment(bare) == {}


@pytest.mark.parametrize("servers", [1, 8])
def test_a_look_asks_the_database_as_often_for_many_servers_as_for_few(
    bare: Deployment, operator: Operator, azure: LabAzure, servers: int, django_assert_num_queries: Any
) -> None:
    for number in range(servers):
        azure.control.register_process_server(VAULT, f"ps{number:02}", f"192.0.2.{100 + number}")
    look(bare, operator)
    right = claim.take(bare.pk)
    assert right is not None
    vault_stories.forget()
    for number in range(servers):
        azure.control.set_server(f"ps{number:02}", heartbeat=3600)
    with django_assert_num_queries(17):
        look_under(right)
    assert Notice.objects.filter(ended_at=None, key__contains="heartbeat").count() >= servers


# --- several deployments in one vault -----------------------------------------------------------------------------------


@pytest.mark.parametrize("spelled", [str, str.upper])
def test_what_another_deployment_recorded_in_the_same_vault_is_left_to_it(
    deployment: Deployment, operator: Operator, azure: LabAzure, spelled: Callable[[str], str]
) -> None:
    other = vault_stories.watched(operator)
    row = StepAnswer.objects.get(deployment=other, step="vault")
    row.data |= {name: spelled(row.data[name]) for name in ("subscription", "resource_group", "vault")}
    row.save()
    Component.objects.filter(deployment=other, kind="cs").update(name="cs77", address="192.0.2.77")
    azure.control.register_configuration_server(VAULT, "cs77", "192.0.2.77")
    azure.control.register_process_server(VAULT, "ps77", "192.0.2.78", fabric="cs77")
    azure.control.set_server("cs77", heartbeat=3600)
    look(deployment, operator)
    judgement = showing.judgement_in(deployment.observations.get())
    assert judgement is not None
    theirs = {one.name for one in judgement.observed.components if one.key in judgement.theirs}
    assert theirs == {"cs77", "ps77"}
    assert set(judgement.theirs.values()) == {other.name}
    assert not [one for one in judgement.differences if one.seen in theirs]
    assert not [state for state in judgement.health if state.name in theirs]
    assert not Notice.objects.filter(deployment=deployment, key__endswith="heartbeat").exists()
    assert [state for state in judgement.health if state.name == SERVER], "its own is judged as ever"


def test_of_another_teams_deployment_in_the_same_vault_no_name_is_told(
    deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    other = vault_stories.watched(operator)
    other.name, other.team = "hidden-oslo", Team.objects.create(name="Oslo")
    other.save()
    Component.objects.filter(deployment=other, kind="cs").update(name="cs77", address="192.0.2.77")
    azure.control.register_configuration_server(VAULT, "cs77", "192.0.2.77")
    look(deployment, operator)
    row = deployment.observations.get()
    judgement = showing.judgement_in(row)
    assert judgement is not None
    theirs = {one.name for one in judgement.observed.components if one.key in judgement.theirs}
    assert theirs == {"cs77"}, "it is left to them as ever"
    assert "hidden-oslo" not in json.dumps([row.document, row.differences, row.health])
    owners = {line.name: line.owner for line in vault_lines.components(judgement)}
    assert owners["cs77"] == "a deployment that you do not see"
    assert owners[SERVER] == ""
    # As an earlier release kept it.
    key = next(one.key for one in judgement.observed.components if one.name == "cs77")
    row.document["of_other_deployments"][key] = "hidden-oslo"
    row.save()
    kept = showing.judgement_in(row)
    assert kept is not None
    assert kept.theirs == judgement.theirs
    assert "hidden-oslo" not in json.dumps(showing.document_of(row))
    other.team = None
    other.save()
    kept = showing.judgement_in(row)
    assert kept is not None
    assert kept.theirs[key] == "hidden-oslo"


def test_a_second_server_that_nobody_recorded_is_told(
    deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs77", "192.0.2.77")
    look(deployment, operator)
    judgement = showing.judgement_in(deployment.observations.get())
    assert judgement is not None
    assert [one.severity for one in judgement.differences if one.seen == "cs77"] == ["warning"]
