"""What the discovery asks vCenter for: which objects, and which of their properties."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pyVmomi import vim
from pyVmomi.VmomiSupport import ManagedObject

from wizard.vsphere.collector import FilterSpec, ObjectSpec, PropertySpec, TraversalSpec
from wizard.vsphere.machine_elements import MACHINE, machine_properties
from wizard.vsphere.object_elements import TYPES, object_properties
from wizard.vsphere.session import Session

# A change of any of these says that a machine is to be read again. `config.changeVersion` stands for all of `config`, and
# so for devices and networks; a machine that becomes a template or enters a vApp changes its resource pool. What is
# watched costs vCenter work at each change and the first reading time, so the large lists are not.
SIGNS = (
    "name",
    "parent",
    "resourcePool",
    "datastore",
    "config.changeVersion",
    "guest.hostName",
    "guest.ipAddress",
    "guest.net",
    "guest.toolsRunningStatus",
    "runtime.host",
    "runtime.powerState",
    "runtime.connectionState",
    "snapshot.rootSnapshotList",
)


def create_view(session: Session) -> vim.view.ContainerView:
    """All that the discovery reads, wherever it is in the inventory, as one object of the server that stays current."""
    views = cast(vim.view.ViewManager, session.content.viewManager)
    return views.CreateContainerView(session.content.rootFolder, [vim.VirtualMachine, *TYPES.values()], True)


def signs(session: Session, view: vim.view.ContainerView) -> FilterSpec:
    """All of them, with just enough to see that one has changed."""
    return FilterSpec(
        propSet=_properties(SIGNS),
        objectSet=in_view(session, view),
        # One that vanishes while the filter is made is no reason to make none.
        reportMissingObjectsInResults=True,
    )


def some(session: Session, references: Mapping[str, str]) -> FilterSpec:
    """These (moid to type), with all that is kept of them. Those that are gone are left out."""
    return FilterSpec(
        propSet=all_properties(session),
        objectSet=[
            ObjectSpec(obj=session.managed(_KINDS[type_], moid))
            for moid, type_ in references.items()
            if is_known(type_)
        ],
        reportMissingObjectsInResults=True,
    )


def is_known(type_: str) -> bool:
    """Whether the discovery has a use for objects of this type."""
    return type_ in _KINDS


_KINDS: Mapping[str, type[ManagedObject]] = {
    MACHINE: vim.VirtualMachine,
    **{str(type_): kind for type_, kind in TYPES.items()},
}


def _properties(machine: tuple[str, ...]) -> list[PropertySpec]:
    return [
        PropertySpec(type=vim.VirtualMachine, pathSet=list(machine)),
        *(PropertySpec(type=kind, pathSet=list(object_properties(type_))) for type_, kind in TYPES.items()),
    ]


def all_properties(session: Session) -> list[PropertySpec]:
    """What is kept of each type of object, as far as this server knows it."""
    return _properties(machine_properties(session.about.api_version))


def in_view(session: Session, view: vim.view.ContainerView) -> list[ObjectSpec]:
    """What a view of the inventory shows, and the root folder."""
    through = TraversalSpec(name="view", type=vim.view.ContainerView, path="view", skip=False)
    return [
        # A view shows what its container holds, not the container.
        ObjectSpec(obj=session.content.rootFolder),
        ObjectSpec(obj=view, skip=True, selectSet=[through]),
    ]
