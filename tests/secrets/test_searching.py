"""The search for secrets finds each of them in each guise: where it finds nothing, nothing is there."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from urllib.parse import quote

import pytest

from tests.secrets.searching import leaks

SECRET = 'Canary-"<é>&/+ 4711'
KNOWN = {"password": SECRET, "other": "nowhere-to-be-found"}


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("after", ["", "z"])
def test_in_base64_it_is_found_whatever_stands_around_it(before: str, after: str) -> None:
    for encoding in ("utf-8", "utf-16-le"):
        text = (before + SECRET + after).encode(encoding)
        for encoded in (base64.b64encode(text), base64.urlsafe_b64encode(text)):
            assert leaks(KNOWN, [("here", b"x" + encoded + b"y")]), (encoding, encoded)


@pytest.mark.parametrize(
    "written",
    [
        SECRET.encode(),
        SECRET.encode()[::-1],
        json.dumps({"a": SECRET}).encode(),
        f"password={quote(SECRET, safe='')}".encode(),
        SECRET.encode().hex().encode(),
        SECRET.encode().hex().upper().encode(),
        SECRET.encode("utf-16"),
        repr({"a": SECRET}).encode(),
        b"Canary-&quot;&lt;\xc3\xa9&gt;&amp;/+ 4711",
    ],
)
def test_it_is_found_in_every_guise(written: bytes) -> None:
    (found, *_more) = leaks(KNOWN, [("here", b"before " + written + b" after")])
    assert found.startswith("password in here as ")


def test_it_is_found_inside_of_an_archive() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/b.txt", f"the password is {SECRET}")
    assert leaks(KNOWN, [("pack", target.getvalue())]) == ["password in pack:a/b.txt as itself"]


def test_what_is_not_there_is_not_found() -> None:
    assert leaks(KNOWN, [("here", b"Canary, 4711"), ("there", b"")]) == []
