"""Which operating systems are supported (asr-facts SM-01, SM-02)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wizard.planning.eligibility.finding import BOTH, CLASSIC, MODERNIZED, MachineFinding, found
from wizard.planning.eligibility.systems import OperatingSystem, Releases, System
from wizard.planning.quoting import shown
from wizard.planning.vocabulary import ProfileId
from wizard.text import _

_ANOTHER_SYSTEM: Final = _("Upgrade it to a supported system, or protect its data by other means.")
_TELL_THE_SYSTEM: Final = _(
    "Start VMware Tools in the machine, or choose its guest operating system in the VM's settings; then discover the "
    "machines again. For a physical server, write name and release."
)


def operating_system(system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-01. What is on the list passes, what is known and not on it blocks; what nobody can name is unknown.

    Kernels are listed by release too, which only the guest tells. Where only the first number of a release is told
    (`rhel8_64Guest`), the system passes when one of its releases would.
    """
    product = system.system
    if product is None:
        yield found(
            "SM-01",
            "unknown",
            _("“%(system)s” does not tell which operating system the machine has."),
            _TELL_THE_SYSTEM,
            system=shown(system.shown) or "–",
        )
    elif product.migration_only:
        yield found(
            "SM-01",
            "block",
            _("%(system)s is supported for migration to Azure only, not for disaster recovery."),
            _ANOTHER_SYSTEM,
            system=product.name,
        )
    elif not product.supported:
        yield found(
            "SM-01",
            "block",
            _("“%(system)s” is not among the supported operating systems."),
            _ANOTHER_SYSTEM,
            system=shown(system.shown),
        )
    elif not product.all_releases:
        yield from _release(system, product)


def architecture(system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-02. 64 bits only; what the 32-bit Windows Server 2008 may is migration (SM-01)."""
    if system.bits == 32:
        yield found(
            "SM-02",
            "block",
            _("“%(system)s” is a 32-bit operating system; only 64-bit ones are supported."),
            _ANOTHER_SYSTEM,
            system=shown(system.shown),
        )
    elif system.bits is None:
        yield found(
            "SM-02",
            "unknown",
            _("Whether the operating system has 64 bits is not known."),
            _TELL_THE_SYSTEM,
        )


def _release(system: OperatingSystem, product: System) -> Iterator[MachineFinding]:
    classic, modernized = product.both, product.both + product.modernized
    if classic == modernized:
        yield from _in_profiles(system, product, classic, BOTH)
    else:
        yield from _in_profiles(system, product, classic, CLASSIC)
        yield from _in_profiles(system, product, modernized, MODERNIZED)


def _in_profiles(
    system: OperatingSystem,
    product: System,
    supported: tuple[Releases, ...],
    profiles: frozenset[ProfileId],
) -> Iterator[MachineFinding]:
    releases = [str(release) for release in supported]
    if not supported:
        yield found(
            "SM-01",
            "block",
            _("%(system)s is supported by the replication appliance only."),
            _("Protect it with the replication appliance."),
            profiles=profiles,
            system=product.name,
        )
    elif not system.release:
        yield found(
            "SM-01",
            "unknown",
            _("%(system)s is supported in these releases: %(releases)s. Which one this is, nobody told."),
            _TELL_THE_SYSTEM,
            profiles=profiles,
            system=product.name,
            releases=releases,
        )
    elif not any(release.may_hold(system.release) for release in supported):
        yield found(
            "SM-01",
            "block",
            _("“%(system)s” is not among the supported releases: %(releases)s."),
            _ANOTHER_SYSTEM,
            profiles=profiles,
            system=shown(system.shown),
            releases=releases,
        )
