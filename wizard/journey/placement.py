"""Step 5: where in vSphere the virtual machine is put."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from wizard.journey.fields import StepAnswers, ask
from wizard.journey.placement_choices import Choice, choices, conflicts, readable
from wizard.planning import naming
from wizard.text import _

__all__ = ["Choice", "PlacementAnswers", "choices", "conflicts", "default_vm_name", "readable"]

DiskProvisioning = Literal["eagerZeroedThick", "thick", "thin"]

InventoryPath = Annotated[str, Field(max_length=1024)]


class PlacementAnswers(StepAnswers):
    """Names and paths as the vSphere inventory shows them."""

    datacenter: Annotated[
        InventoryPath,
        ask(_("Datacenter"), _("The datacenter that holds the cluster and the datastore."), widget="select"),
    ]
    folder: Annotated[
        InventoryPath,
        ask(_("VM folder"), _("Leave it at the top, or choose the folder of your servers."), widget="select"),
    ] = ""
    compute: Annotated[
        InventoryPath,
        ask(
            _("Cluster, host or resource pool"),
            _("Where the virtual machine runs. A cluster keeps it available when a host fails."),
            widget="select",
        ),
    ]
    datastore: Annotated[
        InventoryPath,
        ask(
            _("Datastore"),
            _("Takes all disks of the virtual machine, the cache disk included."),
            widget="select",
        ),
    ]
    network: Annotated[
        InventoryPath,
        ask(
            _("Network"),
            _("Must reach vCenter, the protected machines and the Internet or the proxy."),
            widget="select",
        ),
    ]
    vm_name: Annotated[
        str,
        AfterValidator(naming.vm_name),
        ask(
            _("VM name"),
            _("The name in the vSphere inventory, at most 80 characters."),
            autocomplete="off",
            width=40,
        ),
    ]
    disk_provisioning: Annotated[
        DiskProvisioning,
        ask(
            _("Disk format"),
            _("Microsoft recommends thick provisioning, eager zeroed; thin provisioning may be slower."),
            widget="radios",
            choices={
                "eagerZeroedThick": _("Thick Provision Eager Zeroed"),
                "thick": _("Thick Provision Lazy Zeroed"),
                "thin": _("Thin Provision"),
            },
            hints={"eagerZeroedThick": _("Recommended.")},
        ),
    ] = "eagerZeroedThick"


def default_vm_name(deployment_name: str) -> str:
    """The VM name that a deployment's name implies, cut to what vSphere allows."""
    return naming.vm_name_from(deployment_name)
