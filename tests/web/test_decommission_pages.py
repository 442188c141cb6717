"""The pages that take a component or a deployment out of service, and what a deployment looks like afterwards."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests import stories
from tests.builders import make_deployment
from tests.services.test_decommission import CS, VCENTER, VCENTER_LINK, add, end, key_of, look, protecting
from tests.web.pages import OPEN, Page, addresses, read, step_url
from wizard.models import Deployment, Operator
from wizard.services import decommission

pytestmark = pytest.mark.django_db


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    return stories.answered(operator, "recorded", name="lyon-cs01")


def url(deployment: Deployment, key: str = "") -> str:
    there = reverse("decommission_steps", args=[deployment.pk])
    return f"{there}?component={key}" if key else there


def show(client: Client, address: str) -> Page:
    answer = client.get(address)
    assert answer.status_code == 200
    return read(answer)


def test_the_way_leads_from_the_deployment_to_the_steps(
    working: Client, recorded: Deployment, operator: Operator
) -> None:
    add(recorded, operator)
    overview = reverse("decommission", args=[recorded.pk])
    assert show(working, recorded.get_absolute_url()).all("a", href=overview)
    page = show(working, overview)
    assert "PS02 Scale-out process server" in page.words
    assert "0 of 4" in page.words
    (link,) = [found["href"] for found in page.all("a") if "PS02" in found.get("href", "")]
    steps = show(working, link)
    assert "perl Unregister-ASRComponent.pl -IPAddress" in steps.words
    assert "Microsoft Azure Site Recovery Configuration Server/Process Server" in steps.words
    assert "Cannot be undone" in steps.words


def test_the_way_leads_there_from_wherever_somebody_looks_at_what_stands(
    working: Client, recorded: Deployment, operator: Operator
) -> None:
    row = add(recorded, operator)
    overview = reverse("decommission", args=[recorded.pk])
    for name in ("deployment", "topology", "components"):
        page = show(working, reverse(name, args=[recorded.pk]))
        assert page.all("a", href=overview), name
    component = show(working, reverse("component", args=[recorded.pk, row.pk]))
    (link,) = [
        found["href"] for found in component.all("a") if "/decommission/steps/" in found.get("href", "")
    ]
    assert "Take PS02 out of service" in show(working, link).words


def test_a_draft_has_nothing_to_take_out_of_service(working: Client, operator: Operator) -> None:
    draft = make_deployment(operator, "lyon-draft")
    page = show(working, draft.get_absolute_url())
    assert not page.all("a", href=reverse("decommission", args=[draft.pk]))


def test_what_is_in_the_way_is_said_where_it_stands(working: Client, recorded: Deployment) -> None:
    look(recorded, CS, VCENTER, protecting(5), links=[VCENTER_LINK])
    page = show(working, url(recorded))
    assert "The vault shows 5 machines that replicate through it." in page.words
    assert "vCenters are still registered: vcenter.lab.test." in page.words
    assert not page.all("button", value="confirm"), "what the vault sees nobody confirms"
    assert not page.all("button", value="finish")


def test_steps_are_confirmed_and_taken_back(working: Client, recorded: Deployment) -> None:
    answer = working.post(
        url(recorded), {"action": "confirm", "step": "replication_disabled", "note": "CHG-1"}
    )
    assert (answer.status_code, answer["Location"]) == (302, url(recorded))
    page = show(working, url(recorded))
    assert "Confirmed by oskar" in page.words
    assert "CHG-1" in page.words
    early = working.post(url(recorded), {"action": "confirm", "step": "server_deleted"}, follow=True)
    assert "cannot be done yet" in read(early).words
    working.post(url(recorded), {"action": "take_back", "step": "replication_disabled"})
    assert "Confirmed by" not in show(working, url(recorded)).words
    assert working.post(url(recorded), {"action": "nonsense"}).status_code == 404


def test_the_end_asks_for_the_name(working: Client, recorded: Deployment, operator: Operator) -> None:
    key = key_of(recorded, "vcenter.lab.test")
    for state in decommission.plan_of(recorded, key).steps:
        decommission.confirm(recorded, key, state.step.id, actor=operator)
    assert show(working, url(recorded, key)).all("button", value="finish")
    wrong = working.post(url(recorded, key), {"action": "finish", "name": "lyon"})
    assert wrong.status_code == 422
    assert "Type the name as it stands here: vcenter.lab.test." in read(wrong).words
    assert read(wrong).value_of("name") == "lyon"
    right = working.post(url(recorded, key), {"action": "finish", "name": "vcenter.lab.test"}, follow=True)
    assert "vcenter.lab.test is out of service." in read(right).words


def test_a_draft_has_no_such_page(working: Client, operator: Operator) -> None:
    draft = make_deployment(operator)
    assert working.get(url(draft)).status_code == 409
    assert "Take it out of service" not in show(working, draft.get_absolute_url()).words


def test_afterwards_every_page_is_readable_and_no_button_changes_anything(
    working: Client, recorded: Deployment, operator: Operator
) -> None:
    pages = list(addresses(recorded))
    end(recorded, operator)
    own = {"account", "password_change", "set_password", "tokens", "revoke_token"}
    changing = {
        "delete_deployment",
        "add_physical_server",
        "change_physical_server",
        "remove_physical_server",
    }
    changing |= {"import_physical_servers", "waive", "attest", "new_deployment"}
    # Forms that can be opened; what they send is refused.
    changing |= {"add_component", "change_component", "remove_component"}
    # Whose history it is may still be said; reviewers alone see how something is rejected.
    changing |= {"team_of_deployment", "reject_deployment"}
    seen = 0
    for step in ("preflight", "deploy", "register", "record"):
        page = show(working, step_url(recorded, step))
        assert not page.all("form", method="post", action="")[1:], step
        assert not [
            found for found in page.all("button", type="submit") if "button--small" not in found["class"]
        ], step
    for name, address in pages:
        # Answers are shown in a form that is closed.
        if str(recorded.pk) not in address or name in OPEN | own | changing | {"step"}:
            continue
        answer = working.get(address)
        if answer.status_code == 405 or not answer["Content-Type"].startswith("text/html"):
            continue
        assert answer.status_code in (200, 404), name
        forms = [form.get("action", "") for form in read(answer).all("form", method="post")]
        # A pack may still be taken away.
        assert not [
            form
            for form in forms
            if form not in ("/i18n/setlang/", "/sign-out/") and not form.endswith("/file")
        ], (name, forms)
        seen += 1
    assert seen > 12
    home = show(working, recorded.get_absolute_url()).words
    assert "Out of service" in home
    assert "Decommissioned" in home
    assert "Next:" not in home
    assert "Decommissioned" in show(working, "/?state=decommissioned").words
