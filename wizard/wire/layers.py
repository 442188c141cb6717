"""A far end looked at layer by layer, each judged for itself, before anybody trusts it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from wizard.text import Text, _
from wizard.wire.errors import RemoteError
from wizard.wire.tcp import SocketAddress

LayerName = Literal["dns", "tcp", "tls", "soap", "host_key", "wsman"]
LayerStatus = Literal["pass", "fail", "skipped"]
Finding = tuple[Text, Text]  # what was found; what to do about it, empty where nothing needs doing


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one layer showed. A layer that passes may still advise something in `remedy`; `seconds` is how long it took.

    `code` is that of the error where it failed.
    """

    name: LayerName
    status: LayerStatus
    detail: Text
    remedy: Text
    seconds: float
    code: str = ""

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"name", "status", "detail": Text, "remedy": Text, "seconds", "code"}`."""
        return {
            "name": self.name,
            "status": self.status,
            "detail": self.detail.to_json(),
            "remedy": self.remedy.to_json(),
            "seconds": self.seconds,
            "code": self.code,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            name=stored["name"],
            status=stored["status"],
            detail=Text.from_json(stored["detail"]),
            remedy=Text.from_json(stored["remedy"]),
            seconds=stored["seconds"],
            code=stored.get("code", ""),
        )


def look(steps: Sequence[tuple[LayerName, Callable[[], Finding]]]) -> tuple[Layer, ...]:
    """Take the steps in order. The first that raises RemoteError fails, and those above it are skipped."""
    layers: list[Layer] = []
    for name, step in steps:
        if layers and layers[-1].status != "pass":
            layers.append(_skipped(name))
        else:
            layers.append(_judge(name, step))
    return tuple(layers)


def located(named: tuple[str, int], real: tuple[str, int], addresses: Sequence[SocketAddress]) -> Finding:
    """The finding of `dns`: `named` is the host and port as entered, `real` where the address book leads."""
    if real != named:
        detour = Text(
            _("%(host)s is reached at %(real_host)s, port %(real_port)s, as set for this installation."),
            host=named[0],
            real_host=real[0],
            real_port=str(real[1]),
        )
        return detour, Text("")
    found = list(dict.fromkeys(str(sockaddr[0]) for _family, sockaddr in addresses))
    return Text(_("%(host)s has the address %(found)s."), host=named[0], found=found), Text("")


def connected(address: str) -> Finding:
    """The finding of `tcp`."""
    return Text(_("%(address)s accepts TCP connections."), address=address), Text("")


def _judge(name: LayerName, step: Callable[[], Finding]) -> Layer:
    start = time.monotonic()
    status: LayerStatus = "pass"
    code = ""
    try:
        detail, remedy = step()
    except RemoteError as error:
        status, detail, remedy, code = "fail", error.text, error.remedy, error.code
    return Layer(
        name=name,
        status=status,
        detail=detail,
        remedy=remedy,
        seconds=round(time.monotonic() - start, 3),
        code=code,
    )


def _skipped(name: LayerName) -> Layer:
    return Layer(
        name=name,
        status="skipped",
        detail=Text(_("Not looked at, as the layer below failed.")),
        remedy=Text(""),
        seconds=0.0,
    )
