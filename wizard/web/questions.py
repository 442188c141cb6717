"""The form with which a person answers for a requirement that no probe can see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext

from wizard.models import Attestation
from wizard.services.attestations import FILE_ENDINGS, MAX_FILE_BYTES, MAX_NOTE_CHARACTERS
from wizard.services.explanations import Requirement
from wizard.web.forms import Option, Shown, ShownForm
from wizard.web.problems import Problem

FIELDS = ("answer", "note", "file")


def question_form(
    requirement: Requirement,
    row: Attestation | None,
    *,
    typed: Mapping[str, Any] | None = None,
    problem: Problem | None = None,
) -> ShownForm:
    """Empty, with the answer that is there, or with what was typed. Names begin with the requirement's id: a page has many."""
    values = typed if typed is not None else {"answer": row.answer, "note": row.note} if row else {}
    fields = {
        "answer": Shown(
            label=str(requirement.question),
            widget=forms.RadioSelect(),
            options=[
                Option(value=value, label=str(label), detail=_detail(value))
                for value, label in Attestation.Answer.choices
            ],
        ),
        "note": Shown(
            label=gettext("Note"),
            help_text=gettext("How you know, or why it does not apply. It is part of every report."),
            required=False,
            widget=forms.Textarea({"rows": 3, "maxlength": MAX_NOTE_CHARACTERS}),
        ),
        "file": Shown(
            label=gettext("File"),
            help_text=_about_files(row),
            required=False,
            widget=forms.FileInput({"accept": ",".join(FILE_ENDINGS)}),
        ),
    }
    form = ShownForm(fields, values, problem.fields if problem else ())
    form.prefix = requirement.id
    return form


def _detail(answer: str) -> str:
    return gettext("Say why in the note.") if answer == Attestation.Answer.NOT_APPLICABLE else ""


def _about_files(row: Attestation | None) -> str:
    limits = gettext("At most %(limit)s MB; one of %(endings)s.") % {
        "limit": MAX_FILE_BYTES // 2**20,
        "endings": ", ".join(FILE_ENDINGS),
    }
    if row is None or not row.file_name:
        return limits
    kept = gettext("%(name)s stays as long as the answer stays the same, unless you choose another file.")
    return f"{limits} {kept % {'name': row.file_name}}"
