"""Who comes in, and who changes what: people, by administrators, and nothing else by anybody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.contrib import admin as django_admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.builders import make_operator
from tests.console.conftest import furnish, signed_in
from tests.console.test_pages import REGISTERED, list_url, page_url
from wizard.models import AuditEntry, Operator, Team

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

PEOPLE = "/console/wizard/operator/"
RECORDS = [model for model in REGISTERED if model is not Operator]
NEW = {
    "username": "mallory",
    "role": "admin",
    "is_staff": "on",
    "usable_password": "true",
    "password1": "a long enough phrase",
    "password2": "a long enough phrase",
}


def form_of(user: Operator, **changed: Any) -> dict[str, Any]:
    fields = {"username": user.username, "role": user.role, "email": user.email}
    fields |= {name: "on" for name in ("is_active", "is_staff") if getattr(user, name)}
    return {name: value for name, value in (fields | changed).items() if value is not None}


@pytest.mark.parametrize("path", ["/console/", PEOPLE, "/console/wizard/task/", "/console/nowhere/"])
def test_strangers_are_sent_to_the_sign_in_of_the_product(db: None, path: str) -> None:
    response = Client().get(path, follow=True)
    assert response.redirect_chain[-1][0] == f"/sign-in/?next={path}"


@pytest.mark.parametrize("role", [Operator.Role.VIEWER, Operator.Role.OPERATOR])
def test_who_is_not_staff_is_told_so(db: None, role: str) -> None:
    client = signed_in(make_operator("nina", role))
    for path in ("/console/", PEOPLE, "/console/wizard/task/"):
        response = client.get(path, follow=True)
        assert response.status_code == 403
        assert "The console is for reviewers." in response.content.decode()


@pytest.mark.parametrize("role", [Operator.Role.REVIEWER, Operator.Role.ADMIN])
def test_reviewers_and_administrators_need_nobodys_leave(db: None, role: str) -> None:
    client = signed_in(make_operator("nina", role))
    assert client.get("/console/").status_code == 200
    assert client.get("/console/wizard/task/").status_code == 200


@pytest.mark.parametrize(("role", "led"), [("viewer", False), ("operator", False), ("reviewer", True)])
def test_the_pages_lead_to_the_console_whom_it_lets_in(db: None, role: str, led: bool) -> None:
    page = signed_in(make_operator("sven", role=role)).get(reverse("deployments")).content.decode()
    assert (f'href="{reverse("admin:index")}"' in page) is led


def test_who_left_is_a_stranger(reviewer: Operator, reading: Client) -> None:
    Operator.objects.update(is_active=False)
    response = reading.get("/console/", follow=True)
    assert response.redirect_chain[-1][0] == "/sign-in/?next=/console/"


def test_a_role_that_is_none_sees_nothing(db: None) -> None:
    nobody = signed_in(make_operator("nobody", "", is_staff=True))
    assert nobody.get("/console/", follow=True).status_code == 403


@pytest.mark.parametrize("who", ["reading", "deciding", "superuser"])
def test_nobody_adds_changes_or_deletes_a_record(
    request: pytest.FixtureRequest, operator: Operator, who: str
) -> None:
    furnish(operator)
    if who == "superuser":
        client = signed_in(make_operator("root", Operator.Role.ADMIN, is_staff=True, is_superuser=True))
    else:
        client = request.getfixturevalue(who)
    for model in RECORDS:
        row = model._default_manager.all()[0]
        before = list(model._default_manager.values_list("pk", flat=True))
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        change = page_url(row)
        for url in (reverse(f"admin:{name}_add"), change, reverse(f"admin:{name}_delete", args=[row.pk])):
            assert client.post(url, {"post": "yes", "_save": "1"}).status_code == 403, url
        assert client.get(reverse(f"admin:{name}_add")).status_code == 403, name
        chosen = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
        client.post(list_url(model), chosen)
        assert list(model._default_manager.values_list("pk", flat=True)) == before, name


@pytest.mark.parametrize("role", [Operator.Role.VIEWER, Operator.Role.OPERATOR])
def test_staff_without_the_role_change_no_person_and_not_themselves(
    operator: Operator, admin: Operator, role: str
) -> None:
    me = make_operator("mallory", role, is_staff=True)
    client = signed_in(me)
    passwords = dict(Operator.objects.values_list("username", "password"))
    for target in (me, operator, admin):
        page = page_url(target)
        assert client.get(page).status_code == 200
        assert client.post(page, form_of(target, role="admin", is_staff="on")).status_code == 403
        new = {"password1": "a long enough phrase", "password2": "a long enough phrase"}
        assert client.get(f"{PEOPLE}{target.pk}/password/").status_code == 403
        assert client.post(f"{PEOPLE}{target.pk}/password/", new).status_code == 403
        assert client.post(f"{PEOPLE}{target.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{PEOPLE}add/", {**NEW, "username": "second"}).status_code == 403
    me.refresh_from_db()
    assert (me.role, me.is_superuser) == (role, False)
    assert dict(Operator.objects.values_list("username", "password")) == passwords


def test_an_administrator_adds_a_person(deciding: Client) -> None:
    response = deciding.post(f"{PEOPLE}add/", {**NEW, "role": "operator"})
    assert response.status_code == 302
    added = Operator.objects.get(username="mallory")
    assert (added.role, added.is_staff, added.is_superuser) == ("operator", True, False)
    assert added.check_password("a long enough phrase")
    entry = AuditEntry.objects.get(action="person.added")
    assert str(entry.sentence) == "ada added mallory."
    assert entry.after == {"role": "operator", "is_active": True, "is_staff": True}
    assert entry.address == "127.0.0.1"


def test_an_administrator_changes_a_role(deciding: Client, operator: Operator) -> None:
    response = deciding.post(page_url(operator), form_of(operator, role="viewer"))
    assert response.status_code == 302
    operator.refresh_from_db()
    assert operator.role == "viewer"
    entry = AuditEntry.objects.get(action="person.changed")
    assert (str(entry.sentence), str(entry.actor)) == ("ada changed oskar.", "ada")


def test_an_administrator_puts_a_person_into_teams_and_takes_them_out(
    deciding: Client, operator: Operator
) -> None:
    lyon, oslo = Team.objects.create(name="Lyon"), Team.objects.create(name="Oslo")
    lyon.members.add(operator)
    assert f'value="{lyon.pk}" id="id_teams_0" checked' in _absolute(deciding, operator).replace(
        ' name="teams"', ""
    )
    assert deciding.post(page_url(operator), form_of(operator, teams=[str(oslo.pk)])).status_code == 302
    assert list(operator.teams.all()) == [oslo]
    assert AuditEntry.objects.filter(action__startswith="team.", subject__in=("Lyon", "Oslo")).count() == 2


def test_who_only_looks_reads_which_of_their_own_teams_a_person_is_in(
    reading: Client, operator: Operator, reviewer: Operator
) -> None:
    Team.objects.create(name="Lyon").members.add(operator, reviewer)
    Team.objects.create(name="Oslo").members.add(operator)
    html = reading.get(page_url(operator)).content.decode()
    assert "Lyon" in html
    assert "Oslo" not in html
    assert 'name="teams"' not in html


def test_an_administrator_sets_another_password_and_it_is_on_record(
    deciding: Client, operator: Operator
) -> None:
    assert f'href="{PEOPLE}{operator.pk}/password/"' in _absolute(deciding, operator)
    new = {
        "usable_password": "true",
        "password1": "a long enough phrase",
        "password2": "a long enough phrase",
    }
    response = deciding.post(f"{PEOPLE}{operator.pk}/password/", new)
    assert response.status_code == 302
    operator.refresh_from_db()
    assert operator.check_password("a long enough phrase")
    assert AuditEntry.objects.filter(action="person.changed", subject_id=str(operator.pk)).exists()


@pytest.mark.parametrize("whose", ["own", "of somebody else"])
def test_a_screen_that_was_left_alone_is_not_enough_to_change_who_gets_in(
    deciding: Client, admin: Operator, operator: Operator, whose: str
) -> None:
    """Else it gives a password of one's own choice, and with that the proof for tokens and second factors."""
    person = admin if whose == "own" else operator
    new = {
        "password1": "a long enough phrase",
        "password2": "a long enough phrase",
        "usable_password": "true",
    }
    page, password = page_url(person), f"{PEOPLE}{person.pk}/password/"
    forms = (
        (password, new),
        (page, form_of(person, role="admin", is_staff="on", email="m@example.net")),
        (f"{PEOPLE}add/", NEW),
    )
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        for url, form in forms:
            assert deciding.post(url, form)["Location"] == f"/sign-in/again/?next={quote(url, safe='')}"
        for url in (password, f"{PEOPLE}add/"):
            assert deciding.get(url).status_code == 302
        assert deciding.get(page).status_code == 200
    person.refresh_from_db()
    assert not person.check_password(new["password1"])
    assert person.email == ""
    assert not Operator.objects.filter(username=NEW["username"]).exists()
    assert deciding.post(password, new).status_code == 302
    person.refresh_from_db()
    assert person.check_password(new["password1"])


def _absolute(client: Client, person: Operator) -> str:
    html = client.get(page_url(person)).content.decode()
    return html.replace('href="../password/"', f'href="{PEOPLE}{person.pk}/password/"')


def test_a_weak_password_is_refused(deciding: Client) -> None:
    response = deciding.post(f"{PEOPLE}add/", {**NEW, "password1": "short", "password2": "short"})
    assert response.status_code == 200
    assert not Operator.objects.filter(username="mallory").exists()


@pytest.mark.parametrize("changed", [{"role": "viewer"}, {"is_active": None}, {"is_staff": None}])
def test_an_administrator_cannot_lock_themselves_out(
    deciding: Client, admin: Operator, changed: dict[str, Any]
) -> None:
    response = deciding.post(page_url(admin), form_of(admin, **changed))
    assert response.status_code == 200
    assert "You cannot take the administrator’s rights from yourself" in response.content.decode().replace(
        "&#x27;", "’"
    )
    admin.refresh_from_db()
    assert (admin.role, admin.is_active, admin.is_staff) == ("admin", True, True)


def test_an_administrator_may_change_their_own_name(deciding: Client, admin: Operator) -> None:
    assert deciding.post(page_url(admin), form_of(admin, first_name="Ada")).status_code == 302
    admin.refresh_from_db()
    assert admin.first_name == "Ada"


def test_no_flag_of_django_outlives_the_role(deciding: Client) -> None:
    root = make_operator("root", Operator.Role.ADMIN, is_staff=True, is_superuser=True)
    deciding.post(page_url(root), form_of(root, first_name="Root"))
    root.refresh_from_db()
    assert root.is_superuser
    deciding.post(page_url(root), form_of(root, role="viewer"))
    root.refresh_from_db()
    assert (root.role, root.is_superuser) == ("viewer", False)


def test_nobody_becomes_a_superuser_here(deciding: Client, operator: Operator) -> None:
    deciding.post(
        page_url(operator), form_of(operator, is_superuser="on", user_permissions=["1"], groups=["1"])
    )
    operator.refresh_from_db()
    assert not operator.is_superuser


def test_people_are_made_inactive_and_never_deleted(deciding: Client, operator: Operator) -> None:
    assert deciding.post(f"{PEOPLE}{operator.pk}/delete/", {"post": "yes"}).status_code == 403
    deciding.post(PEOPLE, {"action": "delete_selected", "_selected_action": [operator.pk], "post": "yes"})
    assert Operator.objects.filter(pk=operator.pk).exists()
    deciding.post(page_url(operator), form_of(operator, is_active=None))
    operator.refresh_from_db()
    assert not operator.is_active


def test_a_change_needs_the_forms_own_token(admin: Operator, operator: Operator) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin)
    assert client.post(page_url(operator), form_of(operator, role="admin")).status_code == 403
    operator.refresh_from_db()
    assert operator.role == "operator"


def test_djangos_own_groups_are_not_offered() -> None:
    assert "Group" not in {model.__name__ for model in django_admin.site._registry}


def test_signing_out_is_the_products(reading: Client) -> None:
    html = reading.get("/console/").content.decode()
    assert 'action="/sign-out/"' in html
    assert reading.post("/sign-out/").status_code == 302
    assert reading.get("/console/").status_code == 302
