"""What a script does, as the client gets to see it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """An object of the pipeline's output."""

    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """What Write-Host writes to the console."""

    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What Read-Host asks the person at the console."""

    text: str


@dataclass(frozen=True, slots=True)
class Warn:
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A progress record; it is no line of output."""

    text: str


@dataclass(frozen=True, slots=True)
class Error:
    """An error that does not end the script."""

    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that ends the script."""

    text: str


@dataclass(frozen=True, slots=True)
class Exit:
    code: int


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


Event = Line | Written | Asked | Progress | Warn | Error | Failure | Exit | Pause
