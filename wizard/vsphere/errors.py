"""What can go wrong between this wizard and vSphere, in words that help.

Every error names the part that failed (`address`, `step`), says what was found (`text`) and what to do next
(`remedy`). None of them ever carries a password: they are shown, stored and logged as they are.
"""

from __future__ import annotations

from wizard.text import Text, _
from wizard.wire import destinations
from wizard.wire import errors as wire


class VSphereError(wire.RemoteError):
    """A failure of vSphere, or on the way to it.

    `step` is for example `dns`, `tcp`, `tls`, `login` or the name of the vSphere call.
    """

    code = "vsphere"


class Stopped(Exception):
    """The caller's `should_stop` said yes, and whatever had been begun is undone; vSphere did not fail."""


class Unreachable(wire.Unreachable, VSphereError):
    """No TCP connection; `step` is `dns` or `tcp`."""

    if_refused = Text(_("Check the port (443 by default) and that vCenter's services are running."))
    if_silent = Text(
        _("Have the firewall between this server and vCenter let this TCP port through; check the routing.")
    )


class DestinationRefused(Unreachable):
    """No TCP connection, as this server itself does not connect there (`wizard.wire.destinations`)."""

    code = destinations.DestinationRefused.code


class TlsFailed(wire.TlsFailed, VSphereError):
    """Something listens, but no TLS session came about."""

    default_remedy = Text(
        _(
            "Check that this is the HTTPS port of vCenter (443 by default) and that it offers TLS 1.2 or "
            "later."
        )
    )


class NotVSphere(VSphereError):
    """An HTTPS server that does not speak the vSphere API."""

    code = "not_vsphere"
    default_remedy = Text(_("Enter the address of vCenter Server itself; its API answers under /sdk."))


class CertificateChanged(VSphereError):
    """The certificate on the wire is not the pinned one. Nothing secret was sent."""

    code = "certificate_changed"
    default_remedy = Text(
        _(
            "If the certificate was renewed on purpose, probe this vCenter again, compare the fingerprint "
            "and confirm it. "
            "If nobody renewed it, stop: somebody may be listening in."
        )
    )

    def __init__(self, *, address: str, pinned: str, presented: str) -> None:
        super().__init__(
            Text(
                _(
                    "%(address)s presented a certificate with fingerprint %(presented)s; "
                    "%(pinned)s was confirmed. The password was not sent."
                ),
                address=address,
                presented=presented,
                pinned=pinned,
            ),
            address=address,
            step="tls",
        )
        self.pinned = pinned
        self.presented = presented


class InvalidLogin(VSphereError):
    """User name or password refused. vCenter says the same for an account that is locked."""

    code = "invalid_login"
    default_remedy = Text(
        _(
            "Check the user name with its domain (for example user@vsphere.local) and enter the password "
            "again. "
            "It was tried once and is not tried again by itself, as vCenter locks accounts; "
            "if it is surely right, the account may be locked already: ask a vSphere administrator to "
            "unlock it."
        )
    )


class AccountLocked(VSphereError):
    """vCenter said in so many words that the account is locked."""

    code = "account_locked"
    default_remedy = Text(
        _(
            "Ask a vSphere administrator to unlock the account, or wait until the lockout time is over; "
            "then try once."
        )
    )


class NoPermission(VSphereError):
    """Signed in, but not allowed to do what was asked."""

    code = "no_permission"
    default_remedy = Text(
        _(
            "Ask a vSphere administrator to give this account a role with the missing privilege, propagated "
            "to children."
        )
    )


class ConnectionLost(VSphereError):
    """The connection or the session ended in the middle of the work."""

    code = "connection_lost"
    default_remedy = Text(
        _(
            "Check that vCenter is running and that no firewall or proxy cuts connections in between; then "
            "try again."
        )
    )


class CallFailed(VSphereError):
    """vSphere refused or failed a call for a reason that has no class of its own here."""

    code = "call_failed"
    default_remedy = Text(
        _("Look up the task or event at this time in vCenter; correct what it names, then try again.")
    )


class NotFound(VSphereError):
    """No object of that name or id in the inventory that this account can see."""

    code = "not_found"
    default_remedy = Text(
        _(
            "Choose one from the list. If it should be there, check that this account may see it (Read-only "
            "is enough)."
        )
    )


class Ambiguous(VSphereError):
    """Several objects carry that name."""

    code = "ambiguous"
    default_remedy = Text(_("Give the path instead of the bare name."))


class NameTaken(VSphereError):
    """A virtual machine of that name is already in the folder."""

    code = "name_taken"
    default_remedy = Text(
        _("Choose another name, or have the existing virtual machine removed if it is not needed.")
    )


class OvaInvalid(VSphereError):
    """The template cannot be used; `reason` says why in a word, for example `truncated` or `not_an_ova`."""

    code = "ova_invalid"
    default_remedy = Text(_("Download the template again and compare its checksum with the publisher's."))

    def __init__(
        self, text: Text, *, reason: str, remedy: Text | None = None, address: str = "", step: str = ""
    ) -> None:
        super().__init__(text, remedy=remedy, address=address, step=step)
        self.reason = reason


class ImportRefused(VSphereError):
    """vCenter looked at the template and the target and said no."""

    code = "import_refused"
    default_remedy = Text(
        _("Correct the placement or the network mapping as the message says, then deploy again.")
    )


class UploadFailed(VSphereError):
    """A disk could not be sent to the host; `address` is that host's."""

    code = "upload_failed"
    default_remedy = Text(
        _(
            "Check that this server can resolve the ESXi host's name and reach it on TCP 443; then deploy "
            "again."
        )
    )


class LeaseFailed(VSphereError):
    """vCenter gave up the import lease."""

    code = "lease_failed"
    default_remedy = Text(_("Look at the import task in vCenter; correct what it names, then deploy again."))


class TimedOut(VSphereError):
    """Something that was waited for did not happen in time."""

    code = "timed_out"
    default_remedy = Text(_("Look at the virtual machine's console in vCenter; then try again."))
