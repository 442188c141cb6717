"""Files and overrides that cannot be applied: said by place, with exit code 2, and nothing is begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import stories
from tests.management.commands import EXAMPLE, PHYSICAL, Commands
from wizard.models import AuditEntry, Deployment, Operator, StepAnswer, Task
from wizard.services import answer_files

pytestmark = pytest.mark.django_db

BOTH = pytest.mark.parametrize("command", ["apply", "preflight"])


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "answers.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def example(**changed: str) -> str:
    text = EXAMPLE.read_text("utf-8")
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new)
    return text


@BOTH
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("foothold: [1", "Line 1, column 13 cannot be read"),
        ("foothold: 1\nfoothold: 1\n", "foothold"),
        ("- a list\n", "not a set of names and values"),
        ("", "An answer is missing here."),
        ("foothold: 7\nname: x1\nprofile: asr-classic\nanswers: {}\n", "Expected is version 1."),
        ("foothold: 1\nname: x1\nprofile: asr-modern\nanswers: {}\n", "profile: "),
        (
            "foothold: 1\nname: x1\nprofile: asr-classic\nanswers: {netwrok: {}}\n",
            "answers.netwrok: “netwrok”",
        ),
        (b"\xff\xfe\x00", "cannot be read: it is not UTF-8 text."),
    ],
)
def test_a_file_that_is_no_answer_file_is_refused(
    manage: Commands, first_operator: Operator, tmp_path: Path, command: str, text: str, said: str
) -> None:
    outcome = manage(command, write(tmp_path, text))
    assert outcome.code == 2
    assert said in outcome.flat()
    assert outcome.out == "", "errors go where they do not spoil what is piped on"
    assert not Deployment.objects.exists()


@BOTH
def test_a_file_that_is_not_there_is_named(manage: Commands, first_operator: Operator, command: str) -> None:
    outcome = manage(command, "/nowhere/answers.yaml")
    assert outcome.code == 2
    assert "/nowhere/answers.yaml cannot be read: No such file or directory." in outcome.flat()


@BOTH
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("network.gateway=203.0.113.1", "answers.network.gateway: "),
        ("network.colour=red", "answers.network.colour: This field is not known here."),
        ("netwrok.gateway=192.0.2.1", "answers.netwrok: “netwrok” is not a step with answers."),
        ("capacity.machines=lots", "answers.capacity.machines: “lots” is not a whole number."),
        ("capacity", "“capacity” is not an override."),
        ("template.networks={", "template.networks: "),
    ],
)
def test_an_override_that_does_not_fit_is_named(
    manage: Commands, first_operator: Operator, command: str, change: str, said: str
) -> None:
    outcome = manage(command, EXAMPLE, "--set", change)
    assert outcome.code == 2
    assert said in outcome.flat()
    assert not Deployment.objects.exists()


def test_every_mistake_is_said_at_once(manage: Commands, first_operator: Operator, tmp_path: Path) -> None:
    text = example(
        **{"machines: 120": "machines: 0", "host_name: cs01": "host_name: a-name-that-is-too-long"}
    )
    outcome = manage("apply", write(tmp_path, text.replace("  vault:", "  vault_:")))
    assert outcome.code == 2
    assert "answers.vault_: " in outcome.flat()
    outcome = manage("apply", write(tmp_path, text))
    assert "answers.capacity.machines: " in outcome.flat()
    assert "answers.network.host_name: " in outcome.flat()


@BOTH
def test_a_person_who_is_not_there_is_named(manage: Commands, operator: Operator, command: str) -> None:
    outcome = manage(command, EXAMPLE, "--user", "nobody")
    assert outcome.code == 2
    assert "There is no active person named nobody; give one with --user." in outcome.flat()
    Operator.objects.update(is_active=False)
    assert manage(command, EXAMPLE, "--user", operator.username).code == 2


def test_the_environment_may_name_the_person(
    manage: Commands, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTHOLD_USER", "nobody-in-particular")
    assert "nobody-in-particular" in manage("apply", EXAMPLE).flat()


def test_a_viewer_begins_nothing(manage: Commands, viewer: Operator) -> None:
    outcome = manage("apply", EXAMPLE, "--user", viewer.username)
    assert outcome.code == 1
    assert "Your role lets you look, not change." in outcome.flat()
    assert not Deployment.objects.exists()


def test_a_credential_that_is_not_stored_is_named_with_its_place(
    manage: Commands, first_operator: Operator
) -> None:
    outcome = manage("apply", EXAMPLE, "--trust", stories.SHA256)
    assert outcome.code == 2
    assert "answers.vcenter.credential: There is no vCenter credential named “lab-vcenter”." in outcome.flat()


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_a_plan_shows_everything_and_changes_nothing(manage: Commands) -> None:
    outcome = manage("apply", EXAMPLE, "--plan")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "  1. Begin the deployment lyon-cs01.",
        "  2. Answer “Source and method”.",
        "  3. Answer “Capacity”.",
        "  4. Answer “vCenter Server”.",
        "  5. Answer “Placement”.",
        "  6. Answer “OVA template”.",
        "  7. Answer “Network identity”.",
        "  8. Answer “Recovery Services vault”.",
        "  9. Record the answers for AZ-01, AZ-02, AZ-03, AZ-07, AZ-10, LIFE-02, NET-06.",
        " 10. Preflight",
        " 11. Plan the import",
        " 12. Deploy the appliance",
        " 13. Register vCenter",
        " 14. Record the topology",
    ]
    for model in (Deployment, StepAnswer, Task, AuditEntry, Operator):
        assert not model._default_manager.exists()


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (
            "winrm",
            [
                "Collect facts",
                "Record the answers",
                "Preflight",
                "Install on the machine",
                "Record the topology",
            ],
        ),
        (
            "by_hand",
            [
                "Wait until somebody has collected the facts of the machine and uploaded them.",
                "Record the answers",
                "Preflight",
                "Wait until somebody has installed the machine, then verify it.",
                "Record the topology",
            ],
        ),
    ],
)
def test_a_plan_for_a_machine_says_who_works_there(manage: Commands, way: str, said: list[str]) -> None:
    outcome = manage("apply", PHYSICAL, "--plan", "--set", f"evidence.way={way}")
    assert outcome.code == 0
    lines = [line.partition(". ")[2] for line in outcome.out.splitlines()]
    assert [line for line in lines if not line.startswith("Answer “")][1:] == [
        line for wanted in said for line in lines if line.startswith(wanted)
    ]


def test_answers_for_requirements_that_there_are_not_are_refused_before_anything_is_done(
    manage: Commands, first_operator: Operator, tmp_path: Path
) -> None:
    text = EXAMPLE.read_text("utf-8") + "  XX-01: yes\n  AZ-99: {answer: no, note: Never heard of.}\n"
    outcome = manage("apply", write(tmp_path, text))
    assert outcome.code == 2
    assert "attestations.XX-01: The catalogue of asr-classic has no requirement XX-01." in outcome.flat()
    assert "attestations.AZ-99: " in outcome.flat()
    assert not Deployment.objects.exists()


def test_a_plan_leaves_out_what_is_done(manage: Commands, operator: Operator, tmp_path: Path) -> None:
    deployment = stories.answered(operator, "checked", name="lyon-cs01")
    file = write(tmp_path, answer_files.export(deployment)[0])
    before = (deployment.revision, Task.objects.count(), AuditEntry.objects.count())
    said = manage("apply", file, "--plan").out
    assert [line.split(". ")[1] for line in said.splitlines()] == [
        "Deploy the appliance",
        "Register vCenter",
        "Record the topology",
    ]
    changed = manage("apply", file, "--plan", "--set", "capacity.machines=7").out
    assert [line.split(". ")[-1].strip() for line in changed.splitlines()] == [
        "Answer “Capacity”.",
        "Capacity: Number of machines: 120 → 7",
        "Preflight",
        "Plan the import",
        "Deploy the appliance",
        "Register vCenter",
        "Record the topology",
    ]
    deployment.refresh_from_db()
    assert (deployment.revision, Task.objects.count(), AuditEntry.objects.count()) == before


def test_a_plan_for_what_is_recorded_is_empty(manage: Commands, operator: Operator, tmp_path: Path) -> None:
    deployment = stories.answered(operator, "recorded", name="lyon-cs01")
    outcome = manage("apply", write(tmp_path, answer_files.export(deployment)[0]), "--plan")
    assert (outcome.code, outcome.out) == (0, "Nothing is left to do.\n")


def test_a_plan_of_a_file_that_is_not_valid_is_refused(manage: Commands) -> None:
    outcome = manage("apply", EXAMPLE, "--plan", "--set", "network.data_port=443")
    assert outcome.code == 2
    assert "answers.network.data_port: " in outcome.flat()


def test_an_example_that_is_not_there_is_said_before_anything_starts(manage: Commands) -> None:
    ended = manage("demo", "nope")
    assert ended.code == 1
    assert (
        "There is no example “nope”; choose from: vmware-ova, physical-manual, modernized-ova."
        in ended.flat()
    )
    assert "Starting" not in ended.flat()
