"""The discovery: the whole inventory read once, and from then on what changes in it."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn
from uuid import uuid4

from pyVmomi import vim, vmodl

from wizard.text import Text, _
from wizard.vsphere.bulk_properties import Content, bulk_pages
from wizard.vsphere.change_filter import ChangeFilter, Changes
from wizard.vsphere.collector import FilterSpec
from wizard.vsphere.errors import VSphereError
from wizard.vsphere.faults import call_of, explain
from wizard.vsphere.inventory_spec import create_view, is_known, signs, some
from wizard.vsphere.machine_elements import MACHINE, machine_facts
from wizard.vsphere.machines import InventoryObject, MachineFacts
from wizard.vsphere.object_elements import inventory_object
from wizard.vsphere.session import Session

PAGE_SIZE = 250  # objects


_Pages = Generator[list[MachineFacts | InventoryObject], None, None]


class VersionTooOld(VSphereError):
    """Nobody can say any more what has changed since: everything has to be read again."""

    code = "version_too_old"
    default_remedy = Text(_("Read the whole inventory again."))


@dataclass(frozen=True, slots=True)
class Batch:
    """A page of what was read: machines and objects as they are now, and moids of what is there no more."""

    machines: tuple[MachineFacts, ...]
    objects: tuple[InventoryObject, ...]
    gone: tuple[str, ...] = ()


class InventoryWatch:
    """One vCenter's inventory by way of one session, which must live as long as the watch.

    `read_all` sets up the watch: a property filter on what shows that an object has changed, whose version is taken
    before anything is read, so that no change falls in between. `read_changes` asks it, and reads the changed objects in
    whole. vCenter forgets filters with the session, and versions that are too old. Not for use by two threads at once.
    """

    def __init__(self, session: Session, *, page_size: int = PAGE_SIZE) -> None:
        self.id = str(uuid4())
        self._session = session
        self._page_size = page_size
        self._reads = itertools.count(1)
        self._version = ""
        self._view: vim.view.ContainerView | None = None
        self._filter: ChangeFilter | None = None

    @property
    def version(self) -> str:
        """Up to where the last reading came; "" while none has been read to its end."""
        return self._version

    def read_all(self) -> Generator[Batch, None, None]:
        """Everything that the account may see. A set is complete once this is exhausted.

        What is stopped early or fails leaves nothing open at the server. Raises VSphereError.
        """
        self.close()
        try:
            yield from self._read_all()
            self._version = self._next_version()
        except vmodl.MethodFault as fault:
            raise explain(fault, address=self._session.address, step=call_of(fault)) from None
        finally:
            if not self._version:
                self.close()

    def read_changes(self, version: str) -> Generator[Batch, None, None]:
        """What has changed since `version`; what changed back in between may be there as well.

        Raises VersionTooOld where that cannot be told: another version than the last one of this watch, one whose
        changes were not read to their end, or the session or the filter has gone. Other failures raise VSphereError.
        """
        filter_ = self._filter
        if filter_ is None or not version or version != self._version:
            self._too_old()
        # Changes are told once. Whoever stops half-way has lost them.
        self._version = ""
        try:
            changes = filter_.changes()
            yield from self._read_changed(changes)
            self._version = self._next_version()
        except _FORGOTTEN as fault:
            if isinstance(fault, vim.fault.NotAuthenticated):
                # They went with the session, and nobody should sign in just to take them down.
                self._filter = self._view = None
            self._too_old()
        except vmodl.MethodFault as fault:
            raise explain(fault, address=self._session.address, step=call_of(fault)) from None
        finally:
            if not self._version:
                self.close()

    def close(self) -> None:
        """Take down what the watch keeps at the server. Safe to call again, and with a session that has ended."""
        filter_, self._filter = self._filter, None
        view, self._view = self._view, None
        self._version = ""
        if filter_ is not None:
            filter_.destroy()
        if view is not None:
            with contextlib.suppress(VSphereError, vmodl.MethodFault):
                view.DestroyView()

    def _read_all(self) -> Iterator[Batch]:
        # What is gone by the time that it is read leaves the filter as well.
        yield from self._read(self._set_up().take_present())

    def _set_up(self) -> ChangeFilter:
        session, renewals = self._session, self._session.renewals
        try:
            return self._make()
        except vmodl.MethodFault:
            # A session that had ended signs in again at the first call that finds out; what was made before is gone.
            if session.renewals == renewals:
                raise
        return self._make()

    def _make(self) -> ChangeFilter:
        self._view = create_view(self._session)
        self._filter = ChangeFilter(self._session, signs(self._session, self._view))
        return self._filter

    def _read_changed(self, changes: Changes) -> Iterator[Batch]:
        if changes.gone:
            yield Batch((), (), tuple(changes.gone))
        unseen = set(changes.changed)
        for batch in self._read(changes.changed):
            unseen.difference_update(machine.moid for machine in batch.machines)
            unseen.difference_update(item.moid for item in batch.objects)
            yield batch
        if unseen:
            yield Batch((), (), tuple(unseen))

    def _read(self, references: Mapping[str, str]) -> Iterator[Batch]:
        """These (moid to type), but for what is gone or may not be read."""
        moids = iter(references)
        specs = (
            some(self._session, {moid: references[moid] for moid in asked})
            for asked in iter(lambda: list(itertools.islice(moids, self._page_size)), [])
        )
        with contextlib.closing(self._pages(specs)) as pages:
            for page in pages:
                yield _batch(page)

    def _pages(self, specs: Iterable[FilterSpec]) -> _Pages:
        found = bulk_pages(self._session, specs, page_size=self._page_size, convert=_facts)
        with contextlib.closing(found) as pages:
            for page in pages:
                # An object without a name is one that the account may not read.
                yield [item for item in page if item is not None]

    def _next_version(self) -> str:
        return f"{self.id}:{next(self._reads)}"

    def _too_old(self) -> NoReturn:
        raise VersionTooOld(
            Text(
                _("%(address)s cannot say any more what has changed since the last time."),
                address=self._session.address,
            ),
            address=self._session.address,
            step="WaitForUpdatesEx",
        )


_FORGOTTEN = (
    vmodl.query.InvalidCollectorVersion,
    vmodl.fault.ManagedObjectNotFound,
    vim.fault.NotAuthenticated,
)


def _facts(content: Content) -> MachineFacts | InventoryObject | None:
    # A type that a later vSphere brings is left out like what the account may not read.
    if "name" not in content.values or not is_known(content.type):
        return None
    return machine_facts(content) if content.type == MACHINE else inventory_object(content)


def _batch(found: list[MachineFacts | InventoryObject]) -> Batch:
    return Batch(
        machines=tuple(item for item in found if isinstance(item, MachineFacts)),
        objects=tuple(item for item in found if isinstance(item, InventoryObject)),
    )
