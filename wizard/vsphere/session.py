"""Signing in to vSphere: once, on a pinned certificate, and out again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from pyVmomi import vim, vmodl
from pyVmomi.VmomiSupport import ManagedObject

from wizard.addresses import DIRECT, AddressBook
from wizard.vsphere.about import About
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.faults import call_of, explain
from wizard.vsphere.login import Login, SignIn, log_in, session_manager
from wizard.vsphere.stub import PinnedStub

Managed = TypeVar("Managed", bound=ManagedObject)

LOGOUT_S = 5.0  # seconds; a session that cannot be closed in that time idles out at the server


@dataclass(frozen=True, kw_only=True, eq=False)
class Session:
    """A signed-in session; its calls may come from several threads.

    One session is equal to itself alone, and others can hold on to what belongs to it by a weak reference.
    `account_name` is what was typed; `user_name` is how vCenter spells that user (for example
    `VSPHERE.LOCAL\\Admin`).

    A session that a pool has lent signs in again, once, when the server has ended it, and repeats the call that found out.
    What vCenter keeps for one session alone is gone then: views, property filters and their versions, page tokens,
    leases. Their users get a fault (mostly ManagedObjectNotFound) and start over; a changed `renewals` tells them why.
    """

    endpoint: Endpoint
    book: AddressBook
    account_name: str
    user_name: str
    about: About
    si: vim.ServiceInstance = field(repr=False)
    content: vim.ServiceInstanceContent = field(repr=False)
    stub: PinnedStub = field(repr=False)
    login: Login = field(repr=False)

    @property
    def key(self) -> str:
        """The server's id of this session; another one after it signed in again."""
        return self.login.key

    @property
    def renewals(self) -> int:
        """How often it has signed in again because the server had ended it."""
        return self.stub.renewals

    @property
    def usable(self) -> bool:
        """Whether the next call may go well: no other certificate was met, and signing in again did not fail."""
        return not self.stub.distrusted and self.login.over is None

    @property
    def address(self) -> str:
        return self.endpoint.address

    def server_time(self) -> datetime:
        """The server's clock, in UTC."""
        return self.si.CurrentTime().astimezone(UTC)

    def managed(self, kind: type[Managed], moid: str) -> Managed:
        """The handle of an object whose id is known; no call is made."""
        return kind(moid, self.stub)


@contextlib.contextmanager
def connect(
    endpoint: Endpoint, account: Account, *, book: AddressBook = DIRECT, timeout_s: float = 30.0
) -> Iterator[Session]:
    """Sign in with exactly one attempt, and out at the end, whatever happened.

    Raises as `sign_in` does. Faults that leave the `with` block come out as VSphereError, too. The session does not
    sign in again.
    """
    session = sign_in(endpoint, lambda: contextlib.nullcontext(account), book=book, timeout_s=timeout_s)
    try:
        with explained(endpoint):
            yield session
    finally:
        sign_out(session)


def sign_in(
    endpoint: Endpoint,
    lend_account: SignIn,
    *,
    again: SignIn | None = None,
    book: AddressBook = DIRECT,
    timeout_s: float = 30.0,
) -> Session:
    """A session that the caller has to `sign_out`. One attempt, for which `lend_account` is asked for the account once
    the server has shown the right certificate and answers; `again` is asked for it after the server has ended the session.

    `endpoint.thumbprint_sha256` must be set (ValueError): every TCP connection of the session, later ones
    too, is compared with it before anything is sent. `timeout_s` bounds setting up each connection and each
    single read and write. Raises Unreachable, TlsFailed, CertificateChanged, NotVSphere, InvalidLogin,
    AccountLocked, NoPermission and ConnectionLost, and what `lend_account` raises.
    """
    thumbprint = endpoint.thumbprint_sha256
    if thumbprint is None:
        raise ValueError(
            "nobody signs in before a certificate has been confirmed: thumbprint_sha256 is missing"
        )

    def fresh_stub() -> PinnedStub:
        return PinnedStub(endpoint, thumbprint=thumbprint, book=book, timeout_s=timeout_s)

    stub = fresh_stub()
    si = vim.ServiceInstance("ServiceInstance", stub)  # type: ignore[no-untyped-call]
    try:
        content = _greet(stub, si)
        manager = session_manager(stub, content)
        username, user = log_in(stub, manager, lend_account)
    except BaseException:
        stub.DropConnections()  # type: ignore[no-untyped-call]
        raise
    return Session(
        endpoint=endpoint,
        book=book,
        account_name=username,
        user_name=user.userName,
        about=about_of(content.about),
        si=si,
        content=content,
        stub=stub,
        login=Login(stub, manager, user, again=again, fresh_stub=lambda: _of_version(fresh_stub(), stub)),
    )


def sign_out(session: Session) -> None:
    """Tell the server, if it listens within seconds, and close all connections."""
    session.stub.hurry(LOGOUT_S)
    session.login.end()
    session.stub.DropConnections()  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def explained(endpoint: Endpoint) -> Iterator[None]:
    """Faults that leave the `with` block come out as VSphereError."""
    try:
        yield
    except vmodl.MethodFault as fault:
        raise explain(fault, address=endpoint.address, step=call_of(fault)) from None


def about_of(info: vim.AboutInfo) -> About:
    """The part of `about` that the wizard shows and compares."""
    return About(
        product=info.fullName,
        version=info.version,
        build=info.build,
        api_version=info.apiVersion,
        api_type=info.apiType,
        instance_uuid=info.instanceUuid or "",
    )


def _greet(stub: PinnedStub, si: vim.ServiceInstance) -> vim.ServiceInstanceContent:
    """What vSphere says before anybody has signed in, in the newest version that both sides speak."""
    try:
        stub.negotiate()
        return si.RetrieveContent()
    except vmodl.MethodFault as fault:
        raise explain(fault, address=stub.address, step="soap") from None


def _of_version(stub: PinnedStub, other: PinnedStub) -> PinnedStub:
    stub.ComputeVersionInfo(other.version)  # type: ignore[no-untyped-call]
    return stub
