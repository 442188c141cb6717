"""WS-Management envelopes, as far as PowerShell remoting uses them: read from the client, written to it."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

NAMESPACES: Final = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "wsman": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "wsmid": "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "wst": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "pwsh": "http://schemas.microsoft.com/powershell",
}
_SHELL: Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_STATE: Final = f"{_SHELL}/CommandState"
_TRANSFER: Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
CREATE, DELETE = f"{_TRANSFER}/Create", f"{_TRANSFER}/Delete"
COMMAND, SEND, RECEIVE, SIGNAL = (f"{_SHELL}/{name}" for name in ("Command", "Send", "Receive", "Signal"))

ACCESS_DENIED: Final = 5
OPERATION_TIMED_OUT: Final = 0x80338029
UNEXPECTED_SELECTORS: Final = 0x8033805B
NOT_SUPPORTED: Final = 0x80338000


class Fault(Exception):
    """Answered as a WSManFault with HTTP status 500."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One envelope. `stdin` is what it carries for the shell or the command, decoded."""

    action: str
    message_id: str
    resource: str
    timeout_s: float
    shell_id: uuid.UUID | None
    command_id: uuid.UUID | None
    stdin: bytes
    signal: str
    identify: bool


def parse(body: bytes) -> Request:
    """Raises ValueError for what is no envelope."""
    try:
        root = etree.fromstring(
            body, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
        )
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from None

    def text(path: str) -> str:
        return str(root.findtext(path, default="", namespaces=NAMESPACES))

    selector = root.find("s:Header/wsman:SelectorSet/wsman:Selector[@Name='ShellId']", NAMESPACES)
    shell = root.find("s:Body/rsp:Shell", NAMESPACES)
    if shell is not None:
        shell_id, stdin = shell.get("ShellId"), text("s:Body/rsp:Shell/pwsh:creationXml")
    else:
        shell_id = None if selector is None else selector.text
        stdin = text("s:Body/rsp:CommandLine/rsp:Arguments") or text("s:Body/rsp:Send/rsp:Stream")
    command_id = next(
        (
            node.get("CommandId")
            for path in ("CommandLine", "Send/rsp:Stream", "Receive/rsp:DesiredStream", "Signal")
            if (node := root.find(f"s:Body/rsp:{path}", NAMESPACES)) is not None
        ),
        None,
    )
    timeout = re.fullmatch(r"PT([0-9.]+)S", text("s:Header/wsman:OperationTimeout"))
    return Request(
        action=text("s:Header/wsa:Action"),
        message_id=text("s:Header/wsa:MessageID"),
        resource=text("s:Header/wsman:ResourceURI"),
        timeout_s=float(timeout[1]) if timeout else 60.0,
        shell_id=uuid.UUID(shell_id) if shell_id else None,
        command_id=uuid.UUID(command_id) if command_id else None,
        stdin=base64.b64decode(stdin),
        signal=text("s:Body/rsp:Signal/rsp:Code"),
        identify="identity" in body.decode(errors="replace") and "Identify" in body.decode(errors="replace"),
    )


def created(request: Request) -> bytes:
    resource, shell = escape(request.resource), _id(request.shell_id)
    return _answer(
        request,
        f"<wst:ResourceCreated><wsa:Address>http://localhost/wsman</wsa:Address><wsa:ReferenceParameters>"
        f"<wsman:ResourceURI>{resource}</wsman:ResourceURI><wsman:SelectorSet>"
        f'<wsman:Selector Name="ShellId">{shell}</wsman:Selector></wsman:SelectorSet>'
        f"</wsa:ReferenceParameters></wst:ResourceCreated><rsp:Shell><rsp:ShellId>{shell}</rsp:ShellId>"
        f"<rsp:ResourceUri>{resource}</rsp:ResourceUri></rsp:Shell>",
    )


def command_started(request: Request) -> bytes:
    command = _id(request.command_id)
    return _answer(
        request, f"<rsp:CommandResponse><rsp:CommandId>{command}</rsp:CommandId></rsp:CommandResponse>"
    )


def received(request: Request, payloads: Iterable[bytes], *, done: bool) -> bytes:
    of_command = f' CommandId="{_id(request.command_id)}"' if request.command_id else ""
    streams = "".join(
        f'<rsp:Stream Name="stdout"{of_command}>{base64.b64encode(payload).decode()}</rsp:Stream>'
        for payload in payloads
    )
    state = f"{_STATE}/{'Done' if done else 'Running'}"
    command_state = f'<rsp:CommandState{of_command} State="{state}"/>' if of_command else ""
    return _answer(request, f"<rsp:ReceiveResponse>{streams}{command_state}</rsp:ReceiveResponse>")


def accepted(request: Request) -> bytes:
    """The empty answer to Send, Signal and Delete."""
    name = {SEND: "rsp:SendResponse", SIGNAL: "rsp:SignalResponse"}.get(request.action)
    return _answer(request, f"<{name}/>" if name else "")


def identified(version: str) -> bytes:
    return _envelope(
        "",
        "<wsmid:IdentifyResponse>"
        "<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>"
        "<wsmid:ProductVendor>Microsoft Corporation</wsmid:ProductVendor>"
        f"<wsmid:ProductVersion>OS: {escape(version)} SP: 0.0 Stack: 3.0</wsmid:ProductVersion>"
        "</wsmid:IdentifyResponse>",
    )


def fault(request: Request, found: Fault) -> bytes:
    return _answer(
        request,
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>wsman:InternalError</s:Value>"
        f'</s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">{escape(found.reason)}</s:Text></s:Reason>'
        f'<s:Detail><f:WSManFault Code="{found.code}" Machine="lab">'
        f"<f:Message>{escape(found.reason)}</f:Message></f:WSManFault></s:Detail></s:Fault>",
    )


def _id(value: uuid.UUID | None) -> str:
    return str(value).upper()


def _answer(request: Request, body: str) -> bytes:
    return _envelope(f"<wsa:RelatesTo>{escape(request.message_id)}</wsa:RelatesTo>", body)


def _envelope(header: str, body: str) -> bytes:
    names = " ".join(f"xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in NAMESPACES.items())
    message = f"<wsa:MessageID>uuid:{uuid.uuid4()}</wsa:MessageID>"
    return (
        f"<s:Envelope {names}><s:Header>{message}{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()
