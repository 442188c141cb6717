"""What a use case says when it cannot do what it was asked. Every door turns these into its own kind of answer."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.journey.errors import FieldError
from wizard.text import Text, _


class UserError(Exception):
    """An expected failure: `code` for programs, `text` and `remedy` for people."""

    code = "refused"

    def __init__(
        self,
        text: Text,
        *,
        remedy: Text | None = None,
        code: str | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        self.text = text
        self.remedy = remedy or Text("")
        self.code = code or self.code
        self.errors = tuple(errors)
        super().__init__(text)

    def __str__(self) -> str:
        return str(self.text)


class NotAllowed(UserError):
    code = "not_allowed"


class NotFound(UserError):
    code = "not_found"


class Conflict(UserError):
    """In conflict with what is there now; `code` says with what."""

    code = "conflict"


class Outdated(UserError):
    """Somebody else changed the thing since the caller read it."""

    code = "revision_outdated"


class NotReady(Conflict):
    """Work cannot start yet; `missing` names what must be done first."""

    code = "not_ready"

    def __init__(self, text: Text, *, missing: Sequence[Text]) -> None:
        super().__init__(text, remedy=Text(_("Still missing: %(missing)s"), missing=list(missing)))
        self.missing = tuple(missing)


class Invalid(UserError):
    """Answers that cannot be taken; `errors` names the fields."""

    code = "invalid"

    def __init__(self, errors: Sequence[FieldError], text: Text | None = None) -> None:
        super().__init__(text or Text(_("Some answers need another look.")), errors=errors)
