from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import stories
from tests.builders import make_deployment, make_operator
from tests.web.pages import read, step_url
from wizard.models import Deployment, DeploymentState, Operator
from wizard.services import deployments

NETWORK = {
    "host_name": "cs01",
    "dns_suffix": "lab.test",
    "address": "192.0.2.10",
    "netmask": "255.255.255.0",
    "gateway": "192.0.2.1",
    "dns": "192.0.2.2, 192.0.2.3",
    "ntp": "",
    "proxy": "",
    "data_port": "9443",
}


@pytest.fixture
def draft(operator: Operator) -> Deployment:
    return stories.answered(operator, "source")


def test_a_new_deployment_begins_with_its_name_and_leads_to_the_next_step(working: Client) -> None:
    answer = working.post("/deployments/new/", {"name": "lyon-cs01", "profile": "asr-classic"})
    made = Deployment.objects.get()
    assert made.name == "lyon-cs01"
    assert answer["Location"] == step_url(made, "source")


@pytest.mark.parametrize(
    ("name", "profile"), [("no good!", "asr-classic"), ("lyon", ""), ("lyon", "asr-quantum")]
)
def test_a_bad_name_or_no_architecture_is_refused_with_what_was_typed(
    working: Client, name: str, profile: str
) -> None:
    answer = working.post("/deployments/new/", {"name": name, "profile": profile})
    assert answer.status_code == 422
    assert read(answer).value_of("name") == name
    assert not Deployment.objects.exists()


def test_the_page_of_a_new_deployment_says_that_classic_is_retired(working: Client) -> None:
    words = read(working.get("/deployments/new/")).words
    assert "Microsoft retired the classic architecture in March 2026" in words
    assert "Modernized: replication appliance" in words


def test_the_supported_architecture_is_offered_first_and_none_is_taken_for_granted(working: Client) -> None:
    offered = read(working.get("/deployments/new/")).all("input", name="profile")
    assert [choice["value"] for choice in offered] == ["asr-modernized", "asr-classic"]
    assert not any("checked" in choice for choice in offered)


def test_a_step_that_is_saved_leads_to_the_next_one(working: Client, draft: Deployment) -> None:
    answer = working.post(
        step_url(draft, "capacity"), {"machines": "120", "daily_change_gb": "700.5", "version": "0"}
    )
    assert answer["Location"] == step_url(draft, "vcenter")
    saved, version = deployments.form_of(draft, "capacity")
    assert (saved["machines"], saved["daily_change_gb"], saved["failback"], version) == (120, 700.5, False, 1)


def test_the_fields_of_a_step_come_from_its_declaration(working: Client, draft: Deployment) -> None:
    page = read(working.get(step_url(draft, "network")))
    assert page.value_of("ntp") == "time.windows.com, time.nist.gov"
    assert page.value_of("data_port") == "9443"
    assert page.value_of("host_name") == ""
    assert "At most 15 characters, without a domain." in page.words


def test_a_list_may_be_typed_with_commas_and_an_emptied_one_stays_empty(
    working: Client, draft: Deployment
) -> None:
    assert working.post(step_url(draft, "network"), NETWORK).status_code == 302
    saved, _version = deployments.form_of(draft, "network")
    assert saved["dns"] == ["192.0.2.2", "192.0.2.3"]
    assert saved["ntp"] == []
    assert read(working.get(step_url(draft, "network"))).value_of("dns") == "192.0.2.2, 192.0.2.3"


def test_an_error_stands_at_its_field_and_nothing_typed_is_lost(working: Client, draft: Deployment) -> None:
    typed = NETWORK | {"address": "10.0.0.999", "gateway": "192.0.2.1", "dns": "192.0.2.2 nonsense"}
    answer = working.post(step_url(draft, "network"), typed)
    assert answer.status_code == 422
    page = read(answer)
    for name, value in typed.items():
        assert page.value_of(name) == value, name
    (address,) = page.all("input", name="address")
    assert address["aria-invalid"] == "true"
    assert "id_address_error" in address["aria-describedby"]
    (dns,) = page.all("input", name="dns")
    assert dns["aria-invalid"] == "true"
    assert page.all("a", href="#id_address")
    assert "aria-invalid" not in page.all("input", name="gateway")[0]


def test_what_was_refused_is_still_there_when_somebody_comes_back_later(
    working: Client, draft: Deployment
) -> None:
    working.post(step_url(draft, "network"), NETWORK | {"address": "10.0.0.999"})
    page = read(working.get(step_url(draft, "network")))
    assert page.value_of("address") == "10.0.0.999"
    assert page.value_of("host_name") == "cs01"


def test_an_answer_that_is_corrected_after_an_error_is_no_conflict_with_itself(
    working: Client, draft: Deployment
) -> None:
    first = read(working.get(step_url(draft, "capacity"))).value_of("version")
    bad = working.post(
        step_url(draft, "capacity"), {"machines": "0", "daily_change_gb": "1", "version": first}
    )
    again = read(bad).value_of("version")
    good = working.post(
        step_url(draft, "capacity"), {"machines": "3", "daily_change_gb": "1", "version": again}
    )
    assert good.status_code == 302


def test_two_operators_who_save_the_same_step_do_not_overwrite_each_other(
    working: Client, draft: Deployment
) -> None:
    other = Client()
    other.force_login(make_operator("olga", Operator.Role.OPERATOR))
    address = step_url(draft, "capacity")
    version = read(working.get(address)).value_of("version")
    assert (
        other.post(address, {"machines": "50", "daily_change_gb": "99", "version": version}).status_code
        == 302
    )

    late = working.post(address, {"machines": "120", "daily_change_gb": "99", "version": version})

    assert late.status_code == 409
    page = read(late)
    assert "olga saved this step after you opened it." in page.words
    assert page.value_of("machines") == "120"
    assert "Number of machines 50" in page.words  # what is there now, beside what was typed
    assert deployments.form_of(draft, "capacity")[0]["machines"] == 50
    # Having compared, the second one may save over it, knowingly.
    knowing = {"machines": "120", "daily_change_gb": "99", "version": page.value_of("version")}
    assert working.post(address, knowing).status_code == 302
    assert deployments.form_of(draft, "capacity")[0]["machines"] == 120


def test_from_the_check_of_all_answers_a_change_leads_back_there(working: Client, draft: Deployment) -> None:
    address = step_url(draft, "capacity")
    page = read(working.get(address + "?back=answers"))
    assert page.value_of("back") == "answers"
    answer = working.post(address, {"machines": "3", "daily_change_gb": "1", "back": "answers"})
    assert answer["Location"] == f"/deployments/{draft.pk}/answers/"


def test_only_the_known_way_back_is_followed(working: Client, draft: Deployment) -> None:
    answer = working.post(
        step_url(draft, "capacity"), {"machines": "3", "daily_change_gb": "1", "back": "https://example.net/"}
    )
    assert answer["Location"] == step_url(draft, "vcenter")


def test_a_step_that_cannot_start_says_why_and_offers_no_form(working: Client, operator: Operator) -> None:
    new = make_deployment(operator)
    page = read(working.get(step_url(new, "placement")))
    assert "Cannot start yet. First complete: Capacity, vCenter Server." in page.words
    assert not page.all("input", name="vm_name")


def test_a_step_that_is_not_there_is_not_found(working: Client, draft: Deployment) -> None:
    assert working.get(step_url(draft, "lunch")).status_code == 404
    assert working.post(step_url(draft, "lunch")).status_code == 404


def test_the_sizing_is_shown_with_the_row_it_came_from(working: Client, operator: Operator) -> None:
    draft = stories.answered(operator, "capacity")
    words = read(working.get(step_url(draft, "capacity"))).words
    assert "12 vCPU" in words
    assert "120 machines fall into row M" in words


def test_the_sizing_follows_what_is_typed_before_it_is_saved(working: Client, draft: Deployment) -> None:
    answer = working.get(
        step_url(draft, "capacity") + "?advice=1&machines=20&daily_change_gb=100",
        headers={"HX-Request": "true"},
    )
    page = read(answer)
    assert not page.all("h1")
    assert "8 vCPU" in page.words
    assert deployments.form_of(draft, "capacity") == ({}, 0)


def test_saving_to_see_the_sizing_stays_on_the_page(working: Client, draft: Deployment) -> None:
    answer = working.post(step_url(draft, "capacity"), {"machines": "3", "daily_change_gb": "1", "stay": "1"})
    assert answer["Location"] == step_url(draft, "capacity")


def test_the_rules_about_the_method_follow_what_is_chosen(working: Client, operator: Operator) -> None:
    new = make_deployment(operator)
    page = read(
        working.get(step_url(new, "source") + "?advice=1&protects=physical", headers={"HX-Request": "true"})
    )
    assert "DD05" in page.words
    assert "Only physical servers are to be protected" in page.words


def test_nothing_is_recommended_before_anything_is_chosen(working: Client, operator: Operator) -> None:
    url = step_url(make_deployment(operator), "source")
    words = read(working.get(url)).words
    assert "DD01" in words
    assert "DD03" not in words
    chosen = read(working.get(url + "?advice=1&protects=vmware", headers={"HX-Request": "true"})).words
    assert "DD03" in chosen


def test_either_method_can_be_chosen(working: Client, operator: Operator) -> None:
    page = read(working.get(step_url(make_deployment(operator), "source")))
    for method in ("ova", "manual"):
        (choice,) = page.all("input", value=method)
        assert "disabled" not in choice


def test_the_vault_is_confirmed_by_its_name(working: Client, draft: Deployment) -> None:
    typed: dict[str, Any] = stories.ANSWERS["vault"] | {"confirm_name": "lyon-vautl"}
    answer = working.post(step_url(draft, "vault"), typed)
    assert answer.status_code == 422
    page = read(answer)
    (field,) = page.all("input", name="confirm_name")
    assert (field["value"], field["aria-invalid"]) == ("lyon-vautl", "true")
    assert working.post(step_url(draft, "vault"), stories.ANSWERS["vault"]).status_code == 302


def test_the_regions_are_grouped_by_cloud_and_one_of_another_cloud_is_refused(
    working: Client, draft: Deployment
) -> None:
    page = read(working.get(step_url(draft, "vault")))
    assert len(page.all("optgroup")) == 3
    typed: dict[str, Any] = stories.ANSWERS["vault"] | {"cloud": "china"}
    answer = working.post(step_url(draft, "vault"), typed)
    assert answer.status_code == 422
    (chosen,) = read(answer).all("option", value="francecentral")
    assert "selected" in chosen


def test_the_name_may_change_while_the_deployment_is_a_draft(working: Client, draft: Deployment) -> None:
    page = read(working.get(step_url(draft, "profile")))
    answer = working.post(
        step_url(draft, "profile"), {"name": "lyon-cs02", "version": page.value_of("version")}
    )
    assert answer["Location"] == f"/deployments/{draft.pk}/"
    draft.refresh_from_db()
    assert draft.name == "lyon-cs02"


def test_a_name_that_is_taken_is_refused_at_its_field(
    working: Client, operator: Operator, draft: Deployment
) -> None:
    make_deployment(operator, "taken")
    answer = working.post(step_url(draft, "profile"), {"name": "taken"})
    assert answer.status_code == 422
    page = read(answer)
    assert page.value_of("name") == "taken"
    assert page.all("a", href="#id_name")


def test_a_name_is_not_given_over_somebody_elses_change(working: Client, draft: Deployment) -> None:
    seen = read(working.get(step_url(draft, "profile"))).value_of("version")
    deployments.keep_draft(draft, "network", {"host_name": "cs01"}, actor=draft.created_by)
    answer = working.post(step_url(draft, "profile"), {"name": "mine", "version": seen})
    assert answer.status_code == 409
    assert read(answer).value_of("name") == "mine"


def test_answers_of_a_deployed_appliance_are_shown_and_not_changed(
    working: Client, operator: Operator
) -> None:
    deployed = stories.answered(operator, "deployed")
    page = read(working.get(step_url(deployed, "capacity")))
    assert page.value_of("machines") == "120"
    assert "can no longer be changed" in page.words
    assert "disabled" in page.all("fieldset", class_="whole")[0]
    assert "Save and continue" not in page.words
    answer = working.post(step_url(deployed, "capacity"), {"machines": "3", "daily_change_gb": "1"})
    assert answer.status_code == 409
    assert read(answer).value_of("machines") == "3"


def test_answers_wait_while_a_task_changes_the_deployment(working: Client, operator: Operator) -> None:
    checked = stories.answered(operator, "checked")
    task = stories.running(checked, "deploy_ova", operator)
    page = read(working.get(step_url(checked, "capacity")))
    assert page.all("a", href=f"/tasks/{task.pk}/")
    assert "Save and continue" not in page.words
    assert (
        working.post(step_url(checked, "capacity"), {"machines": "3", "daily_change_gb": "1"}).status_code
        == 409
    )
    assert deployments.answers_of(checked)["capacity"]["machines"] == 120


def test_a_changed_answer_takes_a_checked_deployment_back(working: Client, operator: Operator) -> None:
    checked = stories.answered(operator, "checked")
    working.post(step_url(checked, "capacity"), {"machines": "121", "daily_change_gb": "700"})
    checked.refresh_from_db()
    assert checked.state == DeploymentState.DRAFT
