"""What the machine's addresses tell (asr-facts SM-21)."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.planning.eligibility.finding import MachineFinding, found
from wizard.planning.eligibility.machine import SourceMachine
from wizard.planning.eligibility.systems import OperatingSystem
from wizard.planning.quoting import shown
from wizard.text import _


def ipv6_only(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-21, the part that is seen from outside: IPv6 is not supported, so a machine needs an IPv4 address.

    One that shows nothing but link-local addresses is only starting up, or has no network at present.
    """
    routable = []
    for address in machine.ip_addresses:
        if ":" not in address:
            return
        if not address.lower().startswith("fe80:"):
            routable.append(shown(address))
    if routable:
        yield found(
            "SM-21",
            "block",
            _("The machine has IPv6 addresses only (%(addresses)s); Site Recovery needs IPv4."),
            _("Give the machine an IPv4 address."),
            addresses=routable,
        )
