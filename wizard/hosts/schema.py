"""What the collectors report: every fact's key, the shape of its value and what it means.

The collectors on the target machines, the reader of their documents and the checks agree on these two tables. A fact
is a value of that shape, or unobserved with a reason. Sizes are in bytes, times in UTC. Sources: asr-facts 3.1-3.12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from wizard.hosts.shapes import (
    MOMENT,
    NUMBER,
    TRUTH,
    WHOLE,
    WORDS,
    ListOf,
    MapOf,
    Maybe,
    Record,
    Shape,
    record,
)
from wizard.text import _

SCHEMA: Final = "foothold.host-facts/1"
WINDOWS_COLLECTOR: Final = "Collect-Facts.ps1"
LINUX_COLLECTOR: Final = "collect-facts.sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactKey:
    """One fact: the shape of its value, and its meaning in one line (marked for translation)."""

    shape: Shape
    meaning: str


def _key(shape: Shape, meaning: str) -> FactKey:
    return FactKey(shape=shape, meaning=meaning)


_ALL_WORDS: Final = ListOf(WORDS)
_MAYBE_WHOLE: Final = Maybe(WHOLE)
_PROTOCOL: Final = record(enabled=_MAYBE_WHOLE, disabled_by_default=_MAYBE_WHOLE)

_NTP: Final = _key(
    ListOf(record(server=WORDS, offset_s=Maybe(NUMBER), error=Maybe(WORDS))),
    _("Seconds that the time servers are ahead of this machine, asked by SNTP"),
)
_REACH: Final[Mapping[str, FactKey]] = {
    "reach.dns": _key(
        ListOf(record(name=WORDS, addresses=_ALL_WORDS, error=Maybe(WORDS))),
        _("The machine's own name resolved to addresses, and its own addresses resolved to names"),
    ),
    "reach.endpoints": _key(
        ListOf(
            record(
                host=WORDS,
                port=WHOLE,
                dns=TRUTH,
                tcp=TRUTH,
                tls=TRUTH,
                issuer=Maybe(WORDS),
                http_status=_MAYBE_WHOLE,
                via_proxy=TRUTH,
                error=Maybe(WORDS),
                seconds=NUMBER,
            )
        ),
        _("How far each address in Azure could be reached from this machine"),
    ),
    "reach.peers": _key(
        ListOf(record(name=WORDS, host=WORDS, port=WHOLE, tcp=TRUTH, tls=Maybe(TRUTH), error=Maybe(WORDS))),
        _("Whether vCenter, ESXi hosts and the configuration server could be reached from this machine"),
    ),
}

WINDOWS: Final[Mapping[str, FactKey]] = MappingProxyType(
    {
        "identity.computer_name": _key(WORDS, _("Computer name")),
        "identity.fqdn": _key(WORDS, _("Full DNS name")),
        "identity.bios_uuid": _key(WORDS, _("UUID in the firmware")),
        "identity.domain_role": _key(WHOLE, _("Role in a domain; 4 and 5 are domain controllers")),
        "identity.domain": _key(WORDS, _("Domain or workgroup")),
        "identity.manufacturer": _key(WORDS, _("Manufacturer of the machine")),
        "identity.model": _key(WORDS, _("Model of the machine")),
        "os.caption": _key(WORDS, _("Name of the operating system")),
        "os.version": _key(WORDS, _("Version of the operating system")),
        "os.build": _key(WHOLE, _("Build number of the operating system")),
        "os.product_type": _key(WHOLE, _("Product type; 1 is a workstation, 2 a domain controller")),
        "os.installation_type": _key(WORDS, _("Kind of installation: Server or Server Core")),
        "os.language": _key(WHOLE, _("Language of the operating system as a Windows language number")),
        "os.system_locale": _key(WORDS, _("System locale, such as en-US")),
        "os.install_language": _key(WORDS, _("Installation language as hexadecimal digits, such as 0409")),
        "os.licence": _key(
            record(status=WHOLE, grace_minutes=WHOLE, description=WORDS),
            _("Activation: status 1 is licensed; minutes left of a grace or evaluation period"),
        ),
        "os.pending_reboot": _key(_ALL_WORDS, _("Why a restart is pending; empty when none is")),
        "os.last_boot": _key(MOMENT, _("Last start of the operating system")),
        "os.powershell_version": _key(WORDS, _("Version of Windows PowerShell")),
        "os.user": _key(WORDS, _("Account that ran the collector")),
        "os.elevated": _key(TRUTH, _("Whether the collector ran elevated")),
        "os.is_administrator": _key(TRUTH, _("Whether that account is a local administrator")),
        "hardware.logical_processors": _key(WHOLE, _("Logical processors")),
        "hardware.memory_bytes": _key(WHOLE, _("Memory in bytes")),
        "hardware.max_clock_mhz": _key(WHOLE, _("Highest processor clock in MHz")),
        "hardware.disks": _key(
            ListOf(record(number=WHOLE, size_bytes=WHOLE, bus=WORDS, model=WORDS)), _("Disks")
        ),
        "hardware.volumes": _key(
            ListOf(
                record(
                    drive=Maybe(WORDS),
                    label=WORDS,
                    file_system=WORDS,
                    size_bytes=WHOLE,
                    free_bytes=WHOLE,
                    disk_number=_MAYBE_WHOLE,
                )
            ),
            _("Volumes on fixed disks, and the disk each is on"),
        ),
        "hardware.cpu_load_percent": _key(NUMBER, _("Processor load in percent, over a few seconds")),
        "hardware.memory_in_use_percent": _key(NUMBER, _("Memory in use in percent")),
        "roles.installed": _key(_ALL_WORDS, _("Installed roles and features by their feature names")),
        "software.installed": _key(
            ListOf(record(name=WORDS, version=WORDS)), _("Installed programs and their versions")
        ),
        "software.dotnet_release": _key(_MAYBE_WHOLE, _("Release number of .NET Framework 4")),
        "software.vmware_modules": _key(_ALL_WORDS, _("PowerShell modules of VMware and their versions")),
        "policy.disable_registry_tools": _key(_MAYBE_WHOLE, _("Policy against registry editing tools")),
        "policy.disable_cmd": _key(_MAYBE_WHOLE, _("Policy against the command prompt")),
        "policy.use_trusted_handlers": _key(_MAYBE_WHOLE, _("Policy on trust logic for attachments")),
        "policy.execution_policies": _key(MapOf(WORDS), _("PowerShell execution policy of each scope")),
        "policy.script_execution": _key(
            record(enable_scripts=_MAYBE_WHOLE, execution_policy=Maybe(WORDS)),
            _("Policy that turns script execution on or off"),
        ),
        "policy.user_disable_registry_tools": _key(
            _MAYBE_WHOLE, _("Policy against registry editing tools for this account")
        ),
        "policy.user_disable_cmd": _key(
            _MAYBE_WHOLE, _("Policy against the command prompt for this account")
        ),
        "crypto.fips_documented": _key(_MAYBE_WHOLE, _("FIPS mode in the registry value that is documented")),
        "crypto.fips_enabled": _key(_MAYBE_WHOLE, _("FIPS mode in the registry value that Windows uses")),
        "crypto.schannel": _key(
            Record({"TLS 1.0": _PROTOCOL, "TLS 1.2": _PROTOCOL}), _("TLS versions switched for clients")
        ),
        "crypto.strong_crypto": _key(
            record(native=_MAYBE_WHOLE, wow64=_MAYBE_WHOLE), _("Strong cryptography of .NET Framework")
        ),
        "iis.sites": _key(
            ListOf(record(name=WORDS, state=WORDS, bindings=_ALL_WORDS)), _("Web sites and their bindings")
        ),
        "iis.anonymous": _key(Maybe(TRUTH), _("Whether IIS allows anonymous authentication")),
        "iis.fastcgi": _key(
            record(installed=TRUTH, locked=Maybe(TRUTH)), _("Whether FastCGI is there and not locked")
        ),
        "certificates.bound_443": _key(
            Maybe(record(subject=WORDS, thumbprint=WORDS, not_after=MOMENT)),
            _("Certificate that is bound to port 443"),
        ),
        "network.adapters": _key(
            ListOf(
                record(
                    name=WORDS,
                    description=WORDS,
                    dhcp=TRUTH,
                    physical=TRUTH,
                    ipv4=ListOf(record(address=WORDS, prefix=WHOLE)),
                    gateways=_ALL_WORDS,
                    dns=_ALL_WORDS,
                )
            ),
            _("Network adapters that are configured for IP"),
        ),
        "network.listeners": _key(
            ListOf(record(port=WHOLE, address=WORDS, process=WORDS)), _("TCP ports that something listens on")
        ),
        "time.zone": _key(WORDS, _("Time zone")),
        "time.utc_offset_minutes": _key(WHOLE, _("Minutes between local time and UTC")),
        "time.source": _key(WORDS, _("Time source of the Windows Time service")),
        "time.ntp": _NTP,
        "proxy.winhttp": _key(Maybe(WORDS), _("Proxy of WinHTTP; null is direct access")),
        "proxy.system": _key(
            Maybe(record(enabled=TRUTH, server=WORDS, bypass=WORDS)), _("Proxy of the SYSTEM account")
        ),
        "proxy.site_recovery": _key(
            Maybe(record(address=WORDS, port=_MAYBE_WHOLE, bypass=WORDS)),
            _("Proxy of the Azure Site Recovery Provider"),
        ),
        "proxy.backup_agent": _key(
            Maybe(record(server=WORDS, port=_MAYBE_WHOLE)), _("Proxy of the Recovery Services agent")
        ),
        "services.states": _key(
            ListOf(record(name=WORDS, display_name=WORDS, state=WORDS, start_mode=WORDS)),
            _("Services and their states"),
        ),
        "antivirus.defender": _key(
            Maybe(record(enabled=TRUTH, exclusions=_ALL_WORDS)), _("Microsoft Defender and its exclusions")
        ),
        "antivirus.products": _key(_ALL_WORDS, _("Antivirus products found")),
        **_REACH,
        "site_recovery.passphrase_file": _key(TRUTH, _("Whether the passphrase file is there")),
        "site_recovery.products": _key(
            ListOf(record(name=WORDS, version=WORDS)), _("Site Recovery components that are installed")
        ),
        "site_recovery.registered_vault": _key(Maybe(WORDS), _("Vault that this machine is registered in")),
    }
)
"""Facts of Windows machines by key."""

LINUX: Final[Mapping[str, FactKey]] = MappingProxyType(
    {
        "identity.computer_name": _key(WORDS, _("Host name")),
        "identity.bios_uuid": _key(WORDS, _("UUID in the firmware")),
        "identity.architecture": _key(WORDS, _("Architecture, such as x86_64")),
        "os.release": _key(
            record(id=WORDS, version_id=WORDS, pretty_name=WORDS), _("Distribution and its version")
        ),
        "os.kernel": _key(WORDS, _("Kernel that is running")),
        "os.automatic_updates": _key(TRUTH, _("Whether updates install themselves")),
        "hardware.logical_processors": _key(WHOLE, _("Logical processors")),
        "hardware.memory_bytes": _key(WHOLE, _("Memory in bytes")),
        "hardware.disks": _key(ListOf(record(name=WORDS, size_bytes=WHOLE)), _("Disks")),
        "hardware.mounts": _key(
            ListOf(
                record(
                    target=WORDS,
                    source=WORDS,
                    file_system=WORDS,
                    size_bytes=WHOLE,
                    free_bytes=WHOLE,
                    lvm=TRUTH,
                )
            ),
            _("Mounted file systems on block devices, and whether each is on LVM"),
        ),
        "packages.installed": _key(_ALL_WORDS, _("Which of the packages that matter are installed")),
        "network.addresses": _key(_ALL_WORDS, _("IPv4 addresses of all adapters but loopback")),
        "network.hosts_file": _key(
            ListOf(record(name=WORDS, addresses=_ALL_WORDS)), _("Names in /etc/hosts and their addresses")
        ),
        "services.states": _key(
            ListOf(record(name=WORDS, state=WORDS)), _("Services that matter and their states")
        ),
        "time.ntp": _NTP,
        **_REACH,
        "proxy.environment": _key(Maybe(WORDS), _("Proxy in the environment")),
    }
)
"""Facts of Linux machines by key."""

TABLES: Final[Mapping[str, Mapping[str, FactKey]]] = MappingProxyType(
    {WINDOWS_COLLECTOR: WINDOWS, LINUX_COLLECTOR: LINUX}
)
"""The table of each collector, by the name that it gives in its document."""
