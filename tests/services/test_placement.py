"""Where the machine is put: judged against the inventory that vCenter showed, each problem at its field."""

from __future__ import annotations

from typing import Any

import pytest

from tests.walk import ANSWERS, Walk
from wizard.services import deployment_progress, deployments
from wizard.services.errors import Invalid

pytestmark = pytest.mark.vcenter


def refused(walk: Walk, **changes: Any) -> dict[str, str]:
    """What is said at each field when these answers are given."""
    with pytest.raises(Invalid) as caught:
        walk.answer("placement", **changes)
    return {error.path: str(error.message) for error in caught.value.errors}


@pytest.fixture
def signed_in(walk: Walk) -> Walk:
    return walk.to("vcenter")


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"datastore": "SmallDS_0"}, "datastore", "No space: free 100 GB of 1280 GB needed."),
        ({"datastore": "MaintDS_0"}, "datastore", "The datastore is in maintenance mode."),
        ({"datastore": "GoneDS_0"}, "datastore", "The datastore is not accessible."),
        ({"datastore": "DC1_DS1"}, "datastore", "“DC1_DS1” is not in the inventory of vCenter"),
        ({"network": "Island Network"}, "network", "Not on all hosts of DC0_C0: missing on esx-02.lab.test"),
        ({"compute": "esx-05.lab.test"}, "compute", "esx-05.lab.test is in maintenance mode"),
        ({"folder": "Infrastructure/Nowhere"}, "folder", "“Infrastructure/Nowhere” is not in the inventory"),
        ({"datacenter": "DC7"}, "datacenter", "“DC7” is not in the inventory of vCenter"),
        (
            {"vm_name": "web-02", "folder": ""},
            "vm_name",
            "A virtual machine called “web-02” exists in DC0 already. Choose another name.",
        ),
        (
            {"vm_name": "sql-01", "folder": "Test"},
            "vm_name",
            "A virtual machine called “sql-01” exists in Workloads/Test already. Choose another name.",
        ),
    ],
)
def test_what_cannot_work_is_said_at_its_field(
    signed_in: Walk, changes: dict[str, Any], field: str, message: str
) -> None:
    said = refused(signed_in, **changes)
    assert message in said[field]
    assert "placement" not in deployment_progress.completed_steps(signed_in.deployment)


def test_the_name_of_a_machine_in_another_folder_may_be_used_again(signed_in: Walk) -> None:
    signed_in.answer("placement", vm_name="web-02", folder="Workloads/Test")
    assert "placement" in deployment_progress.completed_steps(signed_in.deployment)


def test_what_was_chosen_is_kept_as_a_draft_when_it_cannot_work(signed_in: Walk) -> None:
    signed_in.answer("placement")
    refused(signed_in, datastore="SmallDS_0")
    shown, _version = deployments.form_of(signed_in.deployment, "placement")
    assert shown["datastore"] == "SmallDS_0"
    assert deployments.answers_of(signed_in.deployment)["placement"]["datastore"] == "LocalDS_0"


def test_the_room_that_is_needed_follows_from_the_capacity(signed_in: Walk) -> None:
    signed_in.control.set_datastore("DC0", "SmallDS_0", capacity_gb=2048, free_gb=1400)
    signed_in.done("sign_in_vcenter")
    signed_in.answer("placement", datastore="SmallDS_0")
    signed_in.answer("capacity", machines=150, daily_change_gb=1900)
    said = refused(signed_in, datastore="SmallDS_0")["datastore"]
    assert said == "No space: free 1400 GB of 1704 GB needed."


def test_before_the_sign_in_nothing_can_be_placed(walk: Walk) -> None:
    walk.to("capacity")
    assert refused(walk) == {"": "What vCenter has is not known yet. Sign in to vCenter first."}


def test_a_placement_does_not_survive_the_loss_of_its_vcenter_unjudged(signed_in: Walk) -> None:
    """After the password is entered anew the inventory is unproven, until somebody signs in again."""
    signed_in.enter_password()
    assert "Sign in to vCenter first" in refused(signed_in)[""]
    signed_in.done("sign_in_vcenter")
    signed_in.answer("placement", **ANSWERS["placement"])
