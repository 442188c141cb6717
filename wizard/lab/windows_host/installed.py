"""What an installation leaves behind on the lab's Windows machine (asr-facts 2.6, 3.10 and 9.3)."""

from __future__ import annotations

import time
from typing import Any, Final

from wizard.lab.windows_host.scenarios import Kind

VERSION: Final = "9.57.6920.1"
VAULT: Final = "lab-vault"
_YEAR_S: Final = 365 * 86400
_PROCESS_SERVER: Final = {
    "ProcessServer": "Process Server",
    "ProcessServerMonitor": "Process Server Monitor",
    "cxprocessserver": "CX Process Server",
    "InMage PushInstall": "InMage PushInstall",
    "LogUpload": "LogUpload",
    "InMage Scout Application Service": "InMage Scout Application Service",
    "obengine": "Microsoft Azure Recovery Services Agent",
    "svagents": "InMage Scout VX Agent - Sentinel/Outpost",
    "tmansvc": "tmansvc",
}
_CONFIGURATION_SERVER: Final = {
    **_PROCESS_SERVER,
    "W3SVC": "World Wide Web Publishing Service",
    "MySQL57": "MySQL57",
    "dra": "Microsoft Azure Site Recovery Service",
}
_APPLIANCE: Final = {
    name: name
    for name in (
        "Microsoft Azure Appliance Configuration Manager",
        "ProcessServer",
        "ProcessServerMonitor",
        "Microsoft Azure RCM Proxy Agent",
        "Microsoft Azure Push Install Agent",
        "Microsoft Azure VMware Discovery Service",
        "Microsoft Azure Server Discovery Service",
        "Microsoft Azure to on-premises Reprotect agent",
        "Microsoft on-premises to Azure Replication agent",
        "obengine",
        "dra",
    )
}
_SERVICES: Final[dict[Kind, dict[str, str]]] = {
    "configuration_server": _CONFIGURATION_SERVER,
    "process_server": _PROCESS_SERVER,
    "appliance": _APPLIANCE,
}
_PRODUCTS: Final[dict[Kind, tuple[str, ...]]] = {
    "configuration_server": (
        "Microsoft Azure Site Recovery Configuration/Process Server",
        "Microsoft Azure Site Recovery Provider",
        "Microsoft Azure Site Recovery Mobility Service/Master Target Server",
    ),
    "process_server": (
        "Microsoft Azure Site Recovery Configuration/Process Server",
        "Microsoft Azure Site Recovery Mobility Service/Master Target Server",
    ),
    "appliance": (
        "Microsoft Azure Appliance Configuration Manager",
        "Microsoft Azure Site Recovery Process Server",
        "Microsoft Azure Site Recovery Provider",
    ),
}


def install(facts: dict[str, Any], kind: Kind, *, thumbprint: str, installed_at: float) -> dict[str, Any]:
    """The facts of the machine once the installation has ended; `thumbprint` is of its web site's certificate.

    That certificate lives for three years from `installed_at`, in Unix time (asr-facts 1.2).
    """
    services = [
        {"name": name, "display_name": shown, "state": "Running", "start_mode": "Auto"}
        for name, shown in _SERVICES[kind].items()
    ]
    products = [{"name": name, "version": VERSION} for name in _PRODUCTS[kind]]
    changed: dict[str, Any] = {
        "services.states": [*facts["services.states"], *services],
        "network.listeners": [
            *(item for item in facts["network.listeners"] if item["port"] not in (443, 9443)),
            {"port": 443, "address": "0.0.0.0", "process": "System"},  # noqa: S104
            {"port": 9443, "address": "0.0.0.0", "process": "cxps"},  # noqa: S104
        ],
        "certificates.bound_443": {
            "subject": f"CN={facts['identity.computer_name']}",
            "thumbprint": thumbprint,
            "not_after": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(installed_at + 3 * _YEAR_S)),
        },
        "site_recovery.products": products,
        "software.installed": [*facts["software.installed"], *products],
    }
    if kind == "appliance":
        return facts | changed
    changed["site_recovery.passphrase_file"] = True
    if kind == "configuration_server":
        changed |= {
            "software.installed": [
                *changed["software.installed"],
                {"name": "MySQL Server 5.7", "version": "5.7.20"},
            ],
            "roles.installed": [*facts["roles.installed"], "Web-Server", "Web-CGI"],
            "iis.sites": [{"name": "Default Web Site", "state": "Started", "bindings": ["https *:443:"]}],
            "iis.anonymous": True,
            "iis.fastcgi": {"installed": True, "locked": False},
            "site_recovery.registered_vault": VAULT,
        }
    return facts | changed
