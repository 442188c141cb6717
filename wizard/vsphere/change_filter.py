"""What has changed since: a property filter of its own at the server, asked now and then.

A filter and its versions live with the session that made them. The collector is one of our own too: the session's
common one would give every watcher the changes of all the others.
"""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from lxml import etree
from pyVmomi import vmodl

from wizard.vsphere.bulk_answer import NAMESPACE, elements
from wizard.vsphere.bulk_call import BulkCall
from wizard.vsphere.bulk_properties import is_true
from wizard.vsphere.collector import FilterSpec
from wizard.vsphere.errors import VSphereError
from wizard.vsphere.session import Session

_WaitOptions = vmodl.query.PropertyCollector.WaitOptions

_BEGINNING = ""


@dataclass(slots=True)
class Changes:
    """Moids and their types; an object is in one of the two at most."""

    changed: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)


class ChangeFilter:
    """Raises pyVmomi's faults: InvalidCollectorVersion, ManagedObjectNotFound and NotAuthenticated mean that it is over."""

    def __init__(self, session: Session, spec: FilterSpec) -> None:
        """Make it, and learn what is there. What changes from now on will be told."""
        self._session = session
        self._version = _BEGINNING
        self._present = Changes()
        self._collector = session.content.propertyCollector.CreatePropertyCollector()
        try:
            # Whole values suffice: only that something changed is looked at.
            self._collector.CreateFilter(spec, partialUpdates=False)
            while self._read_on(self._present):
                pass
        except BaseException:
            self.destroy()
            raise

    def take_present(self) -> dict[str, str]:
        """Moids and types of what was there when the filter was made. To be asked once: nothing is kept of it."""
        present, self._present = self._present.changed, Changes()
        return present

    def changes(self) -> Changes:
        """What has changed since this was last asked, without waiting for anything."""
        changes = Changes()
        while self._read_on(changes):
            pass
        return changes

    def destroy(self) -> None:
        """Take it down at the server, and the filter with it."""
        with contextlib.suppress(VSphereError, vmodl.MethodFault):
            self._collector.DestroyPropertyCollector()

    def _read_on(self, changes: Changes) -> bool:
        """One round trip. Whether there is more, as vCenter tells some hundred objects at a time."""
        call = BulkCall(
            self._session,
            self._collector,
            "WaitForUpdatesEx",
            self._version,
            _WaitOptions(maxWaitSeconds=0),
        )
        more = False
        with contextlib.closing(elements(call, *_PATHS)) as answer:
            for name, element in answer:
                if name == "version":
                    self._version = element.text or ""
                elif name == "truncated":
                    more = is_true(element.text)
                else:
                    _note(element, changes)
        return more


_PATHS = ("returnval/version", "returnval/truncated", "filterSet/objectSet")
_KIND, _OBJECT = NAMESPACE + "kind", NAMESPACE + "obj"


def _note(update: etree._Element, changes: Changes) -> None:
    reference = update.find(_OBJECT)
    if reference is None or not reference.text:
        raise ValueError("an update without an object")
    moid, type_ = reference.text, reference.get("type", "")
    if update.findtext(_KIND) == "leave":
        changes.changed.pop(moid, None)
        changes.gone[moid] = type_
    else:
        changes.gone.pop(moid, None)
        changes.changed[moid] = type_
