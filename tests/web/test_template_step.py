from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests import stories
from tests.far_side import LICENCE
from tests.web.pages import read, step_url
from wizard.models import Deployment, Operator
from wizard.services import deployments

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
    assert answer["Location"] == step_url(draft, "template")
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
