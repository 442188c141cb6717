"""A small client of Foothold's task API: one file, Python 3.11, nothing to install. Copy it into your own programs.

    api = Foothold("http://localhost:8000", token)
    deployment = api.find("lyon-cs01") or api.create("lyon-cs01", "asr-classic")
    task = api.run(deployment.id, "preflight", tell=lambda event: print(event.message))

Everything else that the API has is reached with `get`, `post`, `put`, `patch` and `delete`; `/api/v1/docs` describes it.
"""

from __future__ import annotations

import json
import ssl
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

Json = dict[str, Any]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

# Answers that say "not now": the same request may be sent again after a while.
_LATER = {429, 503}


class Problem(Exception):
    """What the API refused: an RFC 9457 document. `code` is for programs, `detail` and `remedy` are for people."""

    def __init__(self, status: int, document: Json) -> None:
        self.status = status
        self.code: str = document.get("code", "")
        self.detail: str = document.get("detail", "")
        self.remedy: str = document.get("remedy", "")
        # Each {"path", "message", "code"}.
        self.errors: list[dict[str, str]] = document.get("errors", [])
        self.request_id: str = document.get("request_id", "")
        fields = [f"{error['path']}: {error['message']}" for error in self.errors]
        super().__init__(" ".join(part for part in (self.detail, *fields, self.remedy) if part))


class TaskFailed(Exception):
    """A task that ended, and not well."""

    def __init__(self, task: Task) -> None:
        self.task = task
        error = task.error or {}
        said = " ".join(part for part in (error.get("message", ""), error.get("remedy", "")) if part)
        super().__init__(f"{task.kind} {task.state}. {said}".strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    id: str
    name: str
    profile: str
    state: str
    revision: int
    answers: Json
    # Each {"id", "title", "complete", "applies", "status", "reason"}, in the order in which they are taken.
    steps: list[Json]

    @classmethod
    def read(cls, found: Json) -> Deployment:
        return cls(**{name: found[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    id: str
    kind: str
    state: str
    progress: int
    result: Json | None
    error: dict[str, str] | None

    @classmethod
    def read(cls, found: Json) -> Task:
        return cls(**{name: found[name] for name in cls.__slots__})

    @property
    def active(self) -> bool:
        return self.state in ("queued", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    seq: int
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: what is in its body, and its ETag."""

    body: Any
    etag: str = ""


@dataclass(slots=True)
class Foothold:
    """The API at `url` for the bearer of `token`. `ca_file` holds the authorities of a private certificate."""

    url: str
    token: str = field(repr=False)
    ca_file: str | None = None
    timeout_s: float = 75
    # How long "not now" is taken for an answer before it is raised.
    patience_s: float = 60

    # --- deployments --------------------------------------------------------------------------------------------------

    def deployments(self, **filters: str) -> Iterator[Json]:
        """The rows of the list, page by page. Filters: state, profile, method, name, team, ordering."""
        return self.items("/deployments/", **filters)

    def find(self, name: str) -> Deployment | None:
        row = next((row for row in self.deployments(name=name) if row["name"] == name), None)
        return self.deployment(row["id"]) if row else None

    def deployment(self, deployment_id: str) -> Deployment:
        return Deployment.read(self.get(f"/deployments/{deployment_id}/"))

    def create(self, name: str, profile: str) -> Deployment:
        return Deployment.read(self.post("/deployments/", {"name": name, "profile": profile}))

    def answer(self, deployment: Deployment, step: str, answers: Json) -> Deployment:
        """Answer one step. Raises Problem 422 that names the fields, and 412 where somebody changed the deployment since."""
        self.put(
            f"/deployments/{deployment.id}/steps/{quote(step)}/", answers, if_match=f'"{deployment.revision}"'
        )
        return self.deployment(deployment.id)

    # --- tasks --------------------------------------------------------------------------------------------------------

    def start(self, deployment_id: str, kind: str, inputs: Json | None = None) -> Task:
        found = self.post(f"/deployments/{deployment_id}/tasks/", {"kind": kind, "inputs": inputs or {}})
        return Task.read(found)

    def run(
        self,
        deployment_id: str,
        kind: str,
        inputs: Json | None = None,
        *,
        tell: Callable[[Event], None] | None = None,
    ) -> Task:
        """Start a task and wait for its end; `tell` hears every line of its log. Raises TaskFailed."""
        task = self.follow(self.start(deployment_id, kind, inputs), tell=tell)
        if task.state != "succeeded":
            raise TaskFailed(task)
        return task

    def follow(self, task: Task, *, tell: Callable[[Event], None] | None = None) -> Task:
        """Wait for the end of a task, without asking again and again: the server answers when there is news."""
        seen = 0
        while True:
            if tell is None:
                task = Task.read(self.get(f"/tasks/{task.id}/", wait="30"))
            else:
                for row in self.get(f"/tasks/{task.id}/events/", after=str(seen), wait="30")["items"]:
                    seen = row["seq"]
                    tell(Event(seq=seen, level=row["level"], message=row["message"]))
                task = Task.read(self.get(f"/tasks/{task.id}/"))
            if not task.active:
                break
        if tell is not None:
            # What was written between the last look at the log and the end.
            for row in self.get(f"/tasks/{task.id}/events/", after=str(seen))["items"]:
                tell(Event(seq=row["seq"], level=row["level"], message=row["message"]))
        return task

    # --- everything else ----------------------------------------------------------------------------------------------

    def items(self, path: str, **query: str) -> Iterator[Json]:
        """Every row of a list, whatever the number of its pages."""
        while True:
            page = self.get(path, **query)
            yield from page["items"]
            if not page["next_cursor"]:
                return
            query["cursor"] = page["next_cursor"]

    def get(self, path: str, **query: str) -> Any:
        return self.send("GET", path, query=query).body

    def post(self, path: str, body: Json | None = None) -> Any:
        """With an Idempotency-Key, so that a request whose answer was lost on the way is not carried out twice."""
        return self.send("POST", path, body or {}, headers={"Idempotency-Key": str(uuid.uuid4())}).body

    def put(self, path: str, body: Json, *, if_match: str = "") -> Any:
        return self.send("PUT", path, body, headers={"If-Match": if_match} if if_match else {}).body

    def patch(self, path: str, body: Json, *, if_match: str = "") -> Any:
        return self.send("PATCH", path, body, headers={"If-Match": if_match} if if_match else {}).body

    def delete(self, path: str) -> None:
        self.send("DELETE", path)

    def send(
        self,
        method: Method,
        path: str,
        body: Json | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; sent again as long as the server asks for patience, or cannot be reached. Raises Problem, OSError.

        The body is what JSON says where the answer is JSON, else text.
        """
        address = f"{self.url.rstrip('/')}/api/v1{path}" + (f"?{urlencode(query)}" if query else "")
        request = Request(  # noqa: S310 - the address is the caller's own
            address,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Accept": "application/json",
                **(headers or {}),
            },
        )
        end = time.monotonic() + self.patience_s
        while True:
            try:
                with urlopen(request, timeout=self.timeout_s, context=self._context()) as found:  # noqa: S310
                    content, kind = found.read(), found.headers.get_content_type()
                    return Answer(_read(content, kind), found.headers.get("ETag", ""))
            except HTTPError as error:
                wait_s = _seconds(error.headers.get("Retry-After"))
                if error.code not in _LATER or time.monotonic() + wait_s > end:
                    raise _problem(error) from None
            except OSError:
                # Nobody knows whether it was carried out. What only reads, and what carries a key, may be sent again.
                wait_s = 2.0
                if method not in ("GET", "POST") or time.monotonic() + wait_s > end:
                    raise
            time.sleep(wait_s)

    def _context(self) -> ssl.SSLContext | None:
        if not self.url.startswith("https:"):
            return None
        return ssl.create_default_context(cafile=self.ca_file)


def _read(content: bytes, kind: str) -> Any:
    if not content:
        return None
    return json.loads(content) if kind == "application/json" else content.decode("utf-8", "replace")


def _problem(error: HTTPError) -> Problem:
    try:
        document = json.loads(error.read())
    except ValueError:
        document = {
            "detail": f"{error.url} answered {error.code} {error.reason}, and not as the task API does."
        }
    return Problem(error.code, document)


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdigit() else 2.0
