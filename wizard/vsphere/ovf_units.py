"""Allocation units as OVF descriptors write them."""

from __future__ import annotations

import re

_PROGRAMMATIC = re.compile(r"byte((?:\s*\*\s*\d+(?:\s*\^\s*\d+)?)*)", re.IGNORECASE)
_FACTOR = re.compile(r"(\d+)(?:\s*\^\s*(\d+))?")
_LARGEST_EXPONENT = 80
# What VMware's tools wrote before OVF 1.1 took over the programmatic units of DSP0004; all are powers of two.
_LEGACY = {
    "byte": 1,
    "bytes": 1,
    "kilobyte": 2**10,
    "kilobytes": 2**10,
    "kb": 2**10,
    "megabyte": 2**20,
    "megabytes": 2**20,
    "mb": 2**20,
    "gigabyte": 2**30,
    "gigabytes": 2**30,
    "gb": 2**30,
    "terabyte": 2**40,
    "terabytes": 2**40,
    "tb": 2**40,
}


def bytes_per_unit(units: str) -> int:
    """How many bytes one unit holds: `byte * 2^30`, `MegaBytes`. Raises ValueError for any other word."""
    spelled = units.strip()
    legacy = _LEGACY.get(spelled.lower())
    if legacy is not None:
        return legacy
    match = _PROGRAMMATIC.fullmatch(spelled)
    if match is None:
        raise ValueError(f"{units!r} is not a unit of bytes")
    size = 1
    for base, exponent in _FACTOR.findall(match[1]):
        if int(exponent or 1) > _LARGEST_EXPONENT:
            raise ValueError(f"{units!r} is out of range")
        size *= int(base) ** int(exponent or 1)
    return size
