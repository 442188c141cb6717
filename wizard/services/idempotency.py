"""Requests that a program may send again: what the first one was answered, kept for a day under the key that the program chose.

An answer may show a secret this once, such as the script of a collector. So it is kept encrypted with what only the caller has:
the token itself, of which this installation keeps a hash alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.fernet import Fernet
from django.db import IntegrityError, transaction
from django.utils import timezone

from wizard.journey.errors import FieldError
from wizard.models import ApiToken, IdempotencyRecord
from wizard.services.errors import Conflict, Invalid
from wizard.text import Text, _

KEPT: Final = timedelta(hours=24)
# No request takes nearly as long; one that did not end until then died with its process, and gives the key free.
UNDER_WAY: Final = timedelta(minutes=2)
# How long somebody waits who asks for what is under way.
RETRY_SECONDS: Final = 2
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


class StillUnderWay(Conflict):
    """The first request with this key has not been answered yet."""

    code = "idempotency_in_progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to do what was asked, and to say what came of it; `until` tells it from those of others after it."""

    record: int
    until: datetime
    lock: bytes = field(repr=False)


def begin(*, token: ApiToken, secret: str, key: str, fingerprint: str) -> Claim | Answer:
    """A claim for whoever comes first, the kept answer for whoever comes again. `secret` is the text of the token.

    Raises Invalid for a key that is none, Conflict `idempotency_key_reused` where the key belongs to another request, and
    StillUnderWay.
    """
    if not _KEY.fullmatch(key):
        text = Text(_("An Idempotency-Key has 1 to 255 visible ASCII characters and no spaces."))
        raise Invalid([FieldError(path="Idempotency-Key", message=text, code="invalid")])
    lock, until = _lock(secret, key), timezone.now() + UNDER_WAY
    try:
        with transaction.atomic():
            row = IdempotencyRecord.objects.create(
                token=token, key=key, fingerprint=fingerprint, expires_at=until
            )
        return Claim(record=row.pk, until=until, lock=lock)
    except IntegrityError:
        found = IdempotencyRecord.objects.filter(token=token, key=key).first()
    if found is None:
        # It was given free just now; whoever asks once more is the first.
        raise _under_way()
    if found.expires_at <= timezone.now():
        return _take_over(found, fingerprint, Claim(record=found.pk, until=until, lock=lock))
    if found.fingerprint != fingerprint:
        raise Conflict(
            Text(_("This Idempotency-Key was sent with another request before.")),
            remedy=Text(_("Use a new key for each request, and the same only to send that request again.")),
            code="idempotency_key_reused",
        )
    if found.status is None:
        raise _under_way()
    return Answer(status=found.status, headers=found.headers, body=Fernet(lock).decrypt(bytes(found.body)))


def keep(claim: Claim, answer: Answer) -> None:
    """From now on this is what the key is answered with, for a day."""
    _of(claim).update(
        status=answer.status,
        headers=dict(answer.headers),
        body=Fernet(claim.lock).encrypt(answer.body),
        expires_at=timezone.now() + KEPT,
    )


def give_free(claim: Claim) -> None:
    """Nothing was done: the key can be used again, with whatever request."""
    _of(claim).delete()


def drop_ended() -> int:
    """Forget what nobody may ask for any more. Returns how many."""
    count, _by_model = IdempotencyRecord.objects.filter(expires_at__lte=timezone.now()).delete()
    return count


def fingerprint(method: str, address: str, body: bytes, *, boundary: bytes = b"") -> str:
    """SHA-256 of a request. `address` has the query. The boundary of a form is another at every sending, and left out."""
    digest = hashlib.sha256(json.dumps([method, address]).encode())
    # In one go: the caller chooses the boundary, and a body of nothing else would hold a process for seconds.
    digest.update(body.replace(boundary, b"") if boundary else body)
    return digest.hexdigest()


# --- inside -----------------------------------------------------------------------------------------------------------


def _of(claim: Claim) -> Any:
    return IdempotencyRecord.objects.filter(pk=claim.record, status=None, expires_at=claim.until)


def _take_over(found: IdempotencyRecord, fingerprint: str, claim: Claim) -> Claim:
    """A record that is over, of an answer that was kept long enough or of a request that died, begins anew."""
    ended = IdempotencyRecord.objects.filter(pk=found.pk, expires_at=found.expires_at)
    if not ended.update(fingerprint=fingerprint, status=None, headers={}, body=b"", expires_at=claim.until):
        raise _under_way()
    return claim


def _under_way() -> StillUnderWay:
    return StillUnderWay(
        Text(_("The first request with this Idempotency-Key is still being answered.")),
        remedy=Text(_("Send it again in a moment; it answers what the first one does.")),
    )


def _lock(secret: str, key: str) -> bytes:
    return base64.urlsafe_b64encode(
        hmac.digest(secret.encode(), f"idempotency {key}".encode(), hashlib.sha256)
    )
