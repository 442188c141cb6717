"""The requirement catalogue: everything that is checked, asked or listed, and each row explained."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from wizard.services import explanations
from wizard.web.guard import SignedInRequest, page


class Filters(forms.Form):
    q = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput({"type": "search", "autocomplete": "off"})
    )
    kind = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["q"].label = gettext("Id or words")
        kind = self.fields["kind"]
        kind.label = gettext("How it is settled")
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - declared above
        kind.choices = [("", gettext("All")), *explanations.KIND_WORDS.items()]


@page
@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    return redirect("requirements", explanations.profiles()[0][0])


@page
@require_safe
def listing(request: SignedInRequest, profile: str) -> HttpResponse:
    rows = explanations.listing(profile)
    filters = Filters(request.GET)
    chosen = filters.cleaned_data if filters.is_valid() else {}
    words = chosen.get("q", "").casefold().split()
    shown = [
        row
        for row in rows
        if chosen.get("kind") in (None, "", row.kind)
        and all(word in f"{row.id} {row.title}".casefold() for word in words)
    ]
    order = list(explanations.CATEGORY_WORDS)
    shown.sort(key=lambda row: order.index(row.category))
    context = {
        "section": "requirements",
        "profile": profile,
        "tabs": [
            {"label": title, "url": reverse("requirements", args=[name]), "current": name == profile}
            for name, title in explanations.profiles()
        ],
        "form": filters,
        "filtered": bool(words or chosen.get("kind")),
        "counts": [
            (words, sum(row.kind == kind for row in rows)) for kind, words in explanations.KIND_WORDS.items()
        ],
        "groups": [
            (
                explanations.CATEGORY_WORDS[category],
                [(row, explanations.KIND_WORDS[row.kind]) for row in members],
            )
            for category, members in groupby(shown, key=lambda row: row.category)
        ],
    }
    return render(request, "web/requirements.html", context)


@page
@require_safe
def detail(request: SignedInRequest, profile: str, requirement_id: str) -> HttpResponse:
    explanation = explanations.explain(profile, requirement_id)
    context = {
        "section": "requirements",
        "explanation": explanation,
        "row": explanation.requirement,
        "crumbs": [
            {"label": gettext("Requirements"), "url": reverse("requirements", args=[profile])},
            {"label": requirement_id, "url": ""},
        ],
    }
    return render(request, "web/requirement.html", context)
