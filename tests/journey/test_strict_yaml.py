from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wizard.journey import strict_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("10:20:30:40", "10:20:30:40"),
        ("2026-03-30", "2026-03-30"),
        ("0123", "0123"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("=", "="),
        ("true", True),
        ("120", 120),
        ("-7", -7),
        ("0.5", 0.5),
        ("1.5e+3", 1500.0),
        ("null", None),
        ("~", None),
        ("", None),
        ("'120'", "120"),
        ("a: {b: [1, x]}", {"a": {"b": [1, "x"]}}),
    ],
)
def test_a_scalar_is_what_it_looks_like(text: str, value: Any) -> None:
    assert strict_yaml.load(text) == value
    assert type(strict_yaml.load(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "Line 2, column 1 cannot be read: “a” occurs twice."),
        ("a: &x 1\nb: *x", "Line 2, column 4 cannot be read: aliases (*name) are not allowed."),
        ("a: [1", "Line 1, column 6 cannot be read: expected ',' or ']', but got '<stream end>'."),
        ("a: 1\n---\nb: 2", "Line 2, column 1 cannot be read: but found another document."),
        ("? [a]\n: 1", "Line 1, column 3 cannot be read: found unhashable key."),
        (
            "a: !!int b",
            "A value does not have the type that its tag says: invalid literal for int() with base 10: 'b'.",
        ),
        ("a: !!bool perhaps", "A value does not have the type that its tag says: 'perhaps'."),
        ("[" * 3000, "The file is nested too deeply."),
        ("x" * (1024 * 1024 + 1), "The file has 1048577 characters. An answer file has at most 1048576."),
    ],
)
def test_what_could_be_misread_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(strict_yaml.UnreadableYaml) as caught:
        strict_yaml.load(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "tag", ["!!python/object/apply:os.getcwd", "!!timestamp", "!!set", "!!binary", "!own"]
)
def test_only_plain_values_can_be_tagged(tag: str) -> None:
    with pytest.raises(strict_yaml.UnreadableYaml, match="could not determine a constructor"):
        strict_yaml.load(f"a: {tag} x")


def test_control_characters_are_refused() -> None:
    with pytest.raises(strict_yaml.UnreadableYaml, match="The file is not YAML: unacceptable character"):
        strict_yaml.load("a: \x00")


texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_what_was_written_is_read_back_unchanged(value: Any) -> None:
    line = strict_yaml.dump_inline(value)
    assert "\n" not in line
    assert strict_yaml.load(line) == value
