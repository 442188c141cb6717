"""Seals over stored documents: canonical bytes, and a SHA-256 that covers the seal before it.

Whoever changes, removes or moves one record breaks every seal after it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from wizard.text import Text, _
from wizard.topology.graph import TopologyError

_DOMAIN = b"foothold topology 1\n"


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """The one spelling of a JSON document: keys sorted by code point, UTF-8, no spaces.

    Raises TopologyError for what has no single spelling or is no JSON: floats, keys that are not text, other
    types, text that UTF-8 cannot hold. The message names the place.
    """
    _refuse_ambiguous(document, "$")
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def chain(document: Mapping[str, Any], previous_digest: str | None) -> str:
    """The seal of a document, in hex. `previous_digest` is of the record before; None or "" for the first."""
    sealed = hashlib.sha256(_DOMAIN)
    sealed.update((previous_digest or "").encode() + b"\n")
    sealed.update(canonical_bytes(document))
    return sealed.hexdigest()


def verify(records: Iterable[tuple[Mapping[str, Any], str | None, str]]) -> int | None:
    """Check (document, previous digest, digest) records in their order.

    Answers the index of the first record whose seal does not fit its document, or that does not follow the
    record before it; None if all is whole. A document that cannot be sealed at all counts as broken.
    """
    last = ""
    for index, (document, previous, digest) in enumerate(records):
        if (previous or "") != last:
            return index
        try:
            if chain(document, previous) != digest:
                return index
        except TopologyError:
            return index
        last = digest
    return None


def _refuse_ambiguous(value: Any, place: str) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise TopologyError(
                    Text(_("The key %(name)s at %(place)s is not text."), name=repr(name), place=place)
                )
            _refuse_ambiguous(name, f"{place}.{name!r}")
            _refuse_ambiguous(inner, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            _refuse_ambiguous(inner, f"{place}[{index}]")
    elif isinstance(value, str):
        if any("\ud800" <= sign <= "\udfff" for sign in value):
            raise TopologyError(
                Text(_("The text at %(place)s cannot be written as UTF-8."), place=ascii(place))
            )
    elif not (value is None or isinstance(value, int)):
        raise TopologyError(
            Text(
                _("%(place)s is a %(found)s; expected text, a whole number, true, false or null."),
                place=place,
                found=type(value).__name__,
            )
        )
