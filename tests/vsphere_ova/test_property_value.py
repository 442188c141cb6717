from __future__ import annotations

import json
import time
from dataclasses import asdict
from xml.sax.saxutils import quoteattr

import pytest
from lxml import etree

from wizard.vsphere.ovf_property import OvfProperty, read_properties
from wizard.vsphere.property_value import bounds_of, fault_of


def prop(
    kind: str = "string", qualifiers: str = "", *, more: str = "", default: str = "", inside: str = ""
) -> OvfProperty:
    """The property of a descriptor with that type and those qualifiers."""
    system = etree.fromstring(
        '<VirtualSystem xmlns:ovf="urn:ovf" xmlns:vmw="urn:vmw"><ProductSection><Property ovf:key="it"'
        f" ovf:userConfigurable='true' ovf:type={quoteattr(kind)} ovf:value={quoteattr(default)}"
        f" ovf:qualifiers={quoteattr(qualifiers)} {more}><Label>It</Label><Description>What it is.</Description>{inside}"
        "</Property></ProductSection></VirtualSystem>"
    )
    (found,) = read_properties(system)
    return found


NOT_WHOLE = "“%s” is not a whole number."
COLOURS = 'ValueMap{"red", "deep blue","say \\"hi\\" }"}'


@pytest.mark.parametrize(
    ("kind", "qualifiers", "right", "wrong"),
    [
        (
            "uint16",
            "MinValue(1),MaxValue(100)",
            ["1", "100", "+7", ""],
            {
                "0": "The value must not be below 1.",
                "101": "The value must not be above 100.",
                "7.5": NOT_WHOLE % "7.5",
                "seven": NOT_WHOLE % "seven",
                "٧": NOT_WHOLE % "٧",
                "9" * 30: NOT_WHOLE % ("9" * 30),
            },
        ),
        ("uint8", "", ["0", "255"], {"256": "The value must not be above 255."}),
        ("sint8", "", ["-128"], {"-129": "The value must not be below -128."}),
        ("UInt64", "", [str(2**64 - 1)], {str(2**64): f"The value must not be above {2**64 - 1}."}),
        ("int(3..5)", "", ["3"], {"6": "The value must not be above 5."}),
        ("int", "", [str(-(2**31))], {str(2**31): f"The value must not be above {2**31 - 1}."}),
        (
            "real32",
            "MinValue(0.5) MaxValue(2)",
            ["0.5", "1e0", ".75"],
            {
                "0.4": "The value must not be below 0.5.",
                "nan": "“nan” is not a number.",
                "inf": "“inf” is not a number.",
            },
        ),
        (
            "boolean",
            "",
            ["true", "False", "TRUE"],
            {"yes": "“yes” is neither true nor false.", "1": "“1” is neither true nor false."},
        ),
        (
            "string",
            "MinLen(2), MaxLen(4)",
            ["ab", "abcd", "äöüß", ""],
            {
                "a": "The value has 1 character; at least 2 are expected.",
                "abcde": "The value has 5 characters; at most 4 are expected.",
            },
        ),
        ("string(..3)", "", ["abc"], {"abcd": "The value has 4 characters; at most 3 are expected."}),
        (
            "String",
            "",
            ["x" * 65535],
            {"x" * 65536: "The value has 65536 characters; at most 65535 are expected."},
        ),
        (
            "string",
            COLOURS,
            ["red", "deep blue", 'say "hi" }'],
            {"Red": '“Red” cannot be chosen. The template offers: red, deep blue, say "hi" }.'},
        ),
        ('string["a", "b"]', "", ["a"], {"c": "“c” cannot be chosen. The template offers: a, b."}),
        ("uint8", 'ValueMap{"1","2"}', ["2"], {"3": "“3” cannot be chosen. The template offers: 1, 2."}),
        (
            "ip:Network 1",
            "",
            ["192.0.2.10", "2001:db8::1"],
            {"192.0.2.300": "“192.0.2.300” is not an IP address. Expected is one such as 192.0.2.10."},
        ),
        ("unheard of", "Shape(round)", ["anything"], {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_is_what_type_and_qualifiers_let_it_be(
    kind: str, qualifiers: str, right: list[str], wrong: dict[str, str]
) -> None:
    # A default, so that the empty value is one.
    item = prop(kind, qualifiers, default=right[0])
    assert {value: fault_of(item, value) for value in right} == dict.fromkeys(right)
    assert {value: str(fault_of(item, value)) for value in wrong} == wrong


def test_the_qualifiers_of_vmware_are_read_beside_the_standard_ones() -> None:
    item = prop("string", "MaxLen(15)", more='vmw:qualifiers="Ip(&quot;Network 1&quot;)"')
    assert (item.kind, item.longest) == ("address", 15)
    assert prop("string", 'ValueMap{"ip", "name"}').kind == "choice"


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("string", 'ovf:password="true"'),
        ("string", 'ovf:password="1"'),
        ("password", ""),
        ("password(8..)", ""),
    ],
)
def test_a_password_is_known_however_it_is_marked_and_never_repeated(kind: str, more: str) -> None:
    item = prop(kind, "MinLen(8),MaxLen(16)", more=more)
    assert item.password
    for value in ("hunter2", "hunter2" * 4):
        assert "hunter2" not in str(fault_of(item, value))
    assert fault_of(item, "hunter2-long") is None
    listed = prop(kind, 'ValueMap{"a"}', more=more)
    assert "hunter2" not in str(fault_of(listed, "hunter2"))


def test_a_value_is_needed_where_the_empty_one_is_too_short() -> None:
    assert str(fault_of(prop("string", "MinLen(1)"), "")) == (
        "The template has no value of its own for this property. Give one."
    )
    assert fault_of(prop("string", "MinLen(1)", default="cs01"), "") is None
    assert fault_of(prop("string", "MinLen(0),MaxLen(65535)"), "") is None
    assert fault_of(prop("string", "MinLen(-3)"), "") is None


def test_a_value_that_depends_on_the_deployment_option_is_no_default_for_all() -> None:
    values = '<Value ovf:value="eu" ovf:configuration="large"/>'
    item = prop("string", "MinLen(2)", default="us", inside=values)
    assert (item.varies, item.default, fault_of(item, "")) == (True, "", None)
    assert prop(default="us", inside='<Value ovf:value="eu"/>').default == "us"


@pytest.mark.parametrize(
    ("kind", "qualifiers", "words"),
    [
        ("uint16", "MinValue(1),MaxValue(100)", "A whole number from 1 to 100"),
        ("int(2..)", "", "A whole number not below 2"),
        ("real32", "MaxValue(2.5)", "A number not above 2.5"),
        ("uint16", "", "A whole number"),
        ("string", "MinLen(2) MaxLen(4)", "From 2 to 4 characters"),
        ("string", "MinLen(8)", "At least 8 characters"),
        ("string", "MaxLen(32)", "At most 32 characters"),
        ("ip", "", "An IP address"),
        ("string", "MinLen(0),MaxLen(65535)", "None"),
        ("boolean", "", "None"),
        ("string", COLOURS, "None"),
    ],
)
def test_what_may_be_given_is_said_in_words(kind: str, qualifiers: str, words: str) -> None:
    assert str(bounds_of(prop(kind, qualifiers))) == words


def test_a_property_survives_being_stored_and_one_from_before_its_bounds_were_read_has_none() -> None:
    item = prop("string", COLOURS, default="red")
    assert OvfProperty.from_json(json.loads(json.dumps(asdict(item)))) == item
    old = {"key": "it", "label": "It", "type": "password", "default": "", "user_configurable": True}
    found = OvfProperty.from_json(old)
    assert (found.password, found.choices, found.longest, found.description) == (True, (), None, "")


@pytest.mark.parametrize(
    "hostile",
    [
        "ValueMap{" + '"a" ' * 5000,
        "ValueMap{" + " " * 50_000,
        "ValueMap{" + '"a", ' * 20_000,
        "MinLen(" * 20_000,
        'string["a"' + " " * 50_000,
        "int(" + " " * 50_000 + "x",
    ],
    ids=lambda value: value[:12],
)
def test_qualifiers_that_were_made_to_take_long_do_not(hostile: str) -> None:
    started = time.process_time()
    assert prop(hostile, hostile).key == "it"
    assert time.process_time() - started < 2
