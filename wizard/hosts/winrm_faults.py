"""What pypsrp and the libraries below it raise, told in this room's words."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Final
from xml.etree.ElementTree import ParseError

import requests
from pypsrp.exceptions import (
    AuthenticationError,
    WinRMError,
    WinRMTransportError,
    WSManFaultError,
)
from spnego.exceptions import BadMICError, SpnegoError

from wizard.hosts.errors import (
    AccessDenied,
    Dropped,
    HostError,
    MessageEncryptionMissing,
    RemoteFault,
    TimedOut,
)
from wizard.hosts.guard import Guard
from wizard.text import Text, _

_ACCESS_DENIED: Final = 5  # ERROR_ACCESS_DENIED
_NOTHING_YET: Final = 0x80338029  # ERROR_WSMAN_OPERATION_TIMEDOUT
_NO_SUCH_SHELL: Final = 0x8033805B  # ERROR_WSMAN_UNEXPECTED_SELECTORS: the shell ended, mostly by a reboot


class Told:
    """Lets nothing out of its block but HostError and what the caller's own functions raised.

    A class rather than a generator: `contextlib` gives an exception that comes out as it went in all its frames
    back, and those of pypsrp hold the password.
    """

    def __init__(self, guard: Guard, *, plain: bool, on_failure: Callable[[], None] = lambda: None) -> None:
        """`plain`: whether this goes over HTTP without TLS. `on_failure` is called for everything that leaves the
        connection in a state that nobody knows, which a host does not that answers and refuses.
        """
        self._guard = guard
        self._plain = plain
        self._on_failure = on_failure

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        # pypsrp lets out whatever went wrong below it, from parsers to arithmetics.
        if not isinstance(error, Exception) or error is self._guard.callers_own:
            self._on_failure()
            return
        failure = error if isinstance(error, HostError) else explain(error, self._guard, plain=self._plain)
        if not isinstance(failure, RemoteFault):
            self._on_failure()
        raise failure.with_traceback(None) from None


def explain(error: Exception, guard: Guard, *, plain: bool) -> HostError:
    """The error of this room for one of pypsrp's."""
    address, step = guard.address, guard.step
    if isinstance(error, WSManFaultError):
        return _fault(error, guard)
    if plain and isinstance(error, AuthenticationError | SpnegoError) and "did not response" in str(error):
        return MessageEncryptionMissing(
            Text(
                _(
                    "%(address)s offers neither Negotiate nor NTLM over plain HTTP, without which messages "
                    "cannot be encrypted. The password was not sent."
                ),
                address=address,
            ),
            address=address,
            step="login",
        )
    if isinstance(error, AuthenticationError) or (isinstance(error, SpnegoError) and not _altered(error)):
        return AccessDenied(
            Text(_("%(address)s refused the user name or the password."), address=address),
            address=address,
            step="login",
        )
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return Dropped(
            Text(_("%(address)s closed the connection during %(step)s."), address=address, step=step),
            address=address,
            step=step,
        )
    if isinstance(error, WinRMTransportError):
        return RemoteFault(
            Text(
                _("%(address)s answered with HTTP status %(status)s instead of WS-Management."),
                address=address,
                status=str(error.code),
            ),
            remedy=Text(_("Enter the address and port of WinRM itself: 5986 for HTTPS, 5985 for HTTP.")),
            address=address,
            step=step,
        )
    if isinstance(error, WinRMError | requests.RequestException | ParseError):
        reason = type(error).__name__
    else:
        reason = f"{type(error).__module__}.{type(error).__name__}"
    return RemoteFault(
        Text(
            _("The answer of %(address)s during %(step)s cannot be understood (%(reason)s)."),
            address=address,
            step=step,
            reason=reason,
        ),
        address=address,
        step=step,
    )


def _altered(error: SpnegoError) -> bool:
    """Whether an encrypted message was not what the host had sealed."""
    return isinstance(error, BadMICError)


def _fault(error: WSManFaultError, guard: Guard) -> HostError:
    address, step = guard.address, guard.step
    if error.code == _ACCESS_DENIED:
        return AccessDenied(
            Text(
                _("The account is known to %(address)s, but may not use remote management there."),
                address=address,
            ),
            address=address,
            step=step,
        )
    if error.code == _NOTHING_YET:
        return TimedOut(
            Text(_("%(address)s did not finish %(step)s in time."), address=address, step=step),
            address=address,
            step=step,
        )
    if error.code == _NO_SUCH_SHELL:
        return Dropped(
            Text(
                _("The session on %(address)s ended during %(step)s, perhaps by a restart."),
                address=address,
                step=step,
            ),
            address=address,
            step=step,
        )
    return guard.refused(error.reason or str(error.code))
