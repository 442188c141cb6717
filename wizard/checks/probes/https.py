"""Whether an address on the web can be reached, layer by layer: name, proxy, TCP, TLS, HTTP.

An answer is an answer: 401, 403, 404 and 500 prove that the way is open. A certificate that is not trusted
does not close the way either; it is told as what it probably is, an inspection of TLS (asr-facts 3.9,
PRX-06).
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from wizard.addresses import DIRECT, AddressBook
from wizard.checks.probes import http_head, proxies, tcp, tls
from wizard.checks.probes.failure import Deadline, ProbeError
from wizard.text import Text, _

LayerStatus = Literal["pass", "warn", "fail", "skipped"]
Scheme = Literal["https", "http"]

_ANSWERS_OF_A_PROXY = frozenset({407, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of the way; `name` is dns, proxy, tcp, tls or http. `remedy` is empty unless it failed."""

    name: str
    status: LayerStatus
    detail: Text
    remedy: Text = field(default_factory=lambda: Text(""))
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The whole way. `reached`: the host gave an HTTP answer. `tls_suspicious`: with a certificate that
    somebody on the way may have put there. `failure`: the kind of ProbeError that ended it, or None."""

    host: str
    port: int
    layers: tuple[Layer, ...]
    reached: bool
    http_status: int | None
    issuer: str | None
    tls_version: str | None
    tls_suspicious: bool
    failure: str | None

    @property
    def end(self) -> Layer:
        """The layer that failed; else the last one, which is the answer."""
        return next((layer for layer in self.layers if layer.status == "fail"), self.layers[-1])


def reach(
    host: str,
    port: int = 443,
    *,
    path: str = "/",
    scheme: Scheme = "https",
    proxy: str | None = None,
    book: AddressBook = DIRECT,
    trust: tls.Trust | None = None,
    dns_servers: tuple[str, ...] = (),
    timeout_s: float = 10.0,
) -> Reach:
    """Go the whole way within `timeout_s` seconds. Never raises for a remote fault.

    `proxy` is `http://host:port`. Names are asked of `dns_servers`, without any of this machine's resolver;
    behind a proxy it is the proxy's name that is looked up here. Without `trust` the system's authorities count.
    """
    journey = _Journey(
        host=host,
        port=port,
        path=path,
        scheme=scheme,
        book=book,
        trust=trust or tls.Trust(),
        dns_servers=dns_servers,
        deadline=Deadline(timeout_s),
    )
    with suppress(ProbeError):
        if proxy:
            journey.go_through(proxy)
        else:
            journey.go_straight()
    return journey.tell(("dns", "proxy", "tcp", "tls", "http") if proxy else ("dns", "tcp", "tls", "http"))


@dataclass(kw_only=True)
class _Journey:
    """Goes the way and writes down each layer; the first failure is written down and raised on."""

    host: str
    port: int
    path: str
    scheme: Scheme
    book: AddressBook
    trust: tls.Trust
    dns_servers: tuple[str, ...]
    deadline: Deadline
    layers: dict[str, Layer] = field(default_factory=dict)
    handshake: tls.Handshake | None = None
    http_status: int | None = None
    failure: str | None = None

    def go_straight(self) -> None:
        spot = self._find(self.host, self.port)

        def connect() -> socket.socket:
            return tcp.open_socket(self.host, self.port, spot, self.deadline)

        with self._layer("tcp") as says:
            channel = connect()
            says(Text(_("connected to %(address)s"), address=channel.getpeername()[0]))
        if self.scheme == "https":
            channel = self._speak_tls(channel, connect)
        self._speak_http(channel, self.path)

    def go_through(self, url: str) -> None:
        with self._layer("proxy"):
            address = proxies.parse(url)
        name = f"{address.host}:{address.port}"
        spot = self._find(address.host, address.port)
        if self.scheme == "http":
            with self._layer("proxy") as says:
                channel = proxies.open_socket(address, spot, self.deadline)
                says(Text(_("connected to the proxy %(proxy)s"), proxy=name))
            self._speak_http(channel, f"http://{self.host}{self.path}", through=address)
            return

        def tunnel() -> socket.socket:
            return proxies.open_tunnel(address, spot, self.host, self.port, self.deadline)

        with self._layer("proxy") as says:
            channel = tunnel()
            says(Text(_("connected to the proxy %(proxy)s"), proxy=name))
        with self._layer("tcp") as says:
            says(Text(_("the proxy connected to %(host)s"), host=self.host))
        self._speak_http(self._speak_tls(channel, tunnel), self.path)

    def tell(self, names: tuple[str, ...]) -> Reach:
        not_tried = Text(_("not tried"))
        layers = tuple(
            self.layers.get(name) or Layer(name=name, status="skipped", detail=not_tried) for name in names
        )
        return Reach(
            host=self.host,
            port=self.port,
            layers=layers,
            reached=layers[-1].status == "pass",
            http_status=self.http_status,
            issuer=self.handshake.issuer if self.handshake else None,
            tls_version=self.handshake.version if self.handshake else None,
            tls_suspicious=self.handshake.suspicious if self.handshake else False,
            failure=self.failure,
        )

    def _find(self, host: str, port: int) -> tcp.Spot:
        with self._layer("dns") as says:
            spot = tcp.locate(host, port, self.book, self.dns_servers, self.deadline)
            if spot.detour:
                says(
                    Text(
                        _("the address book leads %(host)s to %(address)s port %(port)s"),
                        host=host,
                        address=spot.addresses[0],
                        port=spot.port,
                    )
                )
            else:
                says(Text(_("%(host)s is %(addresses)s"), host=host, addresses=list(spot.addresses)))
        return spot

    def _speak_tls(self, channel: socket.socket, open_again: Callable[[], socket.socket]) -> socket.socket:
        at_hand = [channel]
        with self._layer("tls") as says:
            shake = tls.shake_hands(
                lambda: at_hand.pop() if at_hand else open_again(), self.host, self.trust, self.deadline
            )
            self.handshake = shake
            if shake.distrust:
                says(shake.distrust, "warn")
            else:
                says(
                    Text(
                        _("%(version)s, certificate issued by “%(issuer)s”"),
                        version=shake.version,
                        issuer=shake.issuer,
                    )
                )
        return shake.channel

    def _speak_http(
        self, channel: socket.socket, target: str, through: proxies.ProxyAddress | None = None
    ) -> None:
        with self._layer("http") as says, channel:
            head = http_head.ask(channel, "GET", target, self.host, self.deadline)
            self.http_status = head.status
            if through is not None and head.status in _ANSWERS_OF_A_PROXY:
                raise proxies.refusal(through, head, self.host, self.port)
            # With the host's own certificate a redirect is the host's wish; without, anybody may send it.
            proven = self.handshake is not None and not self.handshake.distrust
            if not proven and (head.asks_for_network_sign_in or head.leads_to_another_host(self.host)):
                raise self._captive_portal(head)
            says(Text(_("answered with status %(status)s"), status=head.status))

    def _captive_portal(self, head: http_head.HttpHead) -> ProbeError:
        return ProbeError(
            "portal",
            Text(
                _(
                    "Somebody on the way answered for %(host)s and leads to %(target)s (status %(status)s): "
                    "this looks like the sign-in page of a network."
                ),
                host=self.host,
                target=head.location or self.host,
                status=head.status,
            ),
            Text(_("Exempt this address from the network's sign-in page.")),
        )

    @contextmanager
    def _layer(self, name: str) -> Iterator[Callable[..., None]]:
        since = time.monotonic()
        status: LayerStatus = "pass"
        detail = Text("")

        def says(text: Text, how: LayerStatus = "pass") -> None:
            nonlocal status, detail
            status, detail = how, text

        try:
            yield says
        except ProbeError as failure:
            # What a proxy tells about the target is a failure beyond the proxy, which did its own part.
            beyond = isinstance(failure, proxies.TargetUnreachableError)
            if beyond:
                self._write("proxy", "pass", Text(_("the proxy answers")), Text(""), since)
            at_proxy = failure.kind == "credentials"
            self.failure = failure.kind
            where = "tcp" if beyond else "proxy" if at_proxy else name
            self._write(where, "fail", failure.text, failure.remedy, since)
            raise
        self._write(name, status, detail, Text(""), since)

    def _write(self, name: str, status: LayerStatus, detail: Text, remedy: Text, since: float) -> None:
        self.layers[name] = Layer(
            name=name, status=status, detail=detail, remedy=remedy, seconds=time.monotonic() - since
        )
