"""The clouds of Azure: where each is managed, and who signs people in there (dossier 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """`resource_manager` and `portal` are URLs, `authority` is a host, `scope` is what a token is asked for."""

    id: str
    resource_manager: str
    scope: str
    authority: str
    portal: str
    # Further hosts of this cloud that stand in files made by older portals.
    other_hosts: tuple[str, ...] = ()

    @property
    def manager_host(self) -> str:
        return urlsplit(self.resource_manager).hostname or ""

    def manages_at(self, host: str) -> bool:
        """Whether `host` is this cloud's Resource Manager: the global one or that of one region."""
        host = host.lower()
        return host == self.manager_host or host.endswith(f".{self.manager_host}")


CLOUDS: Mapping[str, Cloud] = MappingProxyType(
    {
        cloud.id: cloud
        for cloud in (
            Cloud(
                id="public",
                resource_manager="https://management.azure.com/",
                scope="https://management.azure.com/.default",
                authority="login.microsoftonline.com",
                portal="https://portal.azure.com/",
                other_hosts=("login.windows.net", "management.core.windows.net"),
            ),
            Cloud(
                id="us_government",
                resource_manager="https://management.usgovcloudapi.net/",
                scope="https://management.core.usgovcloudapi.net/.default",
                authority="login.microsoftonline.us",
                portal="https://portal.azure.us/",
                other_hosts=("login-us.microsoftonline.com", "management.core.usgovcloudapi.net"),
            ),
            Cloud(
                id="china",
                resource_manager="https://management.chinacloudapi.cn/",
                scope="https://management.chinacloudapi.cn/.default",
                authority="login.chinacloudapi.cn",
                portal="https://portal.azure.cn/",
                other_hosts=("login.partner.microsoftonline.cn", "management.core.chinacloudapi.cn"),
            ),
        )
    }
)


def cloud_of(endpoint: str) -> str | None:
    """The id of the cloud that a URL or a host belongs to; None where it is none of Azure's."""
    try:
        host = (urlsplit(endpoint if "//" in endpoint else f"//{endpoint}").hostname or "").rstrip(".")
    except ValueError:
        return None
    for cloud in CLOUDS.values():
        if host in (cloud.authority, *cloud.other_hosts) or (host and cloud.manages_at(host)):
            return cloud.id
    return None
