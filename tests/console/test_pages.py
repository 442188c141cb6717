"""Every record page opens, shows what it should and no secret, and costs the same however much there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import stories
from tests.builders import make_operator
from tests.console.conftest import COLLECTOR_KEY, furnish, signed_in
from wizard import models
from wizard.models import (
    ApiToken,
    AuditEntry,
    CheckResult,
    CollectorIssue,
    Credential,
    Deployment,
    HostFacts,
    InstallationSecret,
    Operator,
    SignInLink,
    Task,
    Waiver,
)
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model.__name__)
# What reviewers have nothing to do with.
OF_OPERATORS = (models.Webhook, models.WebhookDelivery)
# Shown on the page of what they belong to.
WITHIN_OTHERS = {"StepAnswer": "Deployment", "TaskEvent": "Task"}


def list_url(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_url(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def pages(model: type[Model]) -> Iterator[str]:
    yield list_url(model)
    for row in model._default_manager.all():
        yield page_url(row)


def body(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_every_noun_has_its_page() -> None:
    names = {model.__name__ for model in REGISTERED}
    assert {name for name in models.__all__ if hasattr(getattr(models, name), "_meta")} - set(
        WITHIN_OTHERS
    ) <= names


def test_every_page_opens_for_reviewers_and_offers_no_change_of_a_record(
    reading: Client, operator: Operator, reviewer: Operator
) -> None:
    furnish(operator)
    # Others they would not see.
    reviewer.teams.set(models.Team.objects.all())
    for model in REGISTERED:
        assert model._default_manager.exists(), f"{model}: a page without a row proves little"
        if model in OF_OPERATORS:
            assert reading.get(list_url(model)).status_code == 403
            continue
        for url in pages(model):
            html = body(reading, url)
            assert_strict(html, url)
            for offer in ('name="_save"', "deletelink", 'class="addlink"'):
                assert offer not in html, (url, offer)


def test_a_list_of_observations_leaves_their_documents_in_the_database(
    reading: Client, operator: Operator
) -> None:
    furnish(operator)
    with CaptureQueriesContext(connection) as asked:
        body(reading, list_url(models.VaultObservation))
    (rows,) = [one["sql"] for one in asked if '"digest"' in one["sql"]]
    assert not [name for name in ("document", "differences", "health") if f'"{name}"' in rows]


def assert_strict(html: str, url: str) -> None:
    """Nothing in the page itself that the policy for scripts and styles would block."""
    for tag, inside in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL):
        assert "src=" in tag, url
        assert not inside.strip(), url
    assert "<style" not in html, url
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", html), url


def test_the_policy_of_all_pages_is_sent_with_these(reading: Client) -> None:
    policy = reading.get("/console/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_vcenters_keep_their_small_letter_on_every_page(reading: Client, operator: Operator) -> None:
    furnish(operator)
    vcenter = models.VCenter.objects.all()[0]
    for url in ("/console/", list_url(models.VCenter), page_url(vcenter)):
        html = body(reading, url)
        assert ">vCenters<" in html or "vCenters\n" in html, url
        assert "VCenters" not in html, url


def test_the_index_leads_to_every_list_and_back_to_the_product(deciding: Client) -> None:
    html = body(deciding, "/console/")
    for model in REGISTERED:
        assert f'href="{list_url(model)}"' in html, model
    assert f'href="{reverse("deployments")}"' in html
    assert "Foothold console" in html
    assert "vCenters" in html
    assert "Groups" not in html


def test_no_secret_and_no_hash_is_on_any_page(
    reading: Client, deciding: Client, operator: Operator, admin: Operator, reviewer: Operator
) -> None:
    furnish(operator)
    reviewer.teams.set(models.Team.objects.all())
    secrets = [
        stories.PASSWORD,
        bytes(Credential.objects.get(kind="vcenter").sealed).decode(),
        ApiToken.objects.get().token_hash,
        SignInLink.objects.get().token_hash,
        COLLECTOR_KEY.hex(),
        bytes(CollectorIssue.objects.get().sealed_key).decode(),
        "canary-file-content",
        "canary-passphrase",
        bytes(InstallationSecret.objects.get().sealed).decode(),
        "canary-post-data",
        "canary-session",
        "canary-webhook-secret",
        bytes(models.Webhook.objects.get().sealed).decode(),
        "canary-answer-body",
        *(user.password for user in Operator.objects.all()),
        # Django would show how a password's hash begins.
        "salt",
    ]
    for client in (reading, deciding):
        for model in REGISTERED:
            if client is reading and model in OF_OPERATORS:
                continue
            for url in pages(model):
                html = body(client, url)
                assert not [secret for secret in secrets if secret in html], url


def test_records_link_to_the_page_of_their_deployment(reading: Client, operator: Operator) -> None:
    furnish(operator)
    deployment = Deployment.objects.get()
    target = f'href="{deployment.get_absolute_url()}"'
    for name in (
        "Deployment",
        "Task",
        "CheckResult",
        "Attestation",
        "HostFacts",
        "CollectorIssue",
        "InstallationSecret",
        "ManualStepConfirmation",
        "Waiver",
        "Component",
        "Link",
        "TopologySnapshot",
    ):
        model = getattr(models, name)
        assert target in body(reading, list_url(model)), name
        row = model._default_manager.first()
        shown = row.get_absolute_url() if hasattr(row, "get_absolute_url") else deployment.get_absolute_url()
        assert f'href="{shown}" class="viewsitelink"' in body(reading, page_url(row)), name


def test_a_page_names_no_deployment_of_others_that_a_row_was_kept_with(
    reading: Client, operator: Operator
) -> None:
    furnish(operator)
    other = Deployment.objects.create(name="hidden-oslo", profile="asr-classic", created_by=operator)
    kept = CheckResult.objects.all()[0]
    kept.requirement_id = "OS-10"
    kept.summary = Text("“%(name)s” has a machine with the same UUID.", name="hidden-oslo")
    kept.save()
    look = models.VaultObservation.objects.get()
    look.document = {"of_other_deployments": {"cs:1": "hidden-oslo"}}
    look.save()
    for row in (kept, look):
        assert "hidden-oslo" in body(reading, page_url(row))
    other.team = models.Team.objects.create(name="Oslo")
    other.save()
    for row in (kept, look):
        assert "hidden-oslo" not in body(reading, page_url(row))


def test_sentences_are_read_in_the_readers_language(reading: Client, operator: Operator) -> None:
    task = stories.check(stories.answered(operator, "vault"), operator)
    # A sentence that Django itself has a French translation of, so that no catalogue of ours is needed.
    CheckResult.objects.update(title=Text("Password"), details=[Text("Password").to_json()])
    Task.objects.filter(pk=task.pk).update(error={"code": "x", "message": {"text": "Password"}})
    for url in (list_url(CheckResult), page_url(CheckResult.objects.all()[0]), page_url(task)):
        assert "Password" in body(reading, url)
        french = reading.get(url, headers={"Accept-Language": "fr"}).content.decode()
        assert "Mot de passe" in french, url
        assert "&quot;text&quot;" not in french, url


def test_answers_are_shown_as_they_are_kept(reading: Client, operator: Operator) -> None:
    deployment = stories.answered(operator, "capacity")
    html = body(reading, page_url(deployment))
    assert "&quot;machines&quot;: 120" in html
    assert '<pre class="json" tabindex="0">' in html


def test_what_somebody_typed_is_never_markup(deciding: Client, operator: Operator) -> None:
    deployment = stories.answered(operator, "vault")
    evil = "<script>alert(1)</script>"
    stories.failed(deployment, "discover_machines", operator, "x", evil)
    stories.check(deployment, operator)
    CheckResult.objects.update(observed=Text("%(found)s", found=evil), details=[{"text": evil}])
    deployment.steps.update(draft={"machines": evil})
    for model in REGISTERED:
        for url in pages(model):
            assert evil not in body(deciding, url), url


@pytest.mark.parametrize("language", ["en", "fr", "sv"])
def test_times_are_written_as_on_all_other_pages(reading: Client, operator: Operator, language: str) -> None:
    stories.answered(operator, "source")
    html = reading.get(list_url(Deployment), headers={"Accept-Language": language}).content.decode()
    assert re.search(r"changed_at nowrap\">20\d\d-\d\d-\d\d \d\d:\d\d<", html)


def test_the_history_of_a_record_is_its_audit_trail(reading: Client, operator: Operator) -> None:
    deployment = stories.answered(operator, "capacity", name="lyon-cs01")
    stories.answered(operator, "source", name="paris-cs01")
    response = reading.get(f"{page_url(deployment).removesuffix('change/')}history/", follow=True)
    html = response.content.decode()
    assert "oskar began the deployment lyon-cs01." in html
    assert "began the deployment paris-cs01" not in html


def test_a_long_list_costs_as_many_queries_as_a_short_one(
    deciding: Client, operator: Operator, admin: Operator
) -> None:
    def costs() -> dict[str, int]:
        found = {}
        for model in REGISTERED:
            deciding.get("/sign-in/")  # a session that was not used for a minute is written again
            with CaptureQueriesContext(connection) as captured:
                body(deciding, list_url(model))
            found[model.__name__] = len(captured)
        with CaptureQueriesContext(connection) as captured:
            body(deciding, "/console/")
        found["overview"] = len(captured)
        return found

    def rows() -> dict[str, int]:
        return {model.__name__: model._default_manager.count() for model in REGISTERED}

    furnish(operator)
    furnish(admin)
    costs()  # content types are looked up once for all
    few, before = costs(), rows()
    for actor in (operator, admin, operator):
        furnish(actor)
    Operator.objects.bulk_create(Operator(username=f"user-{number}") for number in range(5))
    signed_in(admin)
    credential = Credential.objects.all()[0]
    for number in range(5):
        models.VCenter.objects.create(instance_uuid=f"u-{number}", host="x", credential=credential)
    stories.grow(models.VCenter.objects.all()[0], 10)
    # There is one signing key, and one end of the trail.
    assert [name for name, number in rows().items() if number <= before[name]] == ["AuditHead", "SigningKey"]
    assert costs() == few


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_lists_are_searched_and_sorted(deciding: Client, operator: Operator, model: type[Model]) -> None:
    for query in ("?q=lyon", "?o=1.2", "?p=1", "?e=1", "?nonsense=1", "?q=%00"):
        response: Any = deciding.get(list_url(model) + query, follow=True)
        assert response.status_code == 200, query


def test_tasks_are_called_by_their_title_and_their_code_is_beside_it(
    reading: Client, operator: Operator
) -> None:
    deployment = stories.answered(operator, "deployed", name="lyon-cs01")
    task = stories.failed(deployment, "discover_machines", operator, "unreachable", "No answer.")
    title = str(KINDS[task.kind].title)
    for url in (list_url(Task), page_url(task), "/console/"):
        html = body(reading, url)
        assert title in html, url
        assert '<span class="code">discover_machines</span>' in html, url
    # Above its page, and on the way to it.
    assert html_title(body(reading, page_url(task))) == f"{title}, lyon-cs01: Failed"
    asked = signed_in(make_operator("ada", Operator.Role.ADMIN)).post(
        list_url(Task), {"action": "retry_tasks", "_selected_action": str(task.pk)}
    )
    assert f">{title}, lyon-cs01: Failed</a>" in asked.content.decode()


def test_the_trail_calls_tasks_by_their_title_too(reading: Client, operator: Operator) -> None:
    stories.answered(operator, "recorded")
    entry = AuditEntry.objects.get(action="task.requested")
    for url in (list_url(AuditEntry), page_url(entry)):
        assert 'Record the topology <span class="code">record_topology</span>' in body(reading, url), url
    # What was called like a kind of task by its people is not one.
    entry = AuditEntry.objects.get(action="deployment.created")
    AuditEntry.objects.filter(pk=entry.pk).update(subject="preflight")
    assert '<span class="code">preflight' not in body(reading, page_url(entry))


def html_title(html: str) -> str:
    (found,) = re.findall(r'<div id="content"[^>]*>\s*<h1>[^<]*</h1>\s*<h2>([^<]*)</h2>', html)
    return str(found)


def test_a_task_of_a_kind_that_is_gone_is_called_by_its_code(reading: Client, operator: Operator) -> None:
    task = stories.failed(stories.answered(operator, "vault"), "probe_vcenter", operator, "x", "No.")
    Task.objects.filter(pk=task.pk).update(kind="of_long_ago")
    for url in (list_url(Task), page_url(task), "/console/"):
        assert "of_long_ago" in body(reading, url)


@pytest.mark.parametrize(
    ("model", "words", "leads_to"),
    [
        (models.Waiver, "asks for one beside the finding of a preflight", "deployments"),
        (models.Approval, "asks for the approval on its page", "approvals"),
        (models.Webhook, "tells another program of what happens", "webhooks"),
        (models.WebhookDelivery, "each event that it is told of", "webhooks"),
        (models.ApiToken, "People make their own", "tokens"),
        (models.Task, "Whatever takes longer than a page may wait", "deployments"),
        (models.Deployment, "Whoever may operate begins a deployment", "deployments"),
        (models.Addition, "Foothold writes these records by itself", ""),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_an_empty_list_says_what_belongs_there_and_how_it_gets_there(
    deciding: Client, model: type[Model], words: str, leads_to: str
) -> None:
    html = body(deciding, list_url(model))
    assert words in html
    assert ('class="nothing__way"' in html) == bool(leads_to)
    if leads_to:
        assert f'class="nothing__way" href="{reverse(leads_to)}"' in html
    assert "Nothing fits" not in html
    assert "Nothing fits what is searched for" in body(deciding, f"{list_url(model)}?q=nowhere")
    assert "Nothing fits" not in body(deciding, f"{list_url(model)}?o=1")


def test_a_profile_is_called_by_its_title(reading: Client, operator: Operator) -> None:
    furnish(operator)
    listed = body(reading, list_url(Deployment))
    assert '<td class="field-architecture">Classic</td>' in listed
    assert re.search(r'href="\?profile=asr-modernized">\s*Modernized', listed)
    for html in (listed, body(reading, page_url(Deployment.objects.all()[0]))):
        assert not re.search(r">\s*asr-(classic|modernized)\s*<", html)


def test_filters_find(reading: Client, operator: Operator) -> None:
    furnish(operator)
    tasks = list_url(Task)
    assert body(reading, f"{tasks}?kind=discover_machines").count("field-what") == 1
    assert body(reading, f"{tasks}?state__exact=running").count("field-what") == 0
    assert body(reading, f"{list_url(CheckResult)}?status__exact=pass").count("field-requirement_id") == 2
    deployments = list_url(Deployment)
    assert body(reading, f"{deployments}?profile=asr-classic").count("field-page") > 0
    assert body(reading, f"{deployments}?profile=asr-modernized").count("field-page") == 0
    waivers = list_url(Waiver)
    assert body(reading, f"{waivers}?approved=yes").count("field-requirement_id") == 1
    assert body(reading, f"{waivers}?approved=no").count("field-requirement_id") == 0


def test_what_a_machine_said_is_shown_with_why_something_is_not_known(
    reading: Client, operator: Operator
) -> None:
    furnish(operator)
    html = body(reading, page_url(HostFacts.objects.get()))
    assert "&quot;os.build&quot;" in html
    assert "17763" in html
    assert "WMI is broken." in html


def test_dates_lead_to_years_then_months(reading: Client, operator: Operator) -> None:
    for name, year in (("old", 2023), ("new", 2026)):
        deployment = stories.answered(operator, "source", name=f"{name}-site")
        Deployment.objects.filter(pk=deployment.pk).update(
            created_at=timezone.now().replace(year=year, month=3, day=4)
        )
    html = body(reading, list_url(Deployment))
    assert [year for year in range(2022, 2028) if f"?created_at__year={year}" in html] == [
        2023,
        2024,
        2025,
        2026,
    ]
    older = body(reading, f"{list_url(Deployment)}?created_at__year=2023")
    assert "old-site" in older
    assert "new-site" not in older
