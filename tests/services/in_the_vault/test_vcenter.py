"""vCenter is registered with the configuration server in the vault, changed there, and removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.services.in_the_vault.work import (
    VAULT,
    done,
    failed,
    register,
    run,
    vcenters_in,
    words_of,
)
from wizard.azure import vcenters
from wizard.azure.vcenters import VCenterBody
from wizard.lab.arm import LabAzure
from wizard.models import (
    Deployment,
    Operator,
    VCenter,
)
from wizard.services import (
    azure_access,
    vault_places,
)
from wizard.services.errors import Conflict, Invalid

pytestmark = pytest.mark.django_db


def test_vcenter_is_added_to_the_configuration_server_and_then_left_as_it_is(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10", accounts=("vcenter",))
    azure.control.register_process_server(VAULT, "ps02", "192.0.2.12")
    result = register(site, operator)
    assert (result["state"], result["discovery_status"]) == ("registered", "Completed")
    assert result["infrastructure_id"]
    (there,) = vcenters_in(azure)
    assert (there["friendlyName"], there["ipAddress"], there["port"]) == (
        "vcenter.lab.test",
        "vcenter.lab.test",
        "443",
    )
    assert register(site, operator)["state"] == "unchanged"
    changed = register(site, operator, process_server="PS02")
    assert changed["state"] == "registered"
    (after,) = vcenters_in(azure)
    assert after["processServerId"] != there["processServerId"]


def test_the_account_on_the_server_is_named_where_there_are_several(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10", accounts=("vcenter", "linux"))
    with pytest.raises(Conflict) as refused:
        register(site, operator)
    assert refused.value.code == "unknown_run_as_account"
    assert "vcenter, linux" in str(refused.value.text)
    with pytest.raises(Conflict) as refused:
        register(site, operator, run_as_account="gone")
    assert "knows no account “gone”" in str(refused.value.text)
    assert register(site, operator, run_as_account="VCenter")["state"] == "registered"


def test_a_vcenter_that_moved_is_changed_and_not_added_a_second_time(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    register(site, operator)
    VCenter.objects.update(host="vcenter2.lab.test")
    assert register(site, operator)["state"] == "registered"
    (there,) = vcenters_in(azure)
    assert (there["friendlyName"], there["ipAddress"]) == ("vcenter.lab.test", "vcenter2.lab.test")


@pytest.mark.parametrize(
    ("listed", "known_by"),
    [
        ({"friendly_name": "lyon", "address": "VCENTER.lab.test."}, "address"),
        ({"friendly_name": "vcenter.lab.test", "address": "192.0.2.5"}, "full_name"),
        ({"friendly_name": "Production", "address": "192.0.2.5"}, "friendly_name"),
    ],
)
def test_a_vcenter_is_known_by_its_address_its_full_name_or_its_friendly_name_and_that_is_said(
    site: Deployment, operator: Operator, azure: LabAzure, listed: dict[str, str], known_by: str
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    VCenter.objects.update(friendly_name="production")
    with orders_of_another(site) as (place, body):
        vcenters.put_vcenter(*place, replace(body, **listed))
    result = register(site, operator)
    assert (result["state"], result["known_by"]) == ("registered", known_by)
    (there,) = vcenters_in(azure)
    assert (there["friendlyName"], there["ipAddress"]) == ("production", "vcenter.lab.test")
    assert f"{listed['friendly_name']} at {listed['address']}: known by its" in words_of(site)
    assert register(site, operator)["known_by"] == "address"


def test_of_several_vcenters_in_the_vault_the_surest_likeness_counts(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    VCenter.objects.update(friendly_name="production")
    with orders_of_another(site) as (place, body):
        vcenters.put_vcenter(*place, replace(body, friendly_name="production", address="192.0.2.5"))
        other = (*place[:-1], "other")
        vcenters.put_vcenter(*other, replace(body, friendly_name="vcenter.lab.test", address="192.0.2.6"))
    assert register(site, operator)["known_by"] == "full_name"
    assert done(site, operator, "remove_vcenter", confirm="production")["state"] == "removed"
    (left,) = vcenters_in(azure)
    assert left["ipAddress"] == "192.0.2.5", "another one of that friendly name"


def orders_in(azure: LabAzure) -> list[str]:
    """What changed vCenters in the vault, in its order."""
    return [
        sent["method"]
        for sent in azure.control.requests()
        if "/replicationvCenters/" in sent["path"] and sent["method"] != "GET" and sent["status"] < 400
    ]


@contextmanager
def orders_of_another(site: Deployment) -> Iterator[tuple[tuple[Any, ...], VCenterBody]]:
    """Where a worker that dies, or another task, gives the same orders: the place, and what is registered there."""
    with azure_access.open_arm(site) as arm:
        place = vault_places.place_of(arm, site)
        (server, *_others), (account, *_more) = (
            place.details[name] for name in ("processServers", "runAsAccounts")
        )
        body = VCenterBody(
            friendly_name="vcenter.lab.test",
            address="vcenter.lab.test",
            port=443,
            process_server_id=server["id"],
            run_as_account_id=account["accountId"],
        )
        yield (arm, place.ref, place.name, "vcenter-lab-test"), body


def test_what_is_ordered_already_is_waited_for_and_not_ordered_twice(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    azure.control.register_process_server(VAULT, "ps02", "192.0.2.12")
    azure.control.job_seconds = 0.2
    with orders_of_another(site) as (place, body):
        vcenters.put_vcenter(*place, body)
        again = register(site, operator)
        assert (again["state"], again["discovery_status"]) == ("unchanged", "Completed")
        assert again["infrastructure_id"]
        assert orders_in(azure) == ["PUT"]
        vcenters.patch_vcenter(*place, body)
        assert register(site, operator, process_server="PS02")["state"] == "registered"
        assert orders_in(azure) == ["PUT", "PATCH", "PATCH"]
        vcenters.delete_vcenter(*place)
    removed = done(site, operator, "remove_vcenter", confirm="vcenter.lab.test")
    assert removed["state"] in ("removed", "absent")
    assert vcenters_in(azure) == []


@pytest.mark.parametrize(
    ("told", "hint"),
    [
        ({"code": "1", "message": "Unable to connect to vCenter/ESXi server"}, "/AddBypassUrls"),
        ({"code": "95126", "message": "A setting is not a number"}, "snapshot.maxSnapshots"),
        ({"code": "2", "message": "The logon failed"}, "cspsconfigtool.exe"),
        ({"code": "3", "message": "Odd", "recommendation": "Ask somebody."}, "Ask somebody."),
    ],
    ids=["proxy", "snapshots", "account", "unknown"],
)
def test_a_job_that_fails_says_what_the_documents_say(
    site: Deployment, operator: Operator, azure: LabAzure, told: dict[str, str], hint: str
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    azure.control.fault("job_fails", **{"causes": "", "recommendation": "", **told})
    with pytest.raises(Conflict) as refused:
        register(site, operator)
    assert refused.value.code == "vault_job_failed"
    assert told["message"] in str(refused.value.text)
    assert hint in str(refused.value.remedy)


def test_before_the_server_is_there_vcenter_is_registered_here_alone(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    assert register(site, operator) == {"state": "no_server"}
    assert vcenters_in(azure) == []


def test_vcenter_is_removed_when_asked_by_its_name_and_nothing_is_protected(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    register(site, operator)
    done(site, operator, "match_protectable_items")
    with pytest.raises(Invalid) as refused:
        run(site, operator, "remove_vcenter", confirm="vcenter")
    assert [error.code for error in refused.value.errors] == ["not_confirmed"]
    azure.control.add_protected_items(VAULT, None, 2, "cs01")
    code, message, _remedy = failed(site, operator, "remove_vcenter", confirm="vcenter.lab.test")
    assert code == "machines_protected"
    assert "2 machines" in message
    assert len(vcenters_in(azure)) == 1


def test_what_is_removed_takes_its_machines_along(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    register(site, operator)
    done(site, operator, "match_protectable_items")
    assert site.protectable_items.exists()
    assert done(site, operator, "remove_vcenter", confirm="vcenter.lab.test")["state"] == "removed"
    assert vcenters_in(azure) == []
    assert not site.protectable_items.exists()
    assert site.vcenters.exists(), "here it stays registered"
    assert done(site, operator, "remove_vcenter", confirm="vcenter.lab.test")["state"] == "absent"
