"""What a vault shows of a site: components, links between them, and what does not fit together. Plain data.

Moments are in UTC, sizes in bytes, percentages from 0 to 100. What the vault did not say is None or empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Self, get_args

from wizard.text import Text
from wizard.topology.graph import Kind, Value
from wizard.topology.observed.history import worth_keeping
from wizard.topology.observed.packing import pack, read_moment
from wizard.topology.observed.parts import (
    Datastore,
    HealthError,
    Metrics,
    RetentionVolume,
    RunAsAccount,
    Update,
)

Certainty = Literal["certain", "probable", "ambiguous", "corrected"]
Health = Literal["ok", "warning", "critical", "unknown"]
Experience = Literal["classic", "modernized", "mixed", "empty", "unknown"]
Severity = Literal["critical", "warning", "info"]
LinkKind = Literal[
    "registered_in", "manages", "co_located", "discovers", "registered_vcenter", "replicates_through", "writes_to",
    "lives_on", "part_of",
]  # fmt: skip
LinkState = Literal["ok", "broken", "dangling"]
LINK_KINDS: Final[tuple[LinkKind, ...]] = get_args(LinkKind)
DOCUMENT_VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedVault:
    """`key` is the lower-cased ARM id. `private_endpoints` None: the vault did not say."""

    key: str
    id: str
    name: str
    region: str = ""
    sku: str = ""
    experience: Experience = "unknown"
    private_endpoints: bool | None = None
    provisioning_state: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**stored)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedComponent:
    """One component as the vault tells of it.

    `key` is as in arm-site-recovery 3: the lower-cased ARM id of a vault or vCenter, `cs:` and the fabric's name,
    `host:` and the upper-cased id of a server. `reasons` say why it is taken for its `kind`. `health` is the colour:
    what was reported (`reported`), and critical without a heartbeat for 15 minutes. `part_of` is the key of the
    component whose machine carries it. `facts` are what only this kind has, by names that the reading functions
    document; `extra` is what the mapping does not know, under its wire names.
    """

    key: str
    kind: Kind | Literal["unknown"]
    certainty: Certainty = "certain"
    reasons: tuple[Text, ...] = ()
    id: str = ""
    name: str = ""
    address: str = ""
    addresses: tuple[str, ...] = ()
    fqdn: str = ""
    fabric: str = ""
    version: str = ""
    version_status: str = ""
    heartbeat: datetime | None = None
    health: Health = "unknown"
    reported: Health = "unknown"
    errors: tuple[HealthError, ...] = ()
    certificate_ends: datetime | None = None
    os_type: str = ""
    os_version: str = ""
    machines: int | None = None
    pairs: int | None = None
    metrics: Metrics = field(default_factory=Metrics)
    services: Mapping[str, str] = field(default_factory=dict)
    retention_volumes: tuple[RetentionVolume, ...] = ()
    datastores: tuple[Datastore, ...] = ()
    accounts: tuple[RunAsAccount, ...] = ()
    updates: tuple[Update, ...] = ()
    blocking_errors: tuple[HealthError, ...] = ()
    facts: Mapping[str, Value] = field(default_factory=dict)
    part_of: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_server(self) -> bool:
        """Whether it is a server of a classic site by itself, not the second role of one."""
        return self.key.startswith("host:") and not (self.part_of or "").startswith("host:")

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        read = {
            "reasons": tuple(Text.from_json(text) for text in stored["reasons"]),
            "addresses": tuple(stored["addresses"]),
            "heartbeat": read_moment(stored["heartbeat"]),
            "errors": tuple(HealthError.from_json(error) for error in stored["errors"]),
            "certificate_ends": read_moment(stored["certificate_ends"]),
            "metrics": Metrics.from_json(stored["metrics"]),
            "retention_volumes": tuple(RetentionVolume(**volume) for volume in stored["retention_volumes"]),
            "datastores": tuple(Datastore(**store) for store in stored["datastores"]),
            "accounts": tuple(RunAsAccount(**account) for account in stored["accounts"]),
            "updates": tuple(Update(**update) for update in stored["updates"]),
            "blocking_errors": tuple(HealthError.from_json(error) for error in stored["blocking_errors"]),
        }
        return cls(**{**stored, **read})


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedLink:
    """`target` of a dangling link is no component: something refers to what the vault does not list.

    `count` is the number of machines for the links of machines, else 1.
    """

    kind: LinkKind
    source: str
    target: str
    count: int = 1
    state: LinkState = "ok"
    text: Text = field(default_factory=lambda: Text(""))

    @property
    def key(self) -> str:
        return f"{self.kind} {self.source} → {self.target}"

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**{**stored, "text": Text.from_json(stored["text"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedFinding:
    """What does not fit together in the vault's own words. `keys` are the components that it is about."""

    code: str
    severity: Severity
    text: Text
    remedy: Text
    keys: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return " ".join((self.code, *self.keys))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            code=stored["code"],
            severity=stored["severity"],
            text=Text.from_json(stored["text"]),
            remedy=Text.from_json(stored["remedy"]),
            keys=tuple(stored["keys"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A part of the vault that could not be read, such as `vcenters/{fabric}`, and why: a code and, for readers, a text."""

    part: str
    reason: str
    text: Text = field(default_factory=lambda: Text(""))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(part=stored["part"], reason=stored["reason"], text=Text.from_json(stored["text"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything that one look at a vault showed; components by key, links by kind and ends."""

    vault: ObservedVault
    components: tuple[ObservedComponent, ...] = ()
    links: tuple[ObservedLink, ...] = ()
    findings: tuple[ObservedFinding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    read_at: datetime | None = None

    def component(self, key: str) -> ObservedComponent:
        """Raises KeyError."""
        for component in self.components:
            if component.key == key:
                return component
        raise KeyError(key)

    def of_kind(self, *kinds: str) -> tuple[ObservedComponent, ...]:
        return tuple(component for component in self.components if component.kind in kinds)

    def parts_of(self, key: str) -> tuple[ObservedComponent, ...]:
        return tuple(component for component in self.components if component.part_of == key)

    def was_skipped(self, part: str) -> bool:
        """Whether that part (`fabrics`, `vcenters`), or some of it, could not be read: nothing is missing for sure then."""
        return any(skipped.part.split("/", 1)[0] == part for skipped in self.skipped)

    def worth_keeping(self) -> dict[str, Any]:
        """What history is told by: all but heartbeats, loads and other things that change with every look.

        Holds no floats, so that it can be sealed by `topology.digest`.
        """
        return worth_keeping(pack(self))

    def to_json(self) -> dict[str, Any]:
        """Shape: the fields under their own names and `version`; moments as ISO 8601."""
        packed: dict[str, Any] = pack(self)
        return {"version": DOCUMENT_VERSION, **packed}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote. Raises ValueError for another version."""
        if stored.get("version") != DOCUMENT_VERSION:
            raise ValueError(
                f"the observation has version {stored.get('version')!r}; expected {DOCUMENT_VERSION}"
            )
        return cls(
            vault=ObservedVault.from_json(stored["vault"]),
            components=tuple(ObservedComponent.from_json(component) for component in stored["components"]),
            links=tuple(ObservedLink.from_json(link) for link in stored["links"]),
            findings=tuple(ObservedFinding.from_json(finding) for finding in stored["findings"]),
            skipped=tuple(Skipped.from_json(skipped) for skipped in stored["skipped"]),
            read_at=read_moment(stored["read_at"]),
        )
