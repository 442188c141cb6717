"""A template that asks for more than the usual one: options, typed properties, passwords, and a signature."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.far_side import descriptor
from tests.stories import succeeded
from wizard.models import Deployment, Operator, Task
from wizard.services import deployments
from wizard.vsphere.ovf import OvfDeploymentOption
from wizard.vsphere.ovf_property import OvfProperty
from wizard.vsphere.signature import Signature

PASSWORD = "canary-of-the-template-9241"
WHERE = {"source": "folder", "file": "asr-9.62"}


def asked(key: str, type_: str = "string", *, default: str = "", **more: Any) -> OvfProperty:
    return OvfProperty(
        key=key, label=key.title(), type=type_, default=default, user_configurable=True, **more
    )


PROPERTIES = (
    asked("port", "uint16", default="443", minimum=1, maximum=1024, description="Where it listens."),
    asked("telemetry", "boolean", default="True"),
    asked("zone", default="lyon", choices=("lyon", "paris")),
    asked("hostname", shortest=1, longest=15),
    asked("site", shortest=2, longest=20),
    asked("admin.password", password=True, shortest=12, description="Of the account admin."),
    asked("join.password", password=True),
    OvfProperty(key="build", label="Build", type="string", default="7", user_configurable=False),
)
OPTIONS = (
    OvfDeploymentOption(
        id="small",
        label="Small",
        description="Up to 50 machines.",
        default=False,
        cpu_count=4,
        memory_mb=8192,
    ),
    OvfDeploymentOption(
        id="large", label="Large", description="", default=True, cpu_count=8, memory_mb=16384
    ),
)


def inspect(
    deployment: Deployment, actor: Operator, *, days: int = 300, self_signed: bool = True, **manifest: Any
) -> Task:
    """A folder with that template, inspected and chosen; its certificate ends in so many days."""
    ends = timezone.now() + timedelta(days=days)
    signature = Signature(
        subject="CN=Publisher",
        issuer="CN=Publisher" if self_signed else "CN=Some authority",
        not_before=(ends - timedelta(days=400)).isoformat(),
        not_after=ends.isoformat(),
        sha256="AB:CD",
        algorithm="sha256",
        self_signed=self_signed,
    )
    found = replace(descriptor(), properties=PROPERTIES, deployment_options=OPTIONS)
    result = {
        "descriptor": found.to_json(),
        "manifest": {
            "has_manifest": True,
            "verified": True,
            "has_certificate": True,
            "algorithms": ["sha256"],
            "signature": signature.to_json(),
            **manifest,
        },
        "kind": "folder",
        "size_bytes": 9 * 2**30,
        "modified_ns": "1",
    }
    task = succeeded(deployment, "inspect_template", actor, inputs=WHERE, result=result)
    deployments.keep_draft(deployment, "template", WHERE, actor=actor)
    return task


def answers(**changed: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        **WHERE,
        "networks": {"Network 1": "VM Network"},
        "deployment_option": "small",
        "properties": {"site": "lyon"},
        "accept_license": True,
    }
    return {**whole, **changed}
