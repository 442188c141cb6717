"""What must hold of any machine before it joins a configuration server: its name, its address, what it reaches, its size.

The rules ADD-01 to ADD-07. They follow from asr-facts 1.3, 1.6 (T10) and 4.2; what is seen of the network is seen from the
wizard's own machine, so that a port that does not answer is a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wizard.planning.component_finding import ComponentFinding, found
from wizard.planning.sizing_tables import TableRow
from wizard.text import Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """Something that has a name and addresses already; `what` says what it is."""

    name: str
    addresses: Sequence[str]
    what: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A connection that was tried from here. `failure` None: it was accepted."""

    name: str
    address: str
    port: int
    failure: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer:
    """The machine as vCenter shows it. Memory in GB of 2^30 bytes."""

    vcpu: int
    memory_gb: float


def name_is_free(name: str, neighbours: Sequence[Neighbour]) -> ComponentFinding:
    """ADD-01. Names count to their first dot, whatever their case."""
    for other in neighbours:
        if _bare(other.name) == _bare(name):
            return found(
                "ADD-01",
                "block",
                _("%(name)s is the name of something else already: %(what)s."),
                _("Choose another name."),
                name=name,
                what=other.what,
            )
    return found("ADD-01", "pass", _("Nothing else is called %(name)s."), name=name)


def address_is_free(address: str, neighbours: Sequence[Neighbour]) -> ComponentFinding:
    """ADD-02."""
    if not address:
        return found(
            "ADD-02",
            "unknown",
            _("Its address was not said."),
            _("Enter the address as soon as it is known."),
        )
    for other in neighbours:
        if address in other.addresses:
            return found(
                "ADD-02",
                "block",
                _("%(address)s belongs to %(name)s already: %(what)s."),
                _("Choose another address, or free this one."),
                address=address,
                name=other.name,
                what=other.what,
            )
    return found("ADD-02", "pass", _("%(address)s belongs to nothing that is known here."), address=address)


def dns_agrees(name: str, address: str, answers: Sequence[str], failure: Text | None) -> ComponentFinding:
    """ADD-03. `answers` are the addresses that DNS gives for the name; `failure` why there are none."""
    if failure is not None or not answers:
        return found(
            "ADD-03",
            "warn",
            _("DNS does not know %(name)s: %(why)s"),
            _("Make a host record for it, so that other components find it by name."),
            name=name,
            why=failure or Text(_("it has no address.")),
        )
    if not address:
        return found(
            "ADD-03",
            "info",
            _("DNS gives %(answers)s for %(name)s."),
            answers=list(answers),
            name=name,
        )
    if address not in answers:
        return found(
            "ADD-03",
            "block",
            _("DNS gives %(answers)s for %(name)s, not %(address)s."),
            _("Correct the record in DNS, or the address here."),
            answers=list(answers),
            name=name,
            address=address,
        )
    return found("ADD-03", "pass", _("DNS gives %(address)s for %(name)s."), address=address, name=name)


def control_port(port: Port) -> ComponentFinding:
    """ADD-04 (asr-facts E06, E07, E17)."""
    return _answers("ADD-04", port)


def data_port(port: Port) -> ComponentFinding:
    """ADD-05 (asr-facts E02 and E16)."""
    return _answers("ADD-05", port)


def size(row: TableRow, computer: Computer | None) -> ComponentFinding:
    """ADD-06 (asr-facts 4.2)."""
    wanted = {"vcpu": row.vcpu, "memory": row.memory_gb, "cache": row.cache_gb, "row": row.label}
    if computer is None:
        return found(
            "ADD-06",
            "info",
            _(
                "Row %(row)s asks for %(vcpu)s vCPU, %(memory)s GB of memory and a cache disk of %(cache)s GB. vCenter shows "
                "no machine of this name yet."
            ),
            **wanted,
        )
    # A machine of 8 GB may be told as a little less.
    if computer.vcpu < row.vcpu or computer.memory_gb < row.memory_gb * 0.95:
        return found(
            "ADD-06",
            "warn",
            _(
                "The machine has %(has_vcpu)s vCPU and %(has_memory)s GB of memory; row %(row)s asks for %(vcpu)s and "
                "%(memory)s GB, and a cache disk of %(cache)s GB."
            ),
            _("Give the machine more, or plan it for fewer machines and less change."),
            has_vcpu=computer.vcpu,
            has_memory=round(computer.memory_gb, 1),
            **wanted,
        )
    return found(
        "ADD-06",
        "pass",
        _("The machine has what row %(row)s asks for; see that its cache disk has %(cache)s GB."),
        **wanted,
    )


def no_clone(twins: Sequence[str]) -> ComponentFinding:
    """ADD-07 (asr-facts T10): no two servers of Site Recovery, and no protected machine, from one machine."""
    if twins:
        return found(
            "ADD-07",
            "block",
            _("It has the same BIOS UUID as %(names)s: one was cloned from the other."),
            _("Install Windows anew on a new machine."),
            names=list(twins),
        )
    return found("ADD-07", "pass", _("No other machine of vCenter has its BIOS UUID."))


def _answers(rule: str, port: Port) -> ComponentFinding:
    where = {"name": port.name, "address": f"{port.address}:{port.port}"}
    if port.failure is not None:
        return found(
            rule,
            "warn",
            _("%(name)s (%(address)s) does not answer this server: %(why)s"),
            _("The new component must reach it: open the port between them, and try it from there."),
            why=port.failure,
            **where,
        )
    return found(rule, "pass", _("%(name)s (%(address)s) answers this server."), **where)


def _bare(name: str) -> str:
    return name.partition(".")[0].casefold()
