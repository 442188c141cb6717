"""Waiting for a machine that restarts: gone, back, and booted anew, whichever protocol asks it."""

from __future__ import annotations

import time
from collections.abc import Callable

from wizard.hosts.errors import (
    AccessDenied,
    Dropped,
    HandshakeFailed,
    HostDidNotReturn,
    HostError,
    Stopped,
    Unreachable,
    WrongCertificate,
)
from wizard.text import Text, _

RETRY_S = 1.0
# Windows computes its boot time from a clock that may be set meanwhile; a real reboot moves it further than this.
CLOCK_SLACK_S = 10
# While it boots, Windows may refuse an account that it knows; more than this often would lock it.
REFUSALS = 2


def wait_until_back(
    ask: Callable[[float], str],
    is_new: Callable[[str], bool],
    *,
    address: str,
    back_within_s: float,
    should_stop: Callable[[], bool],
) -> None:
    """Call `ask`, which signs in within so many seconds and tells which boot it is, until `is_new` of that.

    Raises HostDidNotReturn, Stopped, WrongCertificate, and AccessDenied at the second refusal.
    """
    until = time.monotonic() + back_within_s
    refused = 0
    answered = False
    while (left := until - time.monotonic()) > 0:
        try:
            boot = ask(left)
        except (Stopped, WrongCertificate):
            raise
        except AccessDenied:
            refused += 1
            if refused == REFUSALS:
                raise
        except (Unreachable, HandshakeFailed, Dropped):
            answered = False
        except HostError:
            # It may be on its way down or up, or there was no time left to hear it out.
            pass
        else:
            if is_new(boot):
                return
            answered = True
        _pause(should_stop, address)
    if answered:
        text = _("%(address)s was asked to restart %(seconds)s seconds ago, but is still running as before.")
    else:
        text = _("%(address)s did not come back within %(seconds)s seconds after its restart.")
    raise HostDidNotReturn(
        Text(text, address=address, seconds=f"{back_within_s:g}"), address=address, step="restart"
    )


def _pause(should_stop: Callable[[], bool], address: str) -> None:
    until = time.monotonic() + RETRY_S
    while not should_stop():
        if time.monotonic() >= until:
            return
        time.sleep(0.1)
    raise Stopped(
        Text(_("Waiting for %(address)s was stopped as asked; it was told to restart."), address=address),
        address=address,
        step="restart",
    )
