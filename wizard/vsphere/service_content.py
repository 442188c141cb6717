"""The one question vSphere answers without a login: who are you?"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from xml.sax.saxutils import escape

from lxml import etree

from wizard.text import Text, _
from wizard.vsphere.about import About
from wizard.vsphere.errors import NotVSphere, VSphereError
from wizard.vsphere.wire import Deadline
from wizard.wire import trace
from wizard.wire.stand_in import SocketStandIn

LARGEST_ANSWER = 1 << 20  # bytes; a real one has some 6 KB

_QUESTION = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">%(header)s<soapenv:Body>'
    b'<RetrieveServiceContent xmlns="urn:vim25"><_this type="ServiceInstance">ServiceInstance</_this>'
    b"</RetrieveServiceContent></soapenv:Body></soapenv:Envelope>"
)


def ask_about(tls: ssl.SSLSocket, host: str, port: int, *, deadline: Deadline) -> About:
    """Ask over an open TLS connection, which is closed afterwards. Raises NotVSphere.

    Nothing in the answer is trusted: it is bounded in size and time, and read without entities or network.
    """
    address = f"{host}:{port}"
    connection = http.client.HTTPConnection(host, port)
    connection.sock = _TimedSocket(tls, deadline)
    # http.client would open a plain connection of its own to ask again.
    connection.auto_open = 0
    try:
        connection.request(
            "POST",
            "/sdk",
            _QUESTION % {b"header": _header()},
            {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"urn:vim25"'},
        )
        response = connection.getresponse()
        body = response.read(LARGEST_ANSWER + 1)
    except TimeoutError:
        raise _not_vsphere(
            _("%(address)s speaks TLS, but did not answer over HTTP in time."), address
        ) from None
    except (OSError, http.client.HTTPException):
        raise _not_vsphere(_("%(address)s speaks TLS, but not HTTP."), address) from None
    finally:
        connection.close()
        tls.close()
    return _read(response.status, body, address)


def _header() -> bytes:
    current = trace.current()
    if not current:
        return b""
    return b"<soapenv:Header><operationID>%s</operationID></soapenv:Header>" % escape(current).encode()


def _read(status: int, body: bytes, address: str) -> About:
    if status == 503:
        raise NotVSphere(
            Text(
                _("%(address)s answers 503: the vSphere services there are not running (yet)."),
                address=address,
            ),
            remedy=Text(
                _(
                    "Wait some minutes if vCenter was just started; otherwise have the service "
                    "vmware-vpxd started "
                    "in the appliance management (port 5480)."
                )
            ),
            address=address,
            step="soap",
        )
    about = _find_about(body) if status == 200 and len(body) <= LARGEST_ANSWER else None
    if about is None:
        raise NotVSphere(
            Text(
                _(
                    "%(address)s is a web server (it answered %(status)s), but it does not speak the "
                    "vSphere API."
                ),
                address=address,
                status=status,
            ),
            address=address,
            step="soap",
        )
    return about


def _find_about(body: bytes) -> About | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None
    about = root.find(".//{urn:vim25}RetrieveServiceContentResponse/{urn:vim25}returnval/{urn:vim25}about")
    if about is None:
        return None

    def said(name: str) -> str:
        return (about.findtext(f"{{urn:vim25}}{name}") or "").strip()[:200]

    if not said("apiType"):
        return None
    return About(
        product=said("fullName") or said("name"),
        version=said("version"),
        build=said("build"),
        api_version=said("apiVersion"),
        api_type=said("apiType"),
        instance_uuid=said("instanceUuid"),
    )


def _not_vsphere(template: str, address: str) -> VSphereError:
    return NotVSphere(Text(template, address=address), address=address, step="soap")


class _TimedSocket(SocketStandIn):
    """A socket whose whole life, not each single read, ends at the deadline: a server may send byte by byte."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        super().__init__(sock)
        self._deadline = deadline

    def _patiently(self, move: Callable[[], int]) -> int:
        self._sock.settimeout(self._deadline.pause())
        return move()
