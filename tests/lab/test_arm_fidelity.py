"""What the lab's Azure looks like on the wire: the habits of the real one that clients stumble over."""

from __future__ import annotations

import json
import re
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.lab.arm_client import PLACE, VAULT, Client, raw
from tests.lab.arm_story import Story
from wizard.lab.arm import LabAzure
from wizard.lab.arm.remote import ControlRefused, RemoteControl


def test_ids_of_site_recovery_begin_with_a_capital_and_those_of_vaults_do_not(story: Story) -> None:
    [fabric] = raw(story.azure, "replicationFabrics").json()["value"]
    assert fabric["id"].startswith("/Subscriptions/")
    assert raw(story.azure, "").json()["id"].startswith("/subscriptions/")


def test_names_and_ids_have_the_form_of_real_ones(story: Story) -> None:
    [fabric] = raw(story.azure, "replicationFabrics").json()["value"]
    assert re.fullmatch(r"[0-9a-f]{64}", fabric["name"])
    [server] = fabric["properties"]["customDetails"]["processServers"]
    assert re.fullmatch(r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{16}", server["id"])
    [container] = raw(
        story.azure, f"replicationFabrics/{story.fabric}/replicationProtectionContainers"
    ).json()["value"]
    assert container["name"] == "cloud_" + fabric["properties"]["internalIdentifier"]


def test_numbers_come_as_text_and_with_a_percent_sign_and_some_fields_are_null_or_unknown(
    story: Story,
) -> None:
    [fabric] = raw(story.azure, "replicationFabrics").json()["value"]
    details = fabric["properties"]["customDetails"]
    assert (details["processServerCount"], details["cpuLoad"], details["systemLoad"]) == ("1", "21%", "0.5")
    assert details["agentExpiryDate"] == "9999-12-31T23:59:59.9999999"
    [server] = details["processServers"]
    assert (server["machineCount"], server["osVersion"], server["historicHealth"]) == ("0", None, "Normal")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", server["lastHeartbeat"])


def test_paths_are_found_in_any_case(story: Story) -> None:
    assert raw(story.azure, "REPLICATIONFABRICS/").json()["value"][0]["name"] == story.fabric
    assert raw(story.azure, f"replicationfabrics/{story.fabric.upper()}").status_code == 200


def test_the_version_of_the_api_must_be_said(azure: LabAzure) -> None:
    answer = raw(azure, "replicationFabrics", params={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "MissingApiVersionParameter")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic bGFi"}, {"Authorization": "Bearer "}])
def test_a_token_must_be_shown(azure: LabAzure, headers: dict[str, str]) -> None:
    answer = raw(azure, "replicationFabrics", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AuthenticationFailed")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_an_order_is_accepted_with_an_empty_body_and_two_addresses_of_this_server(story: Story) -> None:
    story.control.configure(retry_after_s=30)
    body = json.dumps(story.body()).encode()
    path = f"replicationFabrics/{story.fabric}/replicationvCenters/lyon"
    answer = raw(story.azure, path, "PUT", data=body)
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (202, b"", "0")
    assert answer.headers["Retry-After"] == "30"
    location, status = answer.headers["Location"], answer.headers["Azure-AsyncOperation"]
    for address in (location, status):
        assert address.startswith(story.azure.url)
        assert parse_qs(urlsplit(address).query) == {"api-version": ["2025-08-01"]}
    job = urlsplit(status).path.rpartition("/")[2]
    assert urlsplit(location).path.endswith(f"/replicationvCenters/lyon/operationresults/{job}")
    assert urlsplit(status).path.endswith(f"/replicationOperationStatus/{job}")


def follow(story: Story, address: str) -> requests.Response:
    return raw(story.azure, urlsplit(address).path)


def test_location_answers_202_until_done_then_the_resource_and_204_for_what_is_gone(story: Story) -> None:
    path = f"replicationFabrics/{story.fabric}/replicationvCenters/lyon"
    first = raw(story.azure, path, "PUT", data=json.dumps(story.body()).encode())
    location, status = first.headers["Location"], first.headers["Azure-AsyncOperation"]
    assert follow(story, location).status_code == 202
    running = follow(story, status).json()
    assert (running["status"], running["endTime"]) == ("InProgress", "0001-01-01T00:00:00")
    assert {running[key] for key in ("error", "id", "properties", "percentComplete")} == {None}
    story.finish()
    assert follow(story, location).json()["name"] == "lyon"
    assert follow(story, status).json()["status"] == "Succeeded"
    removed = raw(story.azure, path, "DELETE")
    story.finish()
    assert follow(story, removed.headers["Location"]).status_code == 204


def test_a_failed_and_a_cancelled_operation_are_told_in_resource_managers_words(story: Story) -> None:
    path = f"replicationFabrics/{story.fabric}/replicationvCenters/"
    wrong = json.dumps(story.body(runAsAccountId="9")).encode()
    failed = raw(story.azure, path + "wrong", "PUT", data=wrong)
    story.finish()
    assert follow(story, failed.headers["Location"]).status_code == 400
    status = follow(story, failed.headers["Azure-AsyncOperation"])
    assert (status.status_code, status.json()["status"]) == (200, "Failed")
    [detail] = status.json()["error"]["details"]
    extra = {"possibleCauses", "recommendedAction", "clientRequestId", "activityId"}
    assert extra < set(detail)
    stopped = raw(story.azure, path + "stopped", "PUT", data=json.dumps(story.body()).encode())
    job = urlsplit(stopped.headers["Azure-AsyncOperation"]).path.rpartition("/")[2]
    raw(story.azure, f"replicationJobs/{job}/cancel", "POST")
    story.finish()
    assert follow(story, stopped.headers["Azure-AsyncOperation"]).json()["status"] == "Canceled"
    assert raw(story.azure, f"replicationJobs/{job}").json()["properties"]["state"] == "Cancelled"


def test_errors_have_the_fields_that_the_sdk_drops(azure: LabAzure) -> None:
    answer = raw(azure, "replicationFabrics/nowhere")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (404, "ResourceNotFound")
    [detail] = error["details"]
    assert {"possibleCauses", "recommendedAction", "clientRequestId", "activityId"} < set(detail)


def test_what_is_left_of_the_limits_counts_down(azure: LabAzure) -> None:
    left = [
        int(raw(azure, "replicationFabrics").headers["x-ms-ratelimit-remaining-subscription-reads"])
        for _ in range(2)
    ]
    assert left[0] - left[1] == 1
    answer = raw(azure, "replicationFabrics/nowhere", "DELETE")
    assert "x-ms-ratelimit-remaining-subscription-deletes" in answer.headers


def test_requests_have_ids_that_support_asks_for(azure: LabAzure) -> None:
    headers = {"Authorization": "Bearer emulator", "x-ms-client-request-id": "mine"}
    answer = raw(azure, "replicationFabrics", headers=headers)
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-ms-correlation-request-id"])
    assert not re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-ms-request-id"])
    assert answer.headers["x-ms-client-request-id"] == "mine"


def test_the_next_page_lies_at_an_absolute_address_and_the_last_says_null(story: Story) -> None:
    story.add_vcenter()
    story.finish()
    container = f"replicationFabrics/{story.fabric}/replicationProtectionContainers/{story.container}"
    first = raw(story.azure, f"{container}/replicationProtectableItems").json()
    assert first["nextLink"].startswith(story.azure.url)
    query = parse_qs(urlsplit(first["nextLink"]).query)
    assert set(query) == {"api-version", "$skipToken"}
    second = raw(
        story.azure,
        f"{container}/replicationProtectableItems",
        params={"api-version": "2025-08-01", "$skipToken": query["$skipToken"][0]},
    ).json()
    assert second["nextLink"] is None
    assert len(first["value"]) + len(second["value"]) == 5
    broken = raw(
        story.azure, "replicationFabrics", params={"api-version": "2025-08-01", "$skipToken": "what?"}
    )
    assert broken.json()["error"]["code"] == "InvalidSkipToken"


def test_what_leads_nowhere_is_told_from_what_is_not_allowed(azure: LabAzure) -> None:
    assert raw(azure, "replicationWhatever").json()["error"]["code"] == "InvalidResourceType"
    assert raw(azure, "replicationJobs", "DELETE").status_code == 405
    broken = raw(azure, "extendedInformation/vaultExtendedInfo", "PUT", data=b"{")
    assert broken.json()["error"]["code"] == "InvalidRequestContent"


def test_addresses_are_made_of_the_name_by_which_the_caller_knows_the_server(story: Story) -> None:
    headers = {"Authorization": "Bearer emulator", "Host": "localhost:1234"}
    answer = raw(
        story.azure,
        f"replicationFabrics/{story.fabric}/replicationvCenters/lyon",
        "PUT",
        headers=headers,
        data=json.dumps(story.body()).encode(),
    )
    assert answer.headers["Location"].startswith("http://localhost:1234/Subscriptions/")


def test_other_processes_give_orders_over_http(azure: LabAzure, client: Client) -> None:
    remote = RemoteControl(azure.url)
    assert VAULT in {vault["name"] for vault in remote.call("vaults")}
    known = remote.call("register_configuration_server", vault=VAULT, name="CS01", address="192.0.2.10")
    [fabric] = client.site_recovery.replication_fabrics.list(*PLACE)
    assert fabric.name == known["fabric"]
    remote.call("fault", name="busy", path="replicationFabrics")
    assert raw(azure, "replicationFabrics").status_code == 409
    assert [row["status"] for row in remote.call("requests")] == [200, 409]
    for name, arguments, said in (
        ("_vault", {"name": VAULT}, "There is no order"),
        ("advance", {"minutes": 1}, "unexpected keyword"),
        ("set_server", {"name": "nobody"}, "could not be found"),
    ):
        with pytest.raises(ControlRefused, match=said):
            remote.call(name, **arguments)


def test_many_ask_at_once_and_nothing_is_left_behind_at_the_end() -> None:
    before = set(threading.enumerate())
    with LabAzure() as azure:
        answers: list[int] = []

        def ask() -> None:
            client = Client.connect(azure)
            answers.extend(len(list(client.vaults.vaults.list_by_subscription_id())) for _ in range(5))
            client.close()

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        url = azure.url
    assert answers == [3] * 30
    assert set(threading.enumerate()) == before
    with pytest.raises(requests.ConnectionError), requests.Session() as session:
        session.get(url, timeout=1)
    with pytest.raises(RuntimeError, match="not running"):
        _ = azure.port


def test_a_port_that_is_taken_is_said_and_nothing_is_left_behind(azure: LabAzure) -> None:
    before = set(threading.enumerate())
    with pytest.raises(OSError, match="in use"):
        LabAzure(azure.port).start()
    assert set(threading.enumerate()) == before
