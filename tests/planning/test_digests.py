from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.planning import digests

PLAIN = "0123456789abcdef" * 4
PAIRS = ":".join(PLAIN.upper()[place : place + 2] for place in range(0, 64, 2))


@pytest.mark.parametrize(
    "typed",
    [
        PLAIN,
        PLAIN.upper(),
        PAIRS,
        PAIRS.lower(),
        PAIRS.replace(":", " "),
        PAIRS.replace(":", "-"),
        f"SHA256 Fingerprint={PAIRS}",
        f"sha-256: {PLAIN}",
        f"  {PLAIN}\n",
    ],
)
def test_a_thumbprint_is_read_as_tools_print_it(typed: str) -> None:
    assert digests.thumbprint(typed) == PAIRS
    assert digests.checksum(typed) == PLAIN


@given(st.binary(min_size=32, max_size=32))
def test_any_digest_survives_the_way_there_and_back(digest: bytes) -> None:
    assert bytes.fromhex(digests.thumbprint(digest.hex()).replace(":", "")) == digest


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "A SHA-256 value has 64 hexadecimal digits; this one has 0. Copy it again as a whole."),
        (PLAIN[:-1], "A SHA-256 value has 64 hexadecimal digits; this one has 63. Copy it again as a whole."),
        (
            "a" * 40,
            "This has the length of SHA-1 (40 hexadecimal digits). Give the SHA-256 value, which has 64.",
        ),
        (
            "a" * 32,
            "This has the length of MD5 (32 hexadecimal digits). Give the SHA-256 value, which has 64.",
        ),
        (
            "a" * 128,
            "This has the length of SHA-512 (128 hexadecimal digits). Give the SHA-256 value, which has 64.",
        ),
        ("xyz", "“xyz” is not a SHA-256 value: only the digits 0–9 and the letters a–f may occur."),
    ],
)
def test_what_is_no_sha256_is_refused_with_the_reason(typed: str, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        digests.thumbprint(typed)
    assert str(caught.value.args[0]) == message
