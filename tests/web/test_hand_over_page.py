"""The hand-over page: a pack is made, followed, listed, taken away, and others are told how to verify it."""

from __future__ import annotations

import hashlib

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import stories
from tests.services.test_hand_over import make
from tests.web.pages import Page, read
from wizard.models import AuditEntry, Deployment, HandOverPack, Operator
from wizard.services import tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked(operator: Operator) -> Deployment:
    return stories.answered(operator, "checked", name="lyon-cs01")


def url(deployment: Deployment, rest: str = "") -> str:
    return f"/deployments/{deployment.pk}/hand-over/{rest}"


def show(client: Client, deployment: Deployment) -> Page:
    answer = client.get(url(deployment))
    assert answer.status_code == 200
    return read(answer)


def test_a_pack_is_made_followed_and_taken_away(working: Client, checked: Deployment) -> None:
    assert "No pack yet" in show(working, checked).words
    answer = working.post(url(checked))
    assert (answer.status_code, answer["Location"]) == (302, url(checked))
    (task,) = tasks.visible_tasks(checked.created_by).filter(kind="make_hand_over_pack")
    followed = read(working.get(url(checked)))
    (live,) = [attributes for _tag, attributes in followed.elements if attributes.get("id") == "live-task"]
    assert "at=hand_over" in live["hx-get"]
    assert not followed.all("button", class_="button"), "while one is made there is no second"
    tasks.execute(task.pk, "test")
    ended = working.get(live["hx-get"], headers={"HX-Request": "true"})
    assert ended["HX-Redirect"] == url(checked)
    pack = HandOverPack.objects.get()
    page = show(working, checked)
    assert pack.file_name in page.words
    assert pack.sha256 in page.words
    assert page.all("button", data_copy="sha256-1"), "the digest can be copied"
    taken = working.post(url(checked, f"{pack.pk}/file"))
    assert taken["Content-Type"] == "application/zip"
    assert taken["Content-Disposition"] == f'attachment; filename="{pack.file_name}"'
    assert hashlib.sha256(taken.content).hexdigest() == pack.sha256
    assert AuditEntry.objects.filter(action="hand_over.taken").count() == 1


def test_the_page_says_how_others_verify(working: Client, checked: Deployment, operator: Operator) -> None:
    assert "How others verify" not in show(working, checked).words, (
        "before anything was signed there is no key"
    )
    make(checked, operator)
    words = show(working, checked).words
    assert "sha256sum -c MANIFEST.sha256" in words
    assert "openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin" in words
    assert "python manage.py verify_pack FILE" in words
    assert "-----BEGIN PUBLIC KEY-----" in words


def test_who_may_only_look_sees_the_packs_and_takes_none(
    looking: Client, checked: Deployment, operator: Operator
) -> None:
    pack = make(checked, operator)
    page = show(looking, checked)
    assert pack.file_name in page.words
    assert "Your role lets you look, not download." in page.words
    assert not page.all("form", action=url(checked, f"{pack.pk}/file"))
    assert looking.post(url(checked, f"{pack.pk}/file")).status_code == 403
    assert looking.post(url(checked)).status_code == 403


def test_another_deployments_pack_is_not_there(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    other = stories.answered(operator, "source")
    pack = make(other, operator)
    assert working.post(url(checked, f"{pack.pk}/file")).status_code == 404
    assert working.get(url(other, f"{pack.pk}/file")).status_code == 405


def test_more_packs_ask_the_database_no_more_often(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    make(checked, operator)
    show(working, checked)
    with CaptureQueriesContext(connection) as few:
        show(working, checked)
    for _number in range(3):
        make(checked, operator)
    show(working, checked)
    with CaptureQueriesContext(connection) as many:
        show(working, checked)
    assert len(many) == len(few)
    assert not [query for query in many.captured_queries if '"wizard_handoverpack"."content"' in query["sql"]]
