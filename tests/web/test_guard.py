from __future__ import annotations

import pytest
from django.test import Client

from tests import stories
from tests.web.pages import OPEN, addresses, read, step_url
from wizard.models import AuditEntry, Deployment, Operator

# What everybody may change is their own account.
OWN = {"account", "password_change", "set_password", "tokens", "revoke_token", "disconnect_provider"}
OWN |= {"sign_in_again", "sessions", "end_session", "end_other_sessions"}
OWN |= {"second_factors", "add_app", "remove_app", "add_passkey", "remove_passkey", "recovery_codes"}


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    return stories.answered(operator, "recorded")


def test_every_page_sends_strangers_to_the_sign_in(stranger: Client, recorded: Deployment) -> None:
    for name, address in addresses(recorded):
        if name in OPEN:
            continue
        for ask in (stranger.get, stranger.post):
            answer = ask(address)
            assert answer.status_code == 302, name
            assert answer["Location"].startswith("/sign-in/?next="), name


def test_a_form_that_is_sent_too_late_leads_back_to_the_page_that_it_was_sent_from(
    stranger: Client, recorded: Deployment
) -> None:
    task = recorded.tasks.first()
    page = f"http://testserver/tasks/{task.pk}/?from=list"
    late = stranger.post(f"/tasks/{task.pk}/cancel/", headers={"Referer": page})
    assert late["Location"] == f"/sign-in/?next=/tasks/{task.pk}/%3Ffrom%3Dlist&not_saved=1"
    elsewhere = stranger.post(f"/tasks/{task.pk}/cancel/", headers={"Referer": "https://example.net/x"})
    assert elsewhere["Location"] == f"/sign-in/?next=/tasks/{task.pk}/cancel/&not_saved=1"


def test_the_sign_in_says_that_what_was_sent_is_lost_and_only_then(
    stranger: Client, recorded: Deployment
) -> None:
    lost = "What you sent was not saved."
    page = f"http://testserver/deployments/{recorded.pk}/"
    late = stranger.post(f"/deployments/{recorded.pk}/delete/", {"name": "x"}, headers={"Referer": page})
    asked = read(stranger.get(late["Location"]))
    assert lost in asked.words
    assert asked.all("input", name="next")[-1]["value"] == f"/deployments/{recorded.pk}/"
    assert "sessionid" not in stranger.cookies, "what strangers send leaves no session behind"
    by_script = stranger.post(
        f"/deployments/{recorded.pk}/delete/",
        headers={"HX-Request": "true", "HX-Current-URL": page},
    )
    assert by_script["HX-Redirect"] == f"/sign-in/?next=/deployments/{recorded.pk}/&not_saved=1"
    looked = stranger.get(f"/deployments/{recorded.pk}/?not_saved=1")
    assert lost not in read(stranger.get(looked["Location"])).words


def test_what_a_list_was_filtered_by_is_not_forgotten_over_the_sign_in(
    stranger: Client, recorded: Deployment
) -> None:
    page = f"http://testserver/deployments/{recorded.pk}/machines/?q=web%201&page=2"
    answer = stranger.get(
        f"/deployments/{recorded.pk}/machines/", headers={"HX-Request": "true", "HX-Current-URL": page}
    )
    assert answer["HX-Redirect"] == (
        f"/sign-in/?next=/deployments/{recorded.pk}/machines/%3Fq%3Dweb%25201%26page%3D2"
    )


def test_a_polling_fragment_takes_a_stranger_to_the_sign_in_as_a_whole_page(
    stranger: Client, recorded: Deployment
) -> None:
    task = recorded.tasks.first()
    answer = stranger.get(
        f"/tasks/{task.pk}/progress/",
        headers={"HX-Request": "true", "HX-Current-URL": f"http://testserver/tasks/{task.pk}/"},
    )
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == f"/sign-in/?next=/tasks/{task.pk}/"


def test_who_may_look_may_change_nothing(looking: Client, recorded: Deployment) -> None:
    pages = list(addresses(recorded))
    before = AuditEntry.objects.count()
    for name, address in pages:
        if name in OPEN | OWN:
            continue
        assert looking.post(address).status_code in (403, 405), name
    assert AuditEntry.objects.count() == before


def test_who_may_look_is_refused_at_every_step_of_a_draft(looking: Client, operator: Operator) -> None:
    draft = stories.answered(operator, "vault")
    for step in ("profile", "capacity", "vcenter", "placement", "template", "vault", "preflight"):
        for action in ("", "probe", "trust", "sign_in", "refresh", "inspect", "start"):
            data = {"action": action, "sha256": stories.SHA256, "name": "other"}
            assert looking.post(step_url(draft, step), data).status_code == 403, (step, action)
    draft.refresh_from_db()
    assert draft.name != "other"


def test_who_may_look_sees_every_page_without_a_button_that_changes(
    looking: Client, recorded: Deployment
) -> None:
    changing = {"new_deployment", "delete_deployment", "waive", "attest"}
    changing |= {"add_physical_server", "change_physical_server"}
    changing |= {"remove_physical_server", "import_physical_servers"}
    changing |= {"add_component", "change_component", "remove_component"}
    changing |= {"reject_deployment"}
    # For reviewers alone; see test_audit_page.py.
    changing |= {"audit", "audit_file"}
    changing |= {"add_azure_account", "change_azure_account", "delete_azure_account"}
    # Teams are for administrators, and giving a deployment to one for those who work.
    changing |= {"teams", "add_team", "team", "rename_team", "delete_team", "remove_team_member"}
    changing |= {"team_of_deployment"}
    # Programs that are told are for those who work.
    changing |= {"webhooks", "add_webhook", "webhook", "change_webhook", "delete_webhook", "delivery"}
    for name, address in addresses(recorded):
        if name in OPEN | OWN | changing:
            continue
        answer = looking.get(address)
        if answer.status_code == 405 or not answer["Content-Type"].startswith("text/html"):
            continue
        # The catalogue's front page leads to the one of a profile; no file is with an answer that nobody gave.
        also = {"requirement_index": 302, "attested_file": 404}.get(name, 200)
        assert answer.status_code in (200, 286, also), name
        forms = [form.get("action", "") for form in read(answer).all("form", method="post")]
        assert {form for form in forms if form not in ("/i18n/setlang/", "/sign-out/")} <= {""}, name


def test_what_is_not_there_and_what_is_hidden_look_the_same(working: Client) -> None:
    answer = working.get("/deployments/00000000-0000-0000-0000-000000000000/")
    assert answer.status_code == 404
    assert "There is nothing here" in read(answer).words


def test_a_person_whose_account_was_closed_is_a_stranger(working: Client, operator: Operator) -> None:
    Operator.objects.filter(pk=operator.pk).update(is_active=False)
    assert working.get("/").status_code == 302


def test_pages_are_kept_by_no_cache(working: Client) -> None:
    answer = working.get("/")
    assert "no-store" in answer["Cache-Control"]
    assert "HX-Request" in answer["Vary"]


def test_what_is_done_is_written_down_with_where_it_came_from(working: Client) -> None:
    working.post(
        "/deployments/new/",
        {"name": "lyon-cs01", "profile": "asr-classic"},
        headers={"X-Request-ID": "abc-1"},
        REMOTE_ADDR="192.0.2.7",
    )
    entry = AuditEntry.objects.get(action="deployment.created")
    assert (entry.address, entry.request_id) == ("192.0.2.7", "abc-1")


@pytest.mark.parametrize(
    ("depth", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.7"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.9, 198.51.100.1", "203.0.113.9"),
        (3, "203.0.113.9", "192.0.2.7"),
        (1, "nonsense", None),
    ],
)
def test_only_what_own_proxies_say_of_the_address_is_believed(
    working: Client, settings: object, depth: int, forwarded: str, expected: str | None
) -> None:
    settings.PROXY_DEPTH = depth  # type: ignore[attr-defined]
    working.post(
        "/deployments/new/",
        {"name": "lyon-cs01", "profile": "asr-classic"},
        headers={"X-Forwarded-For": forwarded},
        REMOTE_ADDR="192.0.2.7",
    )
    assert AuditEntry.objects.get(action="deployment.created").address == expected


@pytest.mark.parametrize("step", ["capacity", "vcenter", "network", "vault", "template"])
def test_a_null_character_in_a_form_is_refused_and_kept_nowhere(
    working: Client, operator: Operator, step: str
) -> None:
    draft = stories.answered(operator, "source")
    answer = working.post(step_url(draft, step), {"host": "a\0b", "machines": "1"})
    assert answer.status_code == 400
    assert not draft.steps.filter(step=step).exists()


def test_a_null_character_in_a_search_is_refused(working: Client) -> None:
    assert working.get("/", {"q": "a\0b"}).status_code == 400
