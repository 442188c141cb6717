from __future__ import annotations

import pytest

from wizard.vsphere.ovf_units import bytes_per_unit


@pytest.mark.parametrize(
    ("units", "size"),
    [
        ("byte", 1),
        ("byte * 2^20", 2**20),
        ("byte * 2^30", 2**30),
        ("byte*2^30", 2**30),
        (" Byte * 10^9 ", 10**9),
        ("byte * 1024", 1024),
        ("byte * 4 * 2^10", 4096),
        ("MegaBytes", 2**20),
        ("GigaBytes", 2**30),
        ("KB", 2**10),
    ],
)
def test_a_unit_is_read_as_its_number_of_bytes(units: str, size: int) -> None:
    assert bytes_per_unit(units) == size


@pytest.mark.parametrize(
    "units", ["", "bit * 2^10", "hertz * 10^6", "byte * 2^", "byte + 1", "byte * 2^99999999", "furlongs"]
)
def test_a_word_that_is_no_unit_of_bytes_is_refused(units: str) -> None:
    with pytest.raises(ValueError, match=r"is not a unit|is out of range"):
        bytes_per_unit(units)
