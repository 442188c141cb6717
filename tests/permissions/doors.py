"""Every address of the product with the methods that it knows, and how an answer to one is to be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from wizard.api.app import api as ninja

Room = Literal["web", "api", "console"]
# What an answer comes to. A method that an address does not know tells nothing of what is there.
Outcome = Literal["allowed", "out", "forbidden", "hidden", "no method"]

_PAGES: Final = ("GET", "POST")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """`name` is that of the address, for the API that of the operation; `route` has its variables in angle brackets."""

    room: Room
    name: str
    method: str
    route: str
    variables: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.room} {self.method} {self.name}"


def doors() -> list[Door]:
    return [*_pages(), *_operations()]


def knock(client: Client, door: Door, url: str, *, token: str = "", body: Any = None) -> Outcome:
    """What comes of it; nothing of what it does stays where the test rolls back."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if door.room == "api":
        data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        answer = client.generic(
            door.method, url, data, content_type="application/json", headers={**headers, "If-Match": '"1"'}
        )
    else:
        answer = client.generic(
            door.method, url, body or b"", content_type="application/x-www-form-urlencoded"
        )
    return read(answer)


def read(answer: Any) -> Outcome:
    _exhaust(answer)
    # A far end that does not answer, or no worker, are told with more than that.
    assert answer.status_code != 500, answer
    to = answer.headers.get("Location", "")
    match answer.status_code:
        case 401:
            return "out"
        case 403:
            return "forbidden"
        case 404:
            return "hidden"
        case 405:
            return "no method"
        case 302 if to.startswith(("/sign-in/?next=", "/console/login/")):
            return "out"
        # The console says of a record that is not there, or not yours, that it may have been deleted.
        case 302 if to == "/console/":
            return "hidden"
        # What is asked for again and again is told to ask no more.
        case 286 if not answer.content:
            return "hidden"
    return "allowed"


def console_rows() -> dict[str, Any]:
    """The prefix of the pages of each table of the console, with the table."""
    return {f"console/{m._meta.app_label}/{m._meta.model_name}/": m for m in admin.site._registry}


# --- inside -----------------------------------------------------------------------------------------------------------


def _exhaust(answer: Any) -> None:
    # Closing what streams would close the connection of the test with it.
    if answer.streaming:
        list(answer)


def _pages() -> Iterator[Door]:
    for route, pattern, space in _patterns(get_resolver().url_patterns):
        if route.startswith("api/v1/") and pattern.name not in ("openapi-json", "openapi-view"):
            continue
        console = route.startswith("console/")
        name = pattern.name or route
        for method in _PAGES:
            yield Door(
                room="console" if console else "web",
                name=f"{space}{name}",
                method=method,
                route=route,
                variables=tuple(pattern.pattern.converters),
            )


def _patterns(
    patterns: list[Any], before: str = "", space: str = ""
) -> Iterator[tuple[str, URLPattern, str]]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _patterns(pattern.url_patterns, route, inner)
        else:
            yield route, pattern, space


def _operations() -> Iterator[Door]:
    routes = {
        pattern.name: (route, tuple(pattern.pattern.converters))
        for route, pattern, space in _patterns(get_resolver().url_patterns)
        if space == "api:"
    }
    for _prefix, router in ninja._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                name = operation.view_func.__name__
                route, variables = routes[name]
                for method in operation.methods:
                    yield Door(room="api", name=name, method=method, route=route, variables=variables)
