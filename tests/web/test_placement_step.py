from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import stories
from tests.web.pages import Page, read, step_url
from wizard.models import Credential, Deployment, Operator
from wizard.services import deployments

CHOSEN: dict[str, Any] = stories.ANSWERS["placement"]


@pytest.fixture
def draft(operator: Operator) -> Deployment:
    return stories.answered(operator, "vcenter")


def offered(page: Page) -> set[str]:
    return {option["value"] for option in page.all("option") if "disabled" not in option}


def test_the_pick_lists_wait_for_the_datacenter(working: Client, draft: Deployment) -> None:
    page = read(working.get(step_url(draft, "placement")))
    assert {"DC0", "DC1"} <= offered(page)
    assert "Choose the datacenter first" in page.words
    assert page.value_of("vm_name") == draft.name


def test_choosing_a_datacenter_brings_what_it_has(working: Client, draft: Deployment) -> None:
    answer = working.get(
        step_url(draft, "placement") + "?datacenter=DC0&folder=Servers", headers={"HX-Request": "true"}
    )
    page = read(answer)
    assert not page.all("h1")
    assert page.all("div", id="placement-fields")
    assert {"DC0_C0", "shared", "VM Network", "Servers"} <= offered(page)
    assert "selected" in page.all("option", value="Servers")[0]
    # What is typed outside the lists is not replaced by them.
    assert not page.all("input", name="vm_name")
    assert deployments.form_of(draft, "placement") == ({}, 0)


def test_without_javascript_a_button_does_the_same(working: Client, draft: Deployment) -> None:
    answer = working.post(
        step_url(draft, "placement"), {"datacenter": "DC0", "action": "show", "vm_name": "x"}
    )
    assert answer.status_code == 200
    page = read(answer)
    assert page.all("h1")
    assert "DC0_C0" in offered(page)
    assert deployments.form_of(draft, "placement") == ({}, 0)


def test_what_cannot_work_stays_in_sight_with_the_reason(working: Client, draft: Deployment) -> None:
    page = read(working.get(step_url(draft, "placement") + "?datacenter=DC0", headers={"HX-Request": "true"}))
    for value in ("tiny", "DC0_H2"):
        (option,) = page.all("option", value=value)
        assert "disabled" in option
    assert "DC0_H2 is in maintenance mode" in page.words
    assert "50" in page.words
    assert "1280" in page.words.replace(",", "")


def test_a_choice_of_the_datacenter_before_is_forgotten(working: Client, draft: Deployment) -> None:
    page = read(
        working.get(
            step_url(draft, "placement") + "?datacenter=DC1&compute=DC0_C0&datastore=shared",
            headers={"HX-Request": "true"},
        )
    )
    selected = [option["value"] for option in page.all("option") if "selected" in option]
    assert selected == ["DC1", "shared"]


def test_the_placement_is_saved_and_shown_again(working: Client, draft: Deployment) -> None:
    answer = working.post(step_url(draft, "placement"), CHOSEN)
    assert answer["Location"] == step_url(draft, "template")
    page = read(working.get(step_url(draft, "placement")))
    selected = {option["value"] for option in page.all("option") if "selected" in option}
    assert {"DC0", "DC0_C0", "shared", "VM Network"} <= selected


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("datastore", "tiny", "tiny"),
        ("compute", "DC0_H2", "maintenance"),
        ("network", "gone", "gone"),
        ("vm_name", "old-cs", "old-cs"),
        ("vm_name", "a/b", "a/b"),
    ],
)
def test_what_cannot_work_is_refused_at_its_field(
    working: Client, draft: Deployment, field: str, value: str, words: str
) -> None:
    answer = working.post(step_url(draft, "placement"), CHOSEN | {field: value})
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("a", href=f"#id_{field}")
    assert words in page.words
    assert page.value_of("vm_name") == (value if field == "vm_name" else CHOSEN["vm_name"])


def test_the_inventory_says_how_old_it_is_and_is_read_again_on_request(
    working: Client, draft: Deployment
) -> None:
    page = read(working.get(step_url(draft, "placement")))
    assert "Inventory read" in page.words
    answer = working.post(step_url(draft, "placement"), {"action": "refresh"})
    assert answer.status_code == 302
    task = draft.tasks.get(kind="sign_in_vcenter", state="queued")
    (live,) = read(working.get(step_url(draft, "placement"))).all("div", id="live-task")
    assert str(task.pk) in live["hx-get"]
    assert "at=placement" in live["hx-get"]


def test_without_an_accepted_account_there_is_nothing_to_choose_from(
    working: Client, operator: Operator
) -> None:
    placed = stories.answered(operator, "placement")
    Credential.objects.update(standing=Credential.Standing.REJECTED)
    page = read(working.get(step_url(placed, "placement")))
    assert not page.all("select", name="datacenter")
    assert page.all("a", href=step_url(placed, "vcenter"))
