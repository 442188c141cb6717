"""Pages of the work steps and of the machines say what the vault knows, and offer what can be done there."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.api.client import Api, ok, token_of
from tests.services.in_the_vault.work import VAULT, done, register, under_way, with_account
from tests.web.pages import read, step_url
from wizard.lab.arm import LabAzure
from wizard.models import Deployment, Operator, Task, VCenter
from wizard.services import vault_vcenters

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quickly(settings: Any, azure: LabAzure) -> None:
    settings.VAULT_POLL_SECONDS = 0.01
    azure.control.job_seconds = 0


@pytest.fixture
def site(operator: Operator, azure: LabAzure) -> Deployment:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10", accounts=("vcenter", "dmz"))
    return with_account(stories.answered(operator, "registered", name="lyon-cs01"), operator)


def test_without_an_account_the_step_is_as_it_was(working: Client, operator: Operator) -> None:
    deployment = stories.answered(operator, "registered")
    assert "In the vault" not in read(working.get(step_url(deployment, "register"))).words
    assert "Match with the vault" not in read(working.get(f"/deployments/{deployment.pk}/machines/")).words


def test_the_server_is_waited_for_from_the_register_step(
    working: Client, site: Deployment, operator: Operator
) -> None:
    address = step_url(site, "register")
    assert "Not seen yet" in read(working.get(address)).words
    assert working.post(address, {"action": "wait_in_vault"})["Location"] == address
    page = read(working.get(address))
    assert page.all("div", id="live-task")
    site.tasks.filter(state="queued").delete()
    done(site, operator, "register_vault")
    page = read(working.get(address))
    assert "cs01, 192.0.2.10" in page.words
    offered = {option.get("value") for option in page.all("option")}
    assert {"vcenter", "dmz", "cs01"} <= offered


def test_vcenter_is_registered_again_with_what_was_chosen(
    working: Client, site: Deployment, operator: Operator
) -> None:
    address = step_url(site, "register")
    answer = working.post(
        address, {"action": "register_in_vault", "run_as_account": "dmz", "process_server": ""}
    )
    assert answer.status_code == 302
    task = site.tasks.get(state="queued")
    assert (task.kind, task.inputs) == ("register_vcenter", {"run_as_account": "dmz"})


def test_vcenter_is_removed_only_when_its_name_was_typed(
    working: Client, site: Deployment, operator: Operator
) -> None:
    address = step_url(site, "register")
    with under_way(site, operator, run_as_account="vcenter") as progress:
        known = vault_vcenters.register(progress, VCenter.objects.get(), start=50)
    Task.objects.filter(pk=progress.task.pk).update(result={"vault": known}, finished_at=timezone.now())
    answer = working.post(address, {"action": "remove_from_vault", "confirm": "vcenter"})
    assert answer.status_code == 422
    assert read(answer).value_of("confirm") == "vcenter", "what was typed stays"
    assert "Type the name of the vCenter Server" in read(answer).words
    assert not site.tasks.filter(kind="remove_vcenter").exists()
    working.post(address, {"action": "remove_from_vault", "confirm": "vcenter.lab.test"})
    assert site.tasks.filter(kind="remove_vcenter").exists()


def test_what_was_removed_from_the_vault_is_not_shown_there(
    working: Client, site: Deployment, operator: Operator
) -> None:
    address = step_url(site, "register")
    with under_way(site, operator, run_as_account="vcenter") as progress:
        known = vault_vcenters.register(progress, VCenter.objects.get(), start=50)
    task = Task.objects.get(pk=progress.task.pk)
    task.result, task.finished_at = {"vault": known}, timezone.now()
    task.save()
    assert "Remove vCenter Server from the vault" in read(working.get(address)).words
    done(site, operator, "remove_vcenter", confirm="vcenter.lab.test")
    shown = read(working.get(address)).words
    assert "Remove vCenter Server from the vault" not in shown
    assert "Not registered there yet" in shown


def test_machines_are_shown_with_what_the_vault_says(
    working: Client, site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.set_machines(
        ["vcenter.lab.test"],
        [
            {"friendly_name": "app-000", "os_type": "WINDOWS", "addresses": ()},
            {"friendly_name": "app-001", "os_type": "WINDOWS", "addresses": (), "powered_on": False},
        ],
    )
    register(site, operator, run_as_account="dmz")
    address = f"/deployments/{site.pk}/machines/"
    answer = working.post(f"{address}vault/", {"action": "match"})
    assert answer.status_code == 302
    site.tasks.filter(state="queued").delete()
    done(site, operator, "match_protectable_items")
    words = read(working.get(address)).words
    assert "Listed, with problems" in words
    shown = {
        wish: [name for name in ("app-000", "app-001", "app-002") if name in words]
        for wish in ("listed", "missing", "protected")
        if (words := read(working.get(f"{address}?vault={wish}")).words)
    }
    assert shown == {"listed": ["app-000", "app-001"], "missing": ["app-002"], "protected": []}
    machine = site.protectable_items.get(friendly_name="app-001").machine
    assert machine is not None
    assert "The virtual machine is powered off." in read(working.get(f"{address}{machine.pk}/")).words
    api = Api(token_of(operator, "read"))
    rows = ok(api.get(f"deployments/{site.pk}/protectable-items/"))["items"]
    assert [(row["friendly_name"], row["machine_name"]) for row in rows] == [
        ("app-000", "app-000"),
        ("app-001", "app-001"),
    ]
    assert rows[1]["problems"][1]["code"] == "78145"
    assert ok(api.get(f"deployments/{site.pk}/protectable-items/", matched="false"))["items"] == []


def test_what_is_no_work_with_the_vault_is_not_found(working: Client, site: Deployment) -> None:
    assert working.post(f"/deployments/{site.pk}/machines/vault/", {"action": "burn"}).status_code == 404
