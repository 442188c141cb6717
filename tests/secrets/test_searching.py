"""The search for secrets finds each of them in each guise: where it finds nothing, nothing is there."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import pickle
import tarfile
import textwrap
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
import pyzipper  # type: ignore[import-untyped]
from django.core import signing
from django.utils.html import escapejs

from tests.secrets.searching import leaks, opened

SECRET = 'Canary-"<é>&/+ 4711'
KNOWN = {"password": SECRET, "other": "nowhere-to-be-found"}
KEY = bytes(range(200, 248))


def zipped(content: bytes, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", how) as archive:
        archive.writestr("a/harmless.txt", "nothing here " * 20)
        archive.writestr("a/b.txt", content)
    return target.getvalue()


def tarred(content: bytes) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a/b.txt")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("after", ["", "z"])
def test_in_base64_it_is_found_whatever_stands_around_it(before: str, after: str) -> None:
    for encoding in ("utf-8", "utf-16-le"):
        text = (before + SECRET + after).encode(encoding)
        for encoded in (base64.b64encode(text), base64.urlsafe_b64encode(text)):
            assert leaks(KNOWN, [("here", b"x" + encoded + b"y")]), (encoding, encoded)
            assert leaks(KNOWN, [("here", quote(encoded, safe="").encode())]), (encoding, encoded)


@pytest.mark.parametrize(
    "written",
    [
        SECRET.encode(),
        SECRET.encode()[::-1],
        json.dumps({"a": SECRET}).encode(),
        json.dumps({"a": SECRET}, ensure_ascii=False).encode(),
        json.dumps({"body": json.dumps({"a": SECRET})}).encode(),
        json.dumps({"a": SECRET}).replace("/", "\\/").encode(),
        f"password={quote(SECRET, safe='')}".encode(),
        f"/path/{quote(SECRET)}/".encode(),
        f"password={quote_plus(SECRET)}".encode(),
        ("next=" + quote("/a?b=" + quote(SECRET, safe=""), safe="")).encode(),
        SECRET.encode().hex().encode(),
        SECRET.encode().hex().upper().encode(),
        SECRET.encode().hex(":").encode(),
        SECRET.encode("utf-16"),
        SECRET.encode("utf-16-be"),
        repr({"a": SECRET}).encode(),
        repr({"a": SECRET.encode()}).encode(),
        ascii({"a": SECRET}).encode(),
        b"Canary-&quot;&lt;\xc3\xa9&gt;&amp;/+ 4711",
        html.escape(json.dumps({"a": SECRET})).encode(),
        f"<password>{html.escape(SECRET, quote=False)}</password>".encode(),
        f"let a = '{escapejs(SECRET)}'".encode(),
        pickle.dumps({"a": SECRET}),
    ],
    ids=lambda written: repr(written)[2:40],
)
def test_it_is_found_in_every_guise(written: bytes) -> None:
    (found, *_more) = leaks(KNOWN, [("here", b"before " + written + b" after")])
    assert found.startswith("password in here as ")


@pytest.mark.parametrize("before", [b"", b"\x00page of a file\x00"])
@pytest.mark.parametrize(
    "written",
    [
        zipped,
        lambda content: zipped(content, zipfile.ZIP_STORED),
        # Cut off before its list of contents.
        lambda content: zipped(content)[:-100],
        lambda content: zipped(zipped(content)),
        gzip.compress,
        tarred,
        zlib.compress,
        lambda content: zlib.compress(content, 0),
        lambda content: zlib.compress(content, 9),
        lambda content: gzip.compress(zipped(json.dumps({"a": content.decode()}).encode())),
        lambda content: base64.b64encode(gzip.compress(content)),
        lambda content: base64.urlsafe_b64encode(zlib.compress(content)),
        lambda content: base64.b64encode(zipped(content)),
        # The envelope of a message that holds another one.
        lambda content: base64.b64encode(b'{"body": "' + base64.b64encode(b'{"args": ["a' + content) + b'"}'),
        lambda content: "\n".join(textwrap.wrap(base64.b64encode(b"-" * 40 + content).decode(), 64)).encode(),
        lambda content: base64.encodebytes(b"-" * 50 + content),
        lambda content: json.dumps(base64.encodebytes(b"-" * 50 + content).decode()).encode(),
        # A session of a browser, as Django keeps it.
        lambda content: signing.dumps({"a": content.decode() * 9}, key="key", compress=True).encode(),
    ],
)
def test_it_is_found_inside_of_what_is_compressed_or_encoded(
    before: bytes, written: Callable[[bytes], bytes]
) -> None:
    content = before + written(f"the password is {SECRET}".encode())
    assert any(found.startswith("password in pack") for found in leaks(KNOWN, [("pack", content)]))


def test_where_in_an_archive_it_was_is_said() -> None:
    found = leaks(KNOWN, [("pack", zipped(SECRET.encode()))])
    assert found == ["password in pack:a/b.txt as itself"]


@pytest.mark.parametrize(
    "written",
    [
        KEY,
        KEY.hex().encode(),
        KEY.hex(":").upper().encode(),
        b"MII" + base64.b64encode(b"-" * 43 + KEY + b"-" * 40),
        base64.encodebytes(b"-" * 40 + KEY + b"-" * 40),
        repr(KEY).encode(),
        zlib.compress(KEY * 2),
    ],
)
def test_a_key_is_found_which_is_no_text(written: bytes) -> None:
    assert leaks({"key": KEY}, [("here", b"before " + written + b" after")])


def test_of_an_encrypted_archive_names_and_comments_are_searched() -> None:
    target = io.BytesIO()
    with pyzipper.AESZipFile(
        target, "w", encryption=pyzipper.WZ_AES, compression=zipfile.ZIP_DEFLATED
    ) as made:
        made.setpassword(b"correct horse battery")
        made.writestr("Canary-in-a-name.txt", SECRET)
        made.comment = b"Canary-in-a-comment"
    known = {**KNOWN, "name": "Canary-in-a-name", "comment": "Canary-in-a-comment"}
    found = leaks(known, [("bundle", target.getvalue())])
    assert {leak.partition(" in ")[0] for leak in found} == {"name", "comment"}


def test_what_is_not_there_is_not_found() -> None:
    places = [("here", b"Canary, 4711"), ("there", b""), ("pack", zipped(b"nowhere-to-be-fou"))]
    assert leaks(KNOWN, places) == []


@pytest.mark.parametrize(
    "noise", [b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"\x78\x9c", b"eJx" * 20, b"H4sI" * 20]
)
def test_what_only_begins_like_something_compressed_does_not_disturb(noise: bytes) -> None:
    assert leaks(KNOWN, [("here", noise + bytes(range(256)) + noise + SECRET.encode())])
    assert len(list(opened("here", noise))) < 20
