"""Which vCenter is meant, as whom to sign in, and which certificate was confirmed for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from wizard.wire.fingerprint import normalise
from wizard.wire.tcp import is_host


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A vCenter or ESXi API address. `thumbprint_sha256` is kept as upper-case hex pairs with colons.

    Raises ValueError where the thumbprint is not a SHA-256 fingerprint in hexadecimal (colons optional), the host is
    no name or address, or the port is none.
    """

    host: str
    port: int = 443
    thumbprint_sha256: str | None = None

    def __post_init__(self) -> None:
        if not is_host(self.host):
            raise ValueError(f"{self.host!r} is not a host name or an IPv4 address")
        if not 1 <= self.port <= 65535:
            raise ValueError(f"{self.port} is not a TCP port")
        if self.thumbprint_sha256 is not None:
            object.__setattr__(self, "thumbprint_sha256", normalise(self.thumbprint_sha256, "sha256"))

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who signs in. The password shows up neither in `repr` nor in any message of this room."""

    username: str
    password: str = field(repr=False)
