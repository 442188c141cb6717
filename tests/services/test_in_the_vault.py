"""A server arrives in its vault, vCenter is registered with it there, and the vault's machines are known again here."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import stories
from tests.services.azure import add_account
from tests.services.machines import by_hand
from tests.vault_files import usual_file
from wizard.azure import fabrics, vcenters
from wizard.azure.vcenters import VCenterBody
from wizard.lab.arm import LabAzure
from wizard.models import (
    AuditEntry,
    Deployment,
    InstallationSecret,
    Machine,
    Operator,
    Task,
    TaskState,
    VCenter,
)
from wizard.services import (
    azure_access,
    installation_secrets,
    tasks,
    vault_places,
    vault_servers,
    vault_vcenters,
)
from wizard.services.errors import Conflict, Invalid, NotReady
from wizard.services.tasks.progress import Progress
from wizard.text import Text

pytestmark = pytest.mark.django_db

VAULT = "lyon-vault"


@pytest.fixture(autouse=True)
def quickly(settings: Any, azure: LabAzure) -> None:
    settings.VAULT_POLL_SECONDS = 0.01
    settings.VAULT_WAIT_SECONDS = 20
    azure.control.job_seconds = 0


@pytest.fixture
def site(operator: Operator) -> Deployment:
    """A configuration server that stands, its vCenter registered here, and an account for its vault."""
    return with_account(stories.answered(operator, "registered", name="lyon-cs01"), operator)


def with_account(deployment: Deployment, operator: Operator, **answers: Any) -> Deployment:
    add_account(operator)
    row = deployment.steps.get(step="vault")
    row.data = {**(row.data or {}), "account": "lyon-reader", **answers}
    row.save()
    return deployment


def run(deployment: Deployment, operator: Operator, kind: str, **inputs: Any) -> Task:
    task = tasks.launch(kind, deployment=deployment, actor=operator, inputs=inputs)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    return task


def done(deployment: Deployment, operator: Operator, kind: str, **inputs: Any) -> Any:
    task = run(deployment, operator, kind, **inputs)
    assert task.state == TaskState.SUCCEEDED, task.error
    return task.result


def failed(deployment: Deployment, operator: Operator, kind: str, **inputs: Any) -> tuple[str, str, str]:
    """Code, message and remedy."""
    task = run(deployment, operator, kind, **inputs)
    assert task.state == TaskState.FAILED, task.result
    assert task.error is not None
    return (
        task.error["code"],
        str(Text.from_json(task.error["message"])),
        str(Text.from_json(task.error["remedy"])),
    )


def words_of(deployment: Deployment) -> str:
    task = deployment.tasks.latest("queued_at")
    return " ".join(str(event.message) for event in task.events.all())


@contextmanager
def under_way(deployment: Deployment, operator: Operator, **inputs: Any) -> Iterator[Progress]:
    """A task of registering vCenter that has come as far as the vault."""
    task = Task.objects.create(
        deployment=deployment,
        kind="register_vcenter",
        changing=True,
        state=TaskState.RUNNING,
        attempt=1,
        inputs=inputs,
        requested_by=operator,
    )
    try:
        with Progress(task) as progress:
            yield progress
    finally:
        Task.objects.filter(pk=task.pk).update(state=TaskState.SUCCEEDED)


def register(deployment: Deployment, operator: Operator, **inputs: Any) -> dict[str, Any]:
    with under_way(deployment, operator, **inputs) as progress:
        return vault_vcenters.register(progress, VCenter.objects.get(), start=50)


def vcenters_in(azure: LabAzure) -> list[dict[str, Any]]:
    row = azure_access.named("lyon-reader")
    ref = azure_access.vault_ref(Deployment.objects.get())
    with azure_access.open_arm(row, subscription=ref.subscription) as arm:
        return [
            one["properties"]
            for fabric in fabrics.list_fabrics(arm, ref)
            for one in vcenters.list_vcenters(arm, ref, fabric["name"])
        ]


@contextmanager
def arriving(azure: LabAzure) -> Iterator[None]:
    """A server registers while somebody waits for it: once the one that is there was asked to report."""
    over = threading.Event()

    def arrive() -> None:
        while not any("refreshProvider" in sent["path"] for sent in azure.control.requests()):
            if over.wait(0.01):
                return
        azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")

    thread = threading.Thread(target=arrive)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


# --- the server -------------------------------------------------------------------------------------------------------


def test_the_server_is_found_by_its_name_and_its_key_is_forgotten(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    InstallationSecret.objects.create(
        deployment=site, kind="vault_credentials", sealed=b"x", label="k", given_by=operator
    )
    azure.control.register_configuration_server(VAULT, "CS01.lab.test", "192.0.2.99", accounts=("vc", "dmz"))
    result = done(site, operator, "register_vault")
    assert (result["name"], result["address"], result["component"]) == ("CS01.lab.test", "192.0.2.99", "cs")
    assert (result["accounts"], result["process_servers"]) == (["vc", "dmz"], ["CS01.lab.test"])
    assert not InstallationSecret.objects.exists()
    assert AuditEntry.objects.filter(action="vault.registered").exists()
    done(site, operator, "register_vault")


def test_it_is_waited_for_and_taken_as_soon_as_it_appears(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "other", "198.51.100.9")
    azure.control.fault("html", path="replicationFabrics", count=1)
    with arriving(azure):
        task = run(site, operator, "register_vault")
    assert task.state == TaskState.SUCCEEDED, task.error
    said = words_of(site)
    assert "No configuration server of this name or address is in the vault yet." in said
    assert "The configuration server was asked to report to the vault." in said
    assert said.count("in the vault yet") == 1, "one sentence once, however often it looks"


def test_where_it_does_not_come_the_causes_are_named(
    site: Deployment, operator: Operator, azure: LabAzure, settings: Any
) -> None:
    settings.VAULT_WAIT_SECONDS = 0.05
    code, message, remedy = failed(site, operator, "register_vault")
    assert code == "not_in_vault"
    assert "has not appeared in the vault lyon-vault" in message
    assert "clock, proxy, key, rights" in remedy
    said = words_of(site)
    for cause in ("Key: the vault credentials file", "Clock:", "Network:", "Rights:"):
        assert cause in said
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    azure.control.set_server("cs01", heartbeat=3600)
    code, message, _remedy = failed(site, operator, "register_vault")
    assert code == "heartbeat_lost"
    assert "no fresh heartbeat" in message
    assert "Services:" in words_of(site)


def test_an_appliance_is_found_by_its_address(site: Deployment, operator: Operator, azure: LabAzure) -> None:
    """Each of its parts shows under one id in a fabric of its own."""
    azure.control.register_appliance("lyon-appliance-vault", "apl01", "192.0.2.40")
    ref = azure_access.vault_ref(site)
    with azure_access.open_arm(site) as arm:
        found = vault_servers.whole_fabrics(arm, replace(ref, vault="lyon-appliance-vault"))
    for names, address in ((frozenset({"apl01"}), ""), (frozenset({"other"}), "192.0.2.40")):
        seen = vault_servers.find(
            found, vault_servers.Wanted(component="appliance", names=names, address=address)
        )
        assert seen is not None
        assert seen.heartbeat is not None
        assert abs((datetime.now(UTC) - seen.heartbeat).total_seconds()) < 300
    assert vault_servers.find(found, vault_servers.Wanted(component="cs", names=names, address="")) is None


def test_what_a_former_registration_left_behind_is_not_taken_for_the_server(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.50")
    azure.control.set_server("cs01", heartbeat=3600)
    azure.control.register_configuration_server(VAULT, "CS01.lab.test", "192.0.2.51")
    assert done(site, operator, "register_vault")["name"] == "CS01.lab.test"
    azure.control.set_server("cs01", heartbeat=True, address="192.0.2.10")
    assert done(site, operator, "register_vault")["name"] == "cs01", "of two that live its address tells"


def test_a_server_of_another_domain_is_another_server(
    site: Deployment, operator: Operator, azure: LabAzure, settings: Any
) -> None:
    settings.VAULT_WAIT_SECONDS = 0.05
    azure.control.register_configuration_server(VAULT, "cs01.elsewhere.test", "198.51.100.7")
    assert failed(site, operator, "register_vault")[0] == "not_in_vault"
    azure.control.set_server("cs01.elsewhere.test", address="192.0.2.10")
    assert done(site, operator, "register_vault")["name"] == "cs01.elsewhere.test"


def test_without_an_account_nobody_waits(operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed")
    with pytest.raises(NotReady) as refused:
        tasks.launch("register_vault", deployment=deployment, actor=operator)
    assert "an Azure account in the vault step" in str(refused.value.remedy)


def test_rights_that_are_missing_end_the_wait_at_once(
    site: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.fault("forbidden", path="replicationFabrics", count=99, action="vaults/read")
    code, _message, remedy = failed(site, operator, "register_vault")
    assert code == "not_permitted"
    assert remedy


# --- vCenter ----------------------------------------------------------------------------------------------------------


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


# --- machines ---------------------------------------------------------------------------------------------------------


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


def test_the_key_is_kept_while_the_server_is_not_there(
    operator: Operator, azure: LabAzure, settings: Any
) -> None:
    deployment = by_hand(operator, "essen")
    installation_secrets.give_vault_credentials(deployment, name="k", content=usual_file(), actor=operator)
    with_account(deployment, operator)
    Deployment.objects.update(state="deployed")
    deployment.refresh_from_db()
    settings.VAULT_WAIT_SECONDS = 0.05
    failed(deployment, operator, "register_vault")
    assert installation_secrets.vault_key_of(deployment) is not None
    azure.control.register_configuration_server(VAULT, "cs01", "192.0.2.10")
    done(deployment, operator, "register_vault")
    assert installation_secrets.vault_key_of(deployment) is None
