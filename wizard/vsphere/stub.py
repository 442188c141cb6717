"""pyVmomi's SOAP client on pinned connections, with its transport failures told in this room's words.

pyVmomi's own pinning is not used: `SmartConnect(thumbprint=...)` asks for the API versions before it looks at
any certificate, compares the pin only after the chain of authorities was found wanting, and therefore not at
all for a certificate that some authority signed, or with a context that does not verify (which it picks
itself for localhost).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPException
from types import NoneType
from typing import Any
from xml.parsers.expat import ExpatError

from pyVmomi import vim, vmodl
from pyVmomi.SoapAdapter import SoapStubAdapter
from pyVmomi.VmomiSupport import F_OPTIONAL

from wizard.addresses import AddressBook
from wizard.text import Text, _
from wizard.vsphere.bounded_answer import LARGEST_ANSWER, AnswerTooLarge, BoundedConnection
from wizard.vsphere.connection import PinnedConnection
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import (
    CallFailed,
    CertificateChanged,
    ConnectionLost,
    NotVSphere,
    VSphereError,
)
from wizard.vsphere.faults import note_call
from wizard.vsphere.versions import OLDEST, newest_common
from wizard.wire import calls, trace

IDLE_S = (
    60  # a pooled connection older than this is closed: servers and firewalls cut idle ones without a word
)
LARGEST_VERSION_LIST = 1 << 20  # bytes


RetrieveResult = vmodl.query.PropertyCollector.RetrieveResult

# Signing in again in the middle of these makes no sense, or would log out the session that it has just made.
_NEVER_REPEATED = frozenset({"Login", "Logout"})


class PinnedStub(SoapStubAdapter):
    """One login's worth of connections. Calls raise VSphereError for transport failures, pyVmomi's faults
    otherwise.

    No call is ever repeated by itself, so a login is sent at most once; with one exception: a call that was not
    carried out because the session had ended, once `when_ended` has signed in anew. `renewals` counts how often
    that happened; `distrusted` is whether a connection met another certificate.
    """

    _settled = False
    _cookie = ""

    def __init__(self, endpoint: Endpoint, *, thumbprint: str, book: AddressBook, timeout_s: float) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            host=endpoint.host,
            port=endpoint.port,
            version=OLDEST,
            connectionPoolTimeout=IDLE_S,
            acceptCompressedResponses=False,
        )
        self.address = endpoint.address
        self.renewals = 0
        self.distrusted = False
        # Called with the number of `renewals` that the call saw; returns when signed in anew, or raises VSphereError.
        self.when_ended: Callable[[int], None] | None = None
        # pyVmomi builds every connection of its pool by calling `scheme`.
        self.scheme = BoundedConnection  # type: ignore[assignment]
        self.schemeArgs = {"thumbprint": thumbprint, "book": book, "timeout": timeout_s}

    @property
    def cookie(self) -> str:
        """What every request carries to show which session it belongs to."""
        return self._cookie

    @cookie.setter
    def cookie(self, sent: str) -> None:
        # A server that does not know the session any more sends a cookie for a new one where nobody is signed in. Late
        # answers with such a one must not replace that of the session which another thread has made meanwhile.
        if not self._settled:
            self._cookie = sent

    @property
    def requestContext(self) -> dict[str, str]:  # noqa: N802 - pyVmomi reads it for the header of each request
        """vCenter writes the operation id into its own logs (vpxd.log: opID)."""
        current = trace.current()
        return {"operationID": current} if current else {}

    @requestContext.setter
    def requestContext(self, _given: object) -> None:  # noqa: N802
        """pyVmomi sets what all requests have in common, at the start: here that is nothing."""

    def settle(self) -> None:
        """Signed in: from now on no answer changes the cookie."""
        self._settled = True

    def adopt(self, other: PinnedStub) -> None:
        """Go on with the session of `other`."""
        self._cookie = other.cookie
        self.renewals += 1

    def connection_without_limit(self) -> PinnedConnection:
        """For whoever reads an answer of any length piece by piece; given back as every other one."""
        connection: BoundedConnection = super().GetConnection()  # type: ignore[no-untyped-call]
        connection.limit = None
        return connection

    def GetConnection(self) -> PinnedConnection:  # noqa: N802 - pyVmomi's
        connection: BoundedConnection = super().GetConnection()  # type: ignore[no-untyped-call]
        connection.limit = LARGEST_ANSWER
        return connection

    def InvokeMethod(self, mo: Any, info: Any, args: Any, outerStub: Any = None) -> Any:  # noqa: N802, N803 - pyVmomi's
        # Once: another thread may be logging out for good.
        seen, when_ended = self.renewals, self.when_ended
        try:
            answer = self._exchange(mo, info, args, outerStub)
            if when_ended is None or not _is_empty_for_lack_of_session(answer):
                return answer
        except vim.fault.NotAuthenticated:
            if when_ended is None or info.wsdlName in _NEVER_REPEATED:
                raise
        when_ended(seen)
        return self._exchange(mo, info, args, outerStub)

    def _exchange(self, mo: Any, info: Any, args: Any, outer_stub: Any) -> Any:
        try:
            with calls.told("vsphere", self.address, info.wsdlName):
                answer = super().InvokeMethod(mo, info, args, outer_stub)  # type: ignore[no-untyped-call]
            if answer is not None or info.result is NoneType or info.resultFlags & F_OPTIONAL:
                return answer
            # pyVmomi takes any XML for an answer, and finds nothing in it.
            failure = self._failed(ValueError(), info.wsdlName)
        except vmodl.MethodFault as fault:
            note_call(fault, info.wsdlName)
            raise
        except CertificateChanged:
            self.distrusted = True
            raise
        except VSphereError:
            raise
        # pyVmomi raises a bare Exception for an answer that it cannot read.
        except Exception as error:  # noqa: BLE001
            failure = self._failed(error, info.wsdlName)
        # Outside the handler: what pyVmomi raised may hold the request, and with it a password.
        raise failure

    def open(self) -> None:
        """Have a connection whose certificate was compared, before there is anything to be sent."""
        try:
            connection = self.GetConnection()
        except CertificateChanged:
            self.distrusted = True
            raise
        self.ReturnConnection(connection)  # type: ignore[no-untyped-call]

    def negotiate(self) -> None:
        """Speak the newest API version that both sides know. Raises NotVSphere where there is none."""
        connection = self.GetConnection()
        try:
            connection.request("GET", f"{self.path}/vimServiceVersions.xml")
            response = connection.getresponse()
            document = response.read(LARGEST_VERSION_LIST)
        except (OSError, HTTPException) as error:
            connection.close()
            raise self._failed(error, "vimServiceVersions.xml") from None
        version = newest_common(document) if response.status == 200 else None
        if version is None:
            connection.close()
            raise NotVSphere(
                Text(
                    _("%(address)s is a web server, but not one that speaks the vSphere API."),
                    address=self.address,
                ),
                address=self.address,
                step="soap",
            )
        self.ComputeVersionInfo(version)  # type: ignore[no-untyped-call]
        self.ReturnConnection(connection)  # type: ignore[no-untyped-call]

    @contextmanager
    def on_a_new_connection(self) -> Iterator[None]:
        """Inside, no connection is used that lay idle; those are closed at the end.

        Not where the server shows another certificate by now: they are the last on which it can be told goodbye.
        """
        with self.lock:
            kept, self.pool = self.pool, []
        try:
            yield
        except CertificateChanged:
            with self.lock:
                self.pool += kept
            kept = []
            raise
        finally:
            for connection, _used in kept:
                connection.close()

    def hurry(self, timeout_s: float) -> None:
        """From now on wait no longer than this for anything: for the last words of a session."""
        self.schemeArgs["timeout"] = timeout_s
        with self.lock:
            for connection, _used in self.pool:
                if connection.sock is not None:
                    connection.sock.settimeout(timeout_s)

    def _failed(self, error: Exception, step: str) -> VSphereError:
        if isinstance(error, TimeoutError):
            return ConnectionLost(
                Text(_("%(address)s did not answer %(step)s in time."), address=self.address, step=step),
                address=self.address,
                step=step,
            )
        if isinstance(error, OSError | HTTPException | ExpatError) and not isinstance(error, AnswerTooLarge):
            return ConnectionLost(
                Text(
                    _("The connection to %(address)s broke during %(step)s (%(reason)s)."),
                    address=self.address,
                    step=step,
                    reason=type(error).__name__,
                ),
                address=self.address,
                step=step,
            )
        return CallFailed(
            Text(
                _("%(step)s could not be exchanged with %(address)s (%(reason)s)."),
                address=self.address,
                step=step,
                reason=type(error).__name__,
            ),
            address=self.address,
            step=step,
        )


def _is_empty_for_lack_of_session(answer: Any) -> bool:
    """Some servers answer a question for properties even then: with objects of which nothing may be seen."""
    return isinstance(answer, RetrieveResult) and any(
        isinstance(missing.fault, vim.fault.NotAuthenticated)
        for content in answer.objects
        for missing in content.missingSet
    )
