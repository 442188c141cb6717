"""Windows machines that meet every requirement of what they are to become, before anything is installed.

A configuration server and a process server on Windows Server 2016, a replication appliance on Windows Server
2022: asr-facts 3.1 to 3.12.
"""

from __future__ import annotations

import copy
import time
from typing import Any, Final

from wizard.lab.collector_order import Order, reach
from wizard.lab.windows_host.scenarios import Kind

GB: Final = 2**30
ADDRESS_OF_ROUTER: Final = "192.0.2.1"
ADDRESS_OF_DNS: Final = "192.0.2.53"
_FOREVER: Final = 0

_CLASSIC_FOLDERS: Final = (
    r"C:\Program Files\Microsoft Azure Recovery Services Agent",
    r"C:\Program Files\Microsoft Azure Site Recovery Provider",
    r"C:\Program Files\Microsoft Azure Site Recovery Configuration Manager",
    r"C:\Program Files\Microsoft Azure Site Recovery Error Collection Tool",
    r"C:\thirdparty",
    r"C:\Temp",
    r"C:\strawberry",
    r"C:\ProgramData\MySQL",
    r"C:\Program Files (x86)\MySQL",
    r"C:\ProgramData\ASR",
    r"C:\ProgramData\Microsoft Azure Site Recovery",
    r"C:\ProgramData\ASRLogs",
    r"C:\ProgramData\ASRSetupLogs",
    r"C:\ProgramData\LogUploadServiceLogs",
    r"C:\inetpub",
    r"C:\Program Files (x86)\Microsoft Azure Site Recovery",
    r"D:\Program Files (x86)\Microsoft Azure Site Recovery",
)
_APPLIANCE_FOLDERS: Final = (
    r"C:\ProgramData\Microsoft Azure",
    r"C:\ProgramData\ASRLogs",
    r"C:\Windows\Temp\MicrosoftAzure",
    "E:\\",
    *(
        rf"C:\Program Files\{name}"
        for name in (
            "Microsoft Azure Appliance Auto Update",
            "Microsoft Azure Appliance Configuration Manager",
            "Microsoft Azure Push Install Agent",
            "Microsoft Azure RCM Proxy Agent",
            "Microsoft Azure Recovery Services Agent",
            "Microsoft Azure Server Discovery Service",
            "Microsoft Azure Site Recovery Process Server",
            "Microsoft Azure Site Recovery Provider",
            "Microsoft Azure to on-premises Reprotect agent",
            "Microsoft Azure VMware Discovery Service",
            "Microsoft on-premises to Azure Replication agent",
        )
    ),
)


def base_facts(kind: Kind, *, name: str, address: str, machine_id: str, boot_time: float) -> dict[str, Any]:
    """All facts but those that depend on what was ordered. `name` is the full DNS name, `boot_time` in Unix time."""
    host, _dot, domain = name.partition(".")
    facts = {
        "identity.computer_name": host.upper()[:15],
        "identity.fqdn": name,
        "identity.bios_uuid": machine_id,
        "identity.domain_role": 2,
        "identity.domain": "WORKGROUP",
        "identity.manufacturer": "VMware, Inc.",
        "identity.model": "VMware Virtual Platform",
        "os.caption": "Microsoft Windows Server 2016 Standard",
        "os.version": "10.0.14393",
        "os.build": 14393,
        "os.product_type": 3,
        "os.installation_type": "Server",
        "os.language": 1033,
        "os.system_locale": "en-US",
        "os.install_language": "0409",
        "os.licence": {
            "status": 1,
            "grace_minutes": _FOREVER,
            "description": "Windows(R) Operating System, VOLUME_KMSCLIENT channel",
        },
        "os.pending_reboot": [],
        "os.last_boot": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(boot_time)),
        "os.powershell_version": "5.1.14393.5582",
        "os.user": f"{host.upper()}\\administrator",
        "os.elevated": True,
        "os.is_administrator": True,
        "hardware.logical_processors": 12,
        "hardware.memory_bytes": 32 * GB - 2**20,
        "hardware.max_clock_mhz": 2600,
        "hardware.disks": [_disk(0, 120), _disk(1, 800), _disk(2, 700)],
        "hardware.volumes": [
            _volume("C:", "System", 119, 84, 0),
            _volume("D:", "Cache", 799, 700, 1),
            _volume("R:", "Retention", 699, 698, 2),
        ],
        "hardware.cpu_load_percent": 4.5,
        "hardware.memory_in_use_percent": 14.2,
        "roles.installed": ["FileAndStorage-Services", "Storage-Services", "NET-Framework-45-Features"],
        "software.installed": [{"name": "VMware Tools", "version": "12.4.5.23787635"}],
        "software.dotnet_release": 461814,
        "software.vmware_modules": [],
        "policy.disable_registry_tools": None,
        "policy.disable_cmd": None,
        "policy.use_trusted_handlers": None,
        "policy.execution_policies": {
            "MachinePolicy": "Undefined",
            "UserPolicy": "Undefined",
            "Process": "Undefined",
            "CurrentUser": "Undefined",
            "LocalMachine": "RemoteSigned",
        },
        "policy.script_execution": {"enable_scripts": None, "execution_policy": None},
        "policy.user_disable_registry_tools": None,
        "policy.user_disable_cmd": None,
        "crypto.fips_documented": None,
        "crypto.fips_enabled": 0,
        "crypto.schannel": {
            "TLS 1.0": {"enabled": None, "disabled_by_default": None},
            "TLS 1.2": {"enabled": 1, "disabled_by_default": 0},
        },
        "crypto.strong_crypto": {"native": 1, "wow64": 1},
        "iis.sites": [],
        "iis.anonymous": None,
        "iis.fastcgi": {"installed": False, "locked": None},
        "certificates.bound_443": None,
        "network.adapters": [
            {
                "name": "Ethernet0",
                "description": "vmxnet3 Ethernet Adapter",
                "dhcp": False,
                "physical": True,
                "ipv4": [{"address": address, "prefix": 24}],
                "gateways": [ADDRESS_OF_ROUTER],
                "dns": [ADDRESS_OF_DNS],
            }
        ],
        "network.listeners": [
            {"port": port, "address": "0.0.0.0", "process": process}  # noqa: S104 - of the simulated machine
            for port, process in ((135, "svchost"), (445, "System"), (3389, "svchost"), (5986, "System"))
        ],
        "time.zone": "W. Europe Standard Time",
        "time.utc_offset_minutes": 60,
        "time.source": f"dc01.{domain}",
        "services.states": [
            _service("WinRM", "Windows Remote Management (WS-Management)"),
            _service("W32Time", "Windows Time"),
            _service("EventLog", "Windows Event Log"),
        ],
        "antivirus.defender": {"enabled": True, "exclusions": list(_CLASSIC_FOLDERS)},
        "antivirus.products": [],
        "site_recovery.passphrase_file": False,
        "site_recovery.products": [],
        "site_recovery.registered_vault": None,
    }
    if kind == "appliance":
        facts |= _APPLIANCE
    elif kind == "process_server":
        facts["hardware.disks"] = [_disk(0, 120), _disk(1, 800)]
        facts["hardware.volumes"] = [
            _volume("C:", "System", 119, 84, 0),
            _volume("D:", "Cache", 799, 700, 1),
        ]
    return copy.deepcopy(facts)


def ordered_facts(order: Order, *, name: str, address: str) -> dict[str, Any]:
    """The facts that depend on what the script was told to test; the machine uses the proxy that it was given."""
    facts = reach(order, {name: [address], address: [name]})
    proxy = f"{order.proxy[0]}:{order.proxy[1]}" if order.proxy else None
    domain = name.partition(".")[2]
    return facts | {
        "proxy.winhttp": proxy,
        "proxy.system": {"enabled": True, "server": proxy, "bypass": f"<local>;*.{domain}"}
        if proxy
        else {"enabled": False, "server": "", "bypass": ""},
        "proxy.site_recovery": None,
        "proxy.backup_agent": None,
    }


def _disk(number: int, size_gb: int) -> dict[str, Any]:
    return {"number": number, "size_bytes": size_gb * GB, "bus": "SAS", "model": "VMware Virtual disk"}


def _volume(drive: str, label: str, size_gb: int, free_gb: int, disk: int) -> dict[str, Any]:
    return {
        "drive": drive,
        "label": label,
        "file_system": "NTFS",
        "size_bytes": size_gb * GB,
        "free_bytes": free_gb * GB,
        "disk_number": disk,
    }


def _service(name: str, display_name: str) -> dict[str, Any]:
    return {"name": name, "display_name": display_name, "state": "Running", "start_mode": "Auto"}


_APPLIANCE: Final[dict[str, Any]] = {
    "os.caption": "Microsoft Windows Server 2022 Standard",
    "os.version": "10.0.20348",
    "os.build": 20348,
    "os.powershell_version": "5.1.20348.2849",
    "hardware.logical_processors": 16,
    "hardware.disks": [_disk(0, 80), _disk(1, 1024)],
    "hardware.volumes": [_volume("C:", "System", 79, 51, 0), _volume("E:", "Data", 1023, 1020, 1)],
    "software.dotnet_release": 528449,
    "antivirus.defender": {"enabled": True, "exclusions": list(_APPLIANCE_FOLDERS)},
}
