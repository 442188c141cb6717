"""Programs of the people of `tests/conftest.py`, by what their token may do."""

from __future__ import annotations

import pytest

from tests.api.client import Api, token_of
from tests.builders import make_deployment
from wizard.models import Deployment, Operator


@pytest.fixture
def api(operator: Operator) -> Api:
    """An operator's program with a token to operate."""
    return Api(token_of(operator, "operate"))


@pytest.fixture
def stranger() -> Api:
    return Api()


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return make_deployment(operator, "lyon-cs01")
