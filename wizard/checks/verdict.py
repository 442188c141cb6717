"""What a judge says, and the register of judges that the catalogue names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from wizard.text import Text

VerdictStatus = Literal["pass", "warn", "fail", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One decision; `unknown` is for facts that settle nothing (no time server answered)."""

    status: VerdictStatus
    summary: Text
    observed: Text
    expected: Text
    details: tuple[Text, ...] = ()


Facts = Mapping[str, Any]
Params = Mapping[str, Any]
Judge = Callable[[Facts, Params], Verdict]

_register: dict[str, Judge] = {}


def judge(name: str) -> Callable[[Judge], Judge]:
    """Register a pure function of facts and parameters under the name that requirements use."""

    def register(function: Judge) -> Judge:
        if name in _register:
            raise ValueError(f"there are two judges named {name}")
        _register[name] = function
        return function

    return register


def find_judge(name: str) -> Judge | None:
    return _register.get(name)
