"""What a vault answers, asked for at most once a minute however many deployments share it.

Azure counts what an account reads, and Site Recovery's own view of its servers moves more slowly than that anyhow
(arm-site-recovery 5.2).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache

from wizard.azure.fabrics import read_documents
from wizard.models import Deployment
from wizard.services import azure_access
from wizard.services.renewal import renewed
from wizard.services.storable import storable

Documents = Mapping[str, Any]

# Seconds for which what a vault answered is good for every deployment of it.
GOOD_FOR_S: Final = 60
# A reader that was not heard of for so long is not waited for any more; one that reads renews it.
_READER_LIVES: Final = timedelta(minutes=2)
_LOOK_AGAIN_S: Final = 0.1


def no_check() -> None:
    """For whoever cannot be stopped while it waits."""


def documents_of(deployment: Deployment, *, check: Callable[[], None] = no_check) -> Documents:
    """The documents of its vault (`wizard.azure.fabrics.read_documents`), read now or within the last minute; their
    `read_at` says when.

    `check` is called again and again while somebody else reads the same vault; what it raises ends the wait. Raises what
    `azure_access.open_arm` and `read_documents` raise. Not to be called inside a transaction.
    """
    key = _key(deployment)
    reader, token = f"{key}:reader", uuid4().hex
    # The right to read ends by itself where whoever had it died.
    while not cache.add(reader, token, _READER_LIVES.total_seconds()):
        check()
        time.sleep(_LOOK_AGAIN_S)
    try:
        known: Documents | None = cache.get(key)
        if known is not None:
            return known
        with (
            renewed(lambda: _renew(reader, token), lease=_READER_LIVES, what="reading a vault"),
            azure_access.open_arm(deployment) as arm,
        ):
            documents = _sound(read_documents(arm, azure_access.vault_ref(deployment)))
        cache.set(key, documents, GOOD_FOR_S)
        return documents
    finally:
        if cache.get(reader) == token:
            cache.delete(reader)


def forget(deployment: Deployment) -> None:
    """Have the next one who wants the documents ask anew: what the vault said last is not so any more."""
    cache.delete(_key(deployment))


def _renew(reader: str, token: str) -> None:
    # Another one's by now: it ends that itself.
    if cache.get(reader) == token:
        cache.touch(reader, _READER_LIVES.total_seconds())


def _sound(documents: Documents) -> Documents:
    """Without halves of characters, which JSON can spell and no database keeps."""
    text = json.dumps(documents, ensure_ascii=False).encode("utf-8", "replace")
    sound: dict[str, Any] = storable(json.loads(text))
    return sound


def _key(deployment: Deployment) -> str:
    """Of the vault, and of the account that asks: another one may see less, or more."""
    account = azure_access.account_row(deployment)
    ref = azure_access.vault_ref(deployment)
    asked = (ref.id.lower(), account.cloud, str(account.pk), account.changed_at, settings.AZURE_EMULATOR)
    return f"vault:{sha256(repr(asked).encode()).hexdigest()}"
