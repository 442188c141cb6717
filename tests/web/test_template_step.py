from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from tests import asking_template, stories
from tests.far_side import LICENCE
from tests.web.pages import read, step_url
from wizard.models import Deployment, Operator
from wizard.services import deployments, template_contents

MAPPED = {
    "action": "map",
    "networks.Network 1": "VM Network",
    "properties.site.name": "paris",
    "accept_license": "on",
}


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.TEMPLATE_DIR = tmp_path
    (tmp_path / "asr.ova").write_bytes(b"0" * 2048)
    (tmp_path / "notes.txt").write_text("no template")
    return tmp_path


@pytest.fixture
def draft(operator: Operator, folder: Path) -> Deployment:
    return stories.answered(operator, "placement")


@pytest.fixture
def inspected(draft: Deployment, operator: Operator) -> Deployment:
    stories.inspect(draft, operator)
    deployments.keep_draft(draft, "template", {"source": "folder", "file": "asr.ova"}, actor=operator)
    return draft


def post(client: Client, deployment: Deployment, data: dict[str, str]) -> Any:
    return client.post(step_url(deployment, "template"), data)


def test_the_templates_of_the_folder_are_offered(working: Client, draft: Deployment) -> None:
    page = read(working.get(step_url(draft, "template")))
    assert page.all("option", value="asr.ova")
    assert not page.all("option", value="notes.txt")
    assert not page.all("input", name="accept_license")


def test_an_empty_folder_says_where_templates_go(working: Client, draft: Deployment, folder: Path) -> None:
    (folder / "asr.ova").unlink()
    assert (
        f"There is neither an .ova file nor a folder with an .ovf file in {folder}"
        in read(working.get(step_url(draft, "template"))).words
    )


def test_a_file_is_inspected_in_the_background(working: Client, draft: Deployment) -> None:
    answer = post(working, draft, {"action": "inspect", "source": "folder", "file": "asr.ova"})
    assert answer["Location"] == step_url(draft, "template") + "#outcome"
    task = draft.tasks.get(kind="inspect_template")
    assert task.inputs == {"source": "folder", "file": "asr.ova"}
    (live,) = read(working.get(step_url(draft, "template"))).all("div", id="live-task")
    assert str(task.pk) in live["hx-get"]


def test_a_url_is_inspected_with_its_checksum(working: Client, draft: Deployment) -> None:
    typed = {
        "action": "inspect",
        "source": "url",
        "url": "https://lab.test/asr.ova",
        "sha256": "ab" * 32,
        "file": "",
    }
    assert post(working, draft, typed).status_code == 302
    task = draft.tasks.get(kind="inspect_template")
    assert task.inputs["url"] == "https://lab.test/asr.ova"
    assert task.inputs["sha256"].lower() == "ab" * 32


def test_nothing_chosen_is_refused_with_what_was_typed(working: Client, draft: Deployment) -> None:
    typed = {
        "action": "inspect",
        "source": "url",
        "url": "https://lab.test/asr.ova",
        "sha256": "",
        "file": "",
    }
    answer = post(working, draft, typed)
    assert answer.status_code in (409, 422)
    page = read(answer)
    assert page.value_of("url") == "https://lab.test/asr.ova"
    assert not draft.tasks.filter(kind="inspect_template").exists()


def test_what_is_inside_is_shown_before_anything_is_asked(working: Client, inspected: Deployment) -> None:
    page = read(working.get(step_url(inspected, "template")))
    for fact in (
        "Processors 8 vCPU",
        "Memory 16 GB",
        "80 GB, 600 GB, 600 GB",
        "Site Recovery configuration server 9.57",
        "VmxNet3 (Network 1)",
        "Manifest Verified not signed",
        LICENCE,
    ):
        assert fact in page.words, fact


def test_the_network_of_the_placement_is_suggested_and_properties_have_their_defaults(
    working: Client, inspected: Deployment
) -> None:
    page = read(working.get(step_url(inspected, "template")))
    (network,) = page.all("select", name="networks.Network 1")
    assert network["id"] == "id_networks_Network_1"
    assert "selected" in page.all("option", value="VM Network")[0]
    assert page.value_of("properties.site.name") == "lyon"


def test_the_mapping_and_the_licence_complete_the_step(working: Client, inspected: Deployment) -> None:
    answer = post(working, inspected, MAPPED)
    assert answer["Location"] == step_url(inspected, "network")
    saved = deployments.answers_of(inspected)["template"]
    assert saved["networks"] == {"Network 1": "VM Network"}
    assert saved["properties"] == {"site.name": "paris"}
    assert saved["accept_license"] is True


def test_an_emptied_property_leaves_the_template_its_own_value(
    working: Client, inspected: Deployment
) -> None:
    post(working, inspected, MAPPED | {"properties.site.name": " "})
    assert deployments.answers_of(inspected)["template"]["properties"] == {}


def test_the_licence_must_be_accepted(working: Client, inspected: Deployment) -> None:
    answer = post(
        working, inspected, {name: value for name, value in MAPPED.items() if name != "accept_license"}
    )
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("a", href="#id_accept_license")
    assert page.value_of("properties.site.name") == "paris"


def test_a_network_without_a_target_is_refused_at_its_field(working: Client, inspected: Deployment) -> None:
    answer = post(working, inspected, MAPPED | {"networks.Network 1": ""})
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("a", href="#id_networks_Network_1")
    assert page.all("select", name="networks.Network 1")[0]["aria-invalid"] == "true"


def test_another_file_asks_for_its_networks_anew(
    working: Client, inspected: Deployment, folder: Path
) -> None:
    post(working, inspected, MAPPED)
    (folder / "other.ova").write_bytes(b"0")
    post(working, inspected, {"action": "inspect", "source": "folder", "file": "other.ova"})
    assert deployments.form_of(inspected, "template")[0] == {"source": "folder", "file": "other.ova"}


def test_an_inspection_that_failed_says_why(working: Client, draft: Deployment, operator: Operator) -> None:
    inputs = {"source": "folder", "file": "asr.ova"}
    deployments.keep_draft(draft, "template", inputs, actor=operator)
    stories.failed(
        draft, "inspect_template", operator, "ova_invalid", "The file ends too early.", inputs=inputs
    )
    words = read(working.get(step_url(draft, "template"))).words
    assert "The file ends too early. Do something about it." in words


def test_a_licence_with_markup_is_shown_and_not_obeyed(working: Client, inspected: Deployment) -> None:
    content = working.get(step_url(inspected, "template")).content.decode()
    assert "&lt;b&gt;Not&lt;/b&gt;" in content


ASKED = {
    "action": "map",
    "networks.Network 1": "VM Network",
    "deployment_option": "small",
    "properties.port": "843",
    "properties.telemetry": "False",
    "properties.zone": "paris",
    "properties.hostname": "",
    "properties.site": "lyon",
    "passwords.admin.password": asking_template.PASSWORD,
    "passwords.join.password": "",
    "accept_license": "on",
}


@pytest.fixture
def asking(draft: Deployment, operator: Operator) -> Deployment:
    asking_template.inspect(draft, operator)
    return draft


def test_a_folder_is_offered_as_one(working: Client, draft: Deployment, folder: Path) -> None:
    (folder / "asr-9.62").mkdir()
    (folder / "asr-9.62" / "asr.ovf").write_bytes(b"0" * 2**20)
    (folder / "no template").mkdir()
    page = read(working.get(step_url(draft, "template")))
    assert page.all("option", value="asr-9.62")
    assert not page.all("option", value="no template")
    assert "asr-9.62 · folder, 0 GB" in page.words
    post(working, draft, {"action": "inspect", "source": "folder", "file": "asr-9.62"})
    assert draft.tasks.get(kind="inspect_template").inputs == {"source": "folder", "file": "asr-9.62"}


def test_each_property_is_asked_for_as_the_template_describes_it(working: Client, asking: Deployment) -> None:
    page = read(working.get(step_url(asking, "template")))
    assert "Where it listens. A whole number from 1 to 1024." in page.words
    assert page.all("input", name="properties.port")[0]["inputmode"] == "numeric"
    assert page.value_of("properties.port") == "443"
    chosen = dict(checked(page))
    assert chosen["properties.telemetry"] == "True"
    assert chosen["deployment_option"] == "large"
    assert "Small 4 vCPU, 8 GB · Up to 50 machines." in page.words
    assert "selected" in page.all("option", value="lyon")[0]
    assert (
        "Hostname (optional) From 1 to 15 characters. Left empty, it is taken from the network step."
        in page.words
    )
    (password,) = page.all("input", name="passwords.admin.password")
    assert (password["type"], password.get("value")) == ("password", None)
    assert not page.all("input", name="properties.build")


@pytest.mark.parametrize(
    ("default", "answers"),
    [
        ("true", ["true", "false"]),
        ("FALSE", ["TRUE", "FALSE"]),
        ("False", ["True", "False"]),
        ("", ["True", "False"]),
    ],
)
def test_yes_and_no_are_spelled_as_the_template_spells_them(
    working: Client, asking: Deployment, default: str, answers: list[str]
) -> None:
    task = asking.tasks.get(kind="inspect_template")
    task.result["descriptor"]["properties"][1]["default"] = default
    task.save()
    page = read(working.get(step_url(asking, "template")))
    assert [radio["value"] for radio in page.all("input", name="properties.telemetry")] == answers


def checked(page: Any) -> list[tuple[str, str]]:
    return [
        (radio["name"], radio["value"]) for radio in page.all("input", type="radio") if "checked" in radio
    ]


def test_what_was_asked_for_is_kept_and_the_password_is_sealed(working: Client, asking: Deployment) -> None:
    assert post(working, asking, ASKED)["Location"] == step_url(asking, "network")
    saved = deployments.answers_of(asking)["template"]
    assert saved["deployment_option"] == "small"
    assert saved["properties"] == {"port": "843", "telemetry": "False", "zone": "paris", "site": "lyon"}
    assert template_contents.passwords_of(asking, saved) == {"admin.password": asking_template.PASSWORD}
    page = read(working.get(step_url(asking, "template")))
    assert page.all("input", name="passwords.admin.password")[0].get("value") is None
    assert "Given by oskar at" in page.words
    # Left empty, the one that is there stays.
    assert post(working, asking, ASKED | {"passwords.admin.password": ""}).status_code == 302
    assert template_contents.passwords_of(asking, saved) == {"admin.password": asking_template.PASSWORD}
    answers = read(working.get(f"/deployments/{asking.pk}/answers/")).words
    assert "Deployment option Small" in answers
    assert asking_template.PASSWORD not in answers


@pytest.mark.parametrize(
    ("typed", "place", "message"),
    [
        ({"properties.port": "0"}, "id_properties_port", "The value must not be below 1."),
        (
            {"passwords.admin.password": ""},
            "id_passwords_admin_password",
            "The template has no value of its own for this property. Give one.",
        ),
        (
            {"passwords.admin.password": "hunter2"},
            "id_passwords_admin_password",
            "The value has 7 characters; at least 12 are expected.",
        ),
        (
            {"deployment_option": "huge"},
            "id_deployment_option",
            "The template has no deployment option “huge”",
        ),
    ],
)
def test_a_value_that_the_template_does_not_take_is_told_at_its_field(
    working: Client, asking: Deployment, typed: dict[str, str], place: str, message: str
) -> None:
    answer = post(working, asking, ASKED | typed)
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("a", href=f"#{place}")
    assert message in page.words
    content = answer.content.decode()
    assert asking_template.PASSWORD not in content
    assert "hunter2" not in content
    assert page.value_of("properties.site") == "lyon"


def test_the_check_page_says_nothing_of_options_that_there_are_not(
    working: Client, inspected: Deployment
) -> None:
    post(working, inspected, MAPPED)
    assert "Deployment option" not in read(working.get(f"/deployments/{inspected.pk}/answers/")).words


@pytest.mark.parametrize(
    ("signed", "words"),
    [
        ({}, ["Self-signed", "it proves nothing about its publisher", "SHA-256, signed"]),
        (
            {"self_signed": False},
            ["Authority unknown", "Whether CN=Some authority may be trusted", "Issuer CN=Some authority"],
        ),
        ({"days": -10}, ["Expired", "The certificate that signed the template has expired."]),
        ({"days": 500}, ["The certificate that signed the template is not valid yet."]),
        (
            {"algorithms": ["sha1"]},
            ["SHA-1, signed", "it finds damage, but not a file that somebody changed"],
        ),
        (
            {"has_manifest": False, "verified": False, "has_certificate": False, "signature": None},
            ["Manifest None", "The template has no manifest: its files cannot be verified."],
        ),
    ],
)
def test_who_signed_the_template_is_shown_with_what_speaks_against_it(
    working: Client, draft: Deployment, operator: Operator, signed: dict[str, Any], words: list[str]
) -> None:
    asking_template.inspect(draft, operator, **signed)
    found = read(working.get(step_url(draft, "template"))).words
    assert [word for word in words if word not in found] == []
    assert ("has expired" in found) == ("Expired" in words)
    assert "folder with an .ovf file" in found


def test_the_validity_of_the_signature_is_told_in_the_readers_zone(
    working: Client, draft: Deployment, operator: Operator
) -> None:
    operator.time_zone = "Asia/Tokyo"
    operator.save()
    stored = asking_template.inspect(draft, operator).result["manifest"]["signature"]["not_after"]
    there = datetime.fromisoformat(stored).astimezone(ZoneInfo("Asia/Tokyo"))
    assert f"Valid to {there:%Y-%m-%d %H:%M}" in read(working.get(step_url(draft, "template"))).words
