"""Versions of Site Recovery components: numbers with dots between, compared number by number."""

from __future__ import annotations

import re
from itertools import zip_longest


def is_newer(version: object, limit: object) -> bool:
    """Whether `version` is above `limit`; false where either is no version. 9.57 and 9.57.0.0 are equal."""
    one, other = _numbers(version), _numbers(limit)
    if one is None or other is None:
        return False
    for left, right in zip_longest(one, other, fillvalue=0):
        if left != right:
            return left > right
    return False


def _numbers(version: object) -> tuple[int, ...] | None:
    if not isinstance(version, str) or not re.fullmatch(r"[0-9]+(\.[0-9]+)*", version.strip()):
        return None
    return tuple(int(part) for part in version.strip().split("."))
