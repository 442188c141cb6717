"""Rows that tests begin with: made by the services where these can, by hand where a far end would have to answer."""

from __future__ import annotations

from itertools import count
from typing import Any

from wizard.models import Deployment, Operator
from wizard.services import deployments

_number = count(1)


def make_operator(username: str, role: str, **fields: Any) -> Operator:
    return Operator.objects.create_user(
        username=username, password="correct horse battery", role=role, **fields
    )


def make_deployment(actor: Operator, name: str | None = None) -> Deployment:
    return deployments.create(name=name or f"site-{next(_number)}", profile="asr-classic", actor=actor)
