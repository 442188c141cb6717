"""The lab's Azure goes wrong on order: each fault by its name, as the SDK meets it."""

from __future__ import annotations

import json
import time

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)

from tests.lab.arm_client import PLACE, VAULT, Client, raw
from tests.lab.arm_story import Story
from tests.waiting import AT_ONCE_S
from wizard.lab.arm import LabAzure


@pytest.mark.parametrize(
    ("name", "kind", "status", "code"),
    [
        ("expired", ClientAuthenticationError, 401, "ExpiredAuthenticationToken"),
        ("forbidden", HttpResponseError, 403, "AuthorizationFailed"),
        ("not_found", ResourceNotFoundError, 404, "ResourceNotFound"),
        ("busy", ResourceExistsError, 409, "OperationInProgress"),
        ("throttled", HttpResponseError, 429, "SubscriptionRequestsThrottled"),
        ("once_500", HttpResponseError, 500, "InternalServerError"),
    ],
)
def test_a_refusal_is_given_once(
    client: Client, azure: LabAzure, name: str, kind: type, status: int, code: str
) -> None:
    azure.control.fault(name)
    with pytest.raises(kind) as caught:
        list(client.site_recovery.replication_fabrics.list(*PLACE))
    assert (caught.value.status_code, caught.value.error.code) == (status, code)
    assert list(client.site_recovery.replication_fabrics.list(*PLACE)) == []
    assert [row["fault"] for row in azure.control.requests()] == [name, None]


def test_a_service_that_is_down_stays_so_until_it_is_said_otherwise(client: Client, azure: LabAzure) -> None:
    azure.control.fault("always_503")
    for _ in range(3):
        with pytest.raises(HttpResponseError) as caught:
            client.vaults.vaults.get(*PLACE)
        assert caught.value.status_code == 503
    azure.control.clear_faults()
    assert client.vaults.vaults.get(*PLACE).name == VAULT


def test_a_missing_right_is_named(story: Story) -> None:
    story.control.fault("forbidden", count=0)
    for ask, action in (
        (story.vcenter, "vaults/replicationFabrics/replicationvCenters/read"),
        (story.add_vcenter, "vaults/replicationFabrics/replicationvCenters/write"),
        (story.details, "vaults/replicationFabrics/read"),
    ):
        with pytest.raises(HttpResponseError, match=f"action 'Microsoft.RecoveryServices/{action}'"):
            ask()


def test_how_long_to_wait_is_said_or_not(azure: LabAzure) -> None:
    azure.control.fault("throttled", retry_after=7)
    assert raw(azure, "replicationFabrics").headers["Retry-After"] == "7"
    azure.control.fault("throttled", retry_after=None)
    answer = raw(azure, "replicationFabrics")
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, False)


def test_a_connection_is_reset(client: Client, azure: LabAzure) -> None:
    azure.control.fault("reset")
    with pytest.raises(ServiceResponseError) as caught:
        client.vaults.vaults.get(*PLACE)
    assert not isinstance(caught.value, HttpResponseError)
    assert "reset by peer" in str(caught.value)
    assert client.vaults.vaults.get(*PLACE).name == VAULT


def test_an_answer_comes_too_late_and_stopping_does_not_wait_for_it() -> None:
    with LabAzure() as azure:
        azure.control.fault("slow", seconds=2 * AT_ONCE_S)
        client = Client.connect(azure, read_timeout=0.1)
        with pytest.raises((ServiceResponseError, ServiceRequestError), match="timed out"):
            client.vaults.vaults.get(*PLACE)
        client.close()
        azure.control.fault("slow", seconds=0.01)
        assert raw(azure, "replicationFabrics").status_code == 200
        before = time.monotonic()
    assert time.monotonic() - before < AT_ONCE_S


def test_an_answer_breaks_off_on_the_wire_or_in_the_middle_of_its_document(
    client: Client, azure: LabAzure
) -> None:
    azure.control.fault("truncated")
    with pytest.raises(IncompleteReadError):
        client.vaults.vaults.get(*PLACE)
    azure.control.fault("truncated", on_the_wire=False)
    with pytest.raises(DecodeError):
        client.vaults.vaults.get(*PLACE)


def test_a_proxy_answers_with_a_page(client: Client, azure: LabAzure) -> None:
    azure.control.fault("html")
    with pytest.raises(json.JSONDecodeError):
        client.vaults.vaults.get(*PLACE)
    azure.control.fault("html", status=502)
    with pytest.raises(HttpResponseError) as caught:
        client.vaults.vaults.get(*PLACE)
    assert (caught.value.status_code, caught.value.error) == (502, None)


def test_a_fault_strikes_only_the_requests_that_are_meant_and_as_often_as_ordered(
    client: Client, azure: LabAzure
) -> None:
    azure.control.fault("busy", method="get", path="replicationFABRICS$", count=2)
    assert client.vaults.vaults.get(*PLACE).name == VAULT
    for _ in range(2):
        with pytest.raises(ResourceExistsError):
            list(client.site_recovery.replication_fabrics.list(*PLACE))
    assert list(client.site_recovery.replication_fabrics.list(*PLACE)) == []


def test_a_job_never_ends_but_can_be_cancelled(story: Story) -> None:
    story.control.fault("job_never_ends")
    job = story.add_vcenter()
    story.control.advance(30 * 86400)
    assert story.job(job).state == "InProgress"
    story.begin(story.sr.replication_jobs.begin_cancel, *PLACE, job)
    story.finish()
    assert story.job(job).state == "Cancelled"


def test_a_job_fails_with_the_words_that_were_ordered(story: Story) -> None:
    story.control.fault(
        "job_fails",
        code="95126",
        message="Discovery failed.",
        causes="A snapshot setting is not a number.",
        recommendation="Update the server.",
        provider_code=31121,
    )
    job = story.add_vcenter()
    story.finish()
    [error] = story.job(job).errors
    service, provider = error.service_error_details, error.provider_error_details
    assert (service.code, service.message) == ("95126", "Discovery failed.")
    assert (service.possible_causes, service.recommended_action) == (
        "A snapshot setting is not a number.",
        "Update the server.",
    )
    assert (provider.error_code, service.activity_id) == (31121, story.job(job).activity_id)
    with pytest.raises(ResourceNotFoundError):
        story.vcenter()


def test_the_sdk_finds_a_failed_operation_behind_status_200(story: Story) -> None:
    story.control.configure(job_seconds=0)
    story.control.fault("job_fails", code="95126", message="Discovery failed.", causes="A setting.")
    poller = story.sr.replicationv_centers.begin_create(*PLACE, story.fabric, "lyon", story.body())
    with pytest.raises(HttpResponseError) as caught:
        poller.result()
    assert (caught.value.status_code, caught.value.error.code) == (200, "95126")
    [detail] = caught.value.response.json()["error"]["details"]
    assert detail["possibleCauses"] == "A setting."


def test_the_task_of_a_job_stays_behind(story: Story) -> None:
    story.control.fault("task_lag")
    job = story.add_vcenter()
    story.finish()
    done = story.job(job)
    assert done.state == "Succeeded"
    [task] = done.tasks
    assert (task.state, task.end_time.year, task.end_time.tzinfo) == ("InProgress", 1, None)


@pytest.mark.parametrize("way", ["refresh", "wait"])
def test_what_a_job_did_shows_later(story: Story, way: str) -> None:
    story.control.fault("visibility_lag")
    job = story.add_vcenter()
    story.finish()
    assert story.job(job).state == "Succeeded"
    assert story.vcenter().discovery_status == "Pending"
    if way == "refresh":
        refresh = story.sr.replication_recovery_services_providers.begin_refresh_provider
        story.begin(refresh, *PLACE, story.fabric, story.known["provider"])
        story.finish()
    else:
        story.control.advance(700)
        assert story.vcenter().discovery_status == "Pending"
        story.control.advance(200)
    assert story.vcenter().discovery_status == "Completed"


def test_dates_come_without_a_zone(story: Story) -> None:
    assert story.details().last_heartbeat.tzinfo is not None
    story.control.fault("naive_dates")
    assert story.details().last_heartbeat.tzinfo is None
    assert story.details().process_servers[0].last_heartbeat.tzinfo is None


def test_dates_come_from_the_ends_of_time(story: Story) -> None:
    story.control.fault("extreme_dates")
    details = story.details()
    assert (details.last_heartbeat.year, details.ssl_cert_expiry_date.year) == (1, 9999)
    assert (details.agent_expiry_date.year, details.process_servers[0].last_heartbeat.year) == (1753, 1)


def test_a_fault_that_nobody_meets_does_no_harm(azure: LabAzure) -> None:
    for name in ("job_fails", "task_lag", "visibility_lag", "job_never_ends"):
        azure.control.fault(name)
    answer = raw(azure, "replicationJobs")
    assert answer.json() == {"value": [], "nextLink": None}
