"""One request from its socket to its answer: who may ask, what goes wrong on order, whose path it is, what headers it gets."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from wizard.lab.arm import fabrics, items, jobs, vaults, vcenters
from wizard.lab.arm.answers import Answer, Json, Refused, bad_request
from wizard.lab.arm.clock import stamp, with_extremes, without_zone
from wizard.lab.arm.control import Control
from wizard.lab.arm.faults import ANSWERS, Fault
from wizard.lab.arm.routing import Request, Route, find
from wizard.lab.arm.state import PROVIDER, World

ROUTES: list[Route] = [
    *jobs.routes.all,
    *vaults.routes.all,
    *fabrics.routes.all,
    *vcenters.routes.all,
    *items.routes.all,
]
CONTROL = "/_lab/"
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}
_PAGE = b"""<!DOCTYPE html><html><head><title>Sign in to the network</title></head>
<body><h1>Sign in to the network</h1><form method="post"><input name="user"></form></body></html>"""
_REASONS = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
Start = Callable[[str, list[tuple[str, str]]], Any]


class Application:
    """The WSGI application. `stopping` ends answers that are slow on order."""

    def __init__(self, world: World, control: Control, lock: threading.RLock) -> None:
        self._world, self._control, self._lock = world, control, lock
        self.stopping = threading.Event()

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        content: bytes = environ["wsgi.input"].read()
        if path.startswith(CONTROL):
            answer = self._controlled(environ["REQUEST_METHOD"], path.removeprefix(CONTROL), content)
            return self._send(start, answer, None)
        query = {
            key.lower(): value for key, value in parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)
        }
        request = Request(
            world=self._world,
            method=environ["REQUEST_METHOD"],
            path=path,
            query=query,
            content=content,
            base=f"http://{environ['HTTP_HOST']}",
        )
        with self._lock:
            fault, answer = self._answer(request, environ.get("HTTP_AUTHORIZATION", ""))
            answer.headers |= self._headers(request, environ.get("HTTP_X_MS_CLIENT_REQUEST_ID", ""))
            self._world.requests.append(
                {
                    "method": request.method,
                    "path": path,
                    "query": query,
                    "status": answer.status,
                    "client_request_id": environ.get("HTTP_X_MS_CLIENT_REQUEST_ID", ""),
                    "fault": fault.name if fault else None,
                    "at": stamp(self._world.clock.now()),
                }
            )
        if fault is not None and fault.name == "slow":
            self.stopping.wait(float(fault.options.get("seconds", 3600)))
        if fault is not None and fault.name == "reset":
            environ["foothold.reset"]()
        return self._send(start, answer, fault)

    def _answer(self, request: Request, authorization: str) -> tuple[Fault | None, Answer]:
        self._world.settle()
        fault = self._world.faults.take(ANSWERS, request.method, request.path)
        found = find(ROUTES, request.method, request.path)
        try:
            if fault is not None:
                ordered = _ordered(fault, found[0].action if found else "", request)
                if ordered is not None:
                    return fault, ordered
            _admit(request, authorization)
            if found is None:
                raise self._nowhere(request)
            route, request.params = found
            answer = route.handler(request)
        except Refused as refused:
            answer = refused.answer()
        if isinstance(answer.body, dict):
            answer.body = self._disfigured(answer.body, request)
        return fault, answer

    def _nowhere(self, request: Request) -> Refused:
        for method in ("GET", "PUT", "PATCH", "POST", "DELETE"):
            if find(ROUTES, method, request.path):
                return Refused(405, "MethodNotAllowed", f"The method {request.method} is not allowed here.")
        return Refused(404, "InvalidResourceType", f"The path '{request.path}' leads nowhere.")

    def _disfigured(self, body: Json, request: Request) -> Json:
        changed: Any = body
        for name, change in (("extreme_dates", with_extremes), ("naive_dates", without_zone)):
            if self._world.faults.take({name: 0}, request.method, request.path):
                changed = change(changed)
        result: Json = changed
        return result

    def _headers(self, request: Request, client_request: str) -> dict[str, str]:
        kind = _KINDS.get(request.method, "writes")
        self._world.left[kind] = max(0, self._world.left[kind] - 1)
        correlation = str(uuid.uuid4())
        headers = {
            f"x-ms-ratelimit-remaining-subscription-{kind}": str(self._world.left[kind]),
            # No GUID, as with the real ones.
            "x-ms-request-id": f"{correlation} {stamp(self._world.clock.now())}",
            "x-ms-correlation-request-id": correlation,
            "x-ms-routing-request-id": f"LAB:{stamp(self._world.clock.now())}:{correlation}",
            "Cache-Control": "no-cache",
        }
        if client_request:
            headers["x-ms-client-request-id"] = client_request
        return headers

    def _controlled(self, method: str, name: str, content: bytes) -> Answer:
        try:
            arguments = json.loads(content or b"{}") if method == "POST" else {}
            with self._lock:
                self._world.settle()
                result = self._control.call(name, arguments)
        except Refused as refused:
            return refused.answer()
        except (TypeError, ValueError) as error:
            return Answer(status=400, body={"error": {"code": "Control", "message": str(error)}})
        return Answer(body={"result": result})

    def _send(self, start: Start, answer: Answer, fault: Fault | None) -> list[bytes]:
        body = b"" if answer.body is None else answer.body
        content = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        cut = fault is not None and fault.name == "truncated"
        if fault is not None and cut and not fault.options.get("on_the_wire", True):
            content, cut = content[: len(content) // 2], False
        headers = list(answer.headers.items())
        if answer.status != 204:
            if content:
                headers.append(("Content-Type", answer.content_type))
            headers.append(("Content-Length", str(len(content))))
        start(f"{answer.status} {_REASONS.get(answer.status, 'Other')}", headers)
        return [content[: len(content) // 2] if cut else content]


def _admit(request: Request, authorization: str) -> None:
    if not authorization.lower().startswith("bearer ") or not authorization[7:].strip():
        raise Refused(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            headers=_CHALLENGE,
        )
    if not request.query.get("api-version"):
        raise bad_request("MissingApiVersionParameter", "The api-version query parameter is required.")


def _ordered(fault: Fault, action: str, request: Request) -> Answer | None:
    """What is answered in place of the truth; None where it is the truth that goes wrong on its way."""
    options = fault.options
    if fault.name == "html":
        return Answer(
            status=int(options.get("status", 200)), body=_PAGE, content_type="text/html; charset=utf-8"
        )
    if fault.name == "throttled":
        retry = options.get("retry_after", 1)
        raise Refused(
            429,
            "SubscriptionRequestsThrottled",
            "The number of requests for the subscription was exceeded.",
            headers={} if retry is None else {"Retry-After": str(retry)},
        )
    if fault.name == "older_cloud":
        _know_version(request.query.get("api-version", ""), str(options.get("newest", "2024-04-01")))
        return None
    refusals = {
        "expired": (
            401,
            "ExpiredAuthenticationToken",
            "The access token expiry UTC time is earlier than now.",
        ),
        "forbidden": (
            403,
            "AuthorizationFailed",
            "The client 'lab' with object id 'lab' does not have authorization to perform action "
            f"'{options.get('action', action)}' over scope '/subscriptions' or the scope is invalid.",
        ),
        "not_found": (404, "ResourceNotFound", "The resource was not found."),
        "busy": (409, "OperationInProgress", "Another operation is running for this resource."),
        "unregistered": (
            409,
            "MissingSubscriptionRegistration",
            f"The subscription is not registered to use namespace '{PROVIDER}'. "
            "See https://aka.ms/rps-not-found for how to register subscriptions.",
        ),
        "once_500": (500, "InternalServerError", "An internal error occurred."),
        "always_503": (503, "ServiceUnavailable", "The service is not available at the moment."),
    }
    if fault.name not in refusals:
        return None
    status, code, message = refusals[fault.name]
    details: dict[str, str] = {
        key: str(options[key]) for key in ("message", "possibleCauses", "recommendedAction") if key in options
    }
    headers = _CHALLENGE if status == 401 else {}
    raise Refused(
        status, options.get("code", code), options.get("message", message), details=details, headers=headers
    )


def _know_version(asked: str, newest: str) -> None:
    """As a cloud does that gets new versions of an interface long after the public one."""
    if asked > newest:
        raise Refused(
            400,
            "NoRegisteredProviderFound",
            f"No registered resource provider found for API version '{asked}' for type 'vaults'. "
            f"The supported api-versions are '2016-06-01, {newest}'.",
        )


_CHALLENGE = {
    "WWW-Authenticate": 'Bearer authorization_uri="https://login.example.invalid/common", error="invalid_token"'
}
