"""What an account may do, as the page shows it, and the scripts to take away."""

from __future__ import annotations

import csv
import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import stories
from tests.far_side import rights
from tests.web.pages import Page, read, step_url
from wizard.models import Deployment, Operator
from wizard.services import deployments
from wizard.vsphere.effective_rights import wanted
from wizard.vsphere.rights import Level

FULL = frozenset(wanted(["full"]))
LEVELS: tuple[Level, ...] = ("discovery", "full", "ova")
EVERYTHING = frozenset({"Authorization.ModifyPermissions", *(f"Vendor.P{number}" for number in range(280))})


@pytest.fixture
def signed_in(operator: Operator) -> Deployment:
    """The account has the full role, not the rights to import."""
    return stories.answered(operator, "vcenter", name="lyon-cs01")


def with_rights(operator: Operator, **granted: frozenset[str]) -> Deployment:
    deployment = stories.answered(operator, "capacity", name="lyon-cs01")
    credential = stories.sign_in(deployment, operator, rights=rights(**granted).to_json())
    deployments.answer(
        deployment, "vcenter", {**stories.ANSWERS["vcenter"], "credential": credential.name}, actor=operator
    )
    return deployment


def url(deployment: Deployment, rest: str = "/") -> str:
    return f"/deployments/{deployment.pk}/privileges{rest}"


def show(client: Client, deployment: Deployment, rest: str = "/") -> Page:
    answer = client.get(url(deployment, rest))
    assert answer.status_code == 200
    return read(answer)


def test_missing_and_excess_stand_beside_each_other_for_each_object(
    looking: Client, operator: Operator
) -> None:
    deployment = with_rights(
        operator, DC0=FULL - {"Datastore.Browse"}, DC1=frozenset(wanted(LEVELS)) | {"Datastore.Config"}
    )
    words = show(looking, deployment).words
    assert "VSPHERE.LOCAL\\asr" in words
    missing = len(wanted(LEVELS)) - len(FULL)
    # Granted, and what is missing for discovery, the full role and the template; then what is too much.
    assert f"DC0 /DC0 {len(FULL) - 1} 0 1 {missing + 1} 0" in words
    assert f"DC1 /DC1 {len(wanted(LEVELS)) + 1} 0 0 0 1" in words
    assert "DC0 /DC0 Datastore > Browse datastore Datastore.Browse" in words
    assert "Datastore.Config /DC1" in words


def test_an_account_with_exactly_the_role_is_told_so(looking: Client, operator: Operator) -> None:
    exact = frozenset(wanted(LEVELS))
    words = show(looking, with_rights(operator, Datacenters=exact, DC0=exact, DC1=exact)).words
    assert "Exactly what is needed" in words
    assert "None: the account has nothing beyond" in words


def test_other_levels_can_be_compared_and_scripted(looking: Client, signed_in: Deployment) -> None:
    assert "Deploy the template" in show(looking, signed_in).words
    page = show(looking, signed_in, "/?level=discovery&level=full&role=Mine&principal=LAB%5Cother")
    assert "Exactly what is needed" in page.words
    assert "role='Mine'" in page.words
    assert "principal='LAB\\other'" in page.words
    assert "VApp.Import" not in page.words
    (link, _other) = [
        found["href"] for found in page.all("a") if "privileges.sh" in found.get("href", "")
    ] * 2
    script = looking.get(link).content.decode()
    assert "role='Mine'" in script
    assert "VApp.Import" not in script


def test_an_administrator_is_named_as_one_and_gets_no_script_that_would_strip_the_account(
    looking: Client, operator: Operator
) -> None:
    whole = frozenset(wanted(LEVELS)) | EVERYTHING
    deployment = with_rights(operator, Datacenters=whole, DC0=whole, DC1=whole)
    page = show(looking, deployment)
    assert "The account is like an administrator's" in page.words
    assert f"It has {len(EVERYTHING)} privileges more" in page.words
    assert "Vendor.P279 /, /DC0, /DC1" in page.words, "they can be listed"
    assert "administers this vCenter; the script would take that away" in page.words
    assert not page.all("code", id="script-sh")
    assert looking.get(url(deployment, ".sh")).status_code == 409
    other = show(looking, deployment, "/?principal=LAB%5Casr")
    assert other.all("code", id="script-sh")


@pytest.mark.parametrize("name", ["administrator@vsphere.local", "VSPHERE.LOCAL\\Administrator", "root"])
def test_no_script_strips_the_administrator_that_vsphere_comes_with(
    looking: Client, operator: Operator, signed_in: Deployment, name: str
) -> None:
    nobody_looked_yet = stories.answered(operator, "capacity", name="early-cs01")
    deployments.keep_draft(nobody_looked_yet, "vcenter", stories.ADDRESS, actor=operator)
    for deployment in (nobody_looked_yet, signed_in):
        answer = looking.get(url(deployment, ".sh"), {"principal": name})
        assert answer.status_code == 409
        assert "administers this vCenter" in answer.content.decode()


def test_the_page_reads_once_what_the_sign_in_found(looking: Client, signed_in: Deployment) -> None:
    """It may hold the inventory of a whole vCenter."""
    with CaptureQueriesContext(connection) as queries:
        show(looking, signed_in)
    assert len([row for row in queries if '"wizard_task"."result"' in row["sql"]]) == 1


@pytest.mark.parametrize(("form", "kind"), [("ps1", "text/plain"), ("sh", "text/plain"), ("csv", "text/csv")])
def test_the_files_are_downloads(looking: Client, signed_in: Deployment, form: str, kind: str) -> None:
    page = show(looking, signed_in)
    assert page.all("a", href=url(signed_in, f".{form}"))
    answer = looking.get(url(signed_in, f".{form}"))
    assert answer["Content-Type"] == f"{kind}; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="lyon-cs01-privileges.{form}"'


def test_the_scripts_on_the_page_are_those_in_the_files(looking: Client, signed_in: Deployment) -> None:
    page = show(looking, signed_in)
    for form in ("ps1", "sh"):
        script = looking.get(url(signed_in, f".{form}")).content.decode()
        assert " ".join(script.split()) in page.words
        assert page.all("button", data_copy=f"script-{form}")


def test_the_table_names_what_is_missing_with_its_object(looking: Client, operator: Operator) -> None:
    deployment = with_rights(operator, DC1=FULL | {"=Formula.One"})
    text = looking.get(url(deployment, ".csv?level=ova&level=full")).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["Object", "Path", "Finding", "Level", "Id", "Privilege"]
    assert ["DC0", "/DC0", "missing", "Deploy the template", "VApp.Import", "vApp > Import"] in rows
    assert ["DC1", "/DC1", "excess", "", "'=Formula.One", ""] in rows
    assert looking.get(url(deployment, ".xlsx")).status_code == 404


def test_before_the_first_sign_in_the_script_gives_the_role_at_the_root(
    working: Client, operator: Operator
) -> None:
    draft = stories.answered(operator, "capacity")
    words = show(working, draft).words
    assert "Nothing was compared yet" in words
    assert "Still missing: the account for vCenter" in words
    assert working.get(url(draft, ".sh")).status_code == 409
    assert working.get(url(draft, ".csv")).status_code == 409

    stories.probe(draft, operator)
    deployments.keep_draft(draft, "vcenter", stories.ADDRESS, actor=operator)
    script = working.get(url(draft, ".sh?principal=asr@lab.test")).content.decode()
    assert "principal='LAB.TEST\\asr'" in script
    assert f"instance='{stories.INSTANCE}'" in script
    assert [line for line in script.splitlines() if line.startswith("assign ")] == [
        "assign \"$role\" true 'Folder:group-d1'"
    ]


@pytest.mark.parametrize("query", ["level=everything", "role=a%0Ab", f"principal={'x' * 81}"])
def test_what_cannot_be_is_refused_and_said(looking: Client, signed_in: Deployment, query: str) -> None:
    assert looking.get(url(signed_in, f".sh?{query}")).status_code == 422
    page = show(looking, signed_in, f"/?{query}")
    assert not page.all("code", id="script-sh")
    assert "Some answers need another look." in page.words


def test_another_placement_asks_for_another_comparison(working: Client, operator: Operator) -> None:
    placed = stories.answered(operator, "placement")
    words = show(working, placed).words
    assert "Another placement was chosen since" in words
    assert "DC0 /DC0 vApp > Import VApp.Import" in words
    assert "DC1 /DC1 vApp > Import VApp.Import" not in words, "nothing is deployed there"
    assert "/DC0/datastore/shared" in words, "the script is for it already"


def test_what_was_chosen_and_is_hidden_from_the_account_is_named(working: Client, operator: Operator) -> None:
    placed = stories.answered(operator, "placement")
    task = placed.tasks.get(kind="sign_in_vcenter")
    for datacenter in task.result["inventory"]["datacenters"]:
        datacenter["datastores"] = []
    task.save()
    words = show(working, placed).words
    assert "The account does not see what was chosen" in words
    assert "as with the role “No access”: shared" in words


def test_an_account_that_sees_no_datacenter_is_not_called_exact(looking: Client, operator: Operator) -> None:
    reader = frozenset(wanted(["discovery"]))
    deployment = with_rights(operator, Datacenters=reader)
    task = deployment.tasks.get(kind="sign_in_vcenter")
    task.result["inventory"]["datacenters"] = []
    del task.result["rights"]["objects"][1:]
    task.save()
    words = show(looking, deployment).words
    assert "The account sees no datacenter" in words
    assert "Exactly what is needed" not in words
    assert "assign \"$role\" true 'Folder:group-d1'" in words


def test_comparing_again_is_a_sign_in(working: Client, looking: Client, signed_in: Deployment) -> None:
    assert looking.post(url(signed_in, "/compare/")).status_code == 403
    answer = working.post(url(signed_in, "/compare/"))
    assert answer["Location"] == step_url(signed_in, "vcenter")
    assert signed_in.tasks.filter(kind="sign_in_vcenter", state="queued").count() == 1


def test_the_vcenter_step_leads_to_the_page_and_says_what_is_too_much(
    working: Client, operator: Operator
) -> None:
    deployment = with_rights(operator, DC0=frozenset(wanted(LEVELS)) | {"Datastore.Config"})
    page = read(working.get(step_url(deployment, "vcenter")))
    assert page.all("a", href=url(deployment))
    assert "1 privilege is needed by none of these levels." in page.words
