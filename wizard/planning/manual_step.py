"""A step of the manual path, and what can prove it done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from wizard.text import Text

ProofKind = Literal["host_fact", "requirement", "attestation"]

LEARN: Final = "https://learn.microsoft.com/azure/site-recovery/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What can show that a step was done, besides somebody saying so.

    `key`: a fact of the target machine (`site_recovery.products`), the id of a requirement that is verified
    afterwards (`NET-05`), or for an attestation the id of the step itself.
    """

    kind: ProofKind
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualStep:
    """One step. `input` is what has to be at hand, `guard` what goes wrong otherwise, `confirm` a yes/no question.

    `unattended`: the installation bundle does this step. `when`: all of these circumstances must hold, `unless`: none
    of these may.
    """

    id: str
    title: Text
    what: Text
    input: Text | None = None
    guard: Text | None = None
    confirm: Text
    proofs: tuple[Proof, ...]
    link: str
    unattended: bool = False
    when: frozenset[str] = field(default=frozenset())
    unless: frozenset[str] = field(default=frozenset())

    def applies(self, circumstances: frozenset[str]) -> bool:
        """Whether the step belongs to a deployment with these circumstances."""
        return self.when <= circumstances and not self.unless & circumstances

    def to_json(self) -> dict[str, Any]:
        """Texts as `Text.to_json` gives them; the conditions are left out."""
        return {
            "id": self.id,
            "title": self.title.to_json(),
            "what": self.what.to_json(),
            "input": self.input.to_json() if self.input else None,
            "guard": self.guard.to_json() if self.guard else None,
            "confirm": self.confirm.to_json(),
            "proofs": [{"kind": proof.kind, "key": proof.key} for proof in self.proofs],
            "link": self.link,
            "unattended": self.unattended,
        }


def by_fact(*keys: str) -> tuple[Proof, ...]:
    """Facts of the target machine that show it."""
    return tuple(Proof(kind="host_fact", key=key) for key in keys)


def by_requirement(*ids: str) -> tuple[Proof, ...]:
    """Requirements whose verdict shows it."""
    return tuple(Proof(kind="requirement", key=id) for id in ids)


def by_person(step: str) -> tuple[Proof, ...]:
    """Only a person can say it."""
    return (Proof(kind="attestation", key=step),)
