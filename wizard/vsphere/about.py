"""What a vSphere server says about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """`api_type` is `VirtualCenter` or `HostAgent` (a standalone ESXi); `instance_uuid` is empty on ESXi."""

    product: str
    version: str
    build: str
    api_version: str
    api_type: str
    instance_uuid: str

    @property
    def is_vcenter(self) -> bool:
        return self.api_type == "VirtualCenter"

    def to_json(self) -> dict[str, Any]:
        """Shape: the fields under their own names, all strings."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(**stored)
