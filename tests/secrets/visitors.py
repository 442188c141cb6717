"""Who comes to the doors of an installation: a person with a browser, and a program. Both keep what they saw."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import requests

from tests.waiting import PATIENCE_S


class Browser:
    """A person at the pages. `saw` is what each of them showed, but for what is shown once because it was asked for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self.saw: list[tuple[str, bytes]] = []

    def get(self, path: str, *, note: bool = True, at: str = "") -> requests.Response:
        return self._noted(f"GET {path}", self._session.get((at or self._url) + path, timeout=60), note)

    def post(
        self, path: str, data: Mapping[str, Any], *, note: bool = True, at: str = "", **more: Any
    ) -> requests.Response:
        token = {"csrfmiddlewaretoken": self._session.cookies.get("csrftoken", "")}
        response = self._session.post((at or self._url) + path, {**token, **data}, timeout=60, **more)
        return self._noted(f"POST {path}", response, note)

    def cookie(self, name: str) -> str:
        return str(self._session.cookies[name])

    def _noted(self, what: str, response: requests.Response, note: bool) -> requests.Response:
        if note:
            self.saw.append((f"{what} {response.status_code}", _all_of(response)))
        return response


class Program:
    """A program at the API."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url}/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self.saw: list[tuple[str, bytes]] = []

    def ask(self, method: str, path: str, *, at: str = "", **more: Any) -> requests.Response:
        url = f"{at}/api/v1" if at else self._url
        response = self._session.request(method, url + path, timeout=60, **more)
        self.saw.append((f"API {method} {path} {response.status_code}", _all_of(response)))
        return response

    def deployment(self, name: str) -> str:
        """Its id."""
        rows = self.ask("GET", "/deployments/").json()["items"]
        return str(next(row["id"] for row in rows if row["name"] == name))

    def answer(self, deployment: str, step: str, answers: Mapping[str, Any]) -> None:
        tag = self.ask("GET", f"/deployments/{deployment}/").headers["ETag"]
        path = f"/deployments/{deployment}/steps/{step}/"
        answered = self.ask("PUT", path, json=dict(answers), headers={"If-Match": tag})
        assert answered.status_code == 200, answered.text

    def start(self, deployment: str, kind: str, **inputs: Any) -> None:
        body = {"kind": kind, "inputs": inputs}
        started = self.ask("POST", f"/deployments/{deployment}/tasks/", json=body)
        assert started.status_code == 202, started.text

    def finished(self, deployment: str, kind: str) -> dict[str, Any]:
        """The newest task of that kind, when it has ended."""
        end = time.monotonic() + PATIENCE_S
        while True:
            found = self.ask("GET", f"/tasks/?deployment={deployment}&kind={kind}").json()["items"][0]
            if found["state"] not in ("queued", "running"):
                return dict(found)
            assert time.monotonic() < end, found
            time.sleep(0.1)


def _all_of(response: requests.Response) -> bytes:
    """But for the cookies, which are how a browser holds what it has."""
    headers = "\n".join(
        f"{name}: {value}" for name, value in response.headers.items() if name != "Set-Cookie"
    )
    return response.content + headers.encode()
