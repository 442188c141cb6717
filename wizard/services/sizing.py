"""Sizing advice for numbers that somebody asks about, before there is a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from wizard.journey import base as journey
from wizard.journey.errors import FieldError, explain
from wizard.planning.sizing import SizedComponent, SizingAdvice
from wizard.services import guidance
from wizard.services.errors import Invalid
from wizard.text import Text, _


def advice(profile: str, numbers: Mapping[str, Any], *, component: SizedComponent) -> SizingAdvice:
    """`numbers` as the capacity step of the profile takes them. Raises Invalid in the words of that step."""
    if profile not in journey.PROFILES:
        text = Text(_("There is no profile “%(found)s”."), found=profile)
        raise Invalid([FieldError(path="profile", message=text, code="unknown")])
    model = journey.step(profile, "capacity").answers
    try:
        if model is not None:
            model.model_validate(dict(numbers))
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    found = guidance.size(profile, numbers, component=component)
    # What the step takes can be sized.
    assert found is not None  # noqa: S101
    return found
