"""What vCenter shows of a deployment's own parts, as its rows hold it, in the form of `wizard.topology.drift_vsphere`."""

from __future__ import annotations

from typing import Any

from wizard.models import Deployment, Machine
from wizard.topology.graph import Graph


def shown_by_vcenter(deployment: Deployment, recorded: Graph) -> dict[str, Any]:
    """The registered vCenters, and those machines on which recorded components stand. What nobody looked at is left out."""
    vcenters = list(deployment.vcenters.all())
    if not vcenters:
        return {}
    seen: dict[str, Any] = {
        "vcenters": [
            {
                "name": row.friendly_name,
                "host": row.host,
                "port": row.port,
                "version": row.version,
                "instance_uuid": row.instance_uuid,
                "thumbprint_sha256": row.thumbprint_sha256,
            }
            for row in vcenters
        ]
    }
    # Before everything was read once, a machine that is not there may be there all the same.
    if all(row.discovered_at is not None for row in vcenters):
        wanted = {str(uuid) for node in recorded.nodes if (uuid := node.attributes.get("instance_uuid"))}
        rows = Machine.objects.filter(vcenter__in=vcenters, gone_at=None, instance_uuid__in=wanted)
        seen["machines"] = [
            {"name": name, "instance_uuid": instance_uuid, "addresses": addresses}
            for name, instance_uuid, addresses in rows.values_list("name", "instance_uuid", "ip_addresses")
        ]
    return seen
