"""What a firewall has to let through, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from wizard.text import Text

Direction = Literal["in", "out", "between"]
NeededBy = Literal["site_recovery", "foothold"]
DIRECTIONS: Final[tuple[Direction, ...]] = ("in", "out", "between")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointNeed:
    """One host name or pattern of the URL lists. `id` is the requirement that the name belongs to.

    `needed_by` are the kinds of components that open the connection; `protocol` is TCP or UDP.
    """

    id: str
    pattern: str
    port: int
    protocol: Literal["TCP", "UDP"] = "TCP"
    needed_by: tuple[str, ...]
    purpose: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One side of a rule. `address` is an IPv4 address, a DNS name or a pattern; None where it is not known."""

    name: Text
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirewallRule:
    """A connection to allow, in the direction in which it is opened.

    `id` is a row of the edge tables, a requirement of the URL lists, or DNS, NTP or PROXY; what Foothold opens itself has an
    id of its own (`OwnId`), is `needed_by` it, and says in `known_from` which answer or setting it follows from. `direction` is as
    the machine being installed sees it; `between` are two others. `port` may name several or a range.
    `proved_by` are requirement ids.
    """

    id: str
    source: End
    target: End
    protocol: str
    port: str
    direction: Direction
    why: Text
    proved_by: tuple[str, ...]
    needed_by: NeededBy = "site_recovery"
    known_from: Text | None = None
