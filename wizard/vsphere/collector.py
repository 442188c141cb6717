"""Reading many objects at once: the PropertyCollector, page by page.

Only leaf properties are asked for: whole data objects cost many times the bytes, and a server newer than the
client may put something into them that the client cannot read.
"""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyVmomi import vim, vmodl
from pyVmomi.VmomiSupport import ManagedObject

from wizard.vsphere.errors import VSphereError
from wizard.vsphere.session import Session

FilterSpec = vmodl.query.PropertyCollector.FilterSpec
ObjectSpec = vmodl.query.PropertyCollector.ObjectSpec
PropertySpec = vmodl.query.PropertyCollector.PropertySpec
RetrieveOptions = vmodl.query.PropertyCollector.RetrieveOptions
SelectionSpec = vmodl.query.PropertyCollector.SelectionSpec
TraversalSpec = vmodl.query.PropertyCollector.TraversalSpec


@dataclass(frozen=True, slots=True)
class Row:
    """One object and those of its properties that are set and may be seen."""

    type: str
    moid: str
    values: Mapping[str, Any]


def pages(session: Session, spec: FilterSpec, *, page_size: int) -> Iterator[list[Row]]:
    """All objects that `spec` selects, at most `page_size` at a time; one round trip per page.

    A reader that stops early leaves nothing open at the server.
    """
    collector = session.content.propertyCollector
    result = collector.RetrievePropertiesEx([spec], RetrieveOptions(maxObjects=page_size))
    token = None
    try:
        while result is not None:
            token = result.token
            yield [_row(content) for content in result.objects]
            if token is None:
                return
            current, token = token, None
            result = collector.ContinueRetrievePropertiesEx(current)
    finally:
        if token is not None:
            with contextlib.suppress(VSphereError, vmodl.MethodFault):
                collector.CancelRetrievePropertiesEx(token)


def read(session: Session, managed: ManagedObject, paths: Sequence[str]) -> Mapping[str, Any]:
    """The given leaf properties of one object, without those that are unset. One round trip.

    Raises NotFound (by way of the session) where the object is gone.
    """
    spec = FilterSpec(
        propSet=[PropertySpec(type=type(managed), pathSet=list(paths))], objectSet=[ObjectSpec(obj=managed)]
    )
    rows = [row for page in pages(session, spec, page_size=1) for row in page]
    return rows[0].values if rows else {}


def _row(content: vmodl.query.PropertyCollector.ObjectContent) -> Row:
    for missing in content.missingSet:
        # A property that may not be seen is left out. One that nobody may see any more must not look like an empty
        # inventory: the session is over.
        if isinstance(missing.fault, vim.fault.NotAuthenticated):
            raise missing.fault
    return Row(
        type=type_name(content.obj),
        moid=moid(content.obj),
        values={item.name: item.val for item in content.propSet},
    )


def type_name(managed: ManagedObject) -> str:
    """vSphere's name of the object's type, for example `ClusterComputeResource`."""
    name: str = type(managed)._wsdlName
    return name


def moid(managed: ManagedObject) -> str:
    """The managed object id, for example `vm-42`."""
    return str(managed._moId)
