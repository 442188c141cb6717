"""Reading a SOAP answer of any length: element by element, while it arrives, and nothing is kept of what was read."""

from __future__ import annotations

from collections.abc import Generator
from typing import cast

from lxml import etree

from wizard.vsphere.bulk_call import BulkCall

NAMESPACE = "{urn:vim25}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"

# An object with all that is asked for takes some kilobytes, one with thousands of settings some hundred.
LARGEST_ELEMENT = 16 << 20  # bytes


def elements(call: BulkCall, *paths: str) -> Generator[tuple[str, etree._Element], None, None]:
    """The elements at the given paths (`parent/name`) in the order of the answer, each with its name.

    An element is good until the next one is asked for. Raises ConnectionLost for an answer that breaks off, CallFailed
    for one that is no XML, is no answer to this call, declares a document type or holds an element beyond
    LARGEST_ELEMENT, and what `BulkCall.pieces` raises. The call is closed in the end.
    """
    wanted = {
        (NAMESPACE + parent, NAMESPACE + name): name
        for parent, name in (path.split("/", 1) for path in paths)
    }
    parser = etree.XMLPullParser(
        events=("end",),
        tag=[tag for _parent, tag in wanted],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    unfinished = 0
    ended = False
    try:
        for piece in call.pieces():
            unfinished += len(piece)
            parser.feed(piece)
            for _event, found in parser.read_events():
                unfinished = 0
                element = cast("etree._Element", found)  # as always for the end of one
                # vSphere never sends one; entities declared in it could grow without end.
                if element.getroottree().docinfo.internalDTD is not None:
                    raise call.unreadable("DOCTYPE")
                parent = element.getparent()
                name = None if parent is None else wanted.get((parent.tag, element.tag))
                if name is not None:
                    yield name, element
                    _forget(element)
            if unfinished > LARGEST_ELEMENT:
                raise call.unreadable(f"> {LARGEST_ELEMENT >> 20} MiB")
        ended = True
        root = parser.close()
        # What anybody else answers holds none of the elements either, and must not look like an empty inventory.
        if root.find(f"{_SOAP}Body/{NAMESPACE}{call.step}Response") is None:
            raise call.unreadable(f"<{etree.QName(root).localname}>")
    except etree.XMLSyntaxError as error:
        # What breaks off and what never was XML are two different things to look into.
        raise (call.broken(EOFError()) if ended else call.unreadable(type(error).__name__)) from None
    finally:
        call.close()


def _forget(element: etree._Element) -> None:
    """Free it and what came before it; the parser still needs the element itself for what follows."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
