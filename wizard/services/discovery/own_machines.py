"""Which machines of a vCenter are Site Recovery's own, and so never to be protected (asr-facts 12, SM-30)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db.models import Q

from wizard.models import Component, Deployment, HostFacts, Task, TaskState, VCenter

# A vCenter Server and its hosts stand in the record, too, as what replication reads from.
_NOT_OURS: Final = ("vcenter", "esxi", "vault", "cache_sa", "managed_disk", "mobility", "s2s")


def own_machines(vcenter: VCenter) -> dict[str, str]:
    """What each of them is, by instance or BIOS UUID: those recorded, those that told of themselves, those deployed here.

    Of a deployment that not everybody sees who sees this vCenter, neither its name nor what it calls the machine.
    """
    found: dict[str, str] = {}
    told_to = set(vcenter.deployments.values_list("team", flat=True))
    seen = dict(
        Deployment.objects.filter(
            Q(team=None) | (Q(team__in=told_to) if len(told_to) == 1 else Q(pk__in=()))
        ).values_list("pk", "name")
    )

    def add(uuid: object, name: str, deployment: UUID) -> None:
        for form in _forms(uuid):
            found.setdefault(form, f"{name} ({seen[deployment]})" if deployment in seen else "")

    recorded = Component.objects.exclude(kind__in=_NOT_OURS).values_list(
        "name", "deployment", "attributes__bios_uuid", "attributes__instance_uuid"
    )
    for name, deployment, bios_uuid, instance_uuid in recorded:
        add(bios_uuid, name, deployment)
        add(instance_uuid, name, deployment)
    told = HostFacts.objects.values_list(
        "host_name", "deployment", "facts__identity.bios_uuid__value"
    ).order_by("collected_at")
    for name, deployment, bios_uuid in told:
        add(bios_uuid, name, deployment)
    deployed = Task.objects.filter(
        kind="deploy_ova", state=TaskState.SUCCEEDED, deployment__vcenters=vcenter
    ).values_list("result__moid", "deployment")
    names = dict(deployed)
    rows = vcenter.machines.filter(moid__in=names).values_list("moid", "name", "instance_uuid", "bios_uuid")
    for moid, name, instance_uuid, bios_uuid in rows:
        # The instance UUID alone where there is one: a clone made of the appliance may carry its BIOS UUID.
        add(instance_uuid or bios_uuid, name, names[moid])
    return found


def _forms(value: object) -> set[str]:
    """A UUID as vSphere and as the guest may spell it: SMBIOS before 2.6 left open in which order its first fields stand."""
    try:
        uuid = UUID(str(value))
    except ValueError:
        return set()
    return {str(uuid), str(UUID(bytes_le=uuid.bytes))}
