"""Components and moves in the browser: planned, checked, removed, and machines moved, with forms alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests import stories, vault_stories
from tests.vault_stories import SERVER, VAULT
from tests.web.pages import read
from wizard.journey.additions import ANSWERS
from wizard.lab.arm import LabAzure
from wizard.models import Addition, Deployment, Operator, Task, TaskState
from wizard.services import additions, deployments, tasks

pytestmark = pytest.mark.django_db

SCALEOUT = {"name": "ps01", "address": "192.0.2.20", "size": "M", "runs_on": "vmware", "data_port": "9443"}
FAILBACK = {"name": "ps-az1", "network": "vnet-lyon", "path": "vpn", "address": "10.8.0.4"}


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return stories.answered(operator, "recorded")


@pytest.fixture
def home(deployment: Deployment) -> str:
    return f"/deployments/{deployment.pk}/components/"


def run_newest(deployment: Deployment, kind: str) -> Task:
    task = deployment.tasks.filter(kind=kind).order_by("-queued_at")[0]
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    return task


def test_the_page_gives_advice_and_offers_every_kind(working: Client, looking: Client, home: str) -> None:
    page = read(working.get(home))
    assert "Large enough" in page.words
    links = {link["href"] for link in page.all("a") if "/components/add/" in link.get("href", "")}
    assert {link.rsplit("/", 2)[1] for link in links} == {
        "ps_scaleout",
        "ps_failback",
        "mt_windows",
        "mt_linux",
    }
    assert not [link for link in read(looking.get(home)).all("a") if "/add/" in link.get("href", "")]


@pytest.mark.parametrize("kind", ["ps_scaleout", "ps_failback", "mt_windows", "mt_linux"])
def test_a_form_that_is_sent_empty_says_at_each_field_what_is_missing(
    working: Client, home: str, kind: str
) -> None:
    answer = working.post(f"{home}add/{kind}/", {})
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("input", name="name")[0]["aria-invalid"] == "true"
    assert "An answer is missing here." in page.words


WINDOWS_HINTS = ("R: as a rule", "NTFS as a rule", "600 GB are named", "Its Windows is as new")
LINUX_HINTS = ("/mnt/retention as a rule", "ext4 as a rule", "1 TB (1024 GB) is named", "Its Linux is as new")


@pytest.mark.parametrize(
    ("kind", "own", "others"),
    [("mt_windows", WINDOWS_HINTS, LINUX_HINTS), ("mt_linux", LINUX_HINTS, WINDOWS_HINTS)],
)
def test_each_kind_of_master_target_has_the_hints_of_its_system(
    working: Client, home: str, kind: str, own: tuple[str, ...], others: tuple[str, ...]
) -> None:
    page = read(working.get(f"{home}add/{kind}/"))
    assert [hint for hint in own if hint not in page.words] == []
    assert [hint for hint in others if hint in page.words] == []
    asked = [one["name"] for one in (*page.all("input"), *page.all("select")) if "name" in one]
    assert set(ANSWERS["mt_linux"].model_fields) - {"prepared"} <= set(asked)
    typed = [one["name"] for one in page.all("input", type="text")]
    assert (
        typed.index("retention_volume") < typed.index("retention_gb") < typed.index("retention_file_system")
    )


def test_a_component_is_planned_checked_and_shown_with_its_findings(
    working: Client, deployment: Deployment, home: str
) -> None:
    answer = working.post(f"{home}add/ps_scaleout/", SCALEOUT)
    row = Addition.objects.get()
    assert answer["Location"] == f"{home}{row.pk}/"
    page = read(working.get(answer["Location"]))
    assert "It was not checked yet" in page.words
    assert "genpassphrase.exe" in page.words

    assert working.post(f"{home}{row.pk}/check/")["Location"] == f"{home}{row.pk}/"
    page = read(working.get(f"{home}{row.pk}/"))
    assert page.all("div", id="live-task"), "the check is followed on the page of its component"
    tasks.cancel(deployment.tasks.get(kind="check_addition"), actor=deployment.created_by)
    # What is found by DNS and ports is the services' to test.
    Addition.objects.filter(pk=row.pk).update(
        checked_at=timezone.now(),
        findings=[
            {
                "rule": "ADD-01",
                "status": "block",
                "text": {"text": "The name is taken."},
                "remedy": {"text": "Choose another."},
            }
        ],
    )
    page = read(working.get(f"{home}{row.pk}/"))
    assert "The name is taken. Choose another." in page.words
    assert "ps01" in read(working.get(home)).words


def test_what_was_planned_is_changed_in_a_form_that_shows_it(
    working: Client, deployment: Deployment, operator: Operator, home: str
) -> None:
    row = additions.plan(deployment, "ps_failback", FAILBACK, actor=operator)
    page = read(working.get(f"{home}{row.pk}/change/"))
    assert page.value_of("network") == "vnet-lyon"
    answer = working.post(f"{home}{row.pk}/change/", {**FAILBACK, "network": "vnet-paris", "cores_free": "8"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.answers["network"], row.answers["cores_free"]) == ("vnet-paris", 8)
    words = read(working.get(f"{home}{row.pk}/")).words
    assert "foothold-failback-control" in words
    assert "Standard_A8_v2" in words


def test_a_removal_is_confirmed_and_keeps_the_component_in_the_list(
    working: Client, deployment: Deployment, operator: Operator, home: str
) -> None:
    row = additions.plan(deployment, "mt_linux", {"name": "mt1", "address": "192.0.2.40"}, actor=operator)
    assert "Is it gone?" in read(working.get(f"{home}{row.pk}/remove/")).words
    assert working.post(f"{home}{row.pk}/remove/")["Location"] == home
    page = read(working.get(home))
    assert "Removed" in page.words
    assert "mt1" in page.words
    again = working.post(f"{home}{row.pk}/remove/")
    assert again.status_code == 409
    assert "removed already" in read(again).words


def test_who_may_only_look_changes_nothing(
    looking: Client, deployment: Deployment, operator: Operator, home: str
) -> None:
    row = additions.plan(deployment, "ps_scaleout", SCALEOUT, actor=operator)
    assert looking.get(f"{home}{row.pk}/").status_code == 200
    for path in ("check/", "record/"):
        assert looking.post(f"{home}{row.pk}/{path}").status_code == 403
    assert looking.get(f"{home}{row.pk}/remove/").status_code == 403
    assert looking.get(f"{home}add/ps_scaleout/").status_code == 403


def test_a_reminder_stands_on_the_home_of_the_deployment(
    working: Client, deployment: Deployment, operator: Operator
) -> None:
    row = additions.plan(deployment, "ps_failback", FAILBACK, actor=operator)
    Addition.objects.filter(pk=row.pk).update(state="checked", remind_at=timezone.now())
    words = read(working.get(deployment.get_absolute_url())).words
    assert "ps-az1 was to be removed by now" in words


def test_machines_are_planned_moved_and_taken_back_with_forms(
    azure: LabAzure, working: Client, operator: Operator
) -> None:
    deployment = vault_stories.watched(operator)
    azure.control.configure(job_seconds=0)
    vault_stories.set_up(azure)
    azure.control.set_server(SERVER, totalMemoryInBytes=16 * 2**30)
    azure.control.register_process_server(VAULT, "ps01", "192.0.2.20")
    azure.control.add_protected_items(VAULT, None, 101, SERVER)
    vault_stories.look(deployment, operator)
    url = f"/deployments/{deployment.pk}/moves/"
    page = read(working.get(url))
    assert "Size of ps01" in page.words
    file = SimpleUploadedFile("rates.csv", b"name,daily_change_gb\nmachine001,3000\n", "text/csv")
    sent: dict[str, Any] = {"total_change_gb": "101", "rates_csv": file, "leave": ""}
    assert working.post(url, sent)["Location"] == url
    assert read(working.get(url)).all("div", id="live-task")
    vault_stories.forget()
    assert run_newest(deployment, "plan_moves").state == TaskState.SUCCEEDED

    page = read(working.get(url))
    assert "machine001 : It changes 3000 GB a day" in page.words
    assert "Relieved" in page.words
    sha256 = page.value_of("plan_sha256")
    assert working.post(f"{url}start/", {"plan_sha256": sha256})["Location"] == url
    assert run_newest(deployment, "move_machines").state == TaskState.SUCCEEDED

    page = read(working.get(url))
    assert "Machines were moved since" in page.words
    assert not page.all("input", name="plan_sha256")
    moved = page.value_of("task")
    assert working.post(f"{url}undo/", {"task": moved})["Location"] == url
    azure.control.fault("forbidden", method="POST", path="reassociateGateway", count=1)
    assert run_newest(deployment, "move_machines").state == TaskState.FAILED
    page = read(working.get(url))
    assert "Take back the rest?" in page.words
    assert page.value_of("task") == moved
    assert working.post(f"{url}undo/", {"task": moved})["Location"] == url
    assert run_newest(deployment, "move_machines").state == TaskState.SUCCEEDED
    assert "Moves taken back last" in read(working.get(url)).words


def test_numbers_and_files_that_cannot_be_are_told_at_their_field(
    working: Client, operator: Operator
) -> None:
    deployment = vault_stories.watched(operator)
    url = f"/deployments/{deployment.pk}/moves/"
    file = SimpleUploadedFile("rates.csv", b"\xff\xfe", "text/csv")
    answer = working.post(url, {"total_change_gb": "1", "rates_csv": file})
    assert answer.status_code == 422
    assert "not text in UTF-8" in read(answer).words
    # Two bytes for the first letter: in letters it is no longer than it may be.
    large = "é,daily_change_gb\n".encode() + b"machine001,1\n" * 170_000
    answer = working.post(url, {"rates_csv": SimpleUploadedFile("rates.csv", large, "text/csv")})
    assert answer.status_code == 422
    assert "at most 2 MB" in read(answer).words
    answer = working.post(url, {"total_change_gb": "a lot"})
    assert answer.status_code == 422
    assert "GB a day, from 0" in read(answer).words


def test_a_deployment_of_its_own_begins_with_what_is_known_of_the_server(
    working: Client, looking: Client, deployment: Deployment, operator: Operator, home: str
) -> None:
    row = additions.plan(deployment, "ps_scaleout", SCALEOUT, actor=operator)
    link = f"/deployments/new/?for={row.pk}"
    assert link in {one.get("href") for one in read(working.get(f"{home}{row.pk}/")).all("a")}
    assert link not in {one.get("href") for one in read(looking.get(f"{home}{row.pk}/")).all("a")}
    page = read(working.get(link))
    assert "It installs ps01" in page.words
    fields = {one.get("name"): one.get("value") for one in page.all("input")}
    assert (fields["for"], fields["name"]) == (str(row.pk), "ps01")
    wrong = working.post("/deployments/new/", {"for": row.pk, "name": "", "profile": "asr-classic"})
    assert wrong.status_code == 422
    assert "It installs ps01" in read(wrong).words, "what was begun is not forgotten"
    working.post("/deployments/new/", {"for": row.pk, "name": "ps01", "profile": "asr-classic"})
    made = Deployment.objects.get(name="ps01")
    source = read(working.get(f"/deployments/{made.pk}/steps/source/"))
    chosen = {one["value"] for one in source.all("input") if "checked" in one}
    assert chosen == {"vmware", "ps_scaleout", "manual"}
    held, _version = deployments.form_of(made, "source")
    deployments.answer(made, "source", held, actor=operator)
    network = read(working.get(f"/deployments/{made.pk}/steps/network/"))
    fields = {one.get("name"): one.get("value") for one in network.all("input")}
    assert (fields["host_name"], fields["address"], fields["gateway"]) == ("ps01", "192.0.2.20", "192.0.2.1")
    for nonsense in ("nonsense", deployment.pk):
        assert working.get(f"/deployments/new/?for={nonsense}").status_code == 404
