"""vCenter's view of a template: the specification of the machine to make, and the lease to send its disks."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from lxml import etree
from pyVmomi import vim, vmodl

from wizard.text import Text, _
from wizard.vsphere.collector import read
from wizard.vsphere.errors import ConnectionLost, ImportRefused, NoPermission, NotFound, VSphereError
from wizard.vsphere.faults import explain, message_of
from wizard.vsphere.import_plan import ImportPlan, ImportTarget
from wizard.vsphere.known_faults import known
from wizard.vsphere.nfc_lease import NfcLease, name_taken
from wizard.vsphere.ovf_xml import load_envelope
from wizard.vsphere.placement import NetworkKind
from wizard.vsphere.session import Session
from wizard.vsphere.template import Template

# Written into the machine's configuration, so that a half-made one is told from a stranger of the same name.
MARK_KEY = "foothold.import"
DRS_ENABLED = "configuration.drsConfig.enabled"
NETWORKS: Mapping[NetworkKind, type[vim.Network]] = {
    "standard": vim.Network,
    "distributed": vim.dvs.DistributedVirtualPortgroup,
    "opaque": vim.OpaqueNetwork,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What vCenter made of the template; `files` pair with the lease's addresses by `deviceId`."""

    spec: vim.vm.VmImportSpec
    host: vim.HostSystem | None
    files: tuple[vim.OvfManager.FileItem, ...]
    warnings: tuple[str, ...]


def create_import_spec(
    session: Session, template: Template, plan: ImportPlan, target: ImportTarget
) -> ImportOrder:
    """Let vCenter judge template and target; nothing is changed there.

    Raises ImportRefused with its messages, NoPermission or ConnectionLost.
    """
    host = _host(session, target)
    parameters = vim.OvfManager.CreateImportSpecParams(
        entityName=plan.vm_name,
        hostSystem=host,
        # vCenter's messages come in English, as they are shown word for word beside translated ones.
        locale="en_US",
        deploymentOption=plan.deployment_option or template.descriptor.default_option,
        diskProvisioning=plan.disk_provisioning,
        networkMapping=[
            vim.OvfManager.NetworkMapping(
                name=name, network=session.managed(NETWORKS[network.kind], network.ref.moid)
            )
            for name, network in target.networks.items()
        ],
        propertyMapping=[vim.KeyValue(key=key, value=value) for key, value in plan.properties.items()],
    )
    # Sent within SOAP it has no encoding of its own, so the XML declaration stays behind.
    descriptor = etree.tostring(load_envelope(template.descriptor_xml), encoding="unicode")
    # vCenter and ESXi have had one since 4.0.
    manager = cast(vim.OvfManager, session.content.ovfManager)
    try:
        result = manager.CreateImportSpec(
            descriptor,
            session.managed(vim.ResourcePool, target.compute.resource_pool_moid),
            session.managed(vim.Datastore, target.datastore.ref.moid),
            parameters,
        )
    except vmodl.MethodFault as fault:
        failure = _refused(session, fault, "CreateImportSpec", plan)
    else:
        return _order(session, result, host)
    raise failure


def start_import(
    session: Session, order: ImportOrder, plan: ImportPlan, target: ImportTarget, *, mark: str
) -> NfcLease:
    """Have the machine made, with `mark` in its configuration. Raises NameTaken, NoPermission, ImportRefused or ConnectionLost."""
    order.spec.configSpec.extraConfig.append(vim.option.OptionValue(key=MARK_KEY, value=mark))
    try:
        lease = session.managed(vim.ResourcePool, target.compute.resource_pool_moid).ImportVApp(
            order.spec, session.managed(vim.Folder, target.folder.ref.moid), order.host
        )
    except vmodl.MethodFault as fault:
        failure = _refused(session, fault, "ImportVApp", plan)
    else:
        return NfcLease(session, lease)
    raise failure


def _order(
    session: Session, result: vim.OvfManager.CreateImportSpecResult, host: vim.HostSystem | None
) -> ImportOrder:
    if result.error or result.importSpec is None:
        raise ImportRefused(
            Text(
                _("%(address)s cannot import the template there: %(messages)s"),
                address=session.address,
                messages=[message_of(error) for error in result.error] or Text(_("it does not say why")),
            ),
            address=session.address,
            step="CreateImportSpec",
        )
    # Templates of one virtual system only come this far; those of several would get a VirtualAppImportSpec.
    return ImportOrder(
        spec=cast(vim.vm.VmImportSpec, result.importSpec),
        host=host,
        files=tuple(result.fileItem),
        warnings=tuple(message_of(warning) for warning in result.warning),
    )


def _host(session: Session, target: ImportTarget) -> vim.HostSystem | None:
    """The host to name, which has to be done in a cluster without DRS; with DRS the choice is vCenter's.

    Of those that run and reach datastore and networks the first by name is taken. Raises ImportRefused.
    """
    if target.compute.kind != "host":
        pool = session.managed(vim.ResourcePool, target.compute.resource_pool_moid)
        owner = read(session, pool, ("owner",)).get("owner")
        if not isinstance(owner, vim.ClusterComputeResource):
            return None
        if read(session, owner, (DRS_ENABLED,)).get(DRS_ENABLED):
            return None
    reached = set(target.datastore.host_moids).intersection(
        *(network.host_moids for network in target.networks.values())
    )
    able = [
        host
        for host in target.compute.hosts
        if host.ref.moid in reached and host.connection_state == "connected" and not host.in_maintenance
    ]
    if not able:
        raise ImportRefused(
            Text(
                _(
                    "No host of %(compute)s is connected to %(address)s, out of maintenance mode "
                    "and able to reach both datastore %(datastore)s and the networks chosen."
                ),
                address=session.address,
                compute=target.compute.ref.name,
                datastore=target.datastore.ref.name,
            ),
            address=session.address,
            step="placement",
        )
    return session.managed(vim.HostSystem, min(able, key=lambda host: host.ref.name).ref.moid)


def _refused(session: Session, fault: vmodl.MethodFault, step: str, plan: ImportPlan) -> VSphereError:
    if isinstance(fault, vim.fault.DuplicateName):
        return name_taken(plan.vm_name, address=session.address)
    explained = explain(fault, address=session.address, step=step)
    if isinstance(explained, NoPermission | ConnectionLost | NotFound):
        return explained
    return ImportRefused(
        Text(
            _("%(address)s refused the import: %(message)s"),
            address=session.address,
            message=message_of(fault),
        ),
        # The placement is to blame only where nothing more particular is known of the fault.
        remedy=explained.remedy if known(fault) else None,
        address=session.address,
        step=step,
    )
