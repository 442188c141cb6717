"""Both architectures on the same pages: each question is asked where it applies, each page says what it is about."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import stories
from tests.builders import make_deployment
from tests.services import machines
from tests.web.pages import Page, read, step_url
from wizard.journey import base as journey
from wizard.models import Deployment, Operator
from wizard.services import deployments

VAULT = stories.ANSWERS["vault"]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def modernized(operator: Operator) -> Deployment:
    return deployments.create(name="oslo-ra01", profile="asr-modernized", actor=operator)


@pytest.fixture
def classic(operator: Operator) -> Deployment:
    return make_deployment(operator, "lyon-cs01")


def fields(page: Page) -> set[str]:
    known = {
        attributes["name"]
        for tag, attributes in page.elements
        if tag in ("input", "select") and attributes.get("type") != "hidden" and attributes.get("name")
    }
    return known - {"language", "q"}


def page_of(client: Client, deployment: Deployment, step: str, **query: Any) -> Page:
    answer: Any = client.get(step_url(deployment, step), query, headers=HTMX if query else None)
    return read(answer)


def further_server(operator: Operator) -> Deployment:
    return machines.by_hand(
        operator,
        source={"protects": ["vmware"], "component": "ps_scaleout", "runs_on": "vmware"},
        installation={"cs_address": "192.0.2.5"},
    )


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_the_modernized_profile_does_not_ask_which_server(
    working: Client, modernized: Deployment, classic: Deployment
) -> None:
    assert fields(page_of(working, modernized, "source")) == {"protects", "method", "runs_on"}
    assert fields(page_of(working, classic, "source")) == {"protects", "component", "method", "runs_on"}


def test_what_the_template_makes_is_not_asked_for(working: Client, classic: Deployment) -> None:
    chosen = {"protects": "vmware", "component": "cs"}
    answer = page_of(working, classic, "source", advice=1, method="ova", asked="protects method", **chosen)
    assert "runs_on" not in fields(answer)
    assert answer.all("div", id="questions")[0]["hx-swap-oob"] == "true"
    answer = page_of(working, classic, "source", advice=1, method="manual", asked="", **chosen)
    assert "runs_on" in fields(answer)


def test_questions_that_stay_the_same_are_left_alone_while_somebody_types(
    working: Client, classic: Deployment
) -> None:
    asked = page_of(working, classic, "source").value_of("asked")
    answer = page_of(working, classic, "source", advice=1, protects="vmware", method="manual", asked=asked)
    assert not answer.all("div", id="questions")
    assert answer.all("section", id="advice")


def test_without_javascript_a_question_that_an_answer_opens_is_asked_before_anything_is_saved(
    working: Client, operator: Operator
) -> None:
    draft = stories.answered(operator, "source")
    page = page_of(working, draft, "capacity")
    assert "linux_failback" not in fields(page)
    typed = {"machines": "10", "daily_change_gb": "20", "failback": "on", "asked": page.value_of("asked")}
    answer = working.post(step_url(draft, "capacity"), typed)
    assert answer.status_code == 422
    page = read(answer)
    assert "Your answer leads to a further question" in page.words
    assert "linux_failback" in fields(page)
    assert page.value_of("machines") == "10"
    assert "capacity" not in deployments.answers_of(draft)
    typed |= {"asked": page.value_of("asked"), "version": page.value_of("version")}
    assert working.post(step_url(draft, "capacity"), typed).status_code == 302
    assert deployments.answers_of(draft)["capacity"]["linux_failback"] is False


def test_without_javascript_the_machine_of_a_manual_installation_is_asked_for_again(
    working: Client, operator: Operator
) -> None:
    draft = stories.answered(operator, "source")
    page = page_of(working, draft, "source")
    assert "runs_on" not in fields(page)
    typed = {"protects": ["vmware"], "component": "cs", "method": "manual", "asked": page.value_of("asked")}
    page = read(working.post(step_url(draft, "source"), typed))
    assert "runs_on" in fields(page)
    assert deployments.answers_of(draft)["source"]["method"] == "ova"
    typed |= {"runs_on": "physical", "asked": page.value_of("asked")}
    assert working.post(step_url(draft, "source"), typed).status_code == 302
    assert deployments.answers_of(draft)["source"]["runs_on"] == "physical"


def test_a_contradiction_between_shown_questions_is_refused_and_not_dropped(
    working: Client, classic: Deployment
) -> None:
    typed = {"protects": ["vmware"], "component": "cs", "method": "ova", "runs_on": "physical"}
    asked = page_of(working, classic, "source").value_of("asked")
    answer = working.post(step_url(classic, "source"), {**typed, "asked": asked})
    assert answer.status_code == 422
    page = read(answer)
    assert "The OVA template cannot be put on a physical server." in page.words
    assert "runs_on" in fields(page)


def test_a_further_process_server_is_asked_for_its_configuration_server_and_for_no_database(
    working: Client, operator: Operator
) -> None:
    server = machines.by_hand(operator)
    assert fields(page_of(working, server, "installation")) == {
        "install_drive",
        "mysql",
        "data_adapter_address",
        "accept_third_party_license",
    }
    assert fields(page_of(working, further_server(operator), "installation")) == {
        "install_drive",
        "cs_address",
        "data_adapter_address",
        "accept_third_party_license",
    }


def test_only_the_modernized_profile_asks_for_a_vault_of_its_own(
    working: Client, modernized: Deployment, operator: Operator
) -> None:
    deployments.answer(modernized, "source", {"protects": ["vmware"], "method": "ova"}, actor=operator)
    page = page_of(working, modernized, "vault")
    assert "exclusive" in fields(page)
    assert "Once the replication appliance is registered with a vault" in page.words
    assert "Once the configuration server is registered" not in page.words
    answer = working.post(step_url(modernized, "vault"), VAULT)
    assert answer.status_code == 422
    assert "needs a vault that is new and serves nothing else" in read(answer).words
    assert working.post(step_url(modernized, "vault"), {**VAULT, "exclusive": "on"}).status_code == 302
    assert "exclusive" not in fields(page_of(working, stories.answered(operator, "source"), "vault"))


def test_the_vault_of_a_process_server_is_that_of_its_configuration_server(
    working: Client, operator: Operator
) -> None:
    page = page_of(working, further_server(operator), "vault")
    assert "Name the vault of the configuration server that the process server joins." in page.words
    assert "MySQL" not in page.words


def test_the_sizing_of_an_appliance_counts_appliances(
    working: Client, modernized: Deployment, operator: Operator
) -> None:
    deployments.answer(modernized, "source", {"protects": ["vmware"], "method": "ova"}, actor=operator)
    typed = {"advice": 1, "machines": "900", "daily_change_gb": "3000"}
    words = page_of(working, modernized, "capacity", **typed).words
    assert "Replication appliances" in words
    assert "Further process servers" not in words


# --- what the rules say -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "rule"),
    [
        ({"protects": "vmware", "component": "ps_scaleout", "method": "manual"}, "DD12"),
        ({"protects": "physical", "component": "cs", "method": "manual"}, "DD05"),
        ({"protects": "vmware", "component": "cs", "method": "manual", "runs_on": "physical"}, "DD04"),
    ],
)
def test_the_rules_follow_the_server_and_what_it_runs_on(
    working: Client, classic: Deployment, chosen: dict[str, str], rule: str
) -> None:
    page = page_of(working, classic, "source", advice=1, asked="", **chosen)
    assert f"{rule} No template" in page.words


def test_the_appliance_on_a_physical_server_gets_its_own_rule(
    working: Client, modernized: Deployment
) -> None:
    chosen = {"protects": "physical", "method": "manual", "runs_on": "physical"}
    words = page_of(working, modernized, "source", advice=1, asked="", **chosen).words
    assert "DD15 No template The appliance is to be a physical machine" in words
    assert "DD14 Warning The modernized appliance offers no failback at all for physical servers." in words


def test_private_endpoints_speak_up_at_the_source_step(working: Client, operator: Operator) -> None:
    draft = stories.answered(operator, "vault")
    assert "DD08" not in page_of(working, draft, "source").words
    deployments.answer(draft, "vault", {**VAULT, "private_endpoints": True}, actor=operator)
    assert "DD08" in page_of(working, draft, "source").words


# --- what pages say ---------------------------------------------------------------------------------------------------


def test_the_architecture_and_the_server_are_named_in_the_list_and_at_home(
    working: Client, modernized: Deployment, operator: Operator
) -> None:
    server = machines.by_hand(operator)
    words = read(working.get("/")).words
    assert "Modernized · Replication appliance" in words
    assert "Classic · Configuration server" in words
    assert "Modernized · Replication appliance" in read(working.get(f"/deployments/{modernized.pk}/")).words
    assert "Classic · Configuration server" in read(working.get(f"/deployments/{server.pk}/")).words


def test_only_classic_carries_the_notice_of_its_retirement(
    working: Client, modernized: Deployment, classic: Deployment
) -> None:
    assert "retired the classic architecture" in page_of(working, classic, "profile").words
    assert "retired the classic architecture" not in page_of(working, modernized, "profile").words


def test_steps_that_do_not_apply_are_shown_with_the_reason(working: Client, operator: Operator) -> None:
    server = machines.by_hand(operator)
    page = read(working.get(f"/deployments/{server.pk}/"))
    assert "Not needed for the chosen installation method." in page.words
    assert "Not needed: no VMware virtual machines are protected." in page.words
    assert not page.all("a", href=step_url(server, "vcenter"))
    assert page.all("a", href=step_url(server, "evidence"))


@pytest.mark.parametrize("profile", ["asr-modernized", "asr-classic"])
@pytest.mark.parametrize("language", ["en", "fr", "sv"])
def test_every_step_of_every_profile_has_a_page_in_every_language(
    working: Client, operator: Operator, profile: str, language: str
) -> None:
    deployment = deployments.create(name="lyon", profile=profile, actor=operator)
    working.post("/i18n/setlang/", {"language": language})
    for method in ("ova", "manual"):
        deployments.answer(deployment, "source", {"protects": ["vmware"], "method": method}, actor=operator)
        for step in journey.journey(profile):
            answer = working.get(step_url(deployment, step.id))
            assert answer.status_code == 200, (method, step.id)
            assert f'lang="{language}"' in answer.content.decode()
        assert working.get(f"/deployments/{deployment.pk}/answers/").status_code == 200


def test_the_answers_show_only_what_was_asked(working: Client, operator: Operator) -> None:
    server = machines.by_hand(operator)
    words = read(working.get(f"/deployments/{server.pk}/answers/")).words
    assert "MySQL Downloaded by Unified Setup" in words
    assert "Address of the configuration server" not in words
    assert "By hand: download the script" in words
    assert "Certificate thumbprint" not in words
    assert "Linux machines return too" not in words
    words = read(working.get(f"/deployments/{further_server(operator).pk}/answers/")).words
    assert "Address of the configuration server 192.0.2.5" in words
    assert "MySQL" not in words


# --- moving -----------------------------------------------------------------------------------------------------------


def test_a_classic_deployment_shows_what_moving_would_take(
    working: Client, classic: Deployment, operator: Operator
) -> None:
    address = f"/deployments/{classic.pk}/move/"
    assert read(working.get(f"/deployments/{classic.pk}/")).all("a", href=address)
    page = read(working.get(address))
    assert "follows from the capacity step" in page.words
    assert "Managed disks" in page.words
    stories.answer(classic, "source", operator)
    stories.answer(classic, "capacity", operator)
    words = read(working.get(address)).words
    assert "Batches in the portal 12" in words
    assert "Replication appliances 1" in words
    assert "Recovery plans are not moved" in words


def test_there_is_nothing_to_move_for_an_appliance_or_a_further_process_server(
    working: Client, modernized: Deployment, operator: Operator
) -> None:
    for deployment in (modernized, further_server(operator)):
        address = f"/deployments/{deployment.pk}/move/"
        assert working.get(address).status_code == 404
        assert not read(working.get(f"/deployments/{deployment.pk}/")).all("a", href=address)


# --- recording --------------------------------------------------------------------------------------------------------


def test_a_physical_site_goes_from_the_installation_straight_to_recording(
    working: Client, operator: Operator
) -> None:
    server = machines.by_hand(operator)
    machines.hear(server, operator)
    stories.check(server, operator)
    deployments.move_to(server, "deployed")  # type: ignore[arg-type]
    page = page_of(working, server, "install")
    assert page.all("a", href=step_url(server, "record"))
    page = page_of(working, server, "record")
    assert page.all("svg")
    assert working.post(step_url(server, "record"), {"action": "start"}).status_code == 302
    assert server.tasks.filter(kind="record_topology", state="queued").count() == 1


def test_a_process_server_without_its_configuration_server_is_refused_at_the_field(
    working: Client, operator: Operator
) -> None:
    server = further_server(operator)
    typed = {"install_drive": "D:", "accept_third_party_license": "on", "cs_address": ""}
    answer = working.post(step_url(server, "installation"), typed)
    assert answer.status_code == 422
    assert read(answer).all("input", name="cs_address")[0]["aria-invalid"] == "true"
