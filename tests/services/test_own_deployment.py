"""A further process server gets a deployment of its own: with what is known filled in, and nothing decided for the person."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from tests import stories, vault_stories
from wizard.models import Addition, AzureAccount, Deployment, Operator, Team
from wizard.services import additions, deployments, own_deployment
from wizard.services.answers import primary_component
from wizard.services.errors import Conflict, Invalid, NotFound

pytestmark = pytest.mark.django_db

SERVER = {"name": "PS01", "address": "192.0.2.20", "size": "M", "runs_on": "physical", "data_port": 9444}


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    return vault_stories.watched(operator)


@pytest.fixture
def server(recorded: Deployment, operator: Operator) -> Addition:
    return additions.plan(recorded, "ps_scaleout", SERVER, actor=operator)


def begun(server: Addition, actor: Operator, **changed: str) -> Deployment:
    wanted = {"name": "lyon-ps01", "profile": "asr-classic", "team": "", **changed}
    return own_deployment.begin(server, **wanted, actor=actor)


def held(deployment: Deployment, step: str) -> dict[str, Any]:
    values, _version = deployments.form_of(deployment, step)
    return values


def test_what_is_known_of_the_server_stands_in_the_steps(server: Addition, operator: Operator) -> None:
    made = begun(server, operator)
    assert held(made, "source") == {
        "protects": ["vmware"],
        "component": "ps_scaleout",
        "method": "manual",
        "runs_on": "physical",
    }
    network = held(made, "network")
    assert (network["host_name"], network["address"], network["data_port"]) == ("PS01", "192.0.2.20", 9444)
    assert (network["netmask"], network["gateway"]) == ("255.255.255.0", "192.0.2.1")
    assert (network["dns_suffix"], network["dns"]) == ("lab.test", ["192.0.2.2"])
    vault = held(made, "vault")
    assert (vault["vault"], vault["region"], vault["account"]) == (
        "lyon-vault",
        "francecentral",
        "vault-reader",
    )
    assert held(made, "installation") == {"cs_address": "192.0.2.10"}


def test_no_step_counts_before_a_person_has_saved_it(server: Addition, operator: Operator) -> None:
    made = begun(server, operator)
    assert not made.steps.exclude(data=None).exists()
    with pytest.raises(Invalid) as refused:
        deployments.answer(made, "vault", held(made, "vault"), actor=operator)
    assert [error.path for error in refused.value.errors] == ["confirm_name"], "it is typed again"
    with pytest.raises(Invalid) as refused:
        deployments.answer(made, "installation", held(made, "installation"), actor=operator)
    assert [error.path for error in refused.value.errors] == ["accept_third_party_license"]


def test_what_stands_in_the_steps_can_be_saved_as_it_is_or_changed(
    server: Addition, operator: Operator
) -> None:
    made = begun(server, operator)
    deployments.answer(made, "source", held(made, "source"), actor=operator)
    assert primary_component(made) == "ps_scaleout"
    deployments.answer(made, "network", held(made, "network") | {"address": "192.0.2.21"}, actor=operator)
    assert held(made, "network")["address"] == "192.0.2.21"
    vault = held(made, "vault") | {"confirm_name": "lyon-vault"}
    with pytest.raises(Invalid) as refused:
        deployments.answer(made, "vault", vault, actor=operator)
    assert [error.code for error in refused.value.errors] == ["not_looked_up"], "as for everybody"
    deployments.answer(made, "vault", vault | {"account": ""}, actor=operator)


def test_in_another_subnet_mask_and_gateway_are_left_to_the_person(
    recorded: Deployment, operator: Operator
) -> None:
    far = additions.plan(recorded, "ps_scaleout", SERVER | {"address": "198.51.100.20"}, actor=operator)
    assert not {"netmask", "gateway"} & held(begun(far, operator), "network").keys()


def test_an_account_of_another_team_is_not_named(
    recorded: Deployment, server: Addition, operator: Operator
) -> None:
    team, other = Team.objects.create(name="lyon"), Team.objects.create(name="oslo")
    team.members.add(operator)
    other.members.add(operator)
    AzureAccount.objects.update(team=team)
    Deployment.objects.filter(pk=recorded.pk).update(team=team)
    server = own_deployment.addition_for(server.pk, actor=operator)
    assert own_deployment.proposed(server) == {"name": "ps01", "profile": "asr-classic", "team": "lyon"}
    assert "account" not in held(begun(server, operator, team="oslo"), "vault")
    assert held(begun(server, operator, name="lyon-ps02", team="lyon"), "vault")["account"] == "vault-reader"


def test_what_a_team_answered_does_not_become_everybodys(
    recorded: Deployment, server: Addition, operator: Operator
) -> None:
    team = Team.objects.create(name="lyon")
    team.members.add(operator)
    Deployment.objects.filter(pk=recorded.pk).update(team=team)
    server = own_deployment.addition_for(server.pk, actor=operator)
    with pytest.raises(Invalid) as refused:
        begun(server, operator)
    assert [(error.path, error.code) for error in refused.value.errors] == [("team", "team_needed")]
    assert Deployment.objects.count() == 1


def test_only_a_further_process_server_that_stands_and_is_seen_has_one(
    recorded: Deployment, server: Addition, operator: Operator, viewer: Operator
) -> None:
    target = additions.plan(recorded, "mt_windows", {"name": "MT01", "address": "192.0.2.22"}, actor=operator)
    with pytest.raises(Conflict) as refused:
        own_deployment.addition_for(target.pk, actor=operator)
    assert refused.value.code == "no_own_deployment"
    Addition.objects.filter(pk=server.pk).update(removed_at=timezone.now(), state=Addition.State.REMOVED)
    with pytest.raises(Conflict):
        own_deployment.addition_for(server.pk, actor=operator)
    Deployment.objects.filter(pk=recorded.pk).update(team=Team.objects.create(name="closed"))
    for addition_id in (server.pk, uuid4()):
        with pytest.raises(NotFound):
            own_deployment.addition_for(addition_id, actor=viewer)


def test_an_architecture_without_process_servers_is_refused_and_nothing_begun(
    server: Addition, operator: Operator
) -> None:
    before = Deployment.objects.count()
    with pytest.raises(Invalid) as refused:
        begun(server, operator, profile="asr-modernized")
    assert [error.path for error in refused.value.errors] == ["profile"]
    with pytest.raises(Invalid):
        begun(server, operator, name=stories.answered(operator).name)
    assert Deployment.objects.count() == before + 1
