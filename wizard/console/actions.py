"""Actions on rows of a list: each asks on a page of its own first, is done by a service, and is told row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from wizard.models import Operator
from wizard.services.errors import UserError

# More than this nobody reads before confirming it.
MOST_ROWS: Final = 100
_REASON_CHARACTERS: Final = 1000

Action = Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What an action does. Label and question are sentences that are translated when they are read.

    `use_case` is the row of the table of permissions; who may not is not offered it, and is refused by the service.
    `run` gets the row, who confirmed and the reason, "" where none is asked for, and calls the service; what that refuses is
    told beside the row, and the other rows go on. `about` is what must be read of a row before confirming; what takes more than a
    line is shown by `review_template` with what `review` knows for the reader. `seen` is what
    must not have changed in between. `fits` decides on which record's page a button for it stands.
    """

    name: str
    label: Any
    question: Any
    use_case: str
    run: Callable[[Any, Operator, str], object]
    about: Callable[[Any], object] = lambda row: ""
    review: Callable[[Any, Operator], object] = lambda row, actor: None
    review_template: str = ""
    seen: Callable[[Any], str] = lambda row: ""
    fits: Callable[[Any], bool] = lambda row: True
    reason: Literal["", "optional", "required"] = ""
    danger: bool = False


def confirmed(work: Work) -> Action:
    """The action for the `actions` of an admin."""

    def act(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
        chosen = list(rows[: MOST_ROWS + 1])
        if len(chosen) > MOST_ROWS:
            text = gettext("Choose at most %(most)d rows at once.") % {"most": MOST_ROWS}
            page.message_user(request, text, messages.ERROR)
            return None
        reason = request.POST.get("reason", "").strip()[:_REASON_CHARACTERS]
        lacking = work.reason == "required" and not reason
        if "confirmed" not in request.POST or lacking:
            complaint = gettext("Say why.") if lacking and "confirmed" in request.POST else ""
            return _ask(work, page, request, chosen, complaint)
        _do(work, page, request, chosen, reason)
        from_its_page = request.POST.get("back") == "page" and len(chosen) == 1
        # What was chosen may be gone by what was done, such as a waiver that was refused.
        if from_its_page and type(chosen[0])._default_manager.filter(pk=chosen[0].pk).exists():
            return redirect(page_of(chosen[0]))
        return None

    act.__name__ = work.name
    act.short_description = work.label  # type: ignore[attr-defined]  # where the admin looks for it
    act.work = work  # type: ignore[attr-defined]
    return act


def work_of(action: object) -> Work | None:
    """What an action does; None for one of another kind."""
    work: Work | None = getattr(action, "work", None)
    return work


def page_of(row: Model) -> str:
    """The console's own page of a record."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def _ask(work: Work, page: Any, request: HttpRequest, chosen: list[Any], complaint: str) -> HttpResponse:
    context = {
        **page.admin_site.each_context(request),
        "title": str(work.label),
        "opts": page.opts,
        "work": work,
        "rows": [
            {
                "row": row,
                "name": page.name_of(row),
                "url": page_of(row),
                "about": work.about(row),
                "review": work.review(row, cast(Operator, request.user)),
                "seen": work.seen(row),
            }
            for row in chosen
        ],
        "checkbox": ACTION_CHECKBOX_NAME,
        "reason_characters": _REASON_CHARACTERS,
        "complaint": complaint,
        "back": "page" if request.POST.get("back") == "page" else "",
        "way_back": page_of(chosen[0])
        if request.POST.get("back") == "page" and len(chosen) == 1
        else request.get_full_path(),
    }
    response = TemplateResponse(request, "admin/confirm.html", context)
    response.status_code = 422 if complaint else 200
    return response


def _do(work: Work, page: Any, request: HttpRequest, chosen: list[Any], reason: str) -> None:
    # Only who is known comes here.
    actor = cast(Operator, request.user)
    done = 0
    for row in chosen:
        name = page.name_of(row)
        if work.seen(row) != request.POST.get(f"seen-{row.pk}", ""):
            text = gettext("It was changed after you read it. Read it again, then decide.")
            page.message_user(request, f"{name}: {text}", messages.ERROR)
            continue
        try:
            work.run(row, actor, reason)
        except UserError as error:
            lines = [str(one.message) for one in error.errors] or [str(error.text), str(error.remedy)]
            page.message_user(request, f"{name}: {' '.join(line for line in lines if line)}", messages.ERROR)
        else:
            done += 1
    if done:
        text = ngettext("%(label)s: done for %(count)d row.", "%(label)s: done for %(count)d rows.", done)
        page.message_user(request, text % {"label": work.label, "count": done}, messages.SUCCESS)
