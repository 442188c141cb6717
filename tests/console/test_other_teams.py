"""What a reviewer learns of the teams of others from any list, filter, page, file or address: nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client

from tests.builders import make_operator
from tests.console.conftest import furnish, signed_in
from tests.console.test_pages import REGISTERED, list_url, page_url
from wizard.models import (
    AzureAccount,
    BrowserSession,
    Credential,
    Deployment,
    Machine,
    Operator,
    Team,
    VCenter,
    Webhook,
)

pytestmark = pytest.mark.django_db

HIDDEN = "hidden-"


@pytest.fixture
def beside_others(operator: Operator, reviewer: Operator) -> Client:
    """A reviewer who is in one team, beside another team that shares a vCenter and a person with it."""
    furnish(operator)
    mine = Deployment.objects.get()
    lyon = Team.objects.create(name="Lyon")
    lyon.members.add(operator, reviewer)
    Deployment.objects.update(team=lyon)
    other = make_operator("otto", Operator.Role.OPERATOR)
    furnish(other)
    theirs = Deployment.objects.exclude(pk=mine.pk).get()
    team = Team.objects.create(name=f"{HIDDEN}team")
    team.members.add(other, operator)
    Deployment.objects.filter(pk=theirs.pk).update(team=team, name=f"{HIDDEN}site")
    for model in (Credential, AzureAccount, Webhook):
        for row in model._default_manager.filter(created_by=other):
            model._default_manager.filter(pk=row.pk).update(team=team, name=f"{HIDDEN}{row.pk}")
    shared = VCenter.objects.get()
    shared.credential = Credential.objects.get(team=team, kind="vcenter")
    shared.save()
    alone = VCenter.objects.create(
        friendly_name=f"{HIDDEN}vcenter",
        host="vcenter2.lab.test",
        thumbprint_sha256=shared.thumbprint_sha256,
        instance_uuid="of-theirs",
        credential=shared.credential,
    )
    alone.deployments.add(theirs)
    return signed_in(reviewer)


def test_no_list_filter_page_or_file_names_what_is_another_teams(beside_others: Client) -> None:
    told = []
    for model in REGISTERED:
        urls = [list_url(model), f"{list_url(model)}export/csv/", f"{list_url(model)}export/json/"]
        urls += [page_url(row) for row in model._default_manager.all()]
        for url in urls:
            response: Any = beside_others.get(url)
            content = b"".join(response.streaming_content) if response.streaming else response.content
            if HIDDEN.encode() in content:
                told.append(url)
    assert told == []
    assert ">Lyon</a>" in beside_others.get(list_url(Credential)).content.decode()
    assert ">vcenter.lab.test</a>" in beside_others.get(list_url(Machine)).content.decode()


LEFT_OUT = [
    (model, column)
    for model, page in admin.site._registry.items()
    for column in (*(page.exclude or ()), *(("pk",) if model is BrowserSession else ()))
]


@pytest.mark.parametrize(("model", "column"), LEFT_OUT, ids=lambda one: getattr(one, "__name__", one))
def test_what_is_left_out_cannot_be_guessed_letter_by_letter(
    deciding: Client, model: type[Model], column: str
) -> None:
    for ending in ("startswith=g", "contains=g", "gte=g"):
        query = f"?{column}__{ending}"
        assert deciding.get(list_url(model) + query).status_code == 400
        assert deciding.get(f"{list_url(model)}export/json/{query}").status_code == 400


def test_a_password_cannot_be_guessed_letter_by_letter(deciding: Client) -> None:
    assert deciding.get(f"{list_url(Operator)}?password__startswith=a").status_code == 400


def test_no_pattern_is_asked_of_the_database(deciding: Client) -> None:
    for ending in ("regex", "iregex"):
        assert deciding.get(f"{list_url(Deployment)}?name__{ending}=(a%2B)%2B$").status_code == 400
