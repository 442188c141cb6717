"""What is wrong with an answer, in sentences that say what was found and what was expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from wizard.planning.quoting import shown
from wizard.text import Text, _

# Fields whose values are not repeated: answers of the API and of `manage.py apply` end up in logs of those who call. Any property
# of a template may be a password.
_NOT_REPEATED: Final = re.compile(r"secret|passw|passphrase|token|^properties$", re.IGNORECASE)
_INSTEAD: Final = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One thing that is wrong. `path` is dotted, "" means the whole step; `code` is stable, for programs."""

    path: str
    message: Text
    code: str


class FieldProblem(ValueError):
    """Raised by a rule about several fields: it names the one at which the message belongs."""

    def __init__(self, path: str, message: Text, *, code: str = "invalid") -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.code = code


def explain(error: ValidationError) -> list[FieldError]:
    """All that pydantic found, as sentences, in the order of the fields."""
    return [_explain_one(details) for details in error.errors(include_url=False)]


def prefixed(prefix: str, errors: list[FieldError]) -> list[FieldError]:
    """The same errors below `prefix`, such as "answers.network"."""
    return [
        FieldError(
            path=f"{prefix}.{error.path}" if error.path else prefix, message=error.message, code=error.code
        )
        for error in errors
    ]


def _explain_one(details: Mapping[str, Any]) -> FieldError:
    path = ".".join(str(part) for part in details["loc"] if part != "[key]")
    kind = str(details["type"])
    context: Mapping[str, Any] = details.get("ctx") or {}
    if kind == "value_error":
        return _explain_rule(path, context.get("error"), details["msg"])
    if details["input"] is None and (kind.endswith("_type") or kind in _OF_CHOICES):
        return FieldError(path=path, message=_not_given("", context), code="missing")
    say = _SENTENCES.get(kind)
    if say is None:
        return FieldError(path=path, message=_unforeseen(details["msg"]), code=kind)
    hidden = any(_NOT_REPEATED.search(str(part)) for part in details["loc"])
    found = _INSTEAD if hidden else shown(details["input"])
    return FieldError(path=path, message=say(found, context), code=kind)


def _explain_rule(path: str, raised: object, message: str) -> FieldError:
    if isinstance(raised, FieldProblem):
        whole = ".".join(part for part in (path, raised.path) if part)
        return FieldError(path=whole, message=raised.message, code=raised.code)
    if isinstance(raised, ValueError) and raised.args and isinstance(raised.args[0], Text):
        return FieldError(path=path, message=raised.args[0], code="invalid")
    return FieldError(path=path, message=_unforeseen(message.removeprefix("Value error, ")), code="invalid")


def _unforeseen(message: str) -> Text:
    return Text(_("This answer cannot be used: %(reason)s."), reason=message.rstrip("."))


Sentence = Callable[[str, Mapping[str, Any]], Text]


def _not_given(_found: str, _context: Mapping[str, Any]) -> Text:
    return Text(_("An answer is missing here."))


def _not_a_choice(found: str, context: Mapping[str, Any]) -> Text:
    # pydantic joins the choices to an English phrase: 'ova', 'manual' or 'both'.
    permitted = re.findall(r"'([^']*)'", str(context["expected"]))
    return Text(
        _("“%(found)s” is not among the choices. Expected is one of: %(permitted)s."),
        found=found,
        permitted=permitted,
    )


def _not_an_id(found: str, _context: Mapping[str, Any]) -> Text:
    return Text(
        _("“%(found)s” is not an id. Expected are 32 hexadecimal digits such as %(example)s."),
        found=found,
        example="5f0c6c5e-8f1b-4f0e-9d51-3a1f7d0c2b44",
    )


def _plain(template: str) -> Sentence:
    return lambda found, _context: Text(template, found=found)


def _with_limit(template: str, limit: str) -> Sentence:
    return lambda found, context: Text(template, found=found, limit=context[limit])


def _counted(template: str, limit: str) -> Sentence:
    return lambda _found, context: Text(template, count=context.get("actual_length"), limit=context[limit])


_WHOLE_NUMBER = _plain(_("“%(found)s” is not a whole number. Expected are digits only."))
_NUMBER = _plain(_("“%(found)s” is not a number. Expected are digits, with a point before the decimals."))
_YES_NO = _plain(_("“%(found)s” is neither yes nor no. Expected is true or false."))
_TEXT = _plain(_("“%(found)s” is not a text. Put it in quotes."))
_LIST = _plain(_("“%(found)s” is not a list. Expected are several entries, such as [one, two]."))
_MAPPING = _plain(_("“%(found)s” is not a set of names and values, such as {name: value}."))
_DAY = _plain(_("“%(found)s” is not a date. Expected is a day such as 2026-12-31."))

# Where null is given, nothing is: that is no wrong choice.
_OF_CHOICES = ("literal_error", "enum")

_SENTENCES: dict[str, Sentence] = {
    "missing": _not_given,
    "extra_forbidden": _plain(_("This field is not known here. Check the spelling, or remove it.")),
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _YES_NO,
    "bool_parsing": _YES_NO,
    "string_type": _TEXT,
    "list_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "uuid_type": _not_an_id,
    "uuid_parsing": _not_an_id,
    # Where a time is asked for, a day is taken as well.
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _DAY,
    "datetime_parsing": _DAY,
    "datetime_from_date_parsing": _DAY,
    "greater_than_equal": _with_limit(_("%(found)s is too small. The least possible is %(limit)s."), "ge"),
    "greater_than": _with_limit(_("%(found)s is too small. Expected is more than %(limit)s."), "gt"),
    "less_than_equal": _with_limit(_("%(found)s is too large. The most possible is %(limit)s."), "le"),
    "less_than": _with_limit(_("%(found)s is too large. Expected is less than %(limit)s."), "lt"),
    "literal_error": _not_a_choice,
    "enum": _not_a_choice,
    "string_too_short": _with_limit(
        _("“%(found)s” is too short. Expected are at least %(limit)s characters."), "min_length"
    ),
    "string_too_long": _with_limit(
        _("“%(found)s” is too long. Expected are at most %(limit)s characters."), "max_length"
    ),
    "too_short": _counted(_("There are %(count)s entries. Expected are at least %(limit)s."), "min_length"),
    "too_long": _counted(_("There are %(count)s entries. Expected are at most %(limit)s."), "max_length"),
}
