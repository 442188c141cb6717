"""Signing in to hosts of the lab: under their names, by a detour to loopback, with the fingerprint confirmed."""

from __future__ import annotations

from typing import Any

from wizard.addresses import AddressBook
from wizard.hosts.connection import HostConnection
from wizard.lab.linux_host import LinuxHost
from wizard.lab.windows_host import WindowsHost


def book(host: WindowsHost | LinuxHost) -> AddressBook:
    """The way to the host of that name, whatever port is asked for."""
    return AddressBook.parse(f"{host.name}::127.0.0.1:{host.port}")


def to(host: WindowsHost | LinuxHost, /, **changes: Any) -> HostConnection:
    """How somebody reaches this host who has confirmed its fingerprint."""
    if isinstance(host, LinuxHost):
        way: dict[str, Any] = {"transport": "ssh", "auth": "password", "port": 22}
    elif host.tls:
        way = {"transport": "winrm_https", "auth": "negotiate", "port": 5986}
    else:
        way = {"transport": "winrm_http", "auth": "negotiate", "port": 5985}
    if way["transport"] != "winrm_http":
        way["fingerprint_sha256"] = host.thumbprint_sha256
    account = {"username": host.username, "password": host.password}
    return HostConnection(**({"host": host.name, "book": book(host)} | account | way | changes))
