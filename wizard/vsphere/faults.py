"""vSphere's faults in the words of this room."""

from __future__ import annotations

import re

from pyVmomi import vim, vmodl

from wizard.text import Text, _
from wizard.vsphere.errors import (
    AccountLocked,
    CallFailed,
    ConnectionLost,
    InvalidLogin,
    NoPermission,
    NotFound,
    VSphereError,
)
from wizard.vsphere.known_faults import known

LONGEST_MESSAGE = 500  # characters; what a server says is shown, but it does not fill the page


def explain(fault: vmodl.MethodFault, *, address: str, step: str) -> VSphereError:
    """The error that says what `fault` means. `step` is the call during which it came, or `login`."""
    message = message_of(fault)
    if isinstance(fault, vim.fault.InvalidLogin):
        return _login_refused(fault, message, address=address, step=step)
    if isinstance(fault, vim.fault.NotAuthenticated):
        return ConnectionLost(
            Text(
                _(
                    "The session at %(address)s has ended before %(step)s: it idled for too long or was closed "
                    "there."
                ),
                address=address,
                step=step,
            ),
            remedy=Text(_("Start the work again; it signs in anew.")),
            address=address,
            step=step,
        )
    if isinstance(fault, vim.fault.NoPermission):
        return _not_permitted(fault, address=address, step=step)
    if isinstance(fault, vmodl.fault.ManagedObjectNotFound):
        return NotFound(
            Text(
                _("%(object)s is no longer in the inventory of %(address)s (%(step)s)."),
                object=_name(fault.obj),
                address=address,
                step=step,
            ),
            remedy=Text(_("Read the inventory again and choose anew.")),
            address=address,
            step=step,
        )
    if entry := known(fault):
        return CallFailed(
            # With vSphere's own word for it, which is what one searches for.
            Text(entry.text, address=address, step=step, message=f"{_short(type(fault))}, {message}"),
            remedy=entry.remedy,
            address=address,
            step=step,
        )
    return CallFailed(
        Text(
            _("%(address)s answered %(step)s with %(fault)s: %(message)s"),
            address=address,
            step=step,
            fault=_short(type(fault)),
            message=message,
        ),
        address=address,
        step=step,
    )


def note_call(fault: vmodl.MethodFault, call: str) -> None:
    """Remember which call was answered with this fault; the fault itself does not say."""
    # pyVmomi's own way round its check of names.
    fault.__dict__["_answered_call"] = call


def call_of(fault: vmodl.MethodFault) -> str:
    """The call that was answered with this fault; the fault's own name where it came otherwise."""
    return fault.__dict__.get("_answered_call") or _short(type(fault))


def message_of(fault: vmodl.MethodFault) -> str:
    """What the server said, in one line; its localized messages where it sent some."""
    localized = [item.message for item in fault.faultMessage or [] if item.message]
    said = "; ".join(localized) or getattr(fault, "msg", None) or type(fault).__name__
    return re.sub(r"\s+", " ", str(said)).strip()[:LONGEST_MESSAGE]


def _login_refused(fault: vim.fault.InvalidLogin, message: str, *, address: str, step: str) -> VSphereError:
    if re.search(r"\block(ed|out)\b", message, re.IGNORECASE):
        return AccountLocked(
            Text(_("%(address)s says that the account is locked."), address=address),
            address=address,
            step=step,
        )
    if isinstance(fault, vim.fault.PasswordExpired):
        return InvalidLogin(
            Text(_("%(address)s says that the password has expired."), address=address),
            remedy=Text(_("Set a new password for the account in vCenter, then enter it here.")),
            address=address,
            step=step,
        )
    return InvalidLogin(
        Text(_("%(address)s refused the user name or the password."), address=address),
        address=address,
        step=step,
    )


def _not_permitted(fault: vim.fault.NoPermission, *, address: str, step: str) -> NoPermission:
    if step == "login":
        return NoPermission(
            Text(
                _("The password is right, but the account has no permission at %(address)s at all."),
                address=address,
            ),
            remedy=Text(
                _("Ask a vSphere administrator to give the account a role on the datacenter, propagated.")
            ),
            address=address,
            step=step,
        )
    return NoPermission(
        Text(
            _("The account lacks the privilege %(privilege)s on %(object)s at %(address)s, for %(step)s."),
            privilege=fault.privilegeId or "?",
            object=_name(fault.object),
            address=address,
            step=step,
        ),
        address=address,
        step=step,
    )


def _name(managed: object) -> str:
    moid = getattr(managed, "_moId", None)
    return f"{_short(type(managed))} {moid}" if moid else "?"


def _short(kind: type) -> str:
    """`VirtualMachine` of `vim.VirtualMachine`."""
    return kind.__name__.rpartition(".")[2]
