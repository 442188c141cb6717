"""A receiver that is trusted and found under its name, and a webhook that tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.builders import make_deployment, make_operator
from tests.webhooks.receiver import NAME, Receiver, receiving
from wizard.lab.certificates import Authority, KeyPair
from wizard.models import Deployment, Operator, Webhook, WebhookDelivery
from wizard.services.webhooks import registry, sending
from wizard.services.webhooks.registry import WebhookWish
from wizard.wire import post

SECRET = "hush-hush-canary-0123456789"
URL = f"https://{NAME}/hooks/canary-path-key?token=canary-query-key"


@pytest.fixture(scope="session")
def hooks_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("hooks"))


@pytest.fixture(scope="session")
def hooks_pair(hooks_authority: Authority) -> KeyPair:
    return hooks_authority.issue("hooks", (NAME, "127.0.0.1"))


@pytest.fixture
def receiver(
    hooks_pair: KeyPair,
    hooks_authority: Authority,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Receiver]:
    # Reading all the authorities of the system takes longer than everything else here.
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    settings.PROBE_CA_FILE = str(hooks_authority.certificate)
    with receiving(hooks_pair) as found:
        settings.CONNECT_TO = f"{NAME}:443:127.0.0.1:{found.port}"
        yield found
    post._context.cache_clear()


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return make_deployment(operator, "lyon-cs01")


Adding = Callable[..., Webhook]


@pytest.fixture
def add(admin: Operator) -> Adding:
    def adding(actor: Operator = admin, **given: Any) -> Webhook:
        wish = {"name": "chat", "url": URL, "secret": SECRET, **given}
        return registry.create(WebhookWish(**wish), actor=actor)

    return adding


@pytest.fixture
def reviewer(db: Any) -> Operator:
    return make_operator("rita", Operator.Role.REVIEWER)


def waits_no_longer(*deliveries: WebhookDelivery) -> None:
    """As if the time of the next attempt had come."""
    for delivery in deliveries:
        moment = timezone.now() - timedelta(seconds=1)
        WebhookDelivery.objects.filter(pk=delivery.pk).update(next_try_at=moment)


def send(webhook: Webhook) -> list[WebhookDelivery]:
    """What a worker does with the message for a webhook; its deliveries afterwards, oldest first."""
    sending.deliver(webhook.pk)
    return list(webhook.deliveries.order_by("created_at"))
