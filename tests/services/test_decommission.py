"""Taking components and deployments out of service: facts of the vault, words of people, and what stays afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment
from tests.services.machines import script_for
from tests.services.test_hand_over import make
from wizard.journey.answer_file import parse
from wizard.models import (
    Addition,
    AuditEntry,
    Component,
    Deployment,
    DeploymentState,
    InstallationSecret,
    Notice,
    Operator,
    Task,
    VaultObservation,
    VCenter,
)
from wizard.planning.decommission import FACTS_HOLD
from wizard.services import (
    answer_files,
    automation,
    decommission,
    decommission_end,
    deployment_progress,
    deployments,
    discovery,
    hand_over,
    installation_bundle,
    physical_servers,
    results,
    tasks,
    topology,
    waivers,
)
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound
from wizard.services.vault_observation import claim, failures
from wizard.topology.observed import Observed, ObservedComponent, ObservedLink, ObservedVault
from wizard.topology.observed.model import Skipped

pytestmark = pytest.mark.django_db

CS = ObservedComponent(key="cs:1", kind="cs", name="LYON-CS01", address="192.0.2.10", fabric="1")
VCENTER = ObservedComponent(
    key="vc", kind="vcenter", name="vcenter.lab.test", address="vcenter.lab.test", fabric="1"
)
VCENTER_LINK = ObservedLink(kind="registered_vcenter", source="cs:1", target="vc")


def protecting(count: int, direction: str = "to_azure") -> ObservedComponent:
    return ObservedComponent(
        key=f"items:1:{direction}",
        kind="mobility",
        name="machines",
        fabric="1",
        machines=count,
        facts={"direction": direction},
    )


def look(
    deployment: Deployment,
    *components: ObservedComponent,
    links: Iterable[ObservedLink] = (),
    ago: timedelta = timedelta(0),
    unread: Iterable[str] = (),
) -> None:
    """The newest look at the vault, which showed just these, and could not read the parts `unread`."""
    at = timezone.now() - ago
    vault = ObservedComponent(key="v", kind="vault", name="lyon-vault")
    observed = Observed(
        vault=ObservedVault(key="v", id="v", name="lyon-vault"),
        components=(vault, *components),
        links=tuple(links),
        skipped=tuple(Skipped(part=part, reason="not_permitted") for part in unread),
        read_at=at,
    )
    last = deployment.observations.first()
    VaultObservation.objects.create(
        deployment=deployment,
        number=(last.number if last else 0) + 1,
        document=observed.to_json(),
        severity="ok",
        digest="0" * 64,
        first_seen_at=at,
        last_seen_at=at,
    )


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    return stories.answered(operator, "recorded", name="lyon-cs01")


def add(deployment: Deployment, actor: Operator, name: str = "PS02", kind: str = "ps_scaleout") -> Addition:
    row = Addition.objects.create(
        deployment=deployment,
        kind=kind,
        name=name,
        address=f"192.0.2.{sum(name.encode()) % 250}",
        answers={"data_port": 9443},
        state="recorded",
        created_by=actor,
    )
    topology.keep(deployment, topology.planned_graph(deployment), actor=actor)
    return row


def confirm_all(deployment: Deployment, key: str, actor: Operator) -> None:
    for state in decommission.plan_of(deployment, key).steps:
        if state.fact is None:
            decommission.confirm(deployment, key, state.step.id, actor=actor)


def key_of(deployment: Deployment, name: str) -> str:
    return next(plan.key for plan in decommission.plans_of(deployment) if plan.subject.name == name)


def end(deployment: Deployment, actor: Operator) -> Deployment:
    for plan in decommission.plans_of(deployment):
        confirm_all(deployment, plan.key, actor)
        name = deployment.name if plan.whole else plan.subject.name
        decommission_end.finish(deployment, plan.key, name=name, actor=actor)
    deployment.refresh_from_db()
    return deployment


# --- steps ------------------------------------------------------------------------------------------------------------


def test_each_further_component_goes_before_the_deployment(recorded: Deployment, operator: Operator) -> None:
    add(recorded, operator)
    found = decommission.plans_of(recorded)
    assert [(plan.subject.kind, plan.subject.name) for plan in found] == [
        ("vcenter", "vcenter.lab.test"),
        ("ps_scaleout", "PS02"),
        ("cs", "cs01"),
    ]
    assert [plan.whole for plan in found] == [False, False, True]
    (standing,) = [state for state in found[-1].steps if state.step.id == "components_removed"]
    assert (standing.fact, str(standing.evidence)) == (False, "The record still holds: PS02.")


def test_before_anything_stands_there_is_nothing_to_take_away(operator: Operator) -> None:
    with pytest.raises(Conflict) as refused:
        decommission.plans_of(make_deployment(operator))
    assert refused.value.code == "not_deployed"


def test_what_the_vault_shows_goes_before_what_people_say(recorded: Deployment, operator: Operator) -> None:
    decommission.confirm(recorded, "", "replication_disabled", actor=operator)
    look(recorded, CS, VCENTER, protecting(5), protecting(2, "home"), links=[VCENTER_LINK])
    plan = decommission.plan_of(recorded, "")
    first = plan.steps[0]
    assert (first.confirmed, first.fact, first.done) == (True, False, False)
    assert "7 machines" in str(first.evidence)
    with pytest.raises(Conflict) as refused:
        decommission.confirm(recorded, "", "replication_disabled", actor=operator)
    assert refused.value.code == "seen_by_vault"
    look(recorded, CS, VCENTER, links=[VCENTER_LINK])
    found = {state.step.id: state for state in decommission.plan_of(recorded, "").steps}
    assert found["replication_disabled"].done
    assert str(found["vcenters_deleted"].evidence) == "The vault still lists: vcenter.lab.test."
    look(recorded)
    found = {state.step.id: state for state in decommission.plan_of(recorded, "").steps}
    assert found["vcenters_deleted"].done
    assert found["server_deleted"].done


def test_an_old_look_decides_nothing(recorded: Deployment) -> None:
    look(recorded, CS, protecting(5), ago=FACTS_HOLD + timedelta(minutes=1))
    plan = decommission.plan_of(recorded, "")
    assert plan.seen.observed_at is None
    assert plan.steps[0].fact is None


@pytest.mark.parametrize(
    ("unread", "shown", "step"),
    [
        ("protected_items/1", [CS], "replication_disabled"),
        ("containers/1", [CS], "replication_disabled"),
        ("vcenters/1", [CS], "vcenters_deleted"),
        ("fabrics/1", [], "server_deleted"),
    ],
)
def test_what_the_account_may_not_read_proves_nothing(
    recorded: Deployment, unread: str, shown: list[ObservedComponent], step: str
) -> None:
    look(recorded, CS, VCENTER)
    look(recorded, *shown, unread=[unread])
    assert fact_of(recorded, step) is None, "the vault did not say"
    look(recorded, *shown)
    assert fact_of(recorded, step) is True


def fact_of(deployment: Deployment, step: str) -> bool | None:
    found = {state.step.id: state.fact for state in decommission.plan_of(deployment, "").steps}
    return found[step]


def test_what_no_look_has_ever_shown_is_not_gone_and_a_person_is_asked(
    recorded: Deployment, operator: Operator
) -> None:
    stranger = replace(CS, key="cs:2", name="another-server", address="192.0.2.77", fabric="2")
    look(recorded, stranger, protecting(5))
    plan = decommission.plan_of(recorded, "")
    assert (plan.seen.in_vault, plan.seen.machines, plan.seen.never_shown) == (None, None, True)
    told = [state for state in plan.steps if state.step.proof and state.step.proof != "none_standing"]
    assert told
    for state in told:
        assert (state.fact, state.done) == (None, False), state.step.id
        assert "has shown it" in str(state.evidence), state.step.id
    decommission.confirm(recorded, "", plan.steps[0].step.id, actor=operator)
    assert decommission.plan_of(recorded, "").steps[0].done


def test_what_an_earlier_look_showed_is_gone_even_where_what_it_was_has_another_form_by_now(
    recorded: Deployment,
) -> None:
    look(recorded, CS, VCENTER)
    row = recorded.observations.get()
    row.document["components"].append({"kind": "ps_scaleout"})
    row.save(update_fields=["document"])
    look(recorded)
    assert fact_of(recorded, "server_deleted") is True
    recorded.observations.filter(number=1).update(document={})
    assert fact_of(recorded, "server_deleted") is None, "nobody knows any more what it showed"


def test_what_could_be_read_counts_beside_what_could_not(recorded: Deployment) -> None:
    look(recorded, CS, VCENTER, links=[VCENTER_LINK], unread=["vcenters/2"])
    assert fact_of(recorded, "vcenters_deleted") is False


def test_a_vcenter_is_not_gone_because_its_list_could_not_be_read(recorded: Deployment) -> None:
    key = key_of(recorded, "vcenter.lab.test")
    look(recorded, CS, VCENTER)
    look(recorded, CS, unread=["vcenters/1"])
    assert decommission.plan_of(recorded, key).seen.in_vault is None
    look(recorded, CS)
    assert decommission.plan_of(recorded, key).seen.in_vault is False


def test_more_components_ask_the_database_no_more_often(recorded: Deployment, operator: Operator) -> None:
    look(recorded, CS)
    with CaptureQueriesContext(connection) as few:
        decommission.plans_of(recorded)
    for number in range(2, 6):
        add(recorded, operator, f"PS{number}")
    with CaptureQueriesContext(connection) as many:
        assert len(decommission.plans_of(recorded)) == 6
    assert len(many) == len(few)


def test_the_load_of_one_process_server_is_not_that_of_another(
    recorded: Deployment, operator: Operator
) -> None:
    add(recorded, operator)
    add(recorded, operator, "PS03")
    servers = [
        ObservedComponent(key=f"host:{name}", kind="ps_scaleout", name=name, address="", fabric="1", id=name)
        for name in ("PS02", "PS03")
    ]
    through = ObservedLink(kind="replicates_through", source="items:1:to_azure", target="host:PS02", count=4)
    look(recorded, CS, *servers, protecting(4), links=[through])
    first = {
        name: decommission.plan_of(recorded, key_of(recorded, name)).steps[0] for name in ("PS02", "PS03")
    }
    assert [first[name].fact for name in ("PS02", "PS03")] == [False, True]


def test_steps_are_confirmed_in_their_order_and_taken_back(recorded: Deployment, operator: Operator) -> None:
    with pytest.raises(Conflict, match="cannot be done yet") as refused:
        decommission.confirm(recorded, "", "policies_removed", actor=operator)
    assert refused.value.code == "step_blocked"
    assert "First: Disable replication of all machines" in str(refused.value.remedy)
    decommission.confirm(recorded, "", "replication_disabled", note=" by hand ", actor=operator)
    (row,) = recorded.decommission_steps.all()
    assert (row.confirmed_by, row.note) == (operator, "by hand")
    decommission.take_back(recorded, "", "replication_disabled", actor=operator)
    assert not recorded.decommission_steps.exists()
    with pytest.raises(NotFound):
        decommission.take_back(recorded, "", "replication_disabled", actor=operator)
    for key, step in (("", "nonsense"), ("nothing:there", "replication_disabled")):
        with pytest.raises(NotFound):
            decommission.confirm(recorded, key, step, actor=operator)
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="decommission")] == [
        "decommission.step_taken_back",
        "decommission.step_confirmed",
    ]


def test_who_may_look_confirms_and_ends_nothing(recorded: Deployment, viewer: Operator) -> None:
    for act in (
        lambda: decommission.confirm(recorded, "", "replication_disabled", actor=viewer),
        lambda: decommission.take_back(recorded, "", "replication_disabled", actor=viewer),
        lambda: decommission_end.finish(recorded, "", name="lyon-cs01", actor=viewer),
    ):
        with pytest.raises(NotAllowed):
            act()


# --- the end of a component -------------------------------------------------------------------------------------------


def test_a_component_leaves_the_topology_with_a_new_snapshot(
    recorded: Deployment, operator: Operator
) -> None:
    row = add(recorded, operator)
    before, key = recorded.snapshots.count(), key_of(recorded, "PS02")
    confirm_all(recorded, key, operator)
    decommission_end.finish(recorded, key, name="PS02", actor=operator)
    row.refresh_from_db()
    assert (row.state, row.removed_at is None) == (Addition.State.REMOVED, False)
    assert recorded.snapshots.count() == before + 1
    newest, earlier = recorded.snapshots.all()[:2]
    assert "PS02" not in {node.name for node in topology.graph_in(newest).nodes}
    assert "PS02" in {node.name for node in topology.graph_in(earlier).nodes}, "history stays"
    assert topology.first_broken_snapshot(recorded) is None
    assert not Component.objects.filter(deployment=recorded, name="PS02").exists()
    assert "PS02" not in {plan.subject.name for plan in decommission.plans_of(recorded)}
    entry = AuditEntry.objects.get(action="decommission.component_removed")
    assert entry.before is not None
    assert set(entry.before["confirmed"]) == {
        "machines_moved",
        "unregistered",
        "gone_from_vault",
        "machine_removed",
    }
    add(recorded, operator)
    assert decommission.plan_of(recorded, key).done == 0, "one of the same name begins anew"


def test_a_vcenter_leaves_with_its_hosts_and_is_refreshed_no_more_for_it(
    recorded: Deployment, operator: Operator
) -> None:
    assert discovery.send_due() == 1
    key = key_of(recorded, "vcenter.lab.test")
    VCenter.objects.update(friendly_name="production")  # since it was recorded
    confirm_all(recorded, key, operator)
    decommission_end.finish(recorded, key, name="vcenter.lab.test", actor=operator)
    assert not recorded.vcenters.exists()
    assert not topology.graph_of(recorded).nodes_of("vcenter", "esxi")
    assert discovery.send_due() == 0
    assert VCenter.objects.exists(), "what others know of it stays"


def test_nothing_is_written_off_with_steps_left_or_under_another_name(
    recorded: Deployment, operator: Operator
) -> None:
    key = key_of(recorded, "vcenter.lab.test")
    with pytest.raises(Conflict) as refused:
        decommission_end.finish(recorded, key, name="vcenter.lab.test", actor=operator)
    assert refused.value.code == "steps_left"
    confirm_all(recorded, key, operator)
    with pytest.raises(Invalid) as invalid:
        decommission_end.finish(recorded, key, name="lyon-cs01", actor=operator)
    assert invalid.value.errors[0].path == "name"
    task = tasks.launch("record_topology", deployment=recorded, actor=operator)
    with pytest.raises(Conflict) as refused:
        decommission_end.finish(recorded, key, name="vcenter.lab.test", actor=operator)
    assert refused.value.code == "task_running"
    tasks.cancel(task, actor=operator)
    decommission_end.finish(recorded, key, name=" vcenter.lab.test ", actor=operator)


# --- the end of a deployment ------------------------------------------------------------------------------------------


@pytest.fixture
def ended(recorded: Deployment, operator: Operator) -> Deployment:
    make(recorded, operator)
    look(recorded)
    secret = InstallationSecret(deployment=recorded, kind="proxy")
    secret.hold(b"canary")
    secret.save()
    script_for(recorded, operator)
    Notice.objects.create(
        deployment=recorded,
        key="k",
        severity="warning",
        sentence={"text": "x"},
        remedy={"text": ""},
        began_at=timezone.now(),
    )
    return end(recorded, operator)


def test_a_deployments_end_keeps_its_history_and_no_secret(ended: Deployment, operator: Operator) -> None:
    assert ended.state == DeploymentState.DECOMMISSIONED
    assert not ended.installation_secrets.exists()
    assert not ended.collector_issues.exists()
    assert not ended.notices.filter(ended_at=None).exists()
    assert ended.snapshots.exists()
    assert ended.observations.exists()
    assert results.latest_results(ended)
    assert topology.export(ended, "svg")[0]
    pack = hand_over.packs_of(ended).get()
    assert hand_over.take(ended, pack.pk, actor=operator).content
    assert AuditEntry.objects.filter(action="deployment.decommissioned", subject_id=str(ended.pk)).exists()
    with pytest.raises(Invalid, match="another look"):
        deployments.create(name=ended.name, profile="asr-classic", actor=operator)


def refuse() -> None:
    raise Invalid([])


@pytest.mark.parametrize("fails", [False, True])
def test_a_look_at_the_vault_that_is_under_way_leaves_nothing_behind(
    recorded: Deployment, operator: Operator, fails: bool
) -> None:
    claims = [claim.take(recorded.pk)]
    end(recorded, operator)
    claims.append(claim.take(recorded.pk))  # Between the question and the claim, everything had ended.
    for taken in claims:
        assert taken is not None
        expected = Invalid if fails else claim.ClaimLost
        with pytest.raises(expected), failures.remembered(taken, next_at=None):
            refuse() if fails else taken.end(next_at=None)
    assert not recorded.notices.filter(ended_at=None).exists()
    assert not recorded.vault_watch.refresh_failed_at


def test_its_refreshes_stop_while_those_of_others_go_on(recorded: Deployment, operator: Operator) -> None:
    other = stories.answered(operator, "registered", name="essen-cs01")
    vcenter = VCenter.objects.get()
    assert set(vcenter.deployments.all()) == {recorded, other}
    Deployment.objects.filter(pk=recorded.pk).update(state=DeploymentState.DECOMMISSIONED)
    assert discovery.send_due() == 1
    Deployment.objects.filter(pk=other.pk).update(state=DeploymentState.DECOMMISSIONED)
    assert discovery.send_due() == 0


def attempts(deployment: Deployment, actor: Operator) -> dict[str, Any]:
    (server,) = deployment.physical_servers.all()
    cells = physical_servers.cells_of(server)
    return {
        **{
            kind: lambda kind=kind: tasks.launch(kind, deployment=deployment, actor=actor)
            for kind in (
                "preflight",
                "record_topology",
                "make_hand_over_pack",
                "register_vcenter",
                "discover_machines",
            )
        },
        "retry": lambda: tasks.retry(Task.objects.filter(deployment=deployment).first(), actor=actor),  # type: ignore[arg-type]
        "answer": lambda: deployments.answer(
            deployment, "capacity", stories.ANSWERS["capacity"], actor=actor
        ),
        "rename": lambda: deployments.rename(deployment, name="other", actor=actor),
        "delete": lambda: deployments.delete(deployment, actor=actor),
        "waive": lambda: waivers.waive(
            deployment, "TPL-02", reason="Known.", until=timezone.localdate() + timedelta(days=3), actor=actor
        ),
        "add a server": lambda: physical_servers.add(deployment, {**cells, "name": "new"}, actor=actor),
        "change a server": lambda: physical_servers.change(server, cells, actor=actor),
        "remove a server": lambda: physical_servers.remove(server, actor=actor),
        "take a script": lambda: script_for(deployment, actor),
        "take the bundle": lambda: installation_bundle.stream(deployment, actor=actor),
        "confirm": lambda: decommission.confirm(deployment, "", "replication_disabled", actor=actor),
        "take back": lambda: decommission.take_back(deployment, "", "replication_disabled", actor=actor),
        "finish again": lambda: decommission_end.finish(deployment, "", name=deployment.name, actor=actor),
        "plan a file": lambda: automation.plan(parse(answer_files.export(deployment)[0])),
    }


def test_nothing_is_started_or_changed_afterwards(recorded: Deployment, operator: Operator) -> None:
    stories.enter_server(recorded, operator)
    read_before = Deployment.objects.get(pk=recorded.pk)
    ended = end(recorded, operator)
    before = (AuditEntry.objects.count(), Task.objects.count(), ended.revision)
    for name, attempt in attempts(ended, operator).items():
        with pytest.raises(Conflict) as refused:
            attempt()
        assert refused.value.code == "decommissioned", name
    for name in attempts(read_before, operator):
        # As a request holds it that began before the end.
        read_before.state = DeploymentState.RECORDED
        with pytest.raises(Conflict) as refused:
            attempts(read_before, operator)[name]()
        assert refused.value.code in ("decommissioned", "already_deployed"), (name, refused.value.code)
    ended.refresh_from_db()
    assert (AuditEntry.objects.count(), Task.objects.count(), ended.revision) == before


def test_the_steps_of_an_ended_deployment_are_shown_as_far_as_it_had_come(operator: Operator) -> None:
    for upto, last in (("deployed", "deploy"), ("registered", "register"), ("recorded", "record")):
        deployment = stories.answered(operator, upto)
        done = deployment_progress.completed_steps(deployment)
        deployments.move_to(deployment, DeploymentState.DECOMMISSIONED)
        assert deployment_progress.completed_steps(deployment) == done
        assert last in done
