"""Numbers and units in an OVF descriptor; each raises OvaInvalid with reason `descriptor_invalid` for anything else."""

from __future__ import annotations

from lxml import etree

from wizard.text import Text, _
from wizard.vsphere.ovf_units import bytes_per_unit
from wizard.vsphere.ovf_xml import attribute, invalid


def optional_number(element: etree._Element, name: str) -> int | None:
    """The attribute of that name; None where there is none."""
    written = attribute(element, name)
    return whole_number(written, name) if written else None


def whole_number(written: str, name: str) -> int:
    # isdecimal() alone would let other scripts' digits and endless ones through.
    if not (written.isascii() and written.isdecimal() and len(written) <= 20):
        raise invalid(
            Text(
                _("“%(name)s” is “%(found)s” in the OVF descriptor; a whole number was expected."),
                name=name,
                found=written[:60],
            )
        )
    return int(written)


def unit_bytes(units: str) -> int:
    try:
        return bytes_per_unit(units)
    except ValueError:
        raise invalid(
            Text(_("“%(units)s” in the OVF descriptor is not a unit of bytes."), units=units[:60])
        ) from None
