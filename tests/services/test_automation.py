"""An answer file carried out on the manual path: attested, asked over WinRM, installed by a person, verified, recorded."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.services.machines import ANSWERS, attest_all, by_hand
from tests.services.test_target_machine import ACCOUNT, NAME, enter_password, reached
from tests.walk import ANSWERS as LAB_ANSWERS
from wizard.journey.answer_file import AnswerFile
from wizard.lab.windows_host import WindowsHost
from wizard.models import Deployment, Operator, Task
from wizard.services import answer_files, attestations, automation, tasks
from wizard.services.errors import Conflict, Invalid, UserError
from wizard.services.tasks.kinds import KINDS

pytestmark = pytest.mark.django_db(transaction=True)


def follow(task: Task) -> Task:
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    return task


def file(**changed: Any) -> AnswerFile:
    answers = {
        **{step: dict(data) for step, data in ANSWERS.items()},
        "network": dict(LAB_ANSWERS["network"]),
    }
    return AnswerFile(name="lyon", profile="asr-classic", **{"answers": answers, **changed})


def words(file: AnswerFile) -> list[str]:
    return [str(step.what) for step in automation.plan(file)]


def test_the_plan_of_a_physical_server_names_no_template_and_no_vcenter(operator: Operator) -> None:
    found = words(file())
    assert found[-2:] == ["Verify the installation", "Record the topology"]
    assert not [line for line in found if "vCenter" in line or "template" in line]


def test_what_the_file_attests_is_answered_once_and_stands_in_the_file_again(operator: Operator) -> None:
    asked = by_hand(operator, "oslo")
    known = {row.id: {"answer": "yes", "note": "Seen."} for row in attestations.questions_for(asked)}
    wanted = file(attestations=known)
    assert any(line.startswith("Answer for ") for line in words(wanted))
    deployment = automation.answer_all(wanted, actor=operator, follow=follow)
    stored = {row.requirement_id: row.answered_at for row in deployment.attestations.all()}
    assert stored.keys() == known.keys()
    automation.answer_all(wanted, actor=operator, follow=follow)
    assert stored == {row.requirement_id: row.answered_at for row in deployment.attestations.all()}
    text, _media = answer_files.export(deployment)
    assert f"{next(iter(known))}:" in text.partition("attestations:")[2]


def test_an_attestation_of_what_nobody_asks_is_refused_with_its_place_in_the_file(operator: Operator) -> None:
    for row, code in (("XYZ-99", "unknown_requirement"), ("TPL-01", "not_attested")):
        with pytest.raises(Invalid) as refused:
            automation.answer_all(
                file(attestations={row: {"answer": "yes", "note": ""}}), actor=operator, follow=follow
            )
        (error,) = refused.value.errors
        assert (error.path.rstrip("."), error.code) == (f"attestations.{row}", code)


@pytest.fixture
def machine(settings: Any) -> Any:
    with WindowsHost("healthy", name=NAME, address="192.0.2.10") as host:
        settings.CONNECT_TO = reached(host)
        yield host


def test_a_certificate_that_nobody_confirmed_is_shown_and_not_trusted(
    operator: Operator, machine: WindowsHost
) -> None:
    enter_password(operator, machine)
    wanted = file()
    wanted.answers["evidence"] = {"way": "winrm", "host": NAME, "credential": ACCOUNT}
    with pytest.raises(Conflict) as refused:
        automation.answer_all(wanted, actor=operator, follow=follow)
    assert refused.value.code == "certificate_not_confirmed"
    assert machine.thumbprint_sha256 in str(refused.value)
    deployment = automation.answer_all(wanted, actor=operator, follow=follow, trust=machine.thumbprint_sha256)
    assert deployment.host_facts.count() == 1


@pytest.mark.vcenter
def test_what_a_person_installs_is_waited_for_and_then_recorded(
    connected: None, operator: Operator, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the task that installs over WinRM a person does it.
    monkeypatch.delitem(KINDS, "prepare_host", raising=False)
    with WindowsHost("healthy", name=NAME, address="192.0.2.10") as host:
        settings.CONNECT_TO = f"{reached(host)},{settings.CONNECT_TO}"
        enter_password(operator, host)
        wanted = file()
        wanted.answers["evidence"] = {
            "way": "winrm",
            "host": NAME,
            "credential": ACCOUNT,
            "thumbprint_sha256": host.thumbprint_sha256,
        }
        deployment: Deployment = automation.answer_all(wanted, actor=operator, follow=follow)
        with pytest.raises(automation.Blocked):
            automation.carry_on(deployment, actor=operator, follow=follow)
        attest_all(deployment, operator)
        with pytest.raises(UserError) as refused:
            automation.carry_on(deployment, actor=operator, follow=follow)
        assert refused.value.code == "not_installed"
        host.machine.installed_at = time.time()
        deployment.refresh_from_db()
        automation.carry_on(deployment, actor=operator, follow=follow)
    assert deployment.state == "recorded"
    assert words(file(answers=dict(wanted.answers))) == []
