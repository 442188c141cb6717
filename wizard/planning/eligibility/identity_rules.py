"""Who the machine is (asr-facts SM-17, SM-29, SM-30)."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.planning.eligibility.finding import MachineFinding, found
from wizard.planning.eligibility.machine import SourceMachine, Surroundings
from wizard.text import _


def duplicate_instance_uuid(machine: SourceMachine, surroundings: Surroundings) -> Iterator[MachineFinding]:
    """SM-17. Site Recovery leaves out of its list what shares its instance UUID with another machine."""
    if machine.instance_uuid and machine.instance_uuid.lower() in surroundings.duplicate_instance_uuids:
        yield found(
            "SM-17",
            "block",
            _("Another machine has the same instance UUID (%(uuid)s); Site Recovery then hides both."),
            _("Give the copy an instance UUID of its own, then discover the machines again."),
            uuid=machine.instance_uuid,
        )


def template(machine: SourceMachine, surroundings: Surroundings) -> Iterator[MachineFinding]:
    """SM-29, a suggestion of the facts' author: a template is no machine that could be protected."""
    if machine.is_template:
        yield found(
            "SM-29",
            "hide",
            _("This is a template, not a machine that runs."),
            _("Nothing is to be done. To protect what is in it, make a virtual machine of it."),
        )


def own_machine(machine: SourceMachine, surroundings: Surroundings) -> Iterator[MachineFinding]:
    """SM-30, a suggestion of the facts' author: what carries the replication is never itself replicated."""
    own = surroundings.own_machines
    for uuid in (machine.instance_uuid, machine.bios_uuid) if own else ():
        if uuid and uuid.lower() in own:
            yield found(
                "SM-30",
                "hide",
                _("This is a machine of Site Recovery itself: %(what)s."),
                _("Nothing is to be done. Save it by a backup instead."),
                what=own[uuid.lower()] or machine.name,
            )
            return
