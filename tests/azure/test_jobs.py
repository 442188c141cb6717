"""Jobs of the vault followed to their end, whatever their tasks, the network and the clock do meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from wizard.azure import errors
from wizard.azure.account import Account
from wizard.azure.connection import Arm, connect
from wizard.azure.dates import read_date
from wizard.azure.fabrics import refresh_provider
from wizard.azure.job_view import job_view
from wizard.azure.jobs import Job, JobError, JobView, cancel, follow, read
from wizard.azure.vaults import VaultRef
from wizard.lab.arm import LabAzure


def begin(arm: Arm, ref: VaultRef, fabric: str) -> Job:
    (provider,) = arm.site_recovery().replication_recovery_services_providers.list_by_replication_fabrics(
        ref.resource_group, ref.vault, fabric
    )
    return refresh_provider(arm, ref, fabric, str(provider.name))


def looks(azure: LabAzure) -> int:
    return sum("/replicationJobs/" in row["path"] for row in azure.control.requests())


def test_a_job_is_followed_until_it_has_succeeded(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    azure.control.job_seconds = 25
    seen: list[JobView] = []
    ended = follow(arm, ref, begin(arm, ref, fabric), on_view=seen.append)
    assert [view.state for view in seen] == [*["NotStarted"] * 2, *["InProgress"] * 3, "Succeeded"]
    assert seen[-1] == ended
    assert ended.ok
    assert ended.started_at is not None
    assert ended.ended_at is not None
    assert round((ended.ended_at - ended.started_at).total_seconds()) == 25
    assert [view.ended_at for view in seen[:-1]] == [None] * 5


def test_only_the_job_is_asked_never_the_address_that_some_roles_may_not_read(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    job = begin(arm, ref, fabric)
    azure.control.clear_requests()
    follow(arm, ref, job)
    assert {row["path"].split("/")[-2] for row in azure.control.requests()} == {"replicationJobs"}


def test_looks_become_rarer_after_two_minutes(arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str) -> None:
    azure.control.job_seconds = 295
    job = begin(arm, ref, fabric)
    azure.control.clear_requests()
    follow(arm, ref, job)
    # One at once, four soon after, every ten seconds until two minutes are over, and every thirty from then on.
    assert looks(azure) == 1 + 4 + 11 + 6


def test_a_job_that_ends_within_seconds_is_not_waited_for_much_longer(
    account: Account, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    azure.control.job_seconds = 6
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        azure.control.advance(seconds)

    with connect(account, azure.subscription, wait_s=wait) as arm:
        assert follow(arm, ref, begin(arm, ref, fabric)).ok
    assert sum(waited) == 7, "after 1, 3 and 7 seconds"


def test_the_jobs_state_counts_and_not_that_of_its_tasks(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    azure.control.fault("task_lag")
    ended = follow(arm, ref, begin(arm, ref, fabric))
    assert ended.ok
    assert [(task.state, task.ended_at) for task in ended.tasks] == [("InProgress", None)]


def test_a_job_that_fails_tells_the_reasons_of_the_service(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    azure.control.fault(
        "job_fails", code="28077", message="It failed.", causes="It was off.", recommendation="Switch it on."
    )
    with pytest.raises(errors.JobFailed) as failed:
        follow(arm, ref, begin(arm, ref, fabric))
    assert failed.value.errors == (
        JobError(code="28077", message="It failed.", causes="It was off.", recommendation="Switch it on."),
    )
    assert "It failed." in str(failed.value)
    assert "It was off." in str(failed.value)
    assert str(failed.value.remedy) == "Switch it on."


def test_a_job_that_does_not_end_is_left_after_the_time_agreed_and_goes_on(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    azure.control.fault("job_never_ends")
    job = begin(arm, ref, fabric)
    azure.control.clear_requests()
    with pytest.raises(errors.StillRunning, match="within 5 minutes"):
        follow(arm, ref, job, deadline_s=300)
    assert looks(azure) == 21
    assert read(arm, ref, job.id).done is False


def test_whoever_wants_to_stop_need_not_wait_for_the_next_look(
    account: Account, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    azure.control.fault("job_never_ends")
    waited: list[float] = []
    with connect(account, azure.subscription, wait_s=waited.append) as arm:
        job = begin(arm, ref, fabric)
        with pytest.raises(errors.Stopped):
            follow(arm, ref, job, should_stop=lambda: len(waited) >= 3)
    assert waited == [1.0, 1.0, 1.0]


def test_a_job_that_is_cancelled_ends_as_such(arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str) -> None:
    azure.control.fault("job_never_ends")
    job = begin(arm, ref, fabric)
    cancel(arm, ref, job)
    with pytest.raises(errors.JobFailed) as failed:
        follow(arm, ref, job)
    assert failed.value.state == "Cancelled"


@pytest.mark.parametrize("fault", ["always_503", "reset", "throttled"])
def test_a_short_failure_of_the_network_does_not_lose_the_job(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str, fault: str
) -> None:
    job = begin(arm, ref, fabric)
    options = {"retry_after": 60} if fault == "throttled" else {}
    # Each look is tried three times, so that two looks fail and the third does not.
    azure.control.fault(fault, path="/replicationJobs/", count=2 if fault == "throttled" else 6, **options)
    assert follow(arm, ref, job).ok


def test_a_network_that_stays_away_is_told(arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str) -> None:
    job = begin(arm, ref, fabric)
    azure.control.fault("always_503", path="/replicationJobs/")
    with pytest.raises(errors.ServiceFailed):
        follow(arm, ref, job)


def test_a_sign_in_that_is_taken_away_is_told_at_once(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    job = begin(arm, ref, fabric)
    azure.control.fault("expired", path="/replicationJobs/", count=0)
    with pytest.raises(errors.SignInFailed):
        follow(arm, ref, job)


def test_a_job_that_does_not_exist_is_told(arm: Arm, ref: VaultRef) -> None:
    with pytest.raises(errors.NotFound):
        read(arm, ref, "00000000-0000-0000-0000-000000000000")


SERVICE = {"code": "1", "message": "of the service", "possibleCauses": "", "recommendedAction": None}
PROVIDER = {
    "errorCode": 31020,
    "errorMessage": "of the provider",
    "possibleCauses": "off",
    "recommendedAction": "on",
}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            {"serviceErrorDetails": SERVICE, "providerErrorDetails": PROVIDER},
            ("1", "of the service", "off", "on"),
        ),
        (
            {"serviceErrorDetails": None, "providerErrorDetails": PROVIDER},
            ("31020", "of the provider", "off", "on"),
        ),
        ({"serviceErrorDetails": SERVICE, "providerErrorDetails": None}, ("1", "of the service", "", "")),
        ({"serviceErrorDetails": None, "providerErrorDetails": None}, ("", "", "", "")),
        ("nonsense", ("", "", "", "")),
    ],
)
def test_the_service_is_heard_first_and_the_provider_where_it_is_silent(
    error: Any, expected: tuple[str, str, str, str]
) -> None:
    (found,) = job_view({"properties": {"errors": [error]}}).errors
    assert (found.code, found.message, found.causes, found.recommendation) == expected


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"properties": None},
        {"properties": {"tasks": None, "errors": {}, "state": None}},
        {"properties": {"tasks": [7]}},
    ],
)
def test_a_job_of_which_little_is_known_is_still_one(document: dict[str, Any]) -> None:
    view = job_view(document)
    assert (view.done, view.ok, view.errors) == (False, False, ())


@pytest.mark.parametrize(
    ("state", "done", "ok"),
    [
        *(("NotStarted", False, False), ("InProgress", False, False), ("Cancelling", False, False)),
        *(("Other", False, False), ("Succeeded", True, True), ("succeeded", True, True)),
        *(
            ("Failed", True, False),
            ("Cancelled", True, False),
            ("Canceled", True, False),
            ("Suspended", True, False),
        ),
    ],
)
def test_each_state_is_an_end_or_not(state: str, done: bool, ok: bool) -> None:
    view = job_view({"properties": {"state": state}})
    assert (view.done, view.ok) == (done, ok)


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        ("2024-01-02T03:04:05.1234567Z", datetime(2024, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)),
        ("2024-01-02T03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2024-01-02T05:04:05+02:00", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        ("1753-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59.9999999", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("0002-01-01T00:00:00+14:00", datetime(1, 12, 31, 10, tzinfo=UTC)),
        ("", None),
        ("soon", None),
        (None, None),
        (17, None),
        (datetime(2024, 1, 2), datetime(2024, 1, 2, tzinfo=UTC)),  # noqa: DTZ001 - as the SDK reads some
    ],
)
def test_times_of_every_spelling_become_one_kind(said: object, read_as: datetime | None) -> None:
    assert read_date(said) == read_as
