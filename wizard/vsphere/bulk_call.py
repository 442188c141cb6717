"""Calls whose answers are read in pieces: over the connections and with the cookie of a session's own stub.

pyVmomi makes an object of every element of an answer, which costs far more than the network. Here the request is
written by pyVmomi and the answer is left to `bulk_answer`.
"""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from typing import Any

from pyVmomi import vmodl
from pyVmomi.SoapAdapter import SoapResponseDeserializer
from pyVmomi.VmomiSupport import ManagedObject

from wizard.text import Text, _
from wizard.vsphere.connection import PinnedConnection
from wizard.vsphere.errors import CallFailed, CertificateChanged, ConnectionLost, VSphereError
from wizard.vsphere.faults import note_call
from wizard.vsphere.session import Session
from wizard.wire import calls

PIECE = 64 * 1024  # bytes; as much of an answer as is in memory at once
LARGEST_FAULT = 1 << 20  # bytes

_HTTP_OK = 200
_HTTP_FAULT = 500


class BulkCall:
    """One call that has been sent; the answer can be read once, and any time later.

    While it is not read, the server works on it. `close` is due in any case.
    """

    def __init__(self, session: Session, managed: ManagedObject, method: str, *arguments: Any) -> None:
        """Send it. Raises Unreachable, TlsFailed, CertificateChanged or ConnectionLost."""
        self.step = method
        self.address = session.address
        self._stub = session.stub
        self._since = time.monotonic()
        self._info = type(managed)._GetMethodInfo(method)
        request = self._stub.SerializeRequest(managed, self._info, arguments)  # type: ignore[no-untyped-call]
        headers = {
            "Cookie": self._stub.cookie,
            "SOAPAction": self._stub.versionId,
            "Content-Type": "text/xml; charset=UTF-8",
        }
        self._connection: PinnedConnection | None = None
        try:
            self._connection = connection = self._stub.connection_without_limit()
            connection.request("POST", self._stub.path, request, headers)
        except CertificateChanged:
            self._stub.distrusted = True
            raise
        except (OSError, HTTPException) as error:
            self.close()
            raise self.broken(error) from None

    def pieces(self) -> Iterator[bytes]:
        """The body of the answer as it arrives, none of them empty.

        Raises the fault that vSphere answered with (pyVmomi's), ConnectionLost, and CallFailed for another status.
        """
        connection = self._connection
        if connection is None:
            raise ValueError(f"the answer to {self.step} has been read, or nobody wants it any more")
        try:
            response = connection.getresponse()
            if response.status != _HTTP_OK:
                raise self._refusal(response)
            while piece := response.read(PIECE):
                yield piece
            # `http.client` takes a body that is too short for the end where it is asked for pieces.
            if response.length:
                raise self.broken(EOFError())
        except (OSError, HTTPException) as error:
            self._tell(type(error).__name__)
            raise self.broken(error) from None
        self._tell(calls.OK)
        if not response.will_close:
            self._connection = None
            self._stub.ReturnConnection(connection)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Hang up, unless the whole answer was read: then the connection serves others already."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def broken(self, error: Exception) -> VSphereError:
        """What to tell when the exchange ended before its time."""
        if isinstance(error, TimeoutError):
            text = Text(
                _("%(address)s did not answer %(step)s in time."), address=self.address, step=self.step
            )
        else:
            text = Text(
                _("The connection to %(address)s broke during %(step)s (%(reason)s)."),
                address=self.address,
                step=self.step,
                reason=type(error).__name__,
            )
        return ConnectionLost(text, address=self.address, step=self.step)

    def unreadable(self, reason: str) -> VSphereError:
        """What to tell when the answer is none that can be understood."""
        return CallFailed(
            Text(
                _("%(address)s answered %(step)s with something that cannot be read (%(reason)s)."),
                address=self.address,
                step=self.step,
                reason=reason,
            ),
            remedy=Text(
                _("Check that no proxy answers in vCenter's place and that vCenter is well; then try again.")
            ),
            address=self.address,
            step=self.step,
        )

    def _tell(self, outcome: str) -> None:
        calls.tell("vsphere", self.address, self.step, since=self._since, outcome=outcome)

    def _refusal(self, response: HTTPResponse) -> Exception:
        body = response.read(LARGEST_FAULT)
        if response.status != _HTTP_FAULT:
            return self.unreadable(f"HTTP {response.status}")
        try:
            fault = SoapResponseDeserializer(self._stub).Deserialize(io.BytesIO(body), self._info.result)
        # pyVmomi raises a bare Exception for an answer that it cannot read.
        except Exception as error:  # noqa: BLE001
            return self.unreadable(type(error).__name__)
        if not isinstance(fault, vmodl.MethodFault):
            return self.unreadable(f"HTTP {response.status}")
        note_call(fault, self.step)
        return fault
