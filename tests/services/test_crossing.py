"""Conflicts between deployments, as they follow from answers, records, observations and inventories."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment
from tests.services import machines
from tests.services.test_decommission import CS, VCENTER, look
from wizard.models import (
    Addition,
    DecommissionStep,
    Deployment,
    DeploymentState,
    HostFacts,
    Operator,
    VCenter,
)
from wizard.planning.crossing_rows import Crossing
from wizard.services import crossing, deployments, topology
from wizard.services.discovery import judging, rows

pytestmark = pytest.mark.django_db


def kinds(operator: Operator) -> set[str]:
    return {one.kind for one in crossing.found(actor=operator)}


def of_kind(operator: Operator, kind: str) -> Crossing:
    (one,) = [one for one in crossing.found(actor=operator) if one.kind == kind]
    return one


def site(operator: Operator, name: str, **network: object) -> Deployment:
    """A deployment by hand, answered; `network` are the answers of that step, and `vault` its vault."""
    vault = str(network.pop("vault", f"{name}-vault"))
    own = {"host_name": f"{name}-cs", "address": f"192.0.2.{sum(name.encode()) % 250}", **network}
    return machines.by_hand(operator, name, network=own, vault={"vault": vault, "confirm_name": vault})


@pytest.fixture
def pair(operator: Operator) -> tuple[Deployment, Deployment]:
    return site(operator, "lyon"), site(operator, "essen")


def second_vcenter(deployment: Deployment, operator: Operator) -> VCenter:
    first = VCenter.objects.get()
    vcenter = VCenter.objects.create(
        friendly_name="other",
        host="other.lab.test",
        instance_uuid="99999999-2222-3333-4444-555555555555",
        thumbprint_sha256=first.thumbprint_sha256,
        credential=first.credential,
    )
    vcenter.deployments.add(deployment)
    return vcenter


def show(vcenter: VCenter, number: int, **changed: object) -> None:
    facts = replace(stories.machine_facts(number), **changed)  # type: ignore[arg-type]
    with transaction.atomic():
        rows.write_machines(vcenter, [facts], judging.around(vcenter), timezone.now())


def test_deployments_that_have_nothing_in_common_are_in_no_conflict(
    pair: tuple[Deployment, Deployment], operator: Operator
) -> None:
    assert crossing.found(actor=operator) == ()


def test_one_address_in_two_deployments(operator: Operator) -> None:
    site(operator, "lyon", address="192.0.2.9")
    site(operator, "essen", address="192.0.2.9")
    one = of_kind(operator, "address")
    assert (one.severity, one.value) == ("critical", "192.0.2.9")
    assert [place.site_name for place in one.places] == ["essen", "lyon"]
    assert kinds(operator) == {"address"}


def test_an_added_component_counts_as_long_as_it_stands(
    pair: tuple[Deployment, Deployment], operator: Operator
) -> None:
    row = Addition.objects.create(
        deployment=pair[0], kind="ps_scaleout", name="PS02", address=pair[1].steps.get(step="network").data["address"],
        created_by=operator,
    )  # fmt: skip
    one = of_kind(operator, "address")
    assert "Scale-out process server PS02" in {str(place.what) for place in one.places}
    Addition.objects.filter(pk=row.pk).update(removed_at=timezone.now())
    assert kinds(operator) == set()


def test_one_host_name_is_an_identity_in_one_vault_and_a_warning_in_two(operator: Operator) -> None:
    site(operator, "lyon", host_name="cs01", dns_suffix="", vault="shared")
    second = site(operator, "essen", host_name="CS01", dns_suffix="", vault="shared")
    assert kinds(operator) == {"vault_identity"}
    deployments.answer(
        second,
        "vault",
        {**stories.ANSWERS["vault"], "vault": "another", "confirm_name": "another"},
        actor=operator,
    )
    assert kinds(operator) == {"host_name"}


def test_machines_that_tell_of_one_bios_uuid_are_clones(
    pair: tuple[Deployment, Deployment], operator: Operator
) -> None:
    for deployment in pair:
        name = deployment.steps.get(step="network").data["host_name"]
        machines.hear(deployment, operator, host=name)
    one = of_kind(operator, "clone")
    assert one.severity == "critical"
    assert {place.site_name for place in one.places} == {"lyon", "essen"}


def test_what_a_machine_told_that_is_no_part_of_its_deployment_any_more_makes_no_clone(
    pair: tuple[Deployment, Deployment], operator: Operator
) -> None:
    for deployment in pair:
        told = machines.hear(
            deployment, operator, host=deployment.steps.get(step="network").data["host_name"]
        )
    assert kinds(operator) == {"clone"}
    HostFacts.objects.filter(pk=told.pk).update(host_name="before")
    assert kinds(operator) == set(), "the network step names another machine by now"
    HostFacts.objects.filter(pk=told.pk).update(component="mt_linux")
    assert kinds(operator) == {"clone"}
    DecommissionStep.objects.create(
        deployment=pair[1], subject="mt_linux:before", step=DecommissionStep.FINISHED, confirmed_by=operator
    )
    assert kinds(operator) == set(), "the master target is out of service"


def test_one_registration_in_two_deployments_is_one_identity(operator: Operator) -> None:
    pair_ = [site(operator, name, vault="shared") for name in ("lyon", "essen")]
    look(pair_[0], replace(CS, name="lyon-cs"))
    look(pair_[1], replace(CS, name="other", address=str(pair_[1].steps.get(step="network").data["address"])))
    one = of_kind(operator, "vault_identity")
    assert (one.severity, one.value) == ("critical", "cs:1")
    look(pair_[1], replace(CS, key="cs:2", name="essen-cs"))
    assert kinds(operator) == set(), "the newest look counts"


def test_a_vault_that_calls_a_vcenter_by_another_name(operator: Operator) -> None:
    registered = stories.answered(operator, "registered", name="lyon")
    site(operator, "essen")
    look(registered, CS, replace(VCENTER, name="production"))
    one = of_kind(operator, "vcenter_name")
    assert "production, vcenter.lab.test" in str(one.text)


def test_a_machine_that_two_vcenters_show(operator: Operator) -> None:
    stories.answered(operator, "registered", name="lyon")
    other = site(operator, "essen")
    vcenter = second_vcenter(other, operator)
    show(vcenter, 0)
    one = of_kind(operator, "instance_uuid")
    assert {(place.site_name, str(place.what)) for place in one.places} == {
        ("lyon", "app-000 (vcenter.lab.test)"),
        ("essen", "app-000 (other)"),
    }
    assert all(place.machine for place in one.places)
    show(vcenter, 0, instance_uuid=str(UUID(int=7)))
    assert kinds(operator) == {"clone"}
    show(vcenter, 0, instance_uuid=str(UUID(int=7)), bios_uuid=str(UUID(int=8)))
    assert kinds(operator) == set()


def test_templates_and_machines_that_are_gone_are_in_no_conflict(operator: Operator) -> None:
    stories.answered(operator, "registered", name="lyon")
    vcenter = second_vcenter(site(operator, "essen"), operator)
    show(vcenter, 0, is_template=True)
    show(vcenter, 1)
    vcenter.machines.filter(moid="vm-1").update(gone_at=timezone.now())
    assert kinds(operator) == set()


def test_one_physical_server_in_two_deployments(
    pair: tuple[Deployment, Deployment], operator: Operator
) -> None:
    for deployment in pair:
        stories.enter_server(deployment, operator)
    one = of_kind(operator, "physical_server")
    assert {place.site_name for place in one.places} == {"lyon", "essen"}
    assert all(place.machine for place in one.places)


def test_what_is_out_of_service_is_left_out(operator: Operator) -> None:
    site(operator, "lyon", address="192.0.2.9")
    second = site(operator, "essen", address="192.0.2.9")
    site(operator, "metz")
    assert kinds(operator) == {"address"}
    Deployment.objects.filter(pk=second.pk).update(state=DeploymentState.DECOMMISSIONED)
    assert kinds(operator) == set()


def test_a_process_server_and_the_configuration_server_that_it_joins_are_two_servers(
    operator: Operator,
) -> None:
    site(operator, "lyon", address="192.0.2.20")
    joining = site(operator, "essen")
    deployments.answer(
        joining, "source", {**machines.ANSWERS["source"], "component": "ps_scaleout"}, actor=operator
    )
    deployments.answer(
        joining,
        "installation",
        {**machines.ANSWERS["installation"], "cs_address": "192.0.2.20"},
        actor=operator,
    )
    topology.keep(joining, topology.planned_graph(joining), actor=operator)
    assert kinds(operator) == set()


def test_more_deployments_and_machines_ask_the_database_no_more_often(operator: Operator) -> None:
    stories.answered(operator, "registered", name="lyon")
    vcenter = second_vcenter(site(operator, "essen"), operator)
    show(vcenter, 0)
    with CaptureQueriesContext(connection) as few:
        assert len(crossing.found(actor=operator)) == 1
    for number in range(4):
        more = site(operator, f"more-{number}", address="192.0.2.9")
        stories.enter_server(more, operator)
        look(more, CS)
        vcenter.deployments.add(more)
    stories.grow(VCenter.objects.exclude(pk=vcenter.pk).get(), 20)
    for number in range(1, 9):
        show(vcenter, number)
    make_deployment(operator)
    with CaptureQueriesContext(connection) as many:
        assert len(crossing.found(actor=operator)) > 5
    assert len(many) == len(few)
    assert len(few) <= 15
