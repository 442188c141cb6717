"""What is wrong with the machine of the scenario needs_work: a good dozen of findings, each with a remedy."""

from __future__ import annotations

from typing import Any

from wizard.lab.windows_host.facts import GB


def spoil(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of a healthy machine with its defects; the order of the ids is that of asr-facts section 3."""
    volumes = facts["hardware.volumes"]
    adapter = facts["network.adapters"][0]
    return (
        facts
        | {
            "hardware.logical_processors": 4,  # HW-01
            "hardware.memory_bytes": 12 * GB,  # HW-02
            "hardware.disks": facts["hardware.disks"][:2],  # HW-03
            "hardware.volumes": [volumes[0], volumes[1] | {"free_bytes": 90 * GB, "label": "Cache & logs"}],
            "hardware.cpu_load_percent": 83.0,  # HW-11
            "os.system_locale": "de-DE",  # OS-04
            "os.language": 1031,
            "os.install_language": "0407",
            "roles.installed": [*facts["roles.installed"], "Web-Server", "Hyper-V"],  # OS-06, OS-07
            "os.elevated": False,  # OS-09
            "software.installed": [
                *facts["software.installed"],
                {"name": "Backup for Files", "version": "7.1"},  # OS-11
            ],
            "os.pending_reboot": ["Windows Update"],  # OS-14
            "policy.disable_cmd": 2,  # POL-02
            "policy.execution_policies": facts["policy.execution_policies"] | {"MachinePolicy": "AllSigned"},
            "iis.sites": [
                {"name": "Default Web Site", "state": "Started", "bindings": ["http *:80:", "https *:443:"]}
            ],
            "iis.anonymous": True,
            "network.listeners": [
                *facts["network.listeners"],
                {"port": 443, "address": "0.0.0.0", "process": "System"},  # noqa: S104 - IIS-02 and NET-04
            ],
            "crypto.fips_enabled": 1,  # SEC-01
            "network.adapters": [adapter | {"dhcp": True}],  # NET-01
            "time.ntp": [item | {"offset_s": 412.0} for item in facts["time.ntp"]],  # TIME-01
            "antivirus.defender": {"enabled": True, "exclusions": []},  # SW-11
            # One that the collector could not read: a check that must say "unknown" and not "passed".
            "policy.script_execution": OSError("Requested registry access is not allowed."),  # POL-05
        }
    )
