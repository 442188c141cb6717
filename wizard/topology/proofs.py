"""Which requirements of the catalogue prove that a connection works.

A connection that stands in no requirement has an empty proof: nothing tests it, and the firewall matrix says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wizard.topology.graph import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """`requirements` are ids of the catalogue; `source` is where the facts tie them to the connection."""

    edge: str
    requirements: tuple[str, ...]
    source: str


def _proof(edge: str, source: str, *requirements: str) -> Proof:
    return Proof(edge=edge, requirements=requirements, source=source)


_PROOFS: Final[tuple[Proof, ...]] = (
    _proof("E01", "asr-facts 3.4", "NET-04", "NET-15"),
    _proof("E02", "asr-facts 3.4", "NET-05", "NET-15"),
    _proof("E03", "asr-facts 3.6", "URL-03"),
    _proof("E04", "asr-facts 3.6", "URL-02"),
    _proof("E05", "asr-facts 3.4", "NET-11"),
    _proof("E06", "asr-facts 3.4", "NET-08"),
    _proof("E07", "asr-facts 3.4", "NET-09"),
    _proof("E08", "asr-facts 3.11", "SRC-06", "SRC-07"),
    _proof("E09", "asr-facts 3.11", "SRC-05"),
    _proof("E10", "asr-facts 3.11", "SRC-06"),
    _proof("E11", "asr-facts 3.11", "SRC-11"),
    _proof("E12", "asr-facts 1.3"),
    _proof("E13", "asr-facts 3.5", "TIME-03"),
    _proof("E14", "asr-facts 3.6", "URL-16"),
    _proof("E15", "asr-facts 1.3"),
    _proof("E16", "asr-facts 1.3"),
    _proof("E17", "asr-facts 3.4", "NET-16"),
    _proof("E18", "asr-facts 1.3"),
    _proof("E19", "asr-facts 3.4", "NET-10"),
    _proof("M01", "asr-facts 3.4", "NET-15"),
    _proof("M02", "asr-facts 3.4", "NET-15"),
    _proof("M03", "asr-facts 1.4"),
    _proof("M04", "asr-facts 3.4", "NET-11"),
    # The facts name this URL for the sources without a number; the id is that of the catalogue.
    _proof("M05", "asr-facts 3.8", "SRC-VAULT"),
    _proof("M06", "asr-facts 1.4"),
    _proof("M07", "asr-facts 1.4"),
)

# The catalogue asks about Windows and Linux master targets one by one; that of a process server is the same machine.
_BY_SOURCE: Final[Mapping[tuple[str, Kind], tuple[str, ...]]] = {
    ("E07", "mt_builtin"): ("NET-08",),
    ("E07", "mt_windows"): ("NET-09-WIN",),
    ("E19", "mt_builtin"): ("NET-10-WIN",),
    ("E19", "mt_windows"): ("NET-10-WIN",),
}

# Of protected machines, master targets and the network in Azure; all others are tried where the product is set up.
_ELSEWHERE: Final = frozenset({"NET-09", "NET-09-WIN", "NET-10", "NET-10-WIN", "NET-15", "NET-16"})

PROOFS: Final[Mapping[str, Proof]] = {proof.edge: proof for proof in _PROOFS}


def proved_by(edge: str, source: Kind | None = None) -> tuple[str, ...]:
    """The requirement ids that prove a row of the edge tables, for a link that `source` opens where that is told.

    None for a row that is not there.
    """
    if source is not None and (edge, source) in _BY_SOURCE:
        return _BY_SOURCE[edge, source]
    proof = PROOFS.get(edge)
    return proof.requirements if proof else ()


def judged_elsewhere(requirement: str) -> bool:
    """Whether a requirement speaks of another machine than the one being installed (asr-facts 3.4, 3.11)."""
    return requirement in _ELSEWHERE or requirement.startswith("SRC-")
