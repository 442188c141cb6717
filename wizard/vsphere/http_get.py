"""Asks web servers for one file, and follows where they send to."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator
from urllib.parse import urljoin

from wizard.text import Text, _
from wizard.vsphere.http_route import PORTS, DownloadFailed, Route, WebAddress, connect, parse_address
from wizard.vsphere.patient_socket import Broken, Stalled

REDIRECTS = 5
_REDIRECTING = (301, 302, 303, 307, 308)


@contextlib.contextmanager
def get(
    url: str, route: Route, *, check: Callable[[], None]
) -> Iterator[tuple[WebAddress, http.client.HTTPResponse]]:
    """The answer 200 to a GET, after at most five redirects, with the address that gave it.

    `check` is called often, while the body is read as well, and what it raises comes out. Raises
    DownloadFailed, also for a transfer that stalls or breaks within the block.
    """
    address = parse_address(url)
    for _number in range(REDIRECTS + 1):
        with (
            _told(address, route),
            contextlib.closing(connect(address, route, check=check)) as connection,
            # `http.client` leaves the socket to the answer where the server says that it will close.
            _ask(connection, address, route) as response,
        ):
            location = response.getheader("Location") if response.status in _REDIRECTING else None
            if location is None:
                _expect_file(address, response)
                yield address, response
                return
        address = _redirected(address, location)
    raise DownloadFailed(
        Text(_("%(host)s sends on and on: more than %(limit)d times."), host=address.host, limit=REDIRECTS),
        remedy=Text(_("Open the address in a browser, and enter the one that it ends at.")),
        address=address.place,
        step="redirect",
    )


def _ask(
    connection: http.client.HTTPConnection, address: WebAddress, route: Route
) -> http.client.HTTPResponse:
    proxied = route.proxy if address.scheme == "http" else None
    target = f"http://{address.authority}{address.path}" if proxied else address.path
    connection.putrequest("GET", target, skip_host=True, skip_accept_encoding=True)
    default = address.port == PORTS[address.scheme]
    connection.putheader("Host", address.authority.rpartition(":")[0] if default else address.authority)
    connection.putheader("Accept-Encoding", "identity")
    connection.putheader("User-Agent", "Foothold")
    if proxied and proxied.authorization:
        connection.putheader("Proxy-Authorization", proxied.authorization)
    connection.endheaders()
    return connection.getresponse()


def _redirected(address: WebAddress, location: str) -> WebAddress:
    following = parse_address(urljoin(f"{address.scheme}://{address.authority}{address.path}", location))
    if (address.scheme, following.scheme) == ("https", "http"):
        raise DownloadFailed(
            Text(
                _(
                    "%(host)s sends from https:// to http:// at %(other)s, where anybody could change the file."
                ),
                host=address.host,
                other=following.host,
            ),
            remedy=Text(_("Ask the publisher for an address that stays with https://.")),
            address=address.place,
            step="redirect",
        )
    return following


def _expect_file(address: WebAddress, response: http.client.HTTPResponse) -> None:
    if response.status != 200:
        raise DownloadFailed(
            Text(
                _("%(host)s answered “%(answer)s” when asked for the file."),
                host=address.host,
                answer=f"{response.status} {response.reason}"[:200],
            ),
            remedy=Text(
                _(
                    "Check the address in a browser; links with an access key end after some time. Then try again."
                )
            ),
            address=address.place,
            step="http",
        )
    encoding = response.getheader("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise DownloadFailed(
            Text(
                _("%(host)s sends the file encoded (%(encoding)s)."),
                host=address.host,
                encoding=encoding[:40],
            ),
            remedy=Text(
                _("Ask for an address that serves the file as it is, or put it into the folder yourself.")
            ),
            address=address.place,
            step="http",
        )
    if response.getheader("Content-Type", "").lower().startswith("text/html"):
        raise DownloadFailed(
            Text(_("%(host)s answered with a web page, not with a file."), host=address.host),
            remedy=Text(
                _("The address probably leads to a sign-in or download page; enter the file's own address.")
            ),
            address=address.place,
            step="http",
        )


@contextlib.contextmanager
def _told(address: WebAddress, route: Route) -> Iterator[None]:
    try:
        yield
    except Stalled:
        text = Text(
            _("%(host)s sent nothing for %(seconds)d seconds."),
            host=address.host,
            seconds=round(route.timeout_s),
        )
    except (Broken, http.client.HTTPException) as error:
        text = Text(
            _("The connection to %(host)s broke (%(reason)s)."),
            host=address.host,
            reason=str(error) if isinstance(error, Broken) else type(error).__name__,
        )
    else:
        return
    raise DownloadFailed(
        text,
        remedy=Text(
            _(
                "Try again; if it happens again, check whether a proxy or firewall cuts long transfers, "
                "or put the file into the folder yourself."
            )
        ),
        address=address.place,
        step="http",
    )
