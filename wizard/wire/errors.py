"""What can go wrong on the way to a far end, in words that help. Each room derives its own errors from these.

Every error names the part that failed (`address`, `step`), says what was found (`text`) and what to do next
(`remedy`). None of them ever carries a password: they are shown, stored and logged as they are.
"""

from __future__ import annotations

import ssl
from typing import ClassVar, Self

from wizard.text import Text, _


class RemoteError(Exception):
    """A remote failure a person can act upon.

    `code` is stable and meant for programs; `address` is `host:port`; `step` is what was being done.
    """

    code: ClassVar[str] = "remote"
    default_remedy: ClassVar[Text] = Text("")

    def __init__(self, text: Text, *, remedy: Text | None = None, address: str = "", step: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.remedy = self.default_remedy if remedy is None else remedy
        self.address = address
        self.step = step

    def __str__(self) -> str:
        return str(self.text)


class Unreachable(RemoteError):
    """No TCP connection; `step` is `dns` or `tcp`."""

    code = "unreachable"
    default_remedy = Text(
        _("Check the address and the port, and that a firewall lets TCP through from this server to there.")
    )
    # What to do where nothing listens, and where packets get lost.
    if_refused: ClassVar[Text] = default_remedy
    if_silent: ClassVar[Text] = default_remedy

    @classmethod
    def no_host(cls, host: str, *, address: str) -> Self:
        """For what can be no host name."""
        return cls(
            Text(_("“%(host)s” is not a host name or an IPv4 address."), host=host),
            remedy=Text(_("Enter the name or the address alone, without https:// and without a path.")),
            address=address,
            step="dns",
        )

    @classmethod
    def unknown_name(cls, host: str, *, address: str) -> Self:
        return cls(
            Text(_("The name %(host)s is not known to the name servers of this machine."), host=host),
            remedy=Text(
                _("Check the spelling; have a DNS record made for it, or enter the IP address instead.")
            ),
            address=address,
            step="dns",
        )

    @classmethod
    def not_connected(cls, error: OSError, *, address: str) -> Self:
        """For what `tcp.connect_any` raises."""
        if isinstance(error, ConnectionRefusedError):
            text = Text(
                _("%(address)s refused the connection: nothing listens on that port."), address=address
            )
            remedy = cls.if_refused
        elif isinstance(error, TimeoutError):
            text = Text(
                _("%(address)s did not answer in time: the packets get lost on the way."), address=address
            )
            remedy = cls.if_silent
        else:
            text = Text(
                _("No connection to %(address)s: %(reason)s."),
                address=address,
                reason=error.strerror or type(error).__name__,
            )
            remedy = Text(_("Check the address and the routing from this server to it."))
        return cls(text, remedy=remedy, address=address, step="tcp")


class TlsFailed(RemoteError):
    """Something listens, but no TLS session came about."""

    code = "tls_failed"

    @classmethod
    def no_tls(cls, error: Exception, *, address: str) -> Self:
        """For what `tls.start` raises."""
        if isinstance(error, TimeoutError):
            text = Text(
                _("%(address)s accepted the connection, but did not answer the TLS greeting."),
                address=address,
            )
        elif isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
            text = Text(
                _("%(address)s answers, but not in TLS: perhaps this is a plain HTTP port."), address=address
            )
        else:
            reason = (
                error.reason if isinstance(error, ssl.SSLError) and error.reason else type(error).__name__
            )
            text = Text(_("No TLS session with %(address)s: %(reason)s."), address=address, reason=reason)
        return cls(text, address=address, step="tls")
