"""What is to be imported where, checked against template and inventory before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from wizard.text import Text, _
from wizard.vsphere.errors import ImportRefused
from wizard.vsphere.inventory import (
    ComputeInfo,
    DatastoreInfo,
    FolderInfo,
    NetworkInfo,
    ObjectRef,
    read_placement,
    vm_exists,
)
from wizard.vsphere.nfc_lease import name_taken
from wizard.vsphere.ovf import OvfDescriptor
from wizard.vsphere.property_value import fault_of
from wizard.vsphere.session import Session

DiskProvisioning = Literal["eagerZeroedThick", "thick", "thin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """Names or paths as in the inventory; `networks` maps each network of the template to one of vSphere.

    `deployment_option` is the id of one that the template offers; "" takes its default.
    """

    vm_name: str
    datacenter: str
    compute: str
    datastore: str
    networks: Mapping[str, str]
    folder: str = ""
    disk_provisioning: DiskProvisioning = "eagerZeroedThick"
    properties: Mapping[str, str] = field(default_factory=dict, repr=False)
    accept_license: bool = False
    deployment_option: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTarget:
    """The objects of vSphere that a plan means."""

    datacenter: ObjectRef
    folder: FolderInfo
    compute: ComputeInfo
    datastore: DatastoreInfo
    networks: Mapping[str, NetworkInfo]


def locate(session: Session, descriptor: OvfDescriptor, plan: ImportPlan) -> ImportTarget:
    """Find everything that the plan names, and make sure that the name is free.

    Raises ImportRefused for a plan that does not fit the template; NotFound, Ambiguous and NameTaken.
    """
    _expect_consent(descriptor, plan)
    _expect_option(descriptor, plan)
    _expect_networks(descriptor, plan)
    _expect_properties(descriptor, plan)
    datacenter = read_placement(session).datacenter(plan.datacenter)
    target = ImportTarget(
        datacenter=datacenter.ref,
        folder=datacenter.find_folder(plan.folder),
        compute=datacenter.find_compute(plan.compute),
        datastore=datacenter.find_datastore(plan.datastore),
        networks={name: datacenter.find_network(path) for name, path in plan.networks.items()},
    )
    if vm_exists(session, datacenter.ref, target.folder.ref.path, plan.vm_name) is not None:
        raise name_taken(plan.vm_name, address=session.address)
    return target


def _expect_consent(descriptor: OvfDescriptor, plan: ImportPlan) -> None:
    if descriptor.license_text and not plan.accept_license:
        raise ImportRefused(
            Text(_("The template carries a licence text that nobody has accepted.")),
            remedy=Text(_("Read the licence text of the template and accept it; then deploy again.")),
            step="license",
        )


def _expect_option(descriptor: OvfDescriptor, plan: ImportPlan) -> None:
    known = [option.id for option in descriptor.deployment_options]
    if plan.deployment_option and plan.deployment_option not in known:
        raise ImportRefused(
            Text(
                _("The template has no deployment option “%(name)s”; it has: %(known)s."),
                name=plan.deployment_option,
                known=known or "–",
            ),
            remedy=Text(_("Choose one of the template's deployment options; then deploy again.")),
            step="deployment_option",
        )


def _expect_networks(descriptor: OvfDescriptor, plan: ImportPlan) -> None:
    unmapped = sorted(set(descriptor.networks) - set(plan.networks))
    unknown = sorted(set(plan.networks) - set(descriptor.networks))
    if unmapped:
        raise ImportRefused(
            Text(
                _("These networks of the template are mapped to none of vSphere: %(names)s."), names=unmapped
            ),
            remedy=Text(_("Choose a network of vSphere for each of them; then deploy again.")),
            step="networks",
        )
    if unknown:
        raise ImportRefused(
            Text(
                _("The template has no network named %(names)s; it has: %(known)s."),
                names=unknown,
                known=sorted(descriptor.networks),
            ),
            remedy=Text(_("Map the networks that the template has; then deploy again.")),
            step="networks",
        )


def _expect_properties(descriptor: OvfDescriptor, plan: ImportPlan) -> None:
    settable = {item.key for item in descriptor.properties if item.user_configurable}
    unknown = sorted(set(plan.properties) - settable)
    if unknown:
        raise ImportRefused(
            Text(
                _("The template does not let %(names)s be set; it lets: %(known)s."),
                names=unknown,
                known=sorted(settable) or "–",
            ),
            remedy=Text(_("Leave out the properties that the template does not know; then deploy again.")),
            step="properties",
        )
    for item in descriptor.properties:
        fault = fault_of(item, plan.properties.get(item.key, "")) if item.user_configurable else None
        if fault is not None:
            raise ImportRefused(
                Text(
                    _("The property “%(name)s” of the template cannot be set: %(why)s"),
                    name=item.label or item.key,
                    why=fault,
                ),
                remedy=Text(_("Correct the value in the template step; then deploy again.")),
                step="properties",
            )
