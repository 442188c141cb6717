"""What can go wrong between this wizard and a machine that is to be installed, in words that help.

Every error names the part that failed (`address`, `step`), says what was found (`text`) and what to do next
(`remedy`). None of them ever carries a password: they are shown, stored and logged as they are.
"""

from __future__ import annotations

from wizard.text import Text, _
from wizard.wire import destinations
from wizard.wire import errors as wire


class HostError(wire.RemoteError):
    """A failure of a target machine, or on the way to it.

    `step` is `dns`, `tcp`, `tls`, `host_key`, `wsman`, `login`, `script`, `upload` or `restart`.
    """

    code = "host"


class Unreachable(wire.Unreachable, HostError):
    """No TCP connection; `step` is `dns` or `tcp`."""

    if_refused = Text(
        _(
            "Check the port, and that remote management is switched on: on Windows run “winrm "
            "quickconfig -transport:https” (it needs a certificate), on Linux start sshd."
        )
    )
    if_silent = Text(
        _(
            "Have the firewalls between this server and the machine, and the one on the machine, let "
            "this TCP port through; check the routing."
        )
    )


class DestinationRefused(Unreachable):
    """No TCP connection, as this server itself does not connect there (`wizard.wire.destinations`)."""

    code = destinations.DestinationRefused.code


class HandshakeFailed(wire.TlsFailed, HostError):
    """Something listens, but no TLS or SSH session came about."""

    code = "handshake_failed"
    default_remedy = Text(
        _(
            "Check that this is the port of WinRM over HTTPS (5986 by default) or of SSH (22), as chosen. "
            "On Windows, “winrm enumerate winrm/config/listener” lists what listens."
        )
    )


class WrongCertificate(HostError):
    """The certificate or host key on the wire is not the confirmed one. Nothing secret was sent."""

    code = "wrong_certificate"
    default_remedy = Text(
        _(
            "If it was renewed on purpose, probe this machine again, compare the fingerprint and confirm it. "
            "If nobody renewed it, stop: somebody may be listening in."
        )
    )

    def __init__(self, *, address: str, step: str, pinned: str, presented: str) -> None:
        super().__init__(
            Text(
                _(
                    "%(address)s presented a certificate or host key with fingerprint %(presented)s; "
                    "%(pinned)s was confirmed. The password was not sent."
                ),
                address=address,
                presented=presented,
                pinned=pinned,
            ),
            address=address,
            step=step,
        )
        self.pinned = pinned
        self.presented = presented


class AccessDenied(HostError):
    """User name or password refused, or the account may not do this. It was tried once."""

    code = "access_denied"
    default_remedy = Text(
        _(
            "Check the user name (DOMAIN\\user, or user alone for a local account) and enter the password "
            "again. It was tried once and is not tried again by itself, as accounts lock. The account must "
            "be a member of Administrators, and Windows must allow the way of signing in that was chosen."
        )
    )


class MessageEncryptionMissing(HostError):
    """Plain HTTP without encrypted messages: everybody in between could read and change them."""

    code = "message_encryption_missing"
    default_remedy = Text(
        _(
            "Choose HTTPS on port 5986, or Negotiate or NTLM over HTTP; “winrm get winrm/config/service” "
            "shows what the machine offers. Do not set AllowUnencrypted."
        )
    )


class RemoteFault(HostError):
    """The machine answered, but refused what was asked or speaks something else."""

    code = "remote_fault"
    default_remedy = Text(
        _(
            "Check on the machine that the service “Windows Remote Management” or “sshd” works, and look into its "
            "event log at this time; then try again."
        )
    )


class TimedOut(HostError):
    """The machine did not answer, or did not finish, in the time that was given."""

    code = "timed_out"
    default_remedy = Text(
        _("Look at the machine's console: is it busy, or does it wait for somebody? Then try again.")
    )


class Dropped(HostError):
    """The connection ended in the middle of the work."""

    code = "dropped"
    default_remedy = Text(
        _(
            "Check that the machine is running and that no firewall cuts connections in between; then try "
            "again."
        )
    )


class OutputFlood(HostError):
    """More output than any of our scripts writes."""

    code = "output_flood"
    default_remedy = Text(
        _(
            "Something on the machine writes without end, perhaps a profile or a logging policy of "
            "PowerShell. Have it looked at, or collect the facts by hand."
        )
    )


class HostDidNotReturn(HostError):
    """A restart was asked for, and the machine was not back in time."""

    code = "host_did_not_return"
    default_remedy = Text(
        _(
            "Look at the machine's console: it may be installing updates, wait for a key or show an error. "
            "When it is up and its remote management answers, run this step again; it goes on where it was."
        )
    )


class Stopped(HostError):
    """The caller's `should_stop` said yes; the machine did not fail."""

    code = "stopped"
    default_remedy = Text(
        _("What ran on the machine was told to end; look whether it did before you begin again.")
    )
