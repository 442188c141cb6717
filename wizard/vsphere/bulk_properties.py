"""RetrievePropertiesEx for inventories of any size: the next pages are on their way while one is read."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from lxml import etree
from pyVmomi import vim, vmodl

from wizard.vsphere.bulk_answer import NAMESPACE, TYPE, elements
from wizard.vsphere.bulk_call import BulkCall
from wizard.vsphere.collector import FilterSpec, RetrieveOptions
from wizard.vsphere.errors import VSphereError
from wizard.vsphere.faults import explain
from wizard.vsphere.session import Session

Read = TypeVar("Read")

_PAGE = ("returnval/token", "returnval/objects")
_AHEAD = 2  # calls, besides the one that is read


@dataclass(frozen=True, slots=True)
class Content:
    """An object and the elements of those of its properties that are set and may be seen. Good until the next."""

    type: str
    moid: str
    values: Mapping[str, etree._Element]

    def text(self, name: str) -> str:
        value = self.values.get(name)
        return "" if value is None else value.text or ""

    def number(self, name: str) -> int:
        return int(self.text(name) or 0)

    def flag(self, name: str) -> bool:
        return is_true(self.text(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """The members of a list of strings or of references."""
        value = self.values.get(name)
        return () if value is None else tuple(item.text or "" for item in value)


def is_true(text: str | None) -> bool:
    return text in ("true", "1")


def type_of(element: etree._Element) -> str:
    """The vSphere type that an element of several possible ones says it has."""
    return element.get(TYPE, "").rpartition(":")[2]


def bulk_pages(
    session: Session, specs: Iterable[FilterSpec], *, page_size: int, convert: Callable[[Content], Read]
) -> Generator[list[Read], None, None]:
    """What each of `specs` selects, at most `page_size` objects at a time, as `convert` makes it of their elements.

    One round trip per page, in the order of `specs`; the next ones are under way while one is read, so that neither side
    waits for the other. A reader that stops early leaves nothing open at the server. Raises VSphereError: ConnectionLost
    where the session ended on the way.
    """
    collector = session.content.propertyCollector
    calls = (
        BulkCall(session, collector, "RetrievePropertiesEx", [spec], RetrieveOptions(maxObjects=page_size))
        for spec in specs
    )
    under_way: deque[BulkCall] = deque(itertools.islice(calls, 1))
    try:
        while under_way:
            call = under_way.popleft()
            page: list[Read] = []
            try:
                under_way.extend(itertools.islice(calls, _AHEAD - len(under_way)))
                with contextlib.closing(elements(call, *_PAGE)) as answer:
                    for name, element in answer:
                        if name == "token":
                            # A server may send less at a time than it is asked for.
                            rest = BulkCall(
                                session, collector, "ContinueRetrievePropertiesEx", element.text or ""
                            )
                            under_way.appendleft(rest)
                        else:
                            page.append(convert(_content(element)))
            except vmodl.MethodFault as fault:
                raise explain(_as_meant(fault), address=call.address, step=call.step) from None
            except (ValueError, LookupError, TypeError) as error:
                raise call.unreadable(type(error).__name__) from None
            finally:
                call.close()
            yield page
            if not under_way:
                under_way.extend(itertools.islice(calls, 1))
    finally:
        for call in under_way:
            if call.step == "ContinueRetrievePropertiesEx":
                _cancel(session, call)
            call.close()


def _as_meant(fault: vmodl.MethodFault) -> vmodl.MethodFault:
    # Views go with the session that made them, and with nothing else.
    if isinstance(fault, vmodl.fault.ManagedObjectNotFound) and isinstance(fault.obj, vim.view.View):
        return vim.fault.NotAuthenticated()
    return fault


def _content(element: etree._Element) -> Content:
    values: dict[str, etree._Element] = {}
    kind = moid = ""
    for child in element:
        if child.tag == _PROPERTY:
            # A server may name a property without giving it a value.
            if len(child) == 2:
                values[child[0].text or ""] = child[1]
        elif child.tag == _REFERENCE:
            kind, moid = child.get("type", ""), child.text or ""
        elif child.tag == _MISSING:
            # A property that may not be seen is left out. One that nobody may see any more must not look like an empty
            # inventory: the session is over.
            fault = child.find(f"{NAMESPACE}fault/{NAMESPACE}fault")
            if fault is not None and type_of(fault) == "NotAuthenticated":
                raise vim.fault.NotAuthenticated()
    return Content(kind, moid, values)


_PROPERTY, _REFERENCE, _MISSING = (NAMESPACE + name for name in ("propSet", "obj", "missingSet"))


def _cancel(session: Session, call: BulkCall) -> None:
    """Give up the rest of an answer that came in parts. The part that is under way names the next, if there is one."""
    with (
        contextlib.suppress(VSphereError, vmodl.MethodFault),
        contextlib.closing(elements(call, *_PAGE)) as answer,
    ):
        name, element = next(answer, ("", None))
        if name == "token" and element is not None:
            session.content.propertyCollector.CancelRetrievePropertiesEx(element.text or "")
