"""A session's login: made with one attempt, and made once more after the server has ended the session.

The password is asked for each time and kept nowhere.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from pyVmomi import vim, vmodl

from wizard.text import Text, _
from wizard.vsphere.endpoint import Account
from wizard.vsphere.errors import (
    AccountLocked,
    CallFailed,
    ConnectionLost,
    InvalidLogin,
    NotVSphere,
    VSphereError,
)
from wizard.vsphere.faults import explain
from wizard.vsphere.stub import PinnedStub

# Lends the account for exactly one login, and is told by an exception how that one failed.
SignIn = Callable[[], AbstractContextManager[Account]]

STEP = "login"
# What a failure is of in which no answer to the password came, or none that can be read.
_CALL = "Login"


class Login:
    """Who is signed in on a stub. Safe between threads.

    `over` says why nobody signs in again on this stub; it is None as long as that is not settled.
    """

    def __init__(
        self,
        stub: PinnedStub,
        manager: vim.SessionManager,
        user: vim.UserSession,
        *,
        again: SignIn | None,
        fresh_stub: Callable[[], PinnedStub],
    ) -> None:
        self.key: str = user.key
        self.over: Text | None = None
        self._stub = stub
        self._manager = manager
        self._again = again
        self._fresh_stub = fresh_stub
        self._lock = threading.Lock()
        stub.settle()
        if again is not None:
            stub.when_ended = self.renew

    def renew(self, seen: int) -> None:
        """Sign in once more, unless that was done since the stub counted `seen` renewals.

        Whoever comes while another thread is at it waits for that one's outcome. A login that may have carried the
        password is not repeated, by nobody. Raises ConnectionLost, or how the login failed.
        """
        with self._lock:
            if self._stub.renewals != seen:
                return
            if self._again is None or self.over is not None:
                raise self._ended()
            # The server's word that it is over may be wrong for a session that is still counted there.
            _log_out(self._manager)
            stub = self._fresh_stub()
            try:
                stub.open()
                _username, user = log_in(stub, self._manager_on(stub), self._again)
            except VSphereError as error:
                if error.step in (STEP, _CALL):
                    self.over = error.text
                raise
            finally:
                self._stub.distrusted |= stub.distrusted
                stub.DropConnections()  # type: ignore[no-untyped-call]
            self.key = user.key
            self._stub.adopt(stub)

    def end(self) -> None:
        """Log out for good: whoever still calls is told that the session has ended, and nobody signs in again."""
        with self._lock:
            self._again = self._stub.when_ended = None
        _log_out(self._manager)

    def _manager_on(self, stub: PinnedStub) -> vim.SessionManager:
        return vim.SessionManager(self._manager._moId, stub)  # type: ignore[no-untyped-call]

    def _ended(self) -> ConnectionLost:
        if self.over is None:
            text = Text(
                _("The session at %(address)s has ended: it idled for too long or was closed there."),
                address=self._stub.address,
            )
        else:
            text = Text(
                _("The session at %(address)s has ended, and signing in again failed: %(reason)s"),
                address=self._stub.address,
                reason=self.over,
            )
        return ConnectionLost(
            text,
            remedy=Text(_("Start the work again; it signs in anew.")),
            address=self._stub.address,
            step=STEP,
        )


def session_manager(stub: PinnedStub, content: vim.ServiceInstanceContent) -> vim.SessionManager:
    if content.sessionManager is None:
        raise NotVSphere(
            Text(_("%(address)s has no session manager: nobody can sign in there."), address=stub.address),
            address=stub.address,
            step="soap",
        )
    return content.sessionManager


def log_in(
    stub: PinnedStub, manager: vim.SessionManager, lend_account: SignIn
) -> tuple[str, vim.UserSession]:
    """One attempt: the user name that was lent, and who that is at the server.

    Raises InvalidLogin, AccountLocked, NoPermission, CallFailed, what the stub raises, and what `lend_account` raises;
    nobody is left signed in then.
    """
    signed_in = False
    try:
        with lend_account() as account:
            user = _attempt(stub, manager, account)
            signed_in = True
    except BaseException:
        # The password was right, but its lender could not note that.
        if signed_in:
            _log_out(manager)
        raise
    return account.username, user


def may_have_been_refused(error: VSphereError) -> bool:
    """Whether the password was refused, or its answer did not come or cannot be read."""
    return isinstance(error, InvalidLogin | AccountLocked) or error.step == _CALL


def _attempt(stub: PinnedStub, manager: vim.SessionManager, account: Account) -> vim.UserSession:
    _refuse_unsendable(account, stub.address)
    try:
        return manager.Login(account.username, account.password, None)
    except VSphereError as error:
        failure = error.with_traceback(None)
    except vmodl.MethodFault as fault:
        failure = explain(fault, address=stub.address, step=STEP)
    # Outside the handlers and without the frames below, whose variables hold the password.
    raise failure


def _log_out(manager: vim.SessionManager) -> None:
    """Tell the server that the session is over. No error where it cannot be told, or knows."""
    # The work is done or has failed already; an error on the way out would hide how it went.
    with contextlib.suppress(VSphereError, vmodl.MethodFault):
        manager.Logout()


def _refuse_unsendable(account: Account, address: str) -> None:
    """Raises CallFailed where XML cannot carry user name and password."""
    if _is_xml_text(account.username + account.password):
        return
    raise CallFailed(
        Text(
            _("User name or password hold a character that cannot be sent to %(address)s."), address=address
        ),
        remedy=Text(_("Enter them again, without control characters.")),
        address=address,
        step=STEP,
    )


def _is_xml_text(text: str) -> bool:
    """Whether XML 1.0 can carry every character."""
    return not re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
