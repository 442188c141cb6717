"""The vault's machines are known again here, and physical servers are added to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests import stories
from tests.services.in_the_vault.work import (
    VAULT,
    done,
    failed,
    register,
    words_of,
)
from wizard.lab.arm import LabAzure
from wizard.models import (
    Deployment,
    Machine,
    Operator,
    VCenter,
)

pytestmark = pytest.mark.django_db


def machines_behind(azure: LabAzure, *machines: dict[str, Any]) -> None:
    whole = [{"os_type": "WINDOWS", "addresses": (), **machine} for machine in machines]
    azure.control.set_machines(["vcenter.lab.test"], whole)


def matched(deployment: Deployment) -> dict[str, str | None]:
    return {
        row.friendly_name: row.machine.name if row.machine else None
        for row in deployment.protectable_items.select_related("machine")
    }


def test_machines_are_known_again_by_name_and_address_and_never_guessed(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    twin = Machine.objects.get(name="app-002")
    Machine.objects.filter(name="app-001").update(name="twin", host_name="")
    twin.name, twin.host_name = "TWIN", ""
    twin.save()
    machines_behind(
        azure,
        {"friendly_name": "APP-000.lab.test"},
        {"friendly_name": "twin", "addresses": ("198.51.100.2",)},
        {"friendly_name": "renamed", "addresses": ("198.51.100.1",)},
        {"friendly_name": "stranger", "addresses": ("203.0.113.1",), "powered_on": False},
    )
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    azure.control.configure(page_size=2)
    register(site, operator)
    result = done(site, operator, "match_protectable_items")
    assert result == {"items": 4, "matched": 3, "unmatched": 1}
    assert matched(site) == {
        "APP-000.lab.test": "app-000",
        "twin": "TWIN",
        "renamed": "twin",
        "stranger": None,
    }
    stranger = site.protectable_items.get(friendly_name="stranger")
    assert {problem["code"] for problem in stranger.problems} == {"", "78145"}
    machines_behind(azure, {"friendly_name": "app-000"})
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    done(site, operator, "match_protectable_items")
    assert site.protectable_items.count() == len(matched(site))


def test_names_that_only_begin_alike_are_of_other_machines(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    Machine.objects.filter(name="app-000").update(name="shop.v1", host_name="", ip_addresses=[])
    Machine.objects.filter(name="app-001").update(name="db", host_name="mail.lab.test", ip_addresses=[])
    Machine.objects.filter(name="app-002").update(name="mail", host_name="db.lab.test", ip_addresses=[])
    machines_behind(
        azure,
        {"friendly_name": "shop.v2"},
        {"friendly_name": "shop"},
        {"friendly_name": "mail"},
        {"friendly_name": "db.lab.test"},
    )
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    register(site, operator)
    done(site, operator, "match_protectable_items")
    assert matched(site) == {"shop.v2": None, "shop": "shop.v1", "mail": None, "db.lab.test": None}, (
        "two that may both be the machine “mail” are neither"
    )


def test_of_two_in_the_vault_that_may_be_one_machine_its_address_tells_which(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    Machine.objects.filter(name="app-000").update(ip_addresses=["198.51.100.77"])
    machines_behind(
        azure,
        {"friendly_name": "app-000", "addresses": ("203.0.113.9",)},
        {"friendly_name": "APP-000.lab.test", "addresses": ("198.51.100.77",)},
        {"friendly_name": "app-001", "addresses": ("203.0.113.1",)},
        {"friendly_name": "app-001.lab.test", "addresses": ("203.0.113.2",)},
    )
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    register(site, operator)
    result = done(site, operator, "match_protectable_items")
    assert result == {"items": 4, "matched": 1, "unmatched": 3}
    assert matched(site)["APP-000.lab.test"] == "app-000"


def test_machines_of_a_vcenter_that_is_not_this_one_are_nobody_here(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    azure.control.set_machines(
        ["other.lab.test"], [{"friendly_name": "app-000", "os_type": "WINDOWS", "addresses": ()}]
    )
    azure.control.add_vcenter(VAULT, "other", "other.lab.test")
    assert done(site, operator, "match_protectable_items") == {"items": 1, "matched": 0, "unmatched": 1}


def test_what_the_vault_no_longer_lists_goes(site: Deployment, operator: Operator, azure: LabAzure) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    register(site, operator)
    done(site, operator, "match_protectable_items")
    before = site.protectable_items.count()
    machines_behind(azure, {"friendly_name": "app-000"})
    VCenter.objects.update(host="elsewhere.lab.test")
    azure.control.set_machines(
        ["elsewhere.lab.test"], [{"friendly_name": "app-000", "os_type": "WINDOWS", "addresses": ()}]
    )
    register(site, operator)
    done(site, operator, "match_protectable_items")
    assert site.protectable_items.count() == 1 < before


def test_physical_servers_are_added_and_those_that_fail_are_named(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    for number in range(7):
        stories.enter_server(site, operator, f"files-{number}", address=f"192.0.2.{100 + number}")
    azure.control.fault("job_fails", code="7", message="It does not answer.")
    result = done(site, operator, "add_physical_to_vault")
    assert (len(result["added"]), len(result["failed"])) == (6, 1)
    assert "was not added" in words_of(site)
    assert "It does not answer." in words_of(site)
    assert site.protectable_items.filter(machine__kind="physical").count() == 6
    result = done(site, operator, "add_physical_to_vault")
    assert (len(result["added"]), len(result["failed"])) == (1, 0), "only the one that is missing"


def test_where_none_can_be_added_the_task_fails(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    stories.enter_server(site, operator)
    azure.control.fault("forbidden", path="discoverProtectableItem", count=9, action="discover")
    code, message, _remedy = failed(site, operator, "add_physical_to_vault")
    assert code == "none_added"
    assert "files-01" in message
