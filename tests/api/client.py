"""A program that uses the API: it sends JSON with a token, and takes no refusal that is not a valid problem document."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from django.test import Client

from wizard.api.app import api as ninja
from wizard.api.refusals import Refusal
from wizard.models import Operator
from wizard.services import accounts

ROOT = "/api/v1"
# What a page of Django's debugger, a log or a stack trace would show.
_LEAKS = ("Traceback", 'File "', ".py", "site-packages", "django", "sqlite", "psycopg")


def token_of(user: Operator, scope: str, name: str | None = None) -> str:
    _row, text = accounts.create_token(user=user, actor=user, name=name or scope, scope=scope)
    return text


class Api:
    """Every refusal is checked before a test sees it."""

    def __init__(self, token: str | None = None, headers: dict[str, str] | None = None) -> None:
        self._client = Client(raise_request_exception=False)
        self._headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}

    def get(self, path: str, **query: Any) -> Any:
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Any = None) -> Any:
        return self.send("POST", path, body)

    def put(self, path: str, body: Any, revision: int | None = None) -> Any:
        return self.send("PUT", path, body, headers=_if_match(revision))

    def patch(self, path: str, body: Any, revision: int | None = None) -> Any:
        return self.send("PATCH", path, body, headers=_if_match(revision))

    def delete(self, path: str, revision: int | None = None) -> Any:
        return self.send("DELETE", path, headers=_if_match(revision))

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
        extra: dict[str, Any] | None = None,
    ) -> Any:
        """`extra` overwrites what the server is told of the request, such as its length."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = self._client.generic(
            method,
            path if path.startswith("/") else f"{ROOT}/{path}",
            data,
            content_type=content_type,
            headers={**self._headers, **(headers or {})},
            query_params=query or None,
            **(extra or {}),
        )
        # Of a refusal HEAD tells the status alone.
        if response.status_code >= 400 and method != "HEAD":
            assert_problem(response)
            assert_described(method, response)
        return response


def assert_problem(response: Any) -> None:
    """RFC 9457, with the members of our contract, and nothing of the inside."""
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == response.status_code
    assert body["type"] == "about:blank"
    for member in ("title", "detail", "code"):
        assert isinstance(body[member], str), member
        assert body[member], member
    assert isinstance(body["remedy"], str)
    for error in body["errors"]:
        assert set(error) == {"path", "message", "code"}
        assert error["message"]
        assert error["code"]
    text = response.content.decode()
    assert not [leak for leak in _LEAKS if leak in text]


def assert_described(method: str, response: Any) -> None:
    """A refusal by an operation is one of those that the description lists for it, with its status and its code."""
    route = getattr(response.resolver_match, "route", "") if response.resolver_match else ""
    found = _refusals().get((method.lower(), "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)))
    if found is None or response.status_code == 405:
        return
    code = response.json()["code"]
    assert code in found.get(response.status_code, ()), (
        f"{method} {route} answers {response.status_code} {code}, which its description does not list"
    )


@cache
def _refusals() -> dict[tuple[str, str], dict[int, tuple[str, ...]]]:
    """By method and path, what the operations of the API say that they can answer."""
    document = ninja.get_openapi_schema()
    return {
        (method, path): {
            int(status): status.codes for status in operation["responses"] if isinstance(status, Refusal)
        }
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document, which must be this one."""
    assert response.status_code == status, response.content.decode()
    body: dict[str, Any] = response.json()
    assert body["code"] == code, body
    return body


def ok(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.content.decode()
    return response.json() if response.content else None


def _if_match(revision: int | None) -> dict[str, str]:
    return {} if revision is None else {"If-Match": f'"{revision}"'}
