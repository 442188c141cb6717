"""Browsers of the people, as Django's test client plays them."""

from __future__ import annotations

import pytest
from django.test import Client

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
