"""`manage.py apply` and `preflight` against the lab's vCenter: the whole way, and where it ends early."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4
from xml.etree import ElementTree

import pytest
from django.conf import settings

from tests.management.commands import EXAMPLE, Commands, Outcome
from wizard.models import AuditEntry, Credential, Deployment, Task, TaskState

pytestmark = [
    pytest.mark.vcenter,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("commands"),
    pytest.mark.usefixtures("worker"),
]


@pytest.fixture
def run(manage: Commands, lab: dict[str, Any], sign_in_as: Callable[..., None]) -> Callable[..., Outcome]:
    """A command with the example's answer file; the address and the certificate are the lab's."""
    sign_in_as("asr-operator")
    vcenter = lab["vcenter"]
    # The lab stays between tests, and so do the machines that were deployed into it.
    own = ("--set", f"vcenter.port={vcenter['port']}", "--set", f"placement.vm_name=cs-{uuid4().hex[:8]}")

    def go(command: str, *args: str, trust: bool = True) -> Outcome:
        trusted = ("--trust", vcenter["thumbprint_sha256"]) if trust else ()
        return manage(command, EXAMPLE, *own, *trusted, *args)

    return go


def kinds() -> list[str]:
    return list(Task.objects.order_by("queued_at").values_list("kind", flat=True))


def test_the_file_is_carried_out_to_the_recorded_topology_and_again_without_a_change(
    run: Callable[..., Outcome], lab: dict[str, Any]
) -> None:
    outcome = run("apply")
    assert outcome.code == 0, outcome.text
    deployment = Deployment.objects.get()
    assert (deployment.name, deployment.state) == ("lyon-cs01", "recorded")
    assert kinds() == [
        "sign_in_vcenter",
        "inspect_template",
        "preflight",
        "plan_deployment",
        "deploy_ova",
        "register_vcenter",
        "record_topology",
    ]
    assert set(Task.objects.values_list("state", flat=True)) == {TaskState.SUCCEEDED}
    plan = deployment.plans.get()
    assert plan.approved_at is not None
    assert f"Approved plan of the import, SHA-256: {plan.sha256}" in outcome.flat()

    said = outcome.out
    assert outcome.err == ""
    lines = said.splitlines()
    for title in (
        "Sign in to vCenter",
        "Preflight",
        "Plan the import",
        "Deploy the appliance",
        "Record the topology",
    ):
        assert title in lines
    assert any(line.endswith("is deployed and running.") for line in lines)
    # The table fits a terminal of 100 columns, and loses nothing for it.
    assert max(len(line) for line in lines if "/" not in line) <= 100
    assert "…" not in said
    for row in deployment.checks.all():
        assert row.requirement_id in said
    assert "Registered: VMware vCenter Server" in said
    assert str(lab["vcenter"]["instance_uuid"]) in said
    assert "└─ Recovery Services vault: lyon-vault" in said
    picture = Path(lines[-1].removeprefix("The picture of the topology: "))
    assert picture == settings.VAR_DIR / "topology" / "lyon-cs01.svg"
    assert ElementTree.parse(picture).getroot().tag == "{http://www.w3.org/2000/svg}svg"
    assert lab["vcenter"]["accounts"]["asr-operator"]["password"] not in said

    revision, entries = deployment.revision, AuditEntry.objects.count()
    again = run("apply", trust=False)
    assert again.code == 0
    deployment.refresh_from_db()
    assert (deployment.revision, AuditEntry.objects.count(), len(kinds())) == (revision, entries, 7)
    assert "└─ Recovery Services vault: lyon-vault" in again.out

    other = run("apply", "--set", "capacity.machines=7")
    assert other.code == 1
    assert "lyon-cs01 is deployed; the file's answers to “Capacity” differ" in other.flat()
    assert len(kinds()) == 7


def test_a_certificate_that_nobody_confirmed_stops_the_run_and_is_shown(
    run: Callable[..., Outcome], lab: dict[str, Any]
) -> None:
    sha256 = lab["vcenter"]["thumbprint_sha256"]
    outcome = run("apply", trust=False)
    assert outcome.code == 1
    assert sha256 in "".join(outcome.text.split()), "the fingerprint to compare"
    assert f"--trust {sha256}" in outcome.flat()
    assert kinds() == ["probe_vcenter"]
    assert Deployment.objects.get().state == "draft"


def test_another_certificate_than_the_confirmed_one_is_refused(run: Callable[..., Outcome]) -> None:
    outcome = run("apply", "--trust", ":".join(["AB"] * 32), trust=False)
    assert outcome.code == 1
    assert kinds() == ["sign_in_vcenter"]
    assert Credential.objects.get().standing == Credential.Standing.UNTRIED, "the password was not sent"


def test_a_refused_password_is_not_sent_twice(
    run: Callable[..., Outcome], sign_in_as: Callable[..., None]
) -> None:
    sign_in_as("asr-operator", password="wrong-canary")
    outcome = run("apply")
    assert outcome.code == 1
    assert "refused the user name or the password." in outcome.flat()
    assert "wrong-canary" not in outcome.text
    assert Credential.objects.get().standing == Credential.Standing.REJECTED
    again = run("apply")
    assert again.code == 1
    assert "it is not sent again" in again.flat()
    assert kinds() == ["sign_in_vcenter"]


def test_a_vcenter_that_is_not_there_is_named(run: Callable[..., Outcome]) -> None:
    outcome = run("apply", "--set", "vcenter.host=127.0.0.1", "--set", "vcenter.port=1", trust=False)
    assert outcome.code == 1
    assert "127.0.0.1" in outcome.text
    assert Task.objects.get().state == TaskState.FAILED


def test_answers_that_vcenter_contradicts_are_said_by_place(run: Callable[..., Outcome]) -> None:
    outcome = run("apply", "--set", "placement.datastore=Nowhere")
    assert outcome.code == 2
    assert "answers.placement.datastore: " in outcome.flat()
    assert "deploy_ova" not in kinds()


def test_an_account_without_the_rights_is_stopped_by_preflight(
    run: Callable[..., Outcome], sign_in_as: Callable[..., None]
) -> None:
    sign_in_as("asr-replication")
    outcome = run("apply")
    assert outcome.code == 3
    assert "Preflight found what blocks the deployment: PV-OVA." in outcome.flat()
    assert "PV-OVA The account may import" in outcome.flat(), "the table is shown all the same"
    assert kinds()[-1] == "preflight"
    assert Deployment.objects.get().state == "draft"

    as_json = run("preflight", "--format", "json")
    assert as_json.code == 3
    assert json.loads(as_json.out)["blocking"] == ["PV-OVA"]


def test_preflight_alone_deploys_nothing(run: Callable[..., Outcome]) -> None:
    outcome = run("preflight")
    assert outcome.code == 0, outcome.text
    assert "URL-18" in outcome.out
    assert kinds() == ["sign_in_vcenter", "inspect_template", "preflight"]
    assert Deployment.objects.get().state == "checked"


@pytest.mark.parametrize("form", ["json", "junit", "markdown", "sarif"])
def test_a_report_of_preflight_can_be_piped_on(run: Callable[..., Outcome], form: str) -> None:
    outcome = run("preflight", "--format", form)
    assert outcome.code == 0, outcome.text
    assert "Gathering facts" in outcome.err
    if form == "json":
        document = json.loads(outcome.out)
        assert (document["deployment"], document["blocked"]) == ("lyon-cs01", False)
    elif form == "junit":
        assert ElementTree.fromstring(outcome.out.encode()).tag == "testsuites"
    elif form == "sarif":
        (run_of_it,) = json.loads(outcome.out)["runs"]
        assert "AZ-01" in {rule["id"] for rule in run_of_it["tool"]["driver"]["rules"]}
    else:
        assert outcome.out.startswith("# ")
