"""Where the lab is found: its ports, its names, and the settings with which the wizard reaches it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final, Literal, Self

from wizard.checks.endpoints import all_endpoints
from wizard.lab.certificates import Authority
from wizard.lab.inventory import DOMAIN, Data, default_inventory, hosts
from wizard.lab.vcenter import ADDRESS, NAME

DNS_NAME, NTP_NAME, PROXY_NAME = f"dns.{DOMAIN}", f"ntp.{DOMAIN}", f"proxy.{DOMAIN}"
TEMPLATES_NAME = f"templates.{DOMAIN}"
APPLIANCE_NAME, APPLIANCE_ADDRESS = f"cs01.{DOMAIN}", "192.0.2.10"
PROXY_PORT = 3128
# Of the ranges that are reserved for documentation, so nothing real is ever meant.
_AZURE_ADDRESS = "198.51.100.80"
_NAMES = {
    APPLIANCE_NAME: APPLIANCE_ADDRESS,
    NAME: "192.0.2.20",
    TEMPLATES_NAME: "192.0.2.40",
    PROXY_NAME: "192.0.2.30",
    DNS_NAME: "192.0.2.53",
    NTP_NAME: "192.0.2.123",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetHost:
    """A machine that is to be installed. `ports` names its port in Ports, `service_port` is the one under its name."""

    scenario: str
    system: Literal["windows", "linux"]
    name: str
    address: str
    ports: str
    service_port: int


WINRM_PORT, SSH_PORT = 5986, 22
APPLIANCE_SCENARIO: Final = "appliance"
TARGET_HOSTS: Final = (
    TargetHost(
        scenario="healthy",
        system="windows",
        name=f"healthy.{DOMAIN}",
        address="192.0.2.11",
        ports="healthy",
        service_port=WINRM_PORT,
    ),
    TargetHost(
        scenario="needs_work",
        system="windows",
        name=f"needs-work.{DOMAIN}",
        address="192.0.2.14",
        ports="needs_work",
        service_port=WINRM_PORT,
    ),
    TargetHost(
        scenario=APPLIANCE_SCENARIO,
        system="windows",
        name=f"appliance.{DOMAIN}",
        address="192.0.2.13",
        ports="appliance",
        service_port=WINRM_PORT,
    ),
    TargetHost(
        scenario="linuxmt",
        system="linux",
        name=f"linuxmt.{DOMAIN}",
        address="192.0.2.16",
        ports="linuxmt",
        service_port=SSH_PORT,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The lab's ports on loopback; 0 is a free one."""

    vcenter: int = 8989
    control: int = 8992
    dns: int = 8953
    ntp: int = 8923
    front: int = 8990
    proxy: int = 8991
    healthy: int = 8993
    needs_work: int = 8994
    appliance: int = 8995
    linuxmt: int = 8996
    azure: int = 8997

    @classmethod
    def from_base(cls, base: int) -> Self:
        """Eleven ports in a row from `base`; free ones with base 0."""
        return cls(**{field.name: base and base + offset for offset, field in enumerate(fields(cls))})


def environment(var_dir: Path, ports: Ports | None = None) -> dict[str, str]:
    """Settings for the wizard's processes, known before the lab runs: CONNECT_TO, PROBE_CA_FILE and AZURE_EMULATOR."""
    ports = ports or Ports()
    return {
        "CONNECT_TO": connect_to(ports),
        "PROBE_CA_FILE": str(Authority(certificates(var_dir)).certificate),
        "AZURE_EMULATOR": f"http://{ADDRESS}:{ports.azure}/",
    }


def certificates(var_dir: Path) -> Path:
    """The directory where the lab keeps its CA and what that issued."""
    return var_dir / "lab" / "certificates"


def azure_names() -> tuple[str, ...]:
    """Every host in Azure that the checks try over HTTP or HTTPS, each once."""
    names = (item.probe_host for item in all_endpoints() if item.protocol != "ntp" and item.probe_host)
    return tuple(dict.fromkeys(names))


def time_names() -> tuple[str, ...]:
    """Every time server that the checks try, each once."""
    return tuple(dict.fromkeys(item.probe_host for item in all_endpoints() if item.protocol == "ntp"))


def dns_records(inventory: Data) -> dict[str, str]:
    """What the lab's DNS server knows, forward and reverse."""
    records = dict.fromkeys((*azure_names(), *time_names()), _AZURE_ADDRESS)
    records.update(_NAMES)
    records.update({host.name: host.address for host in TARGET_HOSTS})
    records.update({host["name"]: host["address"] for host in hosts(inventory)})
    return records


def connect_to(ports: Ports, inventory: Data | None = None) -> str:
    """The detours that lead every name of the lab to its port, in the notation of `wizard.addresses`."""
    esxi = [host["name"] for host in hosts(inventory or default_inventory())]
    detours = [
        *_detours([NAME, *esxi], 443, ports.vcenter),
        *_detours([ADDRESS, DNS_NAME, _NAMES[DNS_NAME]], 53, ports.dns),
        *_detours([ADDRESS, NTP_NAME, _NAMES[NTP_NAME], *time_names()], 123, ports.ntp),
        *_detours([PROXY_NAME, _NAMES[PROXY_NAME]], PROXY_PORT, ports.proxy),
        *_detours([TEMPLATES_NAME, *azure_names()], 443, ports.front),
        *_detours([TEMPLATES_NAME, *azure_names()], 80, ports.front),
    ]
    for host in TARGET_HOSTS:
        detours += _detours([host.name, host.address], host.service_port, getattr(ports, host.ports))
    return ",".join(detours)


def _detours(names: Iterable[str], port: int, to_port: int) -> list[str]:
    return [f"{name}:{port}:{ADDRESS}:{to_port}" for name in names]
