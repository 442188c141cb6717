"""Which problems an operation can answer: by status, with the codes that tell one from the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self

from wizard.text import Text, _

ABOUT: Final = {
    400: Text(_("The address or the body cannot be read.")),
    401: Text(_("No token, or one that is unknown, expired or revoked.")),
    403: Text(_("The token's scope or the person's role does not reach that far.")),
    404: Text(_("Not there, or not yours.")),
    409: Text(_("In conflict with what is there now; `code` says with what.")),
    412: Text(_("Somebody changed the deployment since the revision in If-Match; nothing was changed.")),
    413: Text(_("The body is larger than is taken here.")),
    422: Text(_("Understood and not valid; `errors` names the fields.")),
    428: Text(_("If-Match is missing.")),
    429: Text(_("More requests than this token may make; Retry-After says when the next one may come.")),
    500: Text(_("Something unexpected went wrong.")),
    502: Text(_("The far end did not answer, or not as what it should be.")),
    503: Text(_("A part is down or too many callers wait; Retry-After says when to ask again.")),
}
HEADERS: Final = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
# What can be answered with that status wherever it can be answered at all.
_USUAL: Final[Mapping[int, tuple[str, ...]]] = {
    400: ("malformed",),
    401: ("not_authenticated",),
    403: ("not_allowed", "scope_too_small"),
    404: ("not_found",),
    412: ("revision_outdated",),
    413: ("too_large",),
    422: ("invalid",),
    428: ("if_match_required",),
    429: ("too_many_requests",),
    500: ("internal",),
    503: ("database_unavailable",),
}
_ANYWHERE: Final = (400, 401, 403, 422, 429, 500, 503)
# What every POST can answer, as it takes an Idempotency-Key.
OF_POST: Final = ("idempotency_key_reused", "idempotency_in_progress")
# What every change of something of a deployment can answer, whatever it is.
OF_CHANGES: Final = ("decommissioned",)

Wanted = int | Mapping[int, Iterable[str]]


class Refusal(int):
    """An HTTP status that knows the codes of its problems. It stands as a key among what an operation answers."""

    codes: tuple[str, ...]

    @classmethod
    def of(cls, status: int, codes: Iterable[str]) -> Self:
        made = cls(status)
        made.codes = tuple(dict.fromkeys((*_USUAL.get(status, ()), *codes)))
        return made


def problems(*wanted: Wanted) -> dict[int, Any]:
    """The problems that an operation can answer, for its `response`; what can happen anywhere is among them.

    A number stands for a status with its usual code, a mapping for statuses with further codes. What a problem looks like is
    said by `description.complete`: ninja would make a model of its own for each of these hundreds.
    """
    codes: dict[int, list[str]] = {status: [] for status in _ANYWHERE}
    for one in wanted:
        for status, names in one.items() if isinstance(one, Mapping) else ((one, ()),):
            codes.setdefault(status, []).extend(names)
    return {Refusal.of(status, codes[status]): None for status in sorted(codes)}
