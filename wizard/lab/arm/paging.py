"""Lists: as many as fit on a page, and an absolute address where the next ones are."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from urllib.parse import quote, urlencode

from wizard.lab.arm.answers import Answer, Json, bad_request
from wizard.lab.arm.routing import Request


def listed(request: Request, rows: Sequence[Json], *, in_pages: bool = False) -> Answer:
    """With `in_pages` two pages at least, so that nobody gets away with reading the first alone."""
    size = request.world.page_size
    if in_pages:
        size = min(size, max(1, (len(rows) + 1) // 2))
    start = _start(request)
    end = start + size
    link = _link(request, end) if end < len(rows) else None
    return Answer(body={"value": list(rows[start:end]), "nextLink": link})


def _start(request: Request) -> int:
    token = request.query.get("$skiptoken", "")
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode("ascii").removeprefix("row:"))
    except ValueError:
        raise bad_request(
            "InvalidSkipToken", f"The skip token '{token}' is not one of this service."
        ) from None


def _link(request: Request, row: int) -> str:
    token = base64.urlsafe_b64encode(f"row:{row}".encode("ascii")).decode("ascii")
    kept = {key: value for key, value in request.query.items() if key not in ("$skiptoken", "api-version")}
    query = urlencode({"api-version": request.query["api-version"], **kept, "$skipToken": token})
    return f"{request.base}{quote(request.path)}?{query}"
