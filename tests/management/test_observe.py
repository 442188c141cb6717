"""`manage.py observe`: what the vault shows, and an exit code that says whether that is what was recorded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import vault_stories
from tests.management.commands import Commands, Outcome
from tests.vault_stories import SERVER
from wizard.lab.arm import LabAzure
from wizard.models import Deployment, Operator

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("commands")]
Observe = Callable[[str], Outcome]


@pytest.fixture
def observe(manage: Commands, request: pytest.FixtureRequest) -> Observe:
    """The command, with a worker from then on: it is not to take up what leads to the beginning of a test."""

    def go(name: str) -> Outcome:
        request.getfixturevalue("worker")
        return manage("observe", name)

    return go


@pytest.fixture
def deployment(azure: LabAzure, first_operator: Operator) -> Deployment:
    """Recorded as the vault shows it."""
    found = vault_stories.watched(first_operator)
    vault_stories.set_up(azure)
    azure.control.add_vcenter(
        vault_stories.VAULT, "lyon", "vcenter.lab.test", friendly_name="vcenter.lab.test"
    )
    return found


def test_a_vault_that_shows_what_was_recorded_confirms_it(observe: Observe, deployment: Deployment) -> None:
    outcome = observe(deployment.name)
    assert outcome.code == 0, outcome.text
    assert SERVER in outcome.out
    assert "The vault confirms the recorded topology." in outcome.flat()


def test_what_differs_is_told_with_its_remedy_and_an_exit_code(
    observe: Observe, deployment: Deployment, azure: LabAzure
) -> None:
    azure.control.set_server(SERVER, address="192.0.2.99")
    outcome = observe(deployment.name)
    assert outcome.code == 3
    assert "192.0.2.99" in outcome.text
    assert "confirms" not in outcome.text


def test_a_vcenter_that_the_vault_does_not_show_is_missed(
    observe: Observe, azure: LabAzure, first_operator: Operator
) -> None:
    found = vault_stories.watched(first_operator)
    vault_stories.set_up(azure)
    outcome = observe(found.name)
    assert outcome.code == 3
    assert "Add the vCenter Server to the configuration server in the vault." in outcome.flat()


def test_a_server_that_is_not_well_is_told(observe: Observe, deployment: Deployment, azure: LabAzure) -> None:
    azure.control.set_server(SERVER, heartbeat=3600)
    outcome = observe(deployment.name)
    assert outcome.code == 3
    assert f"{SERVER}:" in outcome.text


def test_a_vault_that_cannot_be_asked_is_a_failure(
    observe: Observe, deployment: Deployment, azure: LabAzure
) -> None:
    azure.control.fault("expired", count=0)
    outcome = observe(deployment.name)
    assert outcome.code == 1
    assert "Azure" in outcome.err


def test_a_deployment_that_does_not_exist_is_refused(observe: Observe, first_operator: Operator) -> None:
    outcome = observe("nowhere")
    assert (outcome.code, outcome.err) == (2, "There is no deployment named nowhere.\n")


def test_what_was_never_recorded_is_not_confirmed(
    observe: Observe, azure: LabAzure, first_operator: Operator
) -> None:
    found = vault_stories.watched(first_operator, "registered")
    vault_stories.set_up(azure)
    assert not found.snapshots.exists()
    assert observe(found.name).code == 3
