"""Answers: what is wrong is said at its field, nothing typed is lost, and nobody overwrites anybody unseen."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests import stories
from tests.builders import make_deployment, make_operator
from tests.services.machines import ANSWERS as MANUAL
from tests.services.machines import by_hand
from tests.walk import ANSWERS
from wizard.models import AuditEntry, Deployment, Operator, StepAnswer, Team
from wizard.services import credential_register, credentials, deployment_progress, deployments
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound, Outdated

pytestmark = pytest.mark.django_db

NETWORK = ANSWERS["network"]


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return make_deployment(operator)


@pytest.fixture
def colleague(db: Any) -> Operator:
    return make_operator("otto", Operator.Role.OPERATOR)


def refused(deployment: Deployment, operator: Operator, step: str, **answers: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        deployments.answer(deployment, step, answers, actor=operator)
    return {error.path: str(error.message) for error in caught.value.errors}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"address": "192.0.2.999"}, "address", ["192.0.2.999"]),
        ({"address": "cs01.lab.test"}, "address", ["cs01.lab.test"]),
        ({"address": "192.0.2.0"}, "address", ["192.0.2.0"]),
        ({"address": "192.0.2.255"}, "address", ["192.0.2.255"]),
        ({"gateway": "192.0.3.1"}, "gateway", ["192.0.3.1", "192.0.2.0/24"]),
        ({"gateway": "192.0.2.10"}, "gateway", ["192.0.2.10"]),
        ({"netmask": "255.0.255.0"}, "netmask", ["255.0.255.0"]),
        ({"netmask": "/30"}, "netmask", ["/30"]),
        ({"dns": ["192.0.2.10"]}, "dns", ["192.0.2.10", "own address"]),
        ({"dns": ["dns.lab.test"]}, "dns.0", ["dns.lab.test"]),
        ({"host_name": "a-name-too-long-for-windows"}, "host_name", ["15"]),
        ({"data_port": 443}, "data_port", ["443"]),
        ({"proxy": "https://proxy.lab.test:3128"}, "proxy", ["http://"]),
    ],
)
def test_an_address_that_cannot_be_is_refused_at_its_field(
    deployment: Deployment, operator: Operator, changes: dict[str, Any], field: str, words: list[str]
) -> None:
    said = refused(deployment, operator, "network", **{**NETWORK, **changes})
    assert list(said) == [field]
    for word in words:
        assert word in said[field]


def test_everything_that_is_wrong_is_said_at_once_and_kept_as_it_was_typed(
    deployment: Deployment, operator: Operator
) -> None:
    deployments.answer(deployment, "network", NETWORK, actor=operator)
    typed = {**NETWORK, "address": "nowhere", "netmask": "wide", "dns": []}
    assert refused(deployment, operator, "network", **typed).keys() == {"address", "netmask", "dns"}
    assert deployments.form_of(deployment, "network")[0] == typed
    assert deployments.answers_of(deployment)["network"]["address"] == NETWORK["address"]
    deployments.answer(deployment, "network", NETWORK, actor=operator)
    assert deployments.form_of(deployment, "network")[0]["address"] == NETWORK["address"]


def test_a_password_is_never_kept_in_a_draft(deployment: Deployment, operator: Operator) -> None:
    typed = {"host": "vcenter.lab.test", "password": "hunter2", "secret": "hunter2"}
    refused(deployment, operator, "vcenter", **typed)
    deployments.keep_draft(deployment, "vcenter", typed, actor=operator)
    assert deployments.form_of(deployment, "vcenter")[0] == {"host": "vcenter.lab.test"}
    assert "hunter2" not in repr(list(StepAnswer.objects.values())) + repr(list(AuditEntry.objects.values()))


def test_the_second_of_two_operators_who_save_the_same_step_is_told_who_was_first(
    deployment: Deployment, operator: Operator, colleague: Operator
) -> None:
    _shown, version = deployments.form_of(deployment, "capacity")
    deployments.answer(
        deployment, "capacity", {"machines": 10, "daily_change_gb": 5}, actor=operator, version=version
    )
    with pytest.raises(Outdated, match="oskar saved this step after you opened it") as told:
        deployments.answer(
            deployment, "capacity", {"machines": 99, "daily_change_gb": 9}, actor=colleague, version=version
        )
    assert told.value.code == "revision_outdated"
    assert "what you typed is still in the form" in str(told.value.remedy)
    assert deployments.answers_of(deployment)["capacity"]["machines"] == 10
    _shown, version = deployments.form_of(deployment, "capacity")
    deployments.answer(
        deployment, "capacity", {"machines": 99, "daily_change_gb": 9}, actor=colleague, version=version
    )
    assert deployments.answers_of(deployment)["capacity"]["machines"] == 99


def test_unfinished_typing_does_not_overwrite_what_a_colleague_saved_either(
    deployment: Deployment, operator: Operator, colleague: Operator
) -> None:
    deployments.answer(deployment, "capacity", ANSWERS["capacity"], actor=operator, version=0)
    with pytest.raises(Outdated):
        deployments.answer(deployment, "capacity", {"machines": "many"}, actor=colleague, version=0)
    assert deployments.form_of(deployment, "capacity")[0]["machines"] == 120


def test_two_steps_can_be_answered_side_by_side(
    deployment: Deployment, operator: Operator, colleague: Operator
) -> None:
    deployments.answer(deployment, "source", ANSWERS["source"], actor=operator, version=0)
    deployments.answer(deployment, "capacity", ANSWERS["capacity"], actor=colleague, version=0)
    assert deployments.answers_of(deployment).keys() == {"source", "capacity"}


def test_a_program_that_saw_an_older_revision_changes_nothing(
    deployment: Deployment, operator: Operator
) -> None:
    seen = deployment.revision
    deployments.answer(deployment, "source", ANSWERS["source"], actor=operator, revision=seen)
    acts: list[Callable[[], object]] = [
        lambda: deployments.answer(
            deployment, "capacity", ANSWERS["capacity"], actor=operator, revision=seen
        ),
        lambda: deployments.rename(deployment, name="other", actor=operator, revision=seen),
        lambda: deployments.delete(deployment, actor=operator, revision=seen),
    ]
    for act in acts:
        with pytest.raises(Outdated, match="Somebody else changed this deployment"):
            act()
    deployment.refresh_from_db()
    assert deployment.name != "other"
    assert deployments.answers_of(deployment).keys() == {"source"}


@pytest.mark.django_db(transaction=True)
def test_of_many_who_save_the_same_version_at_once_one_is_first(
    deployment: Deployment, operator: Operator
) -> None:
    outcomes: list[str] = []
    ready = threading.Barrier(4)

    def save(machines: int) -> None:
        try:
            ready.wait()
            mine = Deployment.objects.get(pk=deployment.pk)
            deployments.answer(
                mine, "capacity", {"machines": machines, "daily_change_gb": 5}, actor=operator, version=0
            )
            outcomes.append(f"saved {machines}")
        except Outdated:
            outcomes.append("outdated")
        finally:
            connection.close()

    threads = [threading.Thread(target=save, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("outdated") == 3
    (winner,) = (outcome for outcome in outcomes if outcome != "outdated")
    assert winner == f"saved {deployments.answers_of(deployment)['capacity']['machines']}"


def test_a_step_that_takes_no_answers_is_not_found(deployment: Deployment, operator: Operator) -> None:
    for step in ("preflight", "profile", "nonsense"):
        with pytest.raises(NotFound, match=f"“{step}” is not a step that takes answers"):
            deployments.answer(deployment, step, {}, actor=operator)


def test_who_only_looks_answers_nothing(deployment: Deployment, viewer: Operator) -> None:
    with pytest.raises(NotAllowed, match="lets you look, not change"):
        deployments.answer(deployment, "source", ANSWERS["source"], actor=viewer)
    with pytest.raises(NotAllowed):
        deployments.keep_draft(deployment, "source", {}, actor=viewer)


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "missing"), ("a name with blanks", "a name with blanks"), ("-lyon", "-lyon"), ("x" * 64, "63")],
)
def test_a_name_that_cannot_be_is_refused(operator: Operator, name: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        deployments.create(name=name, profile="asr-classic", actor=operator)
    (error,) = caught.value.errors
    assert error.path == "name"
    assert words in str(error.message)
    assert not Deployment.objects.exists()


def test_a_name_that_is_taken_is_said_at_its_field(deployment: Deployment, operator: Operator) -> None:
    other = make_deployment(operator)
    acts: list[Callable[[], object]] = [
        lambda: deployments.create(name=deployment.name, profile="asr-classic", actor=operator),
        lambda: deployments.rename(other, name=deployment.name, actor=operator),
    ]
    for act in acts:
        with pytest.raises(Invalid) as caught:
            act()
        (error,) = caught.value.errors
        assert (error.path, error.code) == ("name", "name_taken")
        assert f"“{deployment.name}” exists already; choose another name" in str(error.message)


def test_a_name_of_another_team_s_deployment_is_refused_without_a_word_of_it(
    deployment: Deployment, operator: Operator
) -> None:
    other = make_deployment(operator)
    Deployment.objects.filter(pk=deployment.pk).update(team=Team.objects.create(name="Oslo"))
    with pytest.raises(Invalid) as caught:
        deployments.rename(other, name=deployment.name, actor=operator)
    (error,) = caught.value.errors
    assert (error.path, error.code) == ("name", "name_taken")
    assert str(error.message).startswith("This name cannot be used")


def test_a_profile_that_cannot_be_chosen_names_those_that_can(operator: Operator) -> None:
    with pytest.raises(Invalid) as caught:
        deployments.create(name="lyon", profile="asr-quantum", actor=operator)
    assert [str(error.message) for error in caught.value.errors] == [
        "The profile “asr-quantum” cannot be chosen; choose: asr-modernized, asr-classic."
    ]


def test_a_vault_is_chosen_only_when_its_name_is_said_twice(
    deployment: Deployment, operator: Operator
) -> None:
    said = refused(deployment, operator, "vault", **{**ANSWERS["vault"], "confirm_name": "lyon-valut"})
    assert list(said) == ["confirm_name"]
    assert "lyon-vault" not in deployments.answers_of(deployment)


def test_every_change_is_in_the_audit_trail_with_before_and_after(
    deployment: Deployment, operator: Operator
) -> None:
    deployments.answer(deployment, "capacity", ANSWERS["capacity"], actor=operator)
    deployments.answer(deployment, "capacity", {**ANSWERS["capacity"], "machines": 130}, actor=operator)
    deployments.answer(deployment, "capacity", {**ANSWERS["capacity"], "machines": 130}, actor=operator)
    newest, first = AuditEntry.objects.filter(action="deployment.answered")
    assert (first.before, first.after and first.after["machines"]) == (None, 120)
    assert newest.before is not None
    assert newest.after is not None
    assert (newest.before["machines"], newest.after["machines"]) == (120, 130)
    assert str(newest.sentence) == f"oskar answered “Capacity” of {deployment.name}."


def test_a_draft_is_thrown_away_with_its_answers_and_the_trail_remembers_them(
    deployment: Deployment, operator: Operator
) -> None:
    deployments.answer(deployment, "capacity", ANSWERS["capacity"], actor=operator)
    deployments.delete(deployment, actor=operator)
    assert not Deployment.objects.exists()
    assert not StepAnswer.objects.exists()
    entry = AuditEntry.objects.get(action="deployment.deleted")
    assert entry.before is not None
    assert entry.before["capacity"]["machines"] == 120


def test_a_deployment_that_is_more_than_a_draft_is_kept(deployment: Deployment, operator: Operator) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(state="deployed")
    deployment.refresh_from_db()
    with pytest.raises(Conflict, match="is more than a draft: its appliance exists") as refused_:
        deployments.delete(deployment, actor=operator)
    assert refused_.value.code == "not_a_draft"
    with pytest.raises(Conflict, match="its answers can no longer be changed") as closed:
        deployments.answer(deployment, "capacity", ANSWERS["capacity"], actor=operator)
    assert "Begin another deployment" in str(closed.value.remedy)


# --- what only the far end, or another step, can say ------------------------------------------------------------------


def refused_fields(
    deployment: Deployment, step: str, data: dict[str, Any], actor: Operator
) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        deployments.answer(deployment, step, data, actor=actor)
    return [(error.path, error.code) for error in caught.value.errors]


def test_a_further_process_server_says_which_configuration_server_it_joins(operator: Operator) -> None:
    deployment = by_hand(operator)
    source = {**MANUAL["source"], "component": "ps_scaleout"}
    deployments.answer(deployment, "source", source, actor=operator)
    assert "installation" not in deployment_progress.completed_steps(deployment), (
        "it was answered for another component"
    )
    given = {"accept_third_party_license": True}
    assert refused_fields(deployment, "installation", given, operator) == [("cs_address", "missing")]
    own = {**given, "cs_address": MANUAL["network"]["address"]}
    assert refused_fields(deployment, "installation", own, operator) == [("cs_address", "own_address")]
    deployments.answer(deployment, "installation", {**given, "cs_address": "192.0.2.40"}, actor=operator)
    assert "installation" in deployment_progress.completed_steps(deployment)


def test_winrm_needs_an_account_of_windows(operator: Operator) -> None:
    deployment = by_hand(operator)
    credentials.keep(name="lyon", kind="linux", username="root", secret="s3cret", actor=operator)
    given = {"way": "winrm", "host": "cs01.lab.test", "thumbprint_sha256": ":".join(["AB"] * 32)}
    for name in ("lyon", "nobody"):
        found = refused_fields(deployment, "evidence", {**given, "credential": name}, operator)
        assert found == [("credential", "unknown_credential")]


def test_an_account_that_is_thrown_away_meanwhile_is_not_left_behind_as_a_name(operator: Operator) -> None:
    deployment = stories.answered(operator, "vcenter", name="lyon-cs09")
    wanted = dict(deployments.answers_of(deployment)["vcenter"])
    other = credentials.keep(
        name="paris-vcenter", kind="vcenter", username="asr@vsphere.local", secret="x" * 12, actor=operator
    )
    gone = False

    def throw_away(execute: Any, sql: str, *rest: Any) -> Any:
        """Right after somebody has looked whether the account is there."""
        nonlocal gone
        found = execute(sql, *rest)
        if not gone and "wizard_credential" in sql:
            gone = True
            credential_register.delete(other, actor=operator)
        return found

    with connection.execute_wrapper(throw_away), pytest.raises(Invalid) as caught:
        deployments.answer(
            deployment, "vcenter", {**wanted, "credential": other.name}, actor=operator, keep_invalid=False
        )
    assert gone
    assert [error.code for error in caught.value.errors] == ["unknown_credential"]
    assert deployments.answers_of(deployment)["vcenter"] == wanted
