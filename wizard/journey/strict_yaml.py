"""YAML as people expect it: the small core that means what it looks like.

PyYAML's own reading turns `no` into false, `12:30` into 750 and `2026-03-30` into a date, keeps the last of
two equal keys, and lets a short file grow without bound through aliases. An answer file must not.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final

import yaml

from wizard.planning.quoting import shown
from wizard.text import Text, _

LARGEST: Final = 1024 * 1024  # characters; an answer file has some two thousand

_TAG = "tag:yaml.org,2002:"


class UnreadableYaml(ValueError):
    """Carries a `Text` that says where the file cannot be read, and why."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


def load(text: str) -> Any:
    """The value that the text describes: dicts, lists, strings, whole numbers, decimals, booleans, None.

    Raises UnreadableYaml.
    """
    if len(text) > LARGEST:
        raise UnreadableYaml(
            Text(
                _("The file has %(found)s characters. An answer file has at most %(limit)s."),
                found=len(text),
                limit=LARGEST,
            )
        )
    try:
        # The loader below is PyYAML's safe one with fewer abilities.
        return yaml.load(text, Loader=_CoreLoader)  # noqa: S506 - see above
    except yaml.MarkedYAMLError as wrong:
        raise UnreadableYaml(_where(wrong)) from None
    except yaml.YAMLError as wrong:
        raise UnreadableYaml(
            Text(_("The file is not YAML: %(problem)s."), problem=shown(wrong, longest=120))
        ) from None
    except (ValueError, KeyError) as wrong:  # an explicit tag on something else: !!int abc
        raise UnreadableYaml(
            Text(_("A value does not have the type that its tag says: %(problem)s."), problem=shown(wrong))
        ) from None
    except RecursionError:
        raise UnreadableYaml(Text(_("The file is nested too deeply."))) from None


def dump_inline(value: Any) -> str:
    """The value on one line, such as `{protects: [vmware], method: ova}`; `load` reads it back unchanged."""
    line: str = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return line.removesuffix("\n").removesuffix("\n...")


class _CoreLoader(yaml.SafeLoader):
    yaml_implicit_resolvers: Any = {}
    yaml_constructors: ClassVar[Any] = {
        tag: constructor
        for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.removeprefix(_TAG) in ("null", "bool", "int", "float", "str", "seq", "map")
    }

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _value in node.value:
            if not isinstance(key.value, str):
                continue
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"“{shown(key.value)}” occurs twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


# Anchored, and of a bounded length: the resolver looks at beginnings only, and int() refuses endless digits.
_WHOLE = r"[-+]?(?:0|[1-9][0-9]{0,17})"
for _kind, _form, _beginnings in (
    ("null", r"(?:~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)\Z", list("tTfF")),
    ("int", _WHOLE + r"\Z", list("-+0123456789")),
    ("float", _WHOLE + r"\.[0-9]{1,25}(?:[eE][-+][0-9]{1,3})?\Z", list("-+0123456789")),
):
    _CoreLoader.add_implicit_resolver(_TAG + _kind, re.compile(_form), _beginnings)


def _where(wrong: yaml.MarkedYAMLError) -> Text:
    problem = wrong.problem or wrong.context or ""
    if wrong.problem_mark is None:
        return Text(_("The file is not YAML: %(problem)s."), problem=problem)
    return Text(
        _("Line %(line)s, column %(column)s cannot be read: %(problem)s."),
        line=wrong.problem_mark.line + 1,
        column=wrong.problem_mark.column + 1,
        problem=problem,
    )
