"""The people of the tests: one who looks, one who works, one who decides, and no one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import make_operator
from wizard.models import Operator


@pytest.fixture
def viewer(db: Any) -> Operator:
    return make_operator("vera", Operator.Role.VIEWER)


@pytest.fixture
def operator(db: Any) -> Operator:
    return make_operator("oskar", Operator.Role.OPERATOR)


@pytest.fixture
def admin(db: Any) -> Operator:
    return make_operator("ada", Operator.Role.ADMIN, is_staff=True)
