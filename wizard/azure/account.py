"""With which identity Azure is asked, and at which address. Refuses what would take a secret elsewhere."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import urlsplit

from wizard.azure.clouds import CLOUDS, Cloud

How = Literal["client_secret", "client_certificate", "managed_identity", "default", "emulator"]
WITH_SECRET: tuple[How, ...] = ("client_secret", "client_certificate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An identity in one cloud.

    `secret` is the client secret, or the certificate with its private key as PEM. `client_id` may choose among several
    managed identities. `resource_manager` is the URL of an emulator on this machine; with a real identity the address
    follows from the cloud alone, so that no token ever goes elsewhere. Raises ValueError for every other combination.
    """

    how: How
    cloud: str
    tenant: str = ""
    client_id: str = ""
    secret: str = field(default="", repr=False)
    resource_manager: str | None = None

    def __post_init__(self) -> None:
        if self.how not in get_args(How):
            raise ValueError(f"{self.how!r} is no way to sign in; one of {', '.join(get_args(How))} is")
        if self.cloud not in CLOUDS:
            raise ValueError(f"{self.cloud!r} is no cloud; one of {', '.join(CLOUDS)} is")
        if self.how == "emulator":
            self._check_emulator()
            return
        if self.resource_manager is not None:
            raise ValueError("a real identity is only ever used at the address of its cloud")
        if self.how in WITH_SECRET:
            self._check_service_principal()
        elif self.secret:
            raise ValueError(f"{self.how} has no secret")

    def _check_emulator(self) -> None:
        if self.secret:
            raise ValueError("an emulator is never given a secret")
        if self.resource_manager is None or not is_loopback_url(self.resource_manager):
            raise ValueError(
                f"{self.resource_manager!r} is not the address of an emulator on this machine, "
                "such as http://127.0.0.1:8123/"
            )

    def _check_service_principal(self) -> None:
        for name in ("tenant", "client_id", "secret"):
            if not getattr(self, name):
                raise ValueError(f"{self.how} needs {name}")
        if not re.fullmatch(r"[A-Za-z0-9.-]+", self.tenant):
            raise ValueError("a tenant is named by its id or by one of its domains")

    @property
    def in_cloud(self) -> Cloud:
        return CLOUDS[self.cloud]

    @property
    def base_url(self) -> str:
        """Where Resource Manager answers, with a slash at the end."""
        return (self.resource_manager or self.in_cloud.resource_manager).rstrip("/") + "/"

    @property
    def address(self) -> str:
        """`host:port` of that, as messages name it."""
        parts = urlsplit(self.base_url)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"

    def may_send_to(self, url: str) -> bool:
        """Whether a token of this account may go to `url`."""
        try:
            parts, own = urlsplit(url), urlsplit(self.base_url)
            if self.how == "emulator":
                return (parts.scheme, parts.hostname, parts.port) == (own.scheme, own.hostname, own.port)
            host, port = parts.hostname or "", parts.port or 443
        except ValueError:
            return False
        return parts.scheme == "https" and port == 443 and self.in_cloud.manages_at(host)


def is_loopback_url(url: str) -> bool:
    """Whether `url` is http or https on this very machine, without user, query and fragment."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or parts.username or parts.query or parts.fragment:
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
