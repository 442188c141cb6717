"""The archive of a pack by itself: the same bytes every time, and refused whenever anything about it is not as it was signed."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from wizard.services import hand_over_archive
from wizard.services.hand_over_archive import MANIFEST, MOST_FILES, PUBLIC_KEY, SIGNATURE, PackRefused

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
FILES = {"README.txt": b"Hello.\n", "topology/topology.json": b"{}\n", "empty.csv": b""}
Change = Callable[[dict[str, bytes]], object]


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def made(files: dict[str, bytes] | None = None, key: Ed25519PrivateKey = KEY) -> bytes:
    target = io.BytesIO()
    hand_over_archive.write(
        target, ((name, iter([content])) for name, content in (files or FILES).items()), key
    )
    return target.getvalue()


def again(change: Change, content: bytes | None = None) -> bytes:
    """The archive written anew by somebody who has not the key."""
    with zipfile.ZipFile(io.BytesIO(content or made())) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def refusal(content: bytes, trusted: Ed25519PrivateKey = KEY) -> PackRefused:
    with pytest.raises(PackRefused) as refused:
        hand_over_archive.verify(io.BytesIO(content), trusted=raw(trusted))
    return refused.value


def test_equal_contents_make_equal_archives() -> None:
    assert made() == made()
    with zipfile.ZipFile(io.BytesIO(made())) as archive:
        assert archive.namelist() == [*FILES, PUBLIC_KEY, MANIFEST, SIGNATURE]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {stat.S_IFREG | 0o644}
        assert {entry.create_system for entry in archive.infolist()} == {3}


def test_a_large_file_is_written_and_verified_piece_by_piece() -> None:
    def pieces() -> Iterator[bytes]:
        for _number in range(64):
            yield b"x" * 65536

    target = io.BytesIO()
    hand_over_archive.write(target, [("large.txt", pieces())], KEY)
    found = hand_over_archive.verify(target, trusted=raw(KEY))
    assert dict(found.files)["large.txt"] == 64 * 65536


def test_what_was_written_verifies() -> None:
    found = hand_over_archive.verify(io.BytesIO(made()), trusted=raw(KEY))
    assert {name for name, _size in found.files} == {*FILES, PUBLIC_KEY}
    assert found.public_key == raw(KEY).hex()


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/x",
        "a/../../x",
        "a\\x",
        "C:x",
        "",
        "a//x",
        "a/",
        ".hidden",
        "a b",
        "x\n",
        MANIFEST,
        PUBLIC_KEY,
    ],
)
def test_no_such_path_is_ever_written(path: str) -> None:
    with pytest.raises(ValueError, match="not a path for a pack"):
        made({path: b""})


def swap(name: str, content: bytes) -> Change:
    return lambda files: files.__setitem__(name, content)


def signed_by_the_other(files: dict[str, bytes]) -> None:
    """Somebody replaces contents, manifest, signature and key by their own: all fits together, but it is another key."""
    with zipfile.ZipFile(io.BytesIO(made({"README.txt": b"Forged.\n"}, OTHER))) as archive:
        files.clear()
        files |= {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (swap("README.txt", b"Hello!\n"), "content_changed", "changed after it was signed: README.txt"),
        (lambda files: files.pop("empty.csv"), "content_changed", "missing: empty.csv"),
        (swap("extra.txt", b""), "content_changed", "nobody signed: extra.txt"),
        (swap(SIGNATURE, bytes(64)), "wrong_signature", "does not fit"),
        (swap(SIGNATURE, b"short"), "wrong_signature", "does not fit"),
        (swap(MANIFEST, b""), "wrong_signature", "does not fit"),
        (lambda files: files.pop(MANIFEST), "not_a_pack", "no file MANIFEST.sha256"),
        (lambda files: files.pop(SIGNATURE), "not_a_pack", "no file MANIFEST.sig"),
        (lambda files: files.pop(PUBLIC_KEY), "not_a_pack", "no file public-key.pem"),
        (swap(PUBLIC_KEY, b"nonsense"), "other_key", "no Ed25519 public key"),
        (swap(PUBLIC_KEY, hand_over_archive.pem_of(raw(OTHER))), "other_key", raw(OTHER).hex()),
        (signed_by_the_other, "other_key", raw(OTHER).hex()),
        (swap("../outside.txt", b""), "not_a_pack", "no path of a file"),
        (swap("/etc/passwd", b""), "not_a_pack", "no path of a file"),
        (swap("folder/", b""), "not_a_pack", "no path of a file"),
        (swap("a\\b.txt", b""), "not_a_pack", "no path of a file"),
        (swap("readme.TXT", b""), "not_a_pack", "twice"),
        (swap(MANIFEST, b"x" * 300_000), "not_a_pack", "too large"),
    ],
)
def test_whatever_was_changed_is_refused_and_named(change: Change, code: str, says: str) -> None:
    error = refusal(again(change))
    assert error.code == code
    assert says in str(error)


def test_a_link_or_an_encrypted_file_is_no_part_of_a_pack() -> None:
    target = io.BytesIO(made())
    with zipfile.ZipFile(target, "a") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    assert "link.txt" in str(refusal(target.getvalue()))
    # The flag of encryption on the first file, in the central directory.
    content = bytearray(made())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "README.txt" in str(refusal(bytes(content)))


def test_the_same_name_twice_is_refused() -> None:
    target = io.BytesIO(made())
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("README.txt", "Another.")
    assert refusal(target.getvalue()).code == "not_a_pack"


def test_more_files_or_bytes_than_a_pack_holds_are_not_unpacked() -> None:
    assert "more than a pack" in str(
        refusal(again(lambda files: files.update({f"f{number}": b"" for number in range(MOST_FILES)})))
    )
    # What the directory claims, not what is there: nothing is read before.
    content = bytearray(made())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = (hand_over_archive.MOST_BYTES + 1).to_bytes(4, "little")
    assert "more than a pack" in str(refusal(bytes(content)))


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 100], ids=["empty", "short", "text"])
def test_what_is_no_zip_is_told_so(content: bytes) -> None:
    assert refusal(content).code == "not_a_pack"


def test_a_pack_cut_short_or_with_any_byte_changed_is_refused() -> None:
    content = made()
    for length in range(0, len(content), 97):
        refusal(content[:length])
    listed = content.index(b"PK\x01\x02")
    for at in range(40, listed, 7):
        broken = bytearray(content)
        broken[at] ^= 0x55
        try:
            hand_over_archive.verify(io.BytesIO(bytes(broken)), trusted=raw(KEY))
        except PackRefused:
            continue
        # Times and the like in the header before a file are told twice; they are no content.
        with zipfile.ZipFile(io.BytesIO(bytes(broken))) as archive:
            assert {name: archive.read(name) for name in FILES} == FILES, at


def test_a_key_of_another_kind_is_no_key_here() -> None:
    pem = (
        generate_private_key(SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(PackRefused) as refused:
        hand_over_archive.key_in(pem)
    assert refused.value.code == "other_key"
    assert hand_over_archive.key_in(hand_over_archive.pem_of(raw(KEY))) == raw(KEY)


def hidden_between() -> bytes:
    """An entry before the directory that the directory does not list: what reads from the front unpacks it."""
    content = made()
    start = content.index(b"PK\x01\x02")
    extra = io.BytesIO()
    with zipfile.ZipFile(extra, "w") as archive:
        archive.writestr("evil.sh", b"rm -r .\n")
    entry = extra.getvalue()[: extra.getvalue().index(b"PK\x01\x02")]
    end = bytearray(content[start:])
    # The end record's offset of the directory moves along.
    end[-6:-2] = (start + len(entry)).to_bytes(4, "little")
    return content[:start] + entry + bytes(end)


def commented() -> bytes:
    target = io.BytesIO(made())
    with zipfile.ZipFile(target, "a") as archive:
        archive.comment = b"Trust me."
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [hidden_between(), b"MZ" + made(), made() + b"more", commented()],
    ids=["between", "before", "after", "comment"],
)
def test_bytes_beside_the_files_are_refused(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None, "the directory by itself shows nothing"
        assert len(archive.namelist()) == len(FILES) + 3
    error = refusal(content)
    assert (error.code, "belong to none" in str(error)) == ("not_a_pack", True)


def test_what_is_packed_in_another_way_is_no_pack_and_no_crash() -> None:
    with zipfile.ZipFile(io.BytesIO(made())) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    content = bytearray(target.getvalue())
    content[50:60] = b"\xff" * 10
    assert refusal(bytes(content)).code == "not_a_pack"
