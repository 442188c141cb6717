"""pyVmomi's SOAP client on pinned connections, with its transport failures told in this room's words.

pyVmomi's own pinning is not used: `SmartConnect(thumbprint=...)` asks for the API versions before it looks at
any certificate, compares the pin only after the chain of authorities was found wanting, and therefore not at
all for a certificate that some authority signed, or with a context that does not verify (which it picks
itself for localhost).
"""

from __future__ import annotations

from http.client import HTTPException
from types import NoneType
from typing import Any
from xml.parsers.expat import ExpatError

from pyVmomi import vmodl
from pyVmomi.SoapAdapter import SoapStubAdapter
from pyVmomi.VmomiSupport import F_OPTIONAL

from wizard.addresses import AddressBook
from wizard.text import Text, _
from wizard.vsphere.connection import PinnedConnection
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import CallFailed, ConnectionLost, NotVSphere, VSphereError
from wizard.vsphere.versions import OLDEST, newest_common

IDLE_S = (
    60  # a pooled connection older than this is closed: servers and firewalls cut idle ones without a word
)
LARGEST_VERSION_LIST = 1 << 20  # bytes


class PinnedStub(SoapStubAdapter):
    """One login's worth of connections. Calls raise VSphereError for transport failures, pyVmomi's faults
    otherwise.

    No call is ever repeated by itself, so a login is sent at most once.
    """

    def __init__(self, endpoint: Endpoint, *, thumbprint: str, book: AddressBook, timeout_s: float) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            host=endpoint.host, port=endpoint.port, version=OLDEST, connectionPoolTimeout=IDLE_S
        )
        self.address = endpoint.address
        # pyVmomi builds every connection of its pool by calling `scheme`.
        self.scheme = PinnedConnection  # type: ignore[assignment]
        self.schemeArgs = {"thumbprint": thumbprint, "book": book, "timeout": timeout_s}

    def InvokeMethod(self, mo: Any, info: Any, args: Any, outerStub: Any = None) -> Any:  # noqa: N802, N803 - pyVmomi's
        try:
            answer = super().InvokeMethod(mo, info, args, outerStub)  # type: ignore[no-untyped-call]
            if answer is not None or info.result is NoneType or info.resultFlags & F_OPTIONAL:
                return answer
            # pyVmomi takes any XML for an answer, and finds nothing in it.
            failure = self._failed(ValueError(), info.wsdlName)
        except (VSphereError, vmodl.MethodFault):
            raise
        # pyVmomi raises a bare Exception for an answer that it cannot read.
        except Exception as error:  # noqa: BLE001
            failure = self._failed(error, info.wsdlName)
        # Outside the handler: what pyVmomi raised may hold the request, and with it a password.
        raise failure

    def negotiate(self) -> None:
        """Speak the newest API version that both sides know. Raises NotVSphere where there is none."""
        connection: PinnedConnection = self.GetConnection()  # type: ignore[no-untyped-call]
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
        if isinstance(error, OSError | HTTPException | ExpatError):
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
