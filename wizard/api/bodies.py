"""How long a body is, as its sender says before anything of it is read; and the refusal of one that is too long."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest

from wizard.services.errors import UserError
from wizard.text import Text, _

# Of a length that means anything: a petabyte has sixteen.
_DIGITS: Final = 18


class TooLarge(UserError):
    """A body that is longer than what it should hold may be."""

    code = "too_large"


class Unreadable(UserError):
    """A body that is not in the form that its media type says."""

    code = "malformed"


def announced(request: HttpRequest) -> int:
    """How many bytes the body has; 0 where there is none. Raises Unreadable where that is no number, or not said."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdecimal() and len(length) <= _DIGITS):
        raise Unreadable(
            Text(_("Content-Length is not a number of bytes: %(found)s"), found=length[: 2 * _DIGITS])
        )
    # Of a body that comes in chunks nothing would be read, and its sender be told that all is missing.
    if not request.META.get("CONTENT_LENGTH") and "Transfer-Encoding" in request.headers:
        raise Unreadable(
            Text(_("The body came without its length (Transfer-Encoding).")),
            remedy=Text(_("Send it in one piece, with Content-Length.")),
        )
    return int(length)


def whole(request: HttpRequest) -> bytes:
    """All of it. Raises Unreadable where the connection broke on the way, as half a file is another file."""
    length = announced(request)
    body = request.read(length)
    if len(body) < length:
        raise Unreadable(
            Text(
                _("The body ended after %(found)s of %(length)s bytes; nothing was done."),
                found=len(body),
                length=length,
            ),
            remedy=Text(_("Send it again.")),
        )
    return body


def too_large(found: int, limit: int, *, remedy: Text) -> TooLarge:
    """`found` and `limit` in bytes."""
    return TooLarge(
        Text(
            _("The body has %(found)s bytes; expected are at most %(limit)s."),
            found=found,
            limit=_size(limit),
        ),
        remedy=remedy,
    )


def _size(count: int) -> Text:
    if count < 2**20:
        return Text(_("%(count)s KB"), count=count // 2**10)
    return Text(_("%(count)s MB"), count=f"{count / 2**20:.3g}")
