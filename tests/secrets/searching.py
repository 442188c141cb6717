"""Finding a secret in whatever guise it may have been written down."""

from __future__ import annotations

import base64
import html
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus


def guises(secret: str) -> dict[str, bytes]:
    """How the secret looks, as itself and encoded; what would be the same as another guise is left out."""
    raw = secret.encode()
    wide = secret.encode("utf-16-le")
    found = {
        "itself": raw,
        "reversed": raw[::-1],
        "UTF-16": wide,
        "UTF-16, big end first": secret.encode("utf-16-be"),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "address": quote(secret, safe="").encode(),
        "form": quote_plus(secret, safe="").encode(),
        "HTML": html.escape(secret).encode(),
        "Python": ascii(secret)[1:-1].encode(),
        "hexadecimal": raw.hex().encode(),
        "hexadecimal, upper case": raw.hex().upper().encode(),
        "hexadecimal with colons": raw.hex(":").encode(),
    }
    for name, content in (("base64", raw), ("base64 of UTF-16", wide)):
        for start in range(3):
            found[f"{name}, from {start}"] = _inner_base64(content, start)
            found[f"{name} for addresses, from {start}"] = _inner_base64(content, start).translate(
                bytes.maketrans(b"+/", b"-_")
            )
    unique: dict[bytes, str] = {}
    for name, content in found.items():
        unique.setdefault(content, name)
    return {name: content for content, name in unique.items()}


def leaks(secrets: Mapping[str, str], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Which secret stands where, and how: `NAME in PLACE as GUISE`. The inside of zip archives is searched, too."""
    wanted = [
        (name, guise, content)
        for name, secret in secrets.items()
        for guise, content in guises(secret).items()
    ]
    return [
        f"{name} in {place} as {guise}"
        for outer, raw in places
        for place, found in _opened(outer, raw)
        for name, guise, content in wanted
        if content in found
    ]


def _inner_base64(content: bytes, start: int) -> bytes:
    """What of its base64 does not depend on its neighbours, where `start` bytes of the first three stand before it."""
    encoded = base64.b64encode(bytes(start) + content)
    first = -(-start * 4 // 3)
    return encoded[first + (1 if start else 0) : (start + len(content)) // 3 * 4]


def _opened(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield place, content
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                if not entry.flag_bits & 1:
                    yield from _opened(f"{place}:{entry.filename}", archive.read(entry))
