"""Reading answers of the web door: what is on a page, and which addresses there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import URLPattern, reverse
from django.utils import timezone

from tests import stories, vault_stories
from tests.services.azure import add_account
from wizard.models import Addition, Approval, Deployment, Team, Webhook, WebhookDelivery
from wizard.services import additions
from wizard.services.webhooks import outbox
from wizard.web.urls import urlpatterns

# Those that strangers may open.
OPEN = {
    "sign_in",
    "sign_out",
    "sign_in_once",
    "sign_in_code",
    "oidc_start",
    "oidc_return",
    "healthz",
    "readyz",
    # Closed with a status of its own, as no person opens it: tests/watching/test_metrics.py.
    "metrics",
}
# A requirement that asks a person in every deployment of the stories, and the addresses of its answer.
QUESTION = "AZ-07"
ASKED = {"attest", "withdraw_answer", "attested_file"}
# What these files are taken away as, where most are JSON.
OWN_FORMS = {"firewall_file": "html", "privileges_file": "csv", "azure_role": "read"}


@dataclass
class Page(HTMLParser):
    """The elements of a page, in order, with their attributes; and its text."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            found
            for name, found in self.elements
            if name == tag and all(found.get(key) == value for key, value in wanted.items())
        ]

    def value_of(self, name: str) -> str:
        """What is in the field of that name."""
        (control,) = self.all("input", name=name)
        return control.get("value", "")

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def read(response: HttpResponse) -> Page:
    page = Page()
    page.feed(response.content.decode())
    return page


def step_url(deployment: Deployment, step: str) -> str:
    return reverse("step", args=[deployment.pk, step])


def _component(deployment: Deployment) -> Addition:
    given = {"name": "mt-linux", "address": "192.0.2.99"}
    return additions.plan(deployment, "mt_linux", given, actor=deployment.created_by)


def _delivery(deployment: Deployment) -> WebhookDelivery:
    webhook = Webhook(name=f"of {deployment.name}", url="https://hooks.example.test/", deployment=deployment)
    webhook.created_by = deployment.created_by
    webhook.hold("a-long-secret-of-tests")
    webhook.save()
    return outbox.write_for(webhook, "ping", {})


def _approval(deployment: Deployment) -> Approval:
    """One that was asked for and decided before the deployment was set up."""
    who, now = deployment.created_by, timezone.now()
    return Approval.objects.create(
        deployment=deployment,
        digest="ab" * 32,
        asked_by=who,
        state=Approval.State.WITHDRAWN,
        decided_by=who,
        decided_at=now,
    )


def _team(deployment: Deployment) -> Team:
    """One that the deployment does not belong to."""
    team, _made = Team.objects.get_or_create(name="Essen")
    team.members.add(deployment.created_by)
    return team


def addresses(deployment: Deployment, *, step: str = "capacity") -> Iterator[tuple[str, str]]:
    """Every address of the web door by its name, filled with what belongs to a recorded deployment."""
    task = deployment.tasks.order_by("-queued_at").first()
    assert task is not None
    values: dict[str, Any] = {
        "step_id": step,
        "profile": deployment.profile,
        "requirement_id": "LIFE-01",
        "form": "json",
        "number": 1,
        "token": "nothing",
        "pack_id": UUID(int=7),
        "machine_id": stories.enter_server(deployment, deployment.created_by).pk,
        "notice_id": vault_stories.notice(deployment).pk,
        "addition_id": _component(deployment).pk,
        "kind": "mt_linux",
        "session_id": "nothing",
        "key_id": 7,
        "webhook_id": (delivery := _delivery(deployment)).webhook_id,
        "delivery_id": delivery.pk,
        "approval_id": _approval(deployment).pk,
        "team_id": _team(deployment).pk,
        "username": deployment.created_by.username,
        "account_id": add_account(deployment.created_by, name=f"for {deployment.name}").pk,
    }
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        name = str(pattern.name)
        needed = pattern.pattern.converters
        of_task = name in ("task", "task_progress", "cancel_task", "retry_task")
        own: dict[str, Any] = {"pk": task.pk if of_task else deployment.pk}
        if name in ASKED:
            own["requirement_id"] = QUESTION
        if name in OWN_FORMS:
            own["form"] = OWN_FORMS[name]
        yield name, reverse(name, kwargs={key: own.get(key) or values[key] for key in needed})
