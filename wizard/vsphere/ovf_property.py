"""The properties of a template: values that whoever deploys it gives, with what the descriptor says they may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from lxml import etree

from wizard.vsphere.ovf_xml import attribute, attributes, children, text_of

PropertyKind = Literal["text", "whole", "decimal", "yes_no", "choice", "address"]

# OVF 1.1 (DSP0243), table 6; vSphere's own "int" is that of 32 bits.
_WHOLE: Final[Mapping[str, tuple[int, int]]] = {
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    **{f"sint{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    "int": (-(2**31), 2**31 - 1),
}
_DECIMAL: Final = frozenset({"real", "real32", "real64"})

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_NUMBER = r"-?\d{1,20}(?:\.\d{1,20})?"
_QUALIFIER: Final = re.compile(rf"(Min|Max)(Len|Value)\(\s*({_NUMBER})\s*\)", re.IGNORECASE)
# No text may be matched in two ways: a template is a stranger's, and backtracking would take for ever.
_LIST = rf"\s*(?:{_QUOTED}(?:\s*,\s*{_QUOTED})*\s*)?"
_VALUE_MAP: Final = re.compile(rf"ValueMap\s*\{{({_LIST})\}}", re.IGNORECASE)
_IP: Final = re.compile(r"\bIp\b", re.IGNORECASE)
# vSphere's way to write both in the type (VAppPropertyInfo.type): int(1..10), string(..20), string["a", "b"].
_SHORT: Final = re.compile(
    rf"(?P<name>[a-z]+\d*)\s*"
    rf"(?:\(\s*(?:(?P<low>{_NUMBER})\s*)?\.\.\s*(?:(?P<high>{_NUMBER})\s*)?\)|\[(?P<choices>{_LIST})\]|:.*)?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OvfProperty:
    """A value given at deployment; `key` is `class.key.instance`, as CreateImportSpec wants it.

    `type` is spelled as in the descriptor. `minimum` and `maximum` bound numbers within what the type can hold,
    `shortest` and `longest` the number of characters, None does not; `choices` is empty where anything may be given.
    `varies`: the deployment options have different values of their own, of which `default` is none.
    What was stored before one of those was read counts as unbounded, and as no password.
    """

    key: str
    label: str
    type: str
    default: str
    user_configurable: bool
    password: bool = False
    description: str = ""
    minimum: int | float | None = None
    maximum: int | float | None = None
    shortest: int | None = None
    longest: int | None = None
    choices: tuple[str, ...] = ()
    address: bool = False
    varies: bool = False

    @property
    def kind(self) -> PropertyKind:
        name = _type_name(self.type)
        if self.choices:
            return "choice"
        if name in _WHOLE:
            return "whole"
        if name in _DECIMAL:
            return "decimal"
        if name == "boolean":
            return "yes_no"
        return "address" if self.address else "text"

    @property
    def limits(self) -> tuple[int | float | None, int | float | None]:
        """The lowest and the highest number, those of the type included."""
        low, high = _WHOLE.get(_type_name(self.type), (None, None))
        return low if self.minimum is None else self.minimum, high if self.maximum is None else self.maximum

    @property
    def needs_a_value(self) -> bool:
        """Whether the machine cannot be started without one: the empty text is too short, and there is no default."""
        return self.user_configurable and not self.default and not self.varies and bool(self.shortest)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        values = dict(stored)
        values["choices"] = tuple(values.get("choices", ()))
        # Older templates call the type a password; see `read_properties`.
        values["password"] = values.get("password", False) or _type_name(stored["type"]) == "password"
        return cls(**values)


def read_properties(system: etree._Element) -> Iterator[OvfProperty]:
    """The properties of a virtual system, in the order of its product sections. Qualifiers that are not known
    bound nothing: vCenter has the last word."""
    for product in children(system, "ProductSection"):
        for item in children(product, "Property"):
            key = (attribute(product, "class"), attribute(item, "key"), attribute(product, "instance"))
            kind = attribute(item, "type")
            # ovf:qualifiers and vmw:qualifiers may stand side by side.
            qualifiers = " ".join(attributes(item, "qualifiers"))
            # OVF 1.1, 9.5.1: one for each configuration that has its own.
            varies = any(attribute(value, "configuration") for value in children(item, "Value"))
            yield OvfProperty(
                key=".".join(part for part in key if part),
                label=text_of(item, "Label"),
                description=text_of(item, "Description"),
                type=kind,
                default="" if varies else attribute(item, "value"),
                user_configurable=attribute(item, "userConfigurable") in ("true", "1"),
                password=attribute(item, "password") in ("true", "1") or _type_name(kind) == "password",
                address=_type_name(kind) == "ip" or bool(_IP.search(_VALUE_MAP.sub("", qualifiers))),
                varies=varies,
                **_bounds(kind, qualifiers),
            )


def _type_name(kind: str) -> str:
    found = _SHORT.fullmatch(kind.strip())
    return found["name"].lower() if found else kind.strip().lower()


def _bounds(kind: str, qualifiers: str) -> dict[str, Any]:
    name = _type_name(kind)
    numeric = name in _WHOLE or name in _DECIMAL
    bounds: dict[str, Any] = {}
    short = _SHORT.fullmatch(kind.strip())
    if short:
        low, high = ("minimum", "maximum") if numeric else ("shortest", "longest")
        found = {low: short["low"], high: short["high"]}
        bounds |= {bound: _number(written) for bound, written in found.items() if written}
    for end, what, written in _QUALIFIER.findall(qualifiers):
        lower = end.lower() == "min"
        if what.lower() == "len" and not numeric:
            bounds["shortest" if lower else "longest"] = max(0, int(_number(written)))
        elif what.lower() == "value" and numeric:
            bounds["minimum" if lower else "maximum"] = _number(written)
    listed = _VALUE_MAP.search(qualifiers)
    choices = (short["choices"] if short else None) or (listed[1] if listed else "")
    return bounds | {"choices": tuple(_unquoted(word) for word in re.findall(_QUOTED, choices))}


def _number(written: str) -> int | float:
    return float(written) if "." in written else int(written)


def _unquoted(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1])
