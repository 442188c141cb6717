"""Foothold as gunicorn serves it to `benchmarks.web`, with one page more that does nothing, and a count of queries on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path

from wizard.config import urls as product
from wizard.config.urls import handler500

__all__ = ["handler500", "urlpatterns"]


def bare(_request: HttpRequest) -> HttpResponse:
    """What Django itself takes, with all of our middleware around it."""
    return HttpResponse("ok")


class CountQueries:
    """Only where that is asked for: counting is not free."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "X-Count-Queries" not in request.headers:
            return self.get_response(request)
        count = 0

        def note(execute: Callable[..., Any], *args: Any) -> Any:
            nonlocal count
            count += 1
            return execute(*args)

        with connection.execute_wrapper(note):
            response = self.get_response(request)
        response["X-Queries"] = str(count)
        return response


urlpatterns: list[URLPattern | URLResolver] = [path("bare/", bare), *product.urlpatterns]
