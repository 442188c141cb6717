"""What to do about the faults with which vSphere answers calls of all kinds."""

from __future__ import annotations

from dataclasses import dataclass

from pyVmomi import vim, vmodl

from wizard.text import Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFault:
    """`text` has places for `address`, `step` and `message` (what the server said)."""

    kind: type[vmodl.MethodFault]
    text: str
    remedy: Text


def known(fault: vmodl.MethodFault) -> KnownFault | None:
    """The entry of the most particular kind that is known; None where the fault's own words have to do."""
    if type(fault) is vmodl.RuntimeFault:
        # Without a kind of its own it says no more than that something broke.
        return _BROKEN
    return next((entry for entry in _KNOWN if isinstance(fault, entry.kind)), None)


_BROKEN = KnownFault(
    kind=vmodl.fault.SystemError,
    text=_("%(address)s failed inside during %(step)s: %(message)s"),
    remedy=Text(
        _(
            "Have a vSphere administrator look at the health of vCenter's services (and at its log of this time); "
            "then try again."
        )
    ),
)

# Particular kinds stand before the general ones that they belong to.
_KNOWN = (
    KnownFault(
        kind=vim.fault.TaskInProgress,
        text=_("%(address)s refused %(step)s, as another task works on the same object: %(message)s"),
        remedy=Text(_("Wait until the object's recent tasks in vCenter have ended, then try again.")),
    ),
    KnownFault(
        kind=vim.fault.InvalidState,
        text=_("%(address)s refused %(step)s in the state that the object is in: %(message)s"),
        remedy=Text(
            _(
                "Look in vCenter whether the object is powered on, in maintenance, disconnected or locked; "
                "bring it back to its usual state, then try again."
            )
        ),
    ),
    KnownFault(
        kind=vim.fault.NoDiskSpace,
        text=_("The datastore is full, says %(address)s of %(step)s: %(message)s"),
        remedy=Text(
            _(
                "Free or add space on the datastore, or choose another one in the placement step; then try again."
            )
        ),
    ),
    KnownFault(
        kind=vim.fault.FileFault,
        text=_("%(address)s could not read or write a file on the datastore during %(step)s: %(message)s"),
        remedy=Text(
            _(
                "Look whether the datastore is accessible on the host and the file is not locked by another "
                "virtual machine; then try again."
            )
        ),
    ),
    KnownFault(
        kind=vim.fault.InsufficientResourcesFault,
        text=_("There are not enough resources at %(address)s for %(step)s: %(message)s"),
        remedy=Text(
            _(
                "Free processor or memory on the cluster or host, relax its reservations or admission control, or "
                "choose another one in the placement step; then try again."
            )
        ),
    ),
    KnownFault(
        kind=vim.fault.RestrictedVersion,
        text=_("The licence of %(address)s does not allow %(step)s: %(message)s"),
        remedy=Text(
            _(
                "The free edition of ESXi only lets others read. Assign a paid licence to the host, or enter the "
                "address of the vCenter that manages it."
            )
        ),
    ),
    KnownFault(
        kind=vmodl.fault.NotEnoughLicenses,
        text=_("The licence of %(address)s does not allow %(step)s: %(message)s"),
        remedy=Text(_("Have a vSphere administrator assign a licence that includes this, then try again.")),
    ),
    KnownFault(
        kind=vim.fault.HostConnectFault,
        text=_("%(address)s could not reach the ESXi host for %(step)s: %(message)s"),
        remedy=Text(
            _(
                "Reconnect the host in vCenter (its network, its account, its certificate), or choose another host."
            )
        ),
    ),
    KnownFault(
        kind=vmodl.fault.HostCommunication,
        text=_("%(address)s could not reach the ESXi host for %(step)s: %(message)s"),
        remedy=Text(
            _(
                "Reconnect the host in vCenter (its network, its account, its certificate), or choose another host."
            )
        ),
    ),
    KnownFault(
        kind=vim.fault.Timedout,
        text=_("%(step)s took too long inside %(address)s: %(message)s"),
        remedy=Text(
            _("Look at the load of vCenter and of the host, and at their recent tasks; then try again.")
        ),
    ),
    KnownFault(
        kind=vmodl.fault.RequestCanceled,
        text=_("%(step)s was cancelled at %(address)s: %(message)s"),
        remedy=Text(_("Ask who cancelled it in vCenter, and why; then try again.")),
    ),
    _BROKEN,
)
