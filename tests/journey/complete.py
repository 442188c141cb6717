"""Complete and valid answers of every step, for tests that change one thing at a time."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from wizard.journey.errors import explain
from wizard.journey.fields import StepAnswers

PROFILE: dict[str, Any] = {"name": "lyon-cs01", "profile": "asr-classic"}
SOURCE: dict[str, Any] = {"protects": ["vmware"], "method": "ova"}
CAPACITY: dict[str, Any] = {"machines": 120, "daily_change_gb": 700}
VCENTER: dict[str, Any] = {"host": "vcenter.lab.test", "thumbprint_sha256": "ab" * 32}
PLACEMENT: dict[str, Any] = {
    "datacenter": "DC0",
    "compute": "DC0_C0",
    "datastore": "LocalDS_0",
    "network": "VM Network",
    "vm_name": "lyon-cs01",
}
TEMPLATE: dict[str, Any] = {
    "file": "asr.ova",
    "networks": {"Network 1": "VM Network"},
    "accept_license": True,
}
NETWORK: dict[str, Any] = {
    "host_name": "cs01",
    "address": "192.0.2.10",
    "netmask": "255.255.255.0",
    "gateway": "192.0.2.1",
    "dns": ["192.0.2.2"],
}
VAULT: dict[str, Any] = {
    "subscription": "00000000-0000-0000-0000-000000000001",
    "resource_group": "rg-lyon-dr",
    "vault": "lyon-vault",
    "region": "francecentral",
    "confirm_name": "lyon-vault",
}

# What the modernized architecture asks instead, and what only the manual path asks.
APPLIANCE: dict[str, Any] = {"friendly_name": "Lyon appliance"}
EXCLUSIVE_VAULT: dict[str, Any] = {**VAULT, "exclusive": True}
INSTALLATION: dict[str, Any] = {"accept_third_party_license": True}
EVIDENCE: dict[str, Any] = {
    "way": "winrm",
    "host": "cs01.lab.test",
    "credential": "lab-windows",
    "thumbprint_sha256": "cd" * 32,
}

ANSWERS: dict[str, dict[str, Any]] = {
    "source": SOURCE,
    "capacity": CAPACITY,
    "vcenter": VCENTER,
    "placement": PLACEMENT,
    "template": TEMPLATE,
    "network": NETWORK,
    "vault": VAULT,
}

# Valid answers of every step of a profile, whichever circumstances they belong to.
OF_PROFILE: dict[str, dict[str, dict[str, Any]]] = {
    "asr-classic": {
        "profile": PROFILE,
        **ANSWERS,
        "installation": INSTALLATION,
        "evidence": EVIDENCE,
    },
    "asr-modernized": {
        "profile": {**PROFILE, "profile": "asr-modernized"},
        **ANSWERS,
        "vault": EXCLUSIVE_VAULT,
        "appliance": APPLIANCE,
        "installation": {},
        "evidence": EVIDENCE,
    },
}


def wrong(model: type[StepAnswers], answers: Any) -> dict[str, str]:
    """What is wrong with the answers: path to message; empty when they are valid."""
    try:
        model.model_validate(answers)
    except ValidationError as error:
        return {problem.path: str(problem.message) for problem in explain(error)}
    return {}
