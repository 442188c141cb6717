"""Physical servers are entered, changed and removed by people; a file is taken over whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import stories
from tests.builders import make_deployment
from tests.web.pages import read
from wizard.models import AuditEntry, Deployment, Machine, Operator
from wizard.services import physical_servers
from wizard.services.errors import NotFound

pytestmark = pytest.mark.django_db

SERVER = {
    "name": "files-01",
    "address": "192.0.2.77",
    "operating_system": "Windows Server 2019",
    "firmware": "efi",
    "disks_gb": "120 500.5",
}
HEADER = "name,address,operating system,firmware,disks GB\r\n"


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return make_deployment(operator)


@pytest.fixture
def address(deployment: Deployment) -> str:
    return f"/deployments/{deployment.pk}/machines/"


def upload(client: Client, address: str, text: str) -> Any:
    file = SimpleUploadedFile("servers.csv", text.encode(), content_type="text/csv")
    return client.post(f"{address}physical/file/", {"file": file})


def test_a_server_is_added_judged_and_shown_among_the_machines(
    working: Client, deployment: Deployment, address: str
) -> None:
    answer = working.post(f"{address}physical/add/", SERVER)
    row = Machine.objects.get()
    assert answer["Location"] == f"{address}{row.pk}/"
    assert (row.kind, row.deployment, row.vcenter) == ("physical", deployment, None)
    assert (row.ip_addresses, row.disk_count, row.disk_gb, row.system) == (
        ["192.0.2.77"],
        2,
        620.5,
        "windows",
    )
    assert row.findings, "firmware and system are judged"
    assert "files-01" in read(working.get(address)).words
    assert "files-01 physical" in read(working.get(address + "?kind=physical&q=192.0.2.77")).words
    assert "files-01 physical" not in read(working.get(address + "?kind=vm")).words
    words = read(working.get(f"{address}{row.pk}/")).words
    assert "VMware Tools" not in words
    assert AuditEntry.objects.get(action="physical_server.added").after == SERVER


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(working: Client, address: str) -> None:
    answer = working.post(f"{address}physical/add/", {**SERVER, "address": "2001:db8::1", "name": ""})
    assert answer.status_code == 422
    page = read(answer)
    assert page.value_of("address") == "2001:db8::1"
    assert page.value_of("disks_gb") == "120 500.5"
    assert page.all("a", href="#id_name")
    assert page.all("a", href="#id_address")
    assert not Machine.objects.exists()


def test_a_name_that_is_taken_is_refused_whatever_its_capitals(working: Client, address: str) -> None:
    working.post(f"{address}physical/add/", SERVER)
    answer = working.post(f"{address}physical/add/", {**SERVER, "name": "FILES-01"})
    assert answer.status_code == 422
    assert "A physical server named “FILES-01” is there already." in read(answer).words


def test_a_server_is_changed_from_what_is_known_of_it(
    working: Client, operator: Operator, deployment: Deployment, address: str
) -> None:
    row = stories.enter_server(deployment, operator, firmware="efi secure boot")
    page = read(working.get(f"{address}{row.pk}/change/"))
    assert page.value_of("disks_gb") == "120 500"
    assert page.all("option", value="efi secure boot", selected="")
    working.post(f"{address}{row.pk}/change/", {**SERVER, "name": "files-02"})
    row.refresh_from_db()
    assert (row.name, row.secure_boot, row.disk_gb) == ("files-02", False, 620.5)
    entry = AuditEntry.objects.get(action="physical_server.changed")
    assert entry.before is not None
    assert (entry.before["name"], entry.after) == ("files-01", {**SERVER, "name": "files-02"})


def test_a_server_is_removed_after_a_question(
    working: Client, operator: Operator, deployment: Deployment, address: str
) -> None:
    row = stories.enter_server(deployment, operator)
    assert "Remove it from the list?" in read(working.get(f"{address}{row.pk}/remove/")).words
    assert Machine.objects.exists()
    assert working.post(f"{address}{row.pk}/remove/")["Location"] == address
    assert not Machine.objects.exists()
    assert AuditEntry.objects.filter(action="physical_server.removed").exists()


def test_who_may_look_changes_no_server(
    looking: Client, operator: Operator, deployment: Deployment, address: str
) -> None:
    row = stories.enter_server(deployment, operator)
    for place in ("physical/add/", "physical/file/", f"{row.pk}/change/", f"{row.pk}/remove/"):
        assert looking.post(address + place, SERVER).status_code == 403
    assert looking.get(f"{address}{row.pk}/").status_code == 200


def test_a_virtual_machine_is_not_changed_by_hand(working: Client, operator: Operator) -> None:
    recorded = stories.answered(operator, "recorded")
    machine = Machine.objects.filter(kind="vm").first()
    assert machine is not None
    for action in ("change", "remove"):
        answer = working.post(f"/deployments/{recorded.pk}/machines/{machine.pk}/{action}/", SERVER)
        assert answer.status_code == 404


def test_a_server_that_somebody_removed_meanwhile_does_not_come_back(
    operator: Operator, deployment: Deployment
) -> None:
    row = stories.enter_server(deployment, operator)
    Machine.objects.all().delete()
    for act in (
        lambda: physical_servers.change(row, SERVER, actor=operator),
        lambda: physical_servers.remove(row, actor=operator),
    ):
        with pytest.raises(NotFound):
            act()
    assert not Machine.objects.exists()
    assert not AuditEntry.objects.filter(
        action__in=["physical_server.changed", "physical_server.removed"]
    ).exists()


def test_servers_of_another_deployment_are_out_of_reach(
    working: Client, operator: Operator, deployment: Deployment
) -> None:
    row = stories.enter_server(deployment, operator)
    other = f"/deployments/{make_deployment(operator).pk}/machines/"
    assert "files-01" not in read(working.get(other + "?presence=all")).words
    assert b"files-01" not in b"".join(working.get(other.rstrip("/") + ".csv").streaming_content)  # type: ignore[attr-defined]
    for place in ("", "change/", "remove/"):
        assert working.get(f"{other}{row.pk}/{place}").status_code == 404


# --- from a file ------------------------------------------------------------------------------------------------------


def test_a_file_is_shown_first_and_written_when_somebody_says_so(
    working: Client, operator: Operator, deployment: Deployment, address: str
) -> None:
    stories.enter_server(deployment, operator)
    stories.enter_server(deployment, operator, name="kept-01")
    text = (
        HEADER
        + "FILES-01,192.0.2.78,Windows Server 2019,,120 500\r\n"
        + "kept-01,192.0.2.77,Windows Server 2019,,120 500\r\n"
        + '"new ""one"", 01",new.lab.test,"Red Hat Enterprise Linux 8.6",bios,80\r\n'
    )
    page = read(upload(working, address, text))
    assert "New: 1. Changed: 1. As they are already: 1." in page.words
    assert Machine.objects.count() == 2
    answer = working.post(f"{address}physical/file/", {"content": page.value_of("content")})
    assert answer["Location"] == address
    assert set(Machine.objects.values_list("name", flat=True)) == {"FILES-01", "kept-01", 'new "one", 01'}
    assert Machine.objects.get(name="FILES-01").ip_addresses == ["192.0.2.78"]
    entry = AuditEntry.objects.get(action="physical_server.imported")
    assert entry.after == {"new": ['new "one", 01'], "changed": ["FILES-01"]}


def test_one_wrong_row_keeps_all_out_and_is_named(working: Client, address: str) -> None:
    text = (
        HEADER
        + "good,192.0.2.1,Windows Server 2019,,100\r\nbad,2001:db8::1,Windows Server 2019,coreboot,100\r\n"
    )
    answer = upload(working, address, text)
    page = read(answer)
    assert answer.status_code == 422
    assert "Site Recovery does not support IPv6" in page.words
    assert "coreboot" in page.words
    answer = working.post(f"{address}physical/file/", {"content": text})
    assert answer.status_code == 422
    assert not Machine.objects.exists()


def test_a_file_just_small_enough_stays_so_on_its_way_through_the_browser(
    working: Client, deployment: Deployment, address: str
) -> None:
    rows = HEADER.replace("\r", "") + "".join(
        f"s{n},s{n}.lab.test,Windows Server 2019,,100\n" for n in range(40)
    )
    text = rows + "\n" * (physical_servers.BYTES_MOST - len(rows))
    content = read(upload(working, address, text)).value_of("content")
    answer = working.post(f"{address}physical/file/", {"content": content.replace("\n", "\r\n")})
    assert answer.status_code == 302
    assert deployment.physical_servers.count() == 40


def test_without_a_file_the_field_says_so(working: Client, address: str) -> None:
    answer = working.post(f"{address}physical/file/", {})
    assert answer.status_code == 422
    assert "Choose the CSV file with the servers." in read(answer).words


def test_the_file_to_fill_in_can_be_taken_over_as_it_is(working: Client, address: str) -> None:
    answer = working.get(f"{address}physical/file.csv")
    page = read(upload(working, address, answer.content.decode()))
    assert "New: 1." in page.words
