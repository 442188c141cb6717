"""Why there was no answer at all: names, connections, certificates, proxies."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from wizard.azure.errors import AzureError, NotAzure, TlsFailed, Unreachable
from wizard.text import Text, _


def explained(error: Exception, address: str, step: str) -> AzureError:
    """For `ServiceRequestError`, `ServiceResponseError` and answers that broke off."""
    found = list(causes(error))
    host = address.rsplit(":", 1)[0]
    if any(type(cause).__name__ == "ProxyError" for cause in found):
        return Unreachable(
            Text(
                _("The proxy that this server is set to use did not let it through to %(address)s."),
                address=address,
            ),
            remedy=Text(
                _("Check HTTPS_PROXY and NO_PROXY of this server, and that the proxy allows the address.")
            ),
            address=address,
            step="tcp",
        )
    for cause in found:
        if isinstance(cause, ssl.SSLError):
            return TlsFailed.no_tls(cause, address=address)
        if isinstance(cause, socket.gaierror):
            return Unreachable.unknown_name(host, address=address)
        if isinstance(cause, ConnectionRefusedError):
            return Unreachable.not_connected(cause, address=address)
    names = {type(cause).__name__ for cause in found}
    if "NameResolutionError" in names:
        return Unreachable.unknown_name(host, address=address)
    if names & {"ConnectTimeoutError", "ConnectTimeout", "ServiceRequestTimeoutError"}:
        return Unreachable.not_connected(TimeoutError(), address=address)
    if names & {"ReadTimeoutError", "ReadTimeout", "ServiceResponseTimeoutError"}:
        return Unreachable(
            Text(_("%(address)s took the request, but did not answer in time."), address=address),
            remedy=Text(
                _("Try again. If it stays so, look at the status of Azure and at the proxy of your site.")
            ),
            address=address,
            step=step,
        )
    return Unreachable(
        Text(_("The connection to %(address)s broke before the answer was complete."), address=address),
        remedy=Text(_("Try again. If it stays so, look for a firewall or a proxy that cuts connections.")),
        address=address,
        step=step,
    )


def led_elsewhere(host: str, address: str, step: str) -> NotAzure:
    """For an answer that points to another host: nothing is sent there."""
    return NotAzure(
        Text(
            _("%(address)s points to %(host)s, which does not belong to this cloud. Nothing was sent there."),
            address=address,
            host=host,
        ),
        address=address,
        step=step,
    )


def causes(error: BaseException) -> Iterator[BaseException]:
    """What led to `error`: exceptions are nested in several ways on their way up through three libraries."""
    seen: set[int] = set()
    ahead: list[object] = [error]
    while ahead:
        cause = ahead.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        ahead += [
            getattr(cause, name, None) for name in ("inner_exception", "reason", "__cause__", "__context__")
        ]
        ahead += list(cause.args)
