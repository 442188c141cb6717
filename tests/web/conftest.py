"""Browsers of the people, as Django's test client plays them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.web.oidc_provider import CLIENT, SECRET, Provider, running
from wizard.models import Operator


@pytest.fixture
def stranger() -> Client:
    return Client()


@pytest.fixture
def looking(viewer: Operator) -> Client:
    """Signed in with the role that may look only."""
    client = Client()
    client.force_login(viewer)
    return client


@pytest.fixture
def working(operator: Operator) -> Client:
    """Signed in as an operator."""
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture(scope="module")
def _server() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(_server: Provider, settings: Any, db: None) -> Provider:
    cache.clear()
    fresh = Provider(issuer=_server.issuer, key=_server.key)
    for name, value in vars(fresh).items():
        setattr(_server, name, value)
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = fresh.issuer, CLIENT, SECRET
    settings.OIDC_NAME, settings.PUBLIC_URL = "Contoso", "http://testserver"
    return _server


@pytest.fixture
def known(provider: Provider) -> Operator:
    """Added by an administrator without a password, to come by the provider."""
    person = Operator(username="oskar", role=Operator.Role.OPERATOR)
    person.set_unusable_password()
    person.save()
    return person
