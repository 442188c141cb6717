"""Finding a secret in whatever guise it may have been written down, also inside of what is compressed or encoded."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

Secret = str | bytes

# How deep things lie in each other, and how much a compressed one may grow to.
_DEEPEST: Final = 6
_MOST_BYTES: Final = 64 * 2**20
# So many first bytes of a pattern are looked for as one number.
_WORD: Final = 8

_GZIP: Final = re.compile(rb"\x1f\x8b\x08")
# The beginnings that a window of 32 KiB has.
_ZLIB: Final = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_ZIP_MEMBER: Final = re.compile(rb"PK\x03\x04")
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{24,}")
# Lines as mail, keys and certificates have them, the break possibly escaped: what stands on two of them is one.
_BREAK: Final = re.compile(rb"(?:\r?\n|\\r\\n|\\n)[ \t]*(?=[A-Za-z0-9+/=])")
_FULL_LINE: Final = re.compile(rb"[A-Za-z0-9+/]{40}")
_COMPRESSED: Final = (b"\x1f\x8b\x08", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"PK\x03\x04")
_READABLE: Final = re.compile(rb"[\t\r\n\x20-\x7e]{18}|(?:[\t\r\n\x20-\x7e]\x00){9}")


def guises(secret: Secret) -> dict[str, bytes]:
    """How the secret looks, as itself and encoded; what would be the same as another guise is left out."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    found = {
        "itself": raw,
        "reversed": raw[::-1],
        "hexadecimal": raw.hex().encode(),
        "hexadecimal, upper case": raw.hex().upper().encode(),
        "hexadecimal with colons": raw.hex(":").encode(),
        "hexadecimal with colons, upper case": raw.hex(":").upper().encode(),
        "Python, bytes": repr(raw)[2:-1].encode(),
        "address": quote(raw, safe="").encode(),
        "path of an address": quote(raw).encode(),
        "address in an address": quote(quote(raw, safe=""), safe="").encode(),
        "form": quote_plus(raw, safe="").encode(),
    }
    found |= _base64_guises("base64", raw)
    if isinstance(secret, str):
        as_json = json.dumps(secret)[1:-1]
        wide = secret.encode("utf-16-le")
        found |= {
            "UTF-16": wide,
            "UTF-16, big end first": secret.encode("utf-16-be"),
            "JSON": as_json.encode(),
            "JSON, beyond ASCII as itself": json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
            "JSON in JSON": json.dumps(as_json)[1:-1].encode(),
            "JSON, slashes escaped": as_json.replace("/", "\\/").encode(),
            "HTML": html.escape(secret).encode(),
            "HTML of JSON": html.escape(as_json).encode(),
            "XML": html.escape(secret, quote=False).encode(),
            "script": _script(secret).encode(),
            "Python": repr(secret)[1:-1].encode(),
            "Python, ASCII": ascii(secret)[1:-1].encode(),
        }
        found |= _base64_guises("base64 of UTF-16", wide)
    unique: dict[bytes, str] = {}
    for name, content in found.items():
        unique.setdefault(content, name)
    return {name: content for content, name in unique.items()}


class Search:
    """Looks for all of the secrets at once: thousands of patterns, in time that depends on the content alone."""

    def __init__(self, secrets: Mapping[str, Secret]) -> None:
        self._wanted: dict[int, list[tuple[str, str, bytes]]] = defaultdict(list)
        for name, secret in secrets.items():
            for guise, content in guises(secret).items():
                assert len(content) >= _WORD, f"{name} as {guise} is too short to be told from anything else"
                self._wanted[int.from_bytes(content[:_WORD], sys.byteorder)].append((name, guise, content))
        self._known = set(self._wanted)

    def leaks(self, place: str, content: bytes) -> Iterator[str]:
        """Which secret stands there, and how: `NAME in PLACE as GUISE`."""
        for where, found in opened(place, content):
            for beginning in self._beginnings(found):
                for name, guise, pattern in self._wanted[beginning]:
                    if pattern in found:
                        yield f"{name} in {where} as {guise}"

    def _beginnings(self, content: bytes) -> set[int]:
        """Of patterns, as far as they stand there: all words of the content are compared, from each of its first bytes on."""
        view, found = memoryview(content), set[int]()
        for start in range(min(_WORD, max(0, len(content) - _WORD + 1))):
            words = view[start : start + (len(content) - start) // _WORD * _WORD].cast("Q")
            found |= self._known.intersection(words)
        return found


def leaks(secrets: Mapping[str, Secret], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Which secret stands where, and how: `NAME in PLACE as GUISE`; also inside of what is compressed or encoded there."""
    search = Search(secrets)
    return [leak for place, content in places for leak in search.leaks(place, content)]


def opened(place: str, content: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """The content, and what can be read inside of it: members of zip archives, gzip, deflate, base64 of readable text or of
    these, base64 that is broken into lines. What is encrypted stays closed; names of members stand in the content itself.
    """
    yield place, content
    if depth == _DEEPEST:
        return
    for how, inner in _inside(content):
        yield from opened(f"{place}:{how}", inner, depth + 1)


def _inside(content: bytes) -> Iterator[tuple[str, bytes]]:
    view = memoryview(content)
    for match in _ZIP_MEMBER.finditer(content):
        yield from _member(content, match.start())
    for match in _GZIP.finditer(content):
        yield from _inflated("gzip", view[match.start() :], 31)
    for match in _ZLIB.finditer(content):
        yield from _inflated("deflate", view[match.start() :], 15)
    joined = _BREAK.sub(_joined, content)
    if joined != content:
        yield "lines joined", joined
    for match in _BASE64.finditer(content):
        # What stands right before it may look like a part of it.
        for start in range(4):
            beginning = _decoded(match[0][start : start + 24])
            if beginning.startswith(_COMPRESSED) or _READABLE.match(beginning):
                yield "base64", _decoded(match[0][start:])


def _member(content: bytes, start: int) -> Iterator[tuple[str, bytes]]:
    """By its own header, so that archives count which were cut off or stand in the middle of something else."""
    header = content[start : start + 30]
    flags, method = int.from_bytes(header[6:8], "little"), int.from_bytes(header[8:10], "little")
    name_at = start + 30
    data_at = name_at + int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
    encrypted = flags & 1
    if method == 8 and not encrypted:
        name = content[name_at : name_at + int.from_bytes(header[26:28], "little")].decode(errors="replace")
        yield from _inflated(name, memoryview(content)[data_at:], -15)


def _inflated(how: str, content: memoryview, window: int) -> Iterator[tuple[str, bytes]]:
    """As far as it can be read: what breaks off in the middle was readable up to there."""
    inflate = zlib.decompressobj(window)
    parts: list[bytes] = []
    size = 0
    # In pieces, as an error would take what the same call had read with it.
    for start in range(0, len(content), 4096):
        try:
            part = inflate.decompress(content[start : start + 4096], _MOST_BYTES)
        except zlib.error:
            break
        parts.append(part)
        size += len(part)
        if inflate.eof or size > _MOST_BYTES:
            break
    if size >= 8:
        yield how, b"".join(parts)


def _joined(match: re.Match[bytes]) -> bytes:
    """Nothing in place of a break behind what may be a full line of base64."""
    before = match.string[max(0, match.start() - 40) : match.start()]
    return b"" if _FULL_LINE.fullmatch(before) else match[0]


def _decoded(encoded: bytes) -> bytes:
    plain = encoded.translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(plain[: len(plain) // 4 * 4])
    except binascii.Error:
        return b""


def _base64_guises(name: str, content: bytes) -> dict[str, bytes]:
    found = {}
    for start in range(3):
        inner = _inner_base64(content, start)
        found[f"{name}, from {start}"] = inner
        found[f"{name} for addresses, from {start}"] = inner.translate(bytes.maketrans(b"+/", b"-_"))
        found[f"{name} in an address, from {start}"] = quote(inner, safe="").encode()
    return found


def _inner_base64(content: bytes, start: int) -> bytes:
    """What of its base64 does not depend on its neighbours, where `start` bytes of the first three stand before it."""
    encoded = base64.b64encode(bytes(start) + content)
    first = -(-start * 4 // 3)
    return encoded[first + (1 if start else 0) : (start + len(content)) // 3 * 4]


def _script(secret: str) -> str:
    """As strings in scripts are escaped by Django's `escapejs` and `json_script`."""
    return "".join(
        f"\\u{ord(character):04X}" if ord(character) < 32 or character in "\\'\"><&=-;`" else character
        for character in secret
    )
