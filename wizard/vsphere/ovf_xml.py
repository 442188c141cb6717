"""Reads the XML of an OVF descriptor without trusting it, and finds elements by their local names.

OVF 1.x and 2.x differ in their namespaces, and hardware items carry a third; the local names are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from lxml import etree

from wizard.text import Text, _
from wizard.vsphere.errors import OvaInvalid

DESCRIPTOR_LIMIT_BYTES = 4 * 2**20
ENVELOPES = ("http://schemas.dmtf.org/ovf/envelope/1", "http://schemas.dmtf.org/ovf/envelope/2")


def load_envelope(xml: bytes) -> etree._Element:
    """The root element of a descriptor.

    Raises OvaInvalid with reason `descriptor_too_large`, `entity`, `descriptor_invalid` or `ovf_version`.
    """
    if len(xml) > DESCRIPTOR_LIMIT_BYTES:
        raise descriptor_too_large(len(xml))
    if _declares_doctype(xml):
        raise OvaInvalid(
            Text(_("The OVF descriptor declares a document type or entities; a descriptor has neither.")),
            reason="entity",
            remedy=Text(
                _("Do not use this file: it was made to do harm. Get the template from its publisher again.")
            ),
        )
    try:
        root = etree.fromstring(xml, _parser())
    except etree.XMLSyntaxError as error:
        raise invalid(
            Text(_("The OVF descriptor is not well-formed XML: %(error)s."), error=str(error))
        ) from None
    name = etree.QName(root)
    if name.localname != "Envelope":
        raise invalid(
            Text(
                _("The OVF descriptor begins with <%(found)s>; <Envelope> was expected."),
                found=name.localname,
            )
        )
    if name.namespace not in ENVELOPES:
        raise OvaInvalid(
            Text(
                _("The OVF descriptor uses the namespace “%(found)s”; OVF 1.x and 2.x can be read."),
                found=name.namespace or "",
            ),
            reason="ovf_version",
            remedy=Text(_("Export the template again as OVF 1.0 or later.")),
        )
    return root


def descriptor_too_large(size: int) -> OvaInvalid:
    return OvaInvalid(
        Text(
            _("The OVF descriptor has %(found)d bytes; at most %(limit)d are read."),
            found=size,
            limit=DESCRIPTOR_LIMIT_BYTES,
        ),
        reason="descriptor_too_large",
    )


def invalid(text: Text) -> OvaInvalid:
    """A descriptor that is there but says something that cannot be."""
    return OvaInvalid(text, reason="descriptor_invalid")


def children(element: etree._Element | None, *names: str) -> Iterator[etree._Element]:
    """The child elements with one of these local names, in document order."""
    if element is None:
        return
    for child in element:
        if etree.QName(child).localname in names:
            yield child


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    return next(children(element, name), None)


def text_of(element: etree._Element | None, name: str) -> str:
    """The trimmed text of the first child of that name; empty where there is none."""
    found = child(element, name)
    return "" if found is None else "".join(str(part) for part in found.itertext()).strip()


def attribute(element: etree._Element | None, name: str) -> str:
    """An attribute by its local name, with or without namespace; empty where there is none."""
    return next(attributes(element, name), "")


def attributes(element: etree._Element | None, name: str) -> Iterator[str]:
    """Every attribute of that local name: namespaces may have one each."""
    if element is None:
        return
    for key, value in element.attrib.items():
        if etree.QName(key).localname == name:
            yield str(value).strip()


class _DoctypeWatch:
    """A parser target that builds nothing and stops at a document type, before an entity is declared."""

    seen = False

    def doctype(self, *_declaration: str | None) -> None:
        self.seen = True
        raise ValueError

    def close(self) -> None:
        return None


def _declares_doctype(xml: bytes) -> bool:
    watch = _DoctypeWatch()
    try:
        # lxml calls only the methods that a target has; its stubs ask for all of them.
        etree.fromstring(xml, _parser(cast("etree.ParserTarget", watch)))
    except (etree.LxmlError, ValueError):
        # Whatever else is wrong with the document is found, and said, when it is read for good.
        return watch.seen
    return watch.seen


def _parser(target: etree.ParserTarget | None = None) -> etree.XMLParser:
    return etree.XMLParser(
        target=target,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
