"""Whether a value may be given to a property of a template, before vCenter is asked."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from wizard.text import Text, _
from wizard.vsphere.ovf_property import OvfProperty

# VAppPropertyInfo.type in the vSphere API.
_LONGEST: Final = 65535
_WHOLE: Final = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_DECIMAL: Final = re.compile(
    r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE
)


def fault_of(item: OvfProperty, value: str) -> Text | None:
    """Why `value` cannot be given to this property; None where nothing speaks against it.

    The empty text stands for no answer: the template's own value holds then. A password is never repeated.
    """
    if not value:
        if item.needs_a_value:
            return Text(_("The template has no value of its own for this property. Give one."))
        return None
    match item.kind:
        case "whole":
            return _number(item, value, whole=True)
        case "decimal":
            return _number(item, value, whole=False)
        case "yes_no":
            if value.lower() not in ("true", "false"):
                return Text(_("“%(found)s” is neither true nor false."), found=_quoted(item, value))
        case "choice":
            if value not in item.choices:
                return Text(
                    _("“%(found)s” cannot be chosen. The template offers: %(choices)s."),
                    found=_quoted(item, value),
                    choices=list(item.choices),
                )
        case "address":
            if not _is_address(value):
                return Text(
                    _("“%(found)s” is not an IP address. Expected is one such as 192.0.2.10."),
                    found=_quoted(item, value),
                )
    return _length(item, value)


def bounds_of(item: OvfProperty) -> Text | None:
    """What may be given, in words; None where the template does not say, or where the choices say it."""
    match item.kind:
        case "whole":
            return _range(item, Text(_("A whole number")))
        case "decimal":
            return _range(item, Text(_("A number")))
        case "address":
            return Text(_("An IP address"))
        case "text":
            return _characters(item.shortest, item.longest)
    return None


def _range(item: OvfProperty, what: Text) -> Text:
    low, high = item.minimum, item.maximum
    if low is not None and high is not None:
        return Text(_("%(what)s from %(low)s to %(high)s"), what=what, low=str(low), high=str(high))
    if low is not None:
        return Text(_("%(what)s not below %(low)s"), what=what, low=str(low))
    if high is not None:
        return Text(_("%(what)s not above %(high)s"), what=what, high=str(high))
    return what


def _characters(shortest: int | None, longest: int | None) -> Text | None:
    bounded = longest is not None and longest < _LONGEST
    if shortest and bounded:
        return Text(_("From %(shortest)d to %(longest)d characters"), shortest=shortest, longest=longest)
    if shortest:
        return Text.counted(
            "At least %(shortest)d character",
            "At least %(shortest)d characters",
            "shortest",
            shortest=shortest,
        )
    return (
        Text.counted(
            "At most %(longest)d character", "At most %(longest)d characters", "longest", longest=longest
        )
        if bounded
        else None
    )


def _number(item: OvfProperty, value: str, *, whole: bool) -> Text | None:
    pattern = _WHOLE if whole else _DECIMAL
    if not pattern.fullmatch(value):
        template = _("“%(found)s” is not a whole number.") if whole else _("“%(found)s” is not a number.")
        return Text(template, found=_quoted(item, value))
    number = int(value) if whole else float(value)
    low, high = item.limits
    if low is not None and number < low:
        return Text(_("The value must not be below %(low)s."), low=str(low))
    if high is not None and number > high:
        return Text(_("The value must not be above %(high)s."), high=str(high))
    return None


def _length(item: OvfProperty, value: str) -> Text | None:
    found, longest = len(value), min(item.longest or _LONGEST, _LONGEST)
    if found > longest:
        return Text(
            _("The value has %(found)d characters; at most %(longest)d are expected."),
            found=found,
            longest=longest,
        )
    if item.shortest is not None and found < item.shortest:
        return Text.counted(
            "The value has %(found)d character; at least %(shortest)d are expected.",
            "The value has %(found)d characters; at least %(shortest)d are expected.",
            "found",
            found=found,
            shortest=item.shortest,
        )
    return None


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def _quoted(item: OvfProperty, value: str) -> str:
    return "…" if item.password else value[:60]
