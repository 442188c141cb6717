"""What is answered: a status, a body, headers. Errors in the shape that Resource Manager and Site Recovery give them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Answer:
    """`body` None is an empty body with Content-Length 0; bytes go out as they are."""

    status: int = 200
    body: Json | bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


class Refused(Exception):
    """A request that is answered with an error."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.details = details
        self.headers = dict(headers or {})

    def answer(self) -> Answer:
        return Answer(
            status=self.status,
            body=error_body(self.code, self.message, self.details),
            headers=self.headers,
        )


def error_body(code: str, message: str, details: Mapping[str, str] | None = None) -> Json:
    """With `details` (message, possibleCauses, recommendedAction and the like) as Site Recovery writes them."""
    error: Json = {"code": code, "message": message}
    if details is not None:
        error["details"] = [
            {
                "code": code,
                "message": message,
                "possibleCauses": "",
                "recommendedAction": "",
                "clientRequestId": str(uuid.uuid4()),
                "activityId": str(uuid.uuid4()),
                **details,
            }
        ]
    return {"error": error}


def not_found(what: str, name: str, *, code: str = "ResourceNotFound") -> Refused:
    return Refused(404, code, f"The {what} '{name}' could not be found.", details={})


def bad_request(code: str, message: str, action: str = "Correct the request and try again.") -> Refused:
    return Refused(400, code, message, details={"recommendedAction": action})
