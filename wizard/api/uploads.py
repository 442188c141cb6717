"""Files that come in: as the body itself, or as one part of a form. Their length is known before they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError

from wizard.api.bodies import TooLarge, Unreadable, announced, too_large, whole
from wizard.journey.errors import FieldError
from wizard.services.errors import Invalid
from wizard.text import Text, _

# What a form adds to the file that it carries.
_FRAME: Final = 64 * 1024
_MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    name: str | None  # None: the body itself is the file
    content: bytes = field(repr=False)


def upload(request: HttpRequest, part: str, *, limit: int, alone: bool = True) -> Upload:
    """The file of a request, at most `limit` bytes of it: the part of that name, or with `alone` a body that is no form.

    Raises TooLarge before anything is read, Unreadable for a broken form, Invalid where the part is missing.
    """
    length = announced(request)
    if length > limit + _FRAME:
        raise _too_large(part, length, limit)
    if request.content_type == _MULTIPART:
        found = _part(request, part)
    elif alone:
        found = Upload(name=None, content=whole(request))
    else:
        raise _missing(part)
    if len(found.content) > limit:
        raise _too_large(part, len(found.content), limit)
    return found


def described(part: str, *, media_type: str | None = None) -> dict[str, Any]:
    """The OpenAPI request body of an operation that takes such a file; with `media_type` also as the body itself."""
    form = {
        "schema": {
            "type": "object",
            "required": [part],
            "properties": {part: {"type": "string", "contentMediaType": "application/octet-stream"}},
        }
    }
    content: dict[str, Any] = {_MULTIPART: form}
    if media_type:
        kind = "object" if media_type.endswith("json") else "string"
        content = {media_type: {"schema": {"type": kind}}, **content}
    return {"requestBody": {"required": True, "content": content}}


def _part(request: HttpRequest, part: str) -> Upload:
    try:
        # Django reads forms for POST alone.
        _fields, files = request.parse_file_upload(request.META, BytesIO(whole(request)))
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise Unreadable(Text(_("The form cannot be read: %(reason)s"), reason=str(error))) from None
    found = files.get(part)
    if found is None:
        raise _missing(part)
    with found:
        return Upload(name=found.name or "", content=found.read())


def _missing(part: str) -> Invalid:
    text = Text(_("Send the file as the part “%(part)s” of a form (multipart/form-data)."), part=part)
    return Invalid([FieldError(path=part, message=text, code="missing")])


def _too_large(part: str, found: int, limit: int) -> TooLarge:
    error = too_large(found, limit, remedy=Text(_("Check that this is the file that was meant.")))
    error.errors = (FieldError(path=part, message=error.text, code=error.code),)
    return error
