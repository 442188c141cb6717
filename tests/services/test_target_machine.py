"""A machine that is set up by hand, reached over real WinRM: looked at, asked, checked, verified, recorded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.services.machines import answer_of, attest_all, by_hand, script_for
from tests.walk import ANSWERS as LAB_ANSWERS
from wizard.lab.linux_host import LinuxHost
from wizard.lab.vcenter import LabVCenter
from wizard.lab.windows_host import WindowsHost
from wizard.models import CollectorIssue, Credential, Deployment, HostFacts, Operator, Task, TaskState, Team
from wizard.services import (
    credentials,
    deployment_progress,
    deployments,
    host_facts,
    preflight,
    tasks,
    topology,
)
from wizard.services.errors import Conflict, Invalid, NotReady
from wizard.text import Text

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "cs01.lab.test"
ACCOUNT = "lyon-windows"


@pytest.fixture
def machine(settings: Any) -> Iterator[WindowsHost]:
    with WindowsHost("healthy", name=NAME, address="192.0.2.10") as host:
        settings.CONNECT_TO = reached(host)
        yield host


def reached(host: WindowsHost) -> str:
    return f"{host.name}:5986:127.0.0.1:{host.port}"


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return by_hand(operator, "lyon", network=LAB_ANSWERS["network"])


def enter_password(actor: Operator, host: WindowsHost, password: str | None = None) -> Credential:
    return credentials.keep(
        name=ACCOUNT,
        kind=Credential.Kind.WINDOWS,
        username=host.username,
        secret=password or host.password,
        actor=actor,
    )


def answer(deployment: Deployment, host: WindowsHost, actor: Operator, **changes: Any) -> None:
    given = {
        "way": "winrm",
        "host": host.name,
        "credential": ACCOUNT,
        "thumbprint_sha256": host.thumbprint_sha256,
        **changes,
    }
    deployments.answer(deployment, "evidence", given, actor=actor)


def run(kind: str, deployment: Deployment, actor: Operator, **inputs: Any) -> Task:
    task = tasks.launch(kind, deployment=deployment, actor=actor, inputs=inputs)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    deployment.refresh_from_db()
    return task


def done(kind: str, deployment: Deployment, actor: Operator, **inputs: Any) -> dict[str, Any]:
    task = run(kind, deployment, actor, **inputs)
    assert task.state == TaskState.SUCCEEDED, task.error
    found: dict[str, Any] = task.result or {}
    return found


def error_of(task: Task) -> tuple[str, str]:
    assert task.state == TaskState.FAILED, task.result
    assert task.error is not None
    return task.error["code"], str(task.error)


# --- looking ----------------------------------------------------------------------------------------------------------


def test_before_anybody_trusts_it_the_machine_shows_its_certificate(
    deployment: Deployment, operator: Operator, machine: WindowsHost
) -> None:
    found = done("probe_host", deployment, operator, host=NAME)
    assert found["fingerprint_sha256"] == machine.thumbprint_sha256
    assert (found["ok"], found["port"]) == (True, 5986)


def test_a_machine_that_is_not_there_is_told_with_its_address(
    deployment: Deployment, operator: Operator, settings: Any
) -> None:
    settings.CONNECT_TO = "::127.0.0.1:1"
    code, words = error_of(run("probe_host", deployment, operator, host=NAME))
    assert code == "unreachable"
    assert f"{NAME}:5986" in words


def test_an_address_that_is_none_is_refused_at_its_field(deployment: Deployment, operator: Operator) -> None:
    with pytest.raises(Invalid) as refused:
        tasks.launch("probe_host", deployment=deployment, actor=operator, inputs={"host": "no host"})
    assert [error.path for error in refused.value.errors] == ["host"]


# --- asking -----------------------------------------------------------------------------------------------------------


def test_one_click_collects_and_the_step_is_complete(
    deployment: Deployment, operator: Operator, machine: WindowsHost
) -> None:
    credential = enter_password(operator, machine)
    answer(deployment, machine, operator)
    assert "evidence" not in deployment_progress.completed_steps(deployment)
    found = done("collect_facts", deployment, operator)
    assert (found["component"], found["way"]) == ("cs", "winrm")
    row = host_facts.latest(deployment, "cs")
    assert row is not None
    assert (row.way, row.host_name) == ("winrm", "CS01")
    assert row.facts["os.product_type"] == {"value": 3}
    assert "evidence" in deployment_progress.completed_steps(deployment)
    credential.refresh_from_db()
    assert credential.standing == "accepted"
    done("collect_facts", deployment, operator)
    assert HostFacts.objects.count() == CollectorIssue.objects.count() == 2


def test_a_wrong_password_is_tried_once_and_not_again(
    deployment: Deployment, operator: Operator, machine: WindowsHost
) -> None:
    credential = enter_password(operator, machine, "canary-wrong-7713")
    answer(deployment, machine, operator)
    code, words = error_of(run("collect_facts", deployment, operator))
    assert code == "access_denied"
    assert "canary" not in words
    credential.refresh_from_db()
    assert credential.standing == "rejected"
    before = len(machine.seen)
    with pytest.raises(Conflict) as refused:
        tasks.launch("collect_facts", deployment=deployment, actor=operator)
    assert refused.value.code == "credential_rejected"
    assert len(machine.seen) == before
    enter_password(operator, machine)
    done("collect_facts", deployment, operator)


def test_another_certificate_than_the_confirmed_one_gets_no_password(
    deployment: Deployment, operator: Operator, machine: WindowsHost
) -> None:
    credential = enter_password(operator, machine)
    answer(deployment, machine, operator, thumbprint_sha256=":".join(["AB"] * 32))
    code, words = error_of(run("collect_facts", deployment, operator))
    assert code == "wrong_certificate"
    assert machine.thumbprint_sha256 in words
    assert all(not request.credential for request in machine.seen)
    credential.refresh_from_db()
    assert credential.standing == "untried"


@pytest.mark.parametrize(("scenario", "code"), [("drops", "dropped"), ("floods", "output_flood")])
def test_a_machine_that_breaks_off_leaves_nothing_but_a_reason(
    deployment: Deployment, operator: Operator, settings: Any, scenario: str, code: str
) -> None:
    with WindowsHost(scenario, name=NAME) as host:
        settings.CONNECT_TO = reached(host)
        enter_password(operator, host)
        answer(deployment, host, operator)
        assert error_of(run("collect_facts", deployment, operator))[0] == code
    assert not HostFacts.objects.exists()


def test_another_machine_at_that_address_is_told_apart(
    deployment: Deployment, operator: Operator, settings: Any
) -> None:
    with WindowsHost("healthy", name="db07.lab.test") as host:
        settings.CONNECT_TO = reached(host)
        enter_password(operator, host)
        answer(deployment, host, operator)
        code, words = error_of(run("collect_facts", deployment, operator))
    assert code == "other_host"
    assert "DB07" in words
    assert not HostFacts.objects.exists()


def test_what_is_missing_before_somebody_signs_in_is_named(
    deployment: Deployment, operator: Operator
) -> None:
    with pytest.raises(NotReady) as refused:
        tasks.launch("collect_facts", deployment=deployment, actor=operator)
    assert str(refused.value.remedy) == "Still missing: the address of the machine"
    with pytest.raises(NotReady) as refused:
        tasks.launch("collect_facts", deployment=deployment, actor=operator, inputs={"host": NAME})
    assert "the confirmation of the machine's certificate or host key" in str(refused.value.remedy)
    assert "the account for the machine" in str(refused.value.remedy)


def test_a_password_that_a_dead_worker_had_in_hand_is_not_sent_again_by_itself(
    deployment: Deployment, operator: Operator, machine: WindowsHost
) -> None:
    credential = enter_password(operator, machine)
    answer(deployment, machine, operator)
    task = tasks.launch("collect_facts", deployment=deployment, actor=operator)
    Credential.objects.filter(pk=credential.pk).update(standing=Credential.Standing.TRYING)
    Task.objects.filter(pk=task.pk).update(attempt=1)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert error_of(task)[0] == "credential_untried"
    assert machine.seen == []


# --- asking Linux ------------------------------------------------------------------------------------------------------

FAILBACK = {"failback": True, "linux_failback": True}


def test_the_linux_master_target_is_asked_over_ssh_and_remembered(operator: Operator, settings: Any) -> None:
    deployment = by_hand(operator, "lyon", capacity=FAILBACK)
    with LinuxHost(name="mt01.lab.test") as host:
        settings.CONNECT_TO = f"{host.name}:22:127.0.0.1:{host.port}"
        credentials.keep(
            name="lyon-linux",
            kind=Credential.Kind.LINUX,
            username=host.username,
            secret=host.password,
            actor=operator,
        )
        seen = done("probe_host", deployment, operator, host=host.name, transport="ssh")
        assert (seen["port"], seen["fingerprint_sha256"]) == (22, host.thumbprint_sha256)
        found = done(
            "collect_facts",
            deployment,
            operator,
            component="mt_linux",
            host=host.name,
            credential="lyon-linux",
            thumbprint_sha256=seen["fingerprint_sha256"],
        )
        assert (found["component"], found["way"]) == ("mt_linux", "ssh")
        row = host_facts.latest(deployment, "mt_linux")
        assert row is not None
        assert "value" in row.facts["os.release"]
        assert "evidence" not in deployment_progress.completed_steps(deployment), (
            "it is not the primary machine"
        )
        done("collect_facts", deployment, operator, component="mt_linux")
    assert deployment.host_facts.count() == 2


def test_a_machine_is_not_sent_the_password_of_a_team_to_which_it_was_moved_meanwhile(
    machine: WindowsHost, deployment: Deployment, operator: Operator
) -> None:
    lyon, essen = (Team.objects.create(name=name) for name in ("Lyon", "Essen"))
    lyon.members.add(operator)
    enter_password(operator, machine)
    Credential.objects.update(team=lyon)
    Deployment.objects.update(team=lyon)
    deployment.refresh_from_db()
    answer(deployment, machine, operator)
    task = tasks.launch("collect_facts", deployment=deployment, actor=operator, inputs={})
    Credential.objects.update(team=essen)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert (task.error or {})["code"] == "account_of_other_team"
    assert ACCOUNT in str(Text.from_json((task.error or {})["message"]))
    assert machine.seen == []


@pytest.mark.parametrize("kind", [Credential.Kind.VCENTER, Credential.Kind.LINUX])
def test_a_machine_is_not_sent_the_password_of_something_else(
    machine: WindowsHost, deployment: Deployment, operator: Operator, kind: Credential.Kind
) -> None:
    credentials.keep(name="other", kind=kind, username="asr", secret="canary-other", actor=operator)
    answer(deployment, machine, operator, way="by_hand")
    with pytest.raises(Conflict) as refused:
        tasks.launch(
            "collect_facts",
            deployment=deployment,
            actor=operator,
            inputs={
                "host": NAME,
                "auth": "basic",
                "credential": "other",
                "thumbprint_sha256": machine.thumbprint_sha256,
            },
        )
    assert refused.value.code == "unknown_credential"
    with pytest.raises(Conflict) as refused:
        tasks.launch(
            "sign_in_vcenter",
            deployment=deployment,
            actor=operator,
            inputs={
                "host": NAME,
                "port": 5986,
                "credential": enter_password(operator, machine).name,
                "thumbprint_sha256": machine.thumbprint_sha256,
            },
        )
    assert refused.value.code == "unknown_credential"
    assert machine.seen == []


# --- the whole way ----------------------------------------------------------------------------------------------------


@pytest.mark.vcenter
def test_a_physical_server_is_checked_verified_and_recorded(
    connected: None, deployment: Deployment, operator: Operator, settings: Any
) -> None:
    with WindowsHost("healthy", name=NAME, address="192.0.2.10") as host:
        settings.CONNECT_TO = f"{reached(host)},{settings.CONNECT_TO}"
        enter_password(operator, host)
        answer(deployment, host, operator)
        done("collect_facts", deployment, operator)
        attest_all(deployment, operator)
        found = done("preflight", deployment, operator)
        assert found["blocking"] == []
        assert deployment.state == "checked"

        before = done("verify_installation", deployment, operator)
        assert not before["installed"], "nothing was installed yet"
        assert {"SVC-01", "SVC-02"} <= set(before["blocking"])
        assert deployment.state == "checked"
        with pytest.raises(NotReady):
            tasks.launch("record_topology", deployment=deployment, actor=operator)

        host.machine.installed_at = time.time()
        after = done("verify_installation", deployment, operator)
        assert after["installed"], after["blocking"]
        assert deployment.state == "deployed"
        assert {row.requirement_id for row in preflight.latest_results(deployment, "after")} >= {"SVC-01"}

    done("record_topology", deployment, operator)
    assert deployment.state == "recorded"
    graph = topology.graph_of(deployment)
    (server,) = (node for node in graph.nodes if node.kind == "cs")
    assert server.attributes["hypervisor"] == "physical"
    assert server.attributes["bios_uuid"]
    assert not any(node.kind == "vcenter" for node in graph.nodes)


@pytest.mark.vcenter
def test_a_virtual_machine_set_up_by_hand_has_its_vcenter_looked_at_and_no_placement(
    connected: None, vcenter: LabVCenter, operator: Operator
) -> None:
    source = {"protects": ["vmware"], "runs_on": "vmware"}
    deployment = by_hand(operator, "lyon", network=LAB_ANSWERS["network"], source=source)
    account = vcenter.account("asr-operator")
    credentials.keep(
        name="lyon-vcenter",
        kind=Credential.Kind.VCENTER,
        username=account.username,
        secret=account.password,
        actor=operator,
    )
    address = {
        "host": "vcenter.lab.test",
        "port": 443,
        "thumbprint_sha256": vcenter.thumbprint_sha256,
        "credential": "lyon-vcenter",
    }
    deployments.answer(deployment, "vcenter", address, actor=operator)
    done("sign_in_vcenter", deployment, operator)
    script = script_for(deployment, operator)
    assert "'vcenter'" in script
    assert "'esxi:" in script
    host_facts.receive(deployment, answer_of(script), actor=operator)
    attest_all(deployment, operator)
    done("preflight", deployment, operator)
    judged = {row.requirement_id: row for row in preflight.latest_results(deployment)}
    assert (judged["VC-02"].status, judged["PV-FULL"].status) == ("pass", "pass")
    assert not [name for name in judged if name.startswith(("PLC-", "TPL-")) or name == "PV-OVA"]
    assert not [row for row in judged.values() if "Nothing has looked at" in str(row.summary)]
