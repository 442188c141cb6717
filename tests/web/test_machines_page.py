"""The machines of a deployment are searched, filtered, sorted, counted and taken away; how fresh they are is said."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from tests import stories
from tests.builders import make_deployment
from tests.web.pages import read
from wizard.models import Credential, Deployment, Machine, Operator, VCenter
from wizard.services.discovery import judging
from wizard.text import Text

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    return stories.answered(operator, "recorded")


@pytest.fixture
def address(recorded: Deployment) -> str:
    return f"/deployments/{recorded.pk}/machines/"


def edit(named: str, /, **values: Any) -> Machine:
    """Another state of a machine, judged like one that vCenter showed."""
    row = Machine.objects.get(name=named)
    for field, value in values.items():
        setattr(row, field, value)
    assert row.vcenter is not None
    judging.judge_row(row, judging.around(row.vcenter))
    row.save()
    return row


def names(client: Client, address: str, query: str = "") -> list[str]:
    answer = client.get(address + query)
    assert answer.status_code == 200
    return [line.machine.name for line in answer.context["lines"]]


@pytest.mark.parametrize("number", [10, 60])
def test_the_page_asks_the_database_as_often_for_sixty_machines_as_for_ten(
    working: Client, address: str, number: int, django_assert_num_queries: Any
) -> None:
    stories.grow(VCenter.objects.get(), number - 3)
    working.get(address)
    with django_assert_num_queries(11):
        answer = working.get(address)
    assert len(answer.context["lines"]) == min(number, 50)


def test_machines_are_found_by_name_host_name_and_address(working: Client, address: str) -> None:
    edit("app-001", host_name="Büro", search_text="app-001\nbüro\n198.51.100.1")
    assert names(working, address, "?q=198.51.100.1") == ["app-001"]
    assert names(working, address, "?q=BÜRO") == ["app-001"]
    assert names(working, address, "?q=app+002") == ["app-002"]
    assert names(working, address, "?q=100%25") == [], "a percent sign is no wildcard"


def test_machines_are_filtered_by_what_they_are(working: Client, address: str) -> None:
    edit(
        "app-001",
        power_state="poweredOff",
        guest_id="rhel8_64Guest",
        guest_full_name="Red Hat Enterprise Linux 8 (64-bit)",
    )
    edit("app-002", is_template=True)
    assert names(working, address) == ["app-000", "app-001"]
    assert names(working, address, "?power=poweredOff") == ["app-001"]
    assert names(working, address, "?system=linux") == ["app-001"]
    assert names(working, address, "?rule=SM-14") == ["app-001"]
    assert names(working, address, "?kind=template") == ["app-002"]
    assert names(working, address, "?verdict=hidden") == ["app-002"]
    assert names(working, address, "?verdict=attention") == ["app-001"]
    assert names(working, address, "?system=nonsense") == ["app-000", "app-001"], (
        "what somebody typed there counts for nothing"
    )


def test_a_machine_that_is_gone_is_shown_on_request_only(working: Client, address: str) -> None:
    Machine.objects.filter(name="app-001").update(gone_at=timezone.now())
    assert names(working, address) == ["app-000", "app-002"]
    assert names(working, address, "?presence=gone") == ["app-001"]
    assert len(names(working, address, "?presence=all")) == 3


def test_columns_sort_both_ways_and_keep_the_search(working: Client, address: str) -> None:
    edit("app-001", disk_gb=900.0)
    edit("app-002", secure_boot=True, firmware="efi")
    assert names(working, address, "?sort=-name") == ["app-002", "app-001", "app-000"]
    assert names(working, address, "?sort=-disks")[0] == "app-001"
    assert names(working, address, "?sort=verdict")[0] == "app-002", "the worst comes first"
    page = read(working.get(address + "?q=app&sort=disks&page=1"))
    assert page.all("a", href="?q=app&sort=-disks"), "a second click turns the order round"
    assert page.all("th", aria_sort="ascending")
    assert page.value_of("sort") == "disks"


def test_totals_count_what_is_shown_and_all_verdicts_beside_it(working: Client, address: str) -> None:
    edit("app-002", secure_boot=True, firmware="efi")
    totals = working.get(address).context["totals"]
    assert (totals.machines, totals.disk_gb) == (3, 540)
    totals = working.get(address + "?verdict=blocked").context["totals"]
    assert (totals.machines, totals.disk_gb, totals.by_verdict["ready"], totals.by_verdict["blocked"]) == (
        1,
        180,
        2,
        1,
    )


def test_the_csv_holds_the_same_machines_with_what_was_found(
    working: Client, recorded: Deployment, address: str
) -> None:
    edit("app-001", name="=HYPERLINK(1)", power_state="poweredOff")
    answer = working.get(f"/deployments/{recorded.pk}/machines.csv?power=poweredOff")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    header, row = csv.reader(io.StringIO(text, newline=""))
    assert header[:3] == ["Name", "Kind", "Verdict"]
    assert row[0] == "'=HYPERLINK(1)", "no spreadsheet takes it for a formula"
    assert "SM-14" in row[3]
    link = f"/deployments/{recorded.pk}/machines.csv?power=poweredOff"
    assert read(working.get(address + "?power=poweredOff&page=7")).all("a", href=link)


def test_the_csv_speaks_the_language_of_who_asked_though_it_is_sent_later(
    working: Client, recorded: Deployment
) -> None:
    answer = working.get(f"/deployments/{recorded.pk}/machines.csv", headers={"Accept-Language": "sv"})
    translation.activate("en")
    pieces = iter(answer.streaming_content)  # type: ignore[attr-defined]
    assert "Namn" in next(pieces).decode()
    assert translation.get_language() == "en"


def test_machines_of_others_are_not_there(working: Client, operator: Operator, recorded: Deployment) -> None:
    machine = Machine.objects.first()
    assert machine is not None
    assert working.get(f"/deployments/{recorded.pk}/machines/{machine.pk}/").status_code == 200
    other = make_deployment(operator)
    assert working.get(f"/deployments/{other.pk}/machines/{machine.pk}/").status_code == 404
    assert names(working, f"/deployments/{other.pk}/machines/") == []


# --- one machine ------------------------------------------------------------------------------------------------------


def test_a_machine_is_shown_with_its_findings_and_where_it_is(working: Client, address: str) -> None:
    vcenter, now = VCenter.objects.get(), timezone.now()
    for kind, moid, name, parent, path in (
        ("ClusterComputeResource", "domain-c1", "Gold", "", ["Datacenters", "DC0", "host", "Gold"]),
        ("HostSystem", "host-1", "esx01.lab.test", "domain-c1", []),
        ("Folder", "group-v1", "a/b & c", "", ["Datacenters", "DC0", "vm", "a/b & c"]),
        ("Datastore", "datastore-1", "LocalDS_0", "", []),
        ("Network", "network-1", "VM Network", "", []),
    ):
        vcenter.objects_seen.create(
            type=kind, moid=moid, name=name, parent_moid=parent, path=path, seen_at=now
        )
    machine = edit("app-001", secure_boot=True, firmware="efi")
    page = read(working.get(f"{address}{machine.pk}/"))
    assert "Cannot be protected" in page.words
    assert "SM-07" in page.words
    assert "Datacenters / DC0 / vm / a/b & c" in page.words
    assert "Gold" in page.words
    assert "esx01.lab.test" in page.words
    assert "VM Network" in page.words
    assert "Hard disk 2" in page.words
    assert "What cannot be seen from outside" in page.words


def test_a_machine_counts_as_seen_when_the_last_refresh_had_nothing_new_to_say_of_it(
    working: Client, address: str
) -> None:
    now = timezone.now()
    Machine.objects.update(seen_at=now - timedelta(hours=20))
    VCenter.objects.update(refreshed_at=now)
    machine = Machine.objects.first()
    assert machine is not None
    assert working.get(f"{address}{machine.pk}/").context["seen_at"] == now
    Machine.objects.update(gone_at=now)
    assert working.get(f"{address}{machine.pk}/").context["seen_at"] == now - timedelta(hours=20)


def test_rules_lead_to_the_requirement_that_says_more(
    working: Client, recorded: Deployment, address: str
) -> None:
    page = read(working.get(address))
    for requirement in ("SRC-16", "SRC-18"):
        link = f"/requirements/{recorded.profile}/{requirement}/"
        assert page.all("a", href=link)
        assert working.get(link).status_code == 200
    disk = {**Machine.objects.get(name="app-001").disks[0], "backing": "rdm_virtual"}
    machine = edit("app-001", disks=[disk])
    page = read(working.get(f"{address}{machine.pk}/"))
    assert page.all("a", href=f"/requirements/{recorded.profile}/MT-17/")


@pytest.mark.parametrize(
    ("system", "there", "missing"),
    [
        ({}, {"SM-09", "SM-27", "SM-10"}, {"SM-24", "SM-25", "SM-31"}),
        (
            {"guest_id": "rhel8_64Guest", "guest_full_name": "Red Hat Enterprise Linux 8 (64-bit)"},
            {"SM-24", "SM-25", "SM-10"},
            {"SM-09", "SM-27", "SM-31"},
        ),
    ],
)
def test_what_cannot_be_seen_is_said_only_where_it_can_be(
    working: Client, address: str, system: dict[str, str], there: set[str], missing: set[str]
) -> None:
    machine = edit("app-001", **system)
    told = {line.rule.id for line in working.get(f"{address}{machine.pk}/").context["unseen"]}
    assert told >= there
    assert not told & missing


# --- how fresh --------------------------------------------------------------------------------------------------------


def test_when_the_last_refresh_was_and_when_the_next_is_due_is_said(
    working: Client, address: str, settings: Any
) -> None:
    now = timezone.now()
    Credential.objects.update(standing=Credential.Standing.ACCEPTED)
    VCenter.objects.update(refreshed_at=now, next_refresh_at=now + timedelta(minutes=15))
    assert "next refresh" in read(working.get(address)).words
    VCenter.objects.update(next_refresh_at=now - timedelta(minutes=1))
    assert "refresh is due" in read(working.get(address)).words, "no next one in the past"
    VCenter.objects.update(refreshing_until=now + timedelta(minutes=1))
    assert "being refreshed" in read(working.get(address)).words
    VCenter.objects.update(refreshing_until=None)
    settings.DISCOVERY_MINUTES = 0
    assert "refreshed only on request" in read(working.get(address)).words


def test_why_the_last_refresh_failed_is_said_with_what_to_do(working: Client, address: str) -> None:
    Credential.objects.update(standing=Credential.Standing.ACCEPTED)
    VCenter.objects.update(
        refresh_failed_at=timezone.now(),
        refresh_failure=Text("The session ended."),
        refresh_remedy=Text("Try again."),
        refresh_failure_details={"code": "connection_lost", "address": "vc.lab.test:443", "step": "Login"},
    )
    words = read(working.get(address)).words
    assert "The session ended. (vc.lab.test:443, Login) Try again." in words


def test_a_refused_password_is_said_to_be_tried_no_more(working: Client, address: str) -> None:
    Credential.objects.update(standing=Credential.Standing.REJECTED)
    words = read(working.get(address)).words
    assert "It is not tried again until it is entered anew." in words
    assert "next refresh" not in words


def test_machines_are_refreshed_on_request(working: Client, recorded: Deployment) -> None:
    answer = working.post(f"/deployments/{recorded.pk}/machines/discover/")
    task = recorded.tasks.get(kind="discover_machines")
    assert answer["Location"] == f"/tasks/{task.pk}/"
    assert task.inputs == {"full": False}
