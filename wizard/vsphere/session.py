"""Signing in to vSphere: once, on a pinned certificate, and out again."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from pyVmomi import vim, vmodl
from pyVmomi.VmomiSupport import ManagedObject

from wizard.addresses import DIRECT, AddressBook
from wizard.text import Text, _
from wizard.vsphere.about import About
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.errors import CallFailed, NotVSphere, VSphereError
from wizard.vsphere.faults import explain
from wizard.vsphere.stub import PinnedStub

Managed = TypeVar("Managed", bound=ManagedObject)

LOGOUT_S = 5.0  # seconds; a session that cannot be closed in that time idles out at the server


@dataclass(frozen=True, kw_only=True, eq=False)
class Session:
    """A signed-in session; its calls may come from several threads.

    One session is equal to itself alone, and others can hold on to what belongs to it by a weak reference.

    `account_name` is what was typed; `user_name` is how vCenter spells that user (for example
    `VSPHERE.LOCAL\\Admin`).
    """

    endpoint: Endpoint
    book: AddressBook
    account_name: str
    user_name: str
    key: str = field(repr=False)
    about: About
    si: vim.ServiceInstance = field(repr=False)
    content: vim.ServiceInstanceContent = field(repr=False)

    @property
    def address(self) -> str:
        return self.endpoint.address

    def server_time(self) -> datetime:
        """The server's clock, in UTC."""
        return self.si.CurrentTime().astimezone(UTC)

    def managed(self, kind: type[Managed], moid: str) -> Managed:
        """The handle of an object whose id is known; no call is made."""
        return kind(moid, self.si._stub)


@contextlib.contextmanager
def connect(
    endpoint: Endpoint, account: Account, *, book: AddressBook = DIRECT, timeout_s: float = 30.0
) -> Iterator[Session]:
    """Sign in with exactly one attempt, and out at the end, whatever happened.

    `endpoint.thumbprint_sha256` must be set (ValueError): every TCP connection of the session, later ones
    too, is compared with it before anything is sent. `timeout_s` bounds setting up each connection and each
    single read and write. Raises Unreachable, TlsFailed, CertificateChanged, NotVSphere, InvalidLogin,
    AccountLocked, NoPermission and ConnectionLost. Faults that leave the `with` block come out as
    VSphereError, too.
    """
    if endpoint.thumbprint_sha256 is None:
        raise ValueError(
            "nobody signs in before a certificate has been confirmed: thumbprint_sha256 is missing"
        )
    stub = PinnedStub(endpoint, thumbprint=endpoint.thumbprint_sha256, book=book, timeout_s=timeout_s)
    si = vim.ServiceInstance("ServiceInstance", stub)  # type: ignore[no-untyped-call]
    try:
        content, sessions, user = _sign_in(stub, si, account)
        try:
            yield Session(
                endpoint=endpoint,
                book=book,
                account_name=account.username,
                user_name=user.userName,
                key=user.key,
                about=about_of(content.about),
                si=si,
                content=content,
            )
        except vmodl.MethodFault as fault:
            raise explain(fault, address=endpoint.address, step=type(fault).__name__) from None
        finally:
            stub.hurry(LOGOUT_S)
            # The work is done or has failed already; an error on the way out would hide how it went.
            with contextlib.suppress(VSphereError, vmodl.MethodFault):
                sessions.Logout()
    finally:
        stub.DropConnections()  # type: ignore[no-untyped-call]


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


def is_xml_text(text: str) -> bool:
    """Whether XML 1.0 can carry every character."""
    return not re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)


def _sign_in(
    stub: PinnedStub, si: vim.ServiceInstance, account: Account
) -> tuple[vim.ServiceInstanceContent, vim.SessionManager, vim.UserSession]:
    if not is_xml_text(account.username + account.password):
        raise CallFailed(
            Text(
                _("User name or password hold a character that cannot be sent to %(address)s."),
                address=stub.address,
            ),
            remedy=Text(_("Enter them again, without control characters.")),
            address=stub.address,
            step="login",
        )
    step = "soap"
    try:
        stub.negotiate()
        content = si.RetrieveContent()
        sessions = content.sessionManager
        if sessions is None:
            raise NotVSphere(
                Text(
                    _("%(address)s has no session manager: nobody can sign in there."), address=stub.address
                ),
                address=stub.address,
                step=step,
            )
        step = "login"
        return content, sessions, sessions.Login(account.username, account.password, None)
    except VSphereError as error:
        failure = error.with_traceback(None)
    except vmodl.MethodFault as fault:
        failure = explain(fault, address=stub.address, step=step)
    # Outside the handlers and without the frames below, whose variables hold the password.
    raise failure
