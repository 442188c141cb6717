"""What the account of a deployment may do in vCenter, against what it needs, and the scripts that make both the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from wizard.models import Deployment
from wizard.services import deployments, privileges, privileges_csv, role_scripts, tasks
from wizard.services.errors import NotFound, UserError
from wizard.services.privileges import LEVEL_TITLES, Comparison
from wizard.services.role_scripts import ScriptWish
from wizard.text import Text, _
from wizard.web import privilege_rows, steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.tabs import tabs_of

_CSV: Final = "csv"


class Wish(forms.Form):
    level = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)
    role = forms.CharField(required=False, max_length=80, strip=True)
    principal = forms.CharField(required=False, max_length=80, strip=True)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        level = self.fields["level"]
        assert isinstance(level, forms.MultipleChoiceField)  # noqa: S101 - declared above
        level.choices = [(name, str(title)) for name, title in LEVEL_TITLES.items()]
        for name, label in (
            ("level", gettext("Levels")),
            ("role", gettext("Name of the role")),
            ("principal", gettext("Account that gets it")),
        ):
            self.fields[name].label = label
        self.fields["role"].help_text = gettext(
            "A role of that name is changed; one that others use would lose what is not here."
        )
        self.fields["principal"].help_text = gettext("As vSphere writes it: DOMAIN\\user.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One form of the script, to be copied and to be downloaded."""

    id: str
    title: str
    code: str
    url: str


@page
@require_safe
def comparison(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    wish = _wish(request)
    found = privileges.comparison_for(deployment, _known(wish.levels))
    problem: UserError | None = None
    scripts: list[Script] = []
    try:
        code = role_scripts.scripts_for(deployment, found, actor=request.user, wish=wish)
        scripts = [
            Script(
                id=f"script-{ending}",
                title=role_scripts.FORM_TITLES[ending],
                code=code[form],
                url=_file_url(deployment, ending, request),
            )
            for ending, form in role_scripts.FORMS.items()
        ]
    except UserError as error:
        problem = error
    context = steps.frame(deployment, None, [], title=gettext("Privileges")) | {
        "tabs": tabs_of(deployment, ""),
        "form": Wish(_filled_in(deployment, found, wish)),
        "comparison": found,
        "levels": privilege_rows.by_level(found) if found else [],
        "excess": privilege_rows.excess(found) if found else [],
        "scripts": scripts,
        "problem": problem,
        "problem_lines": [str(error.message) for error in problem.errors] if problem else [],
        "csv_url": _file_url(deployment, _CSV, request),
        "step_url": reverse("step", args=[deployment.pk, "vcenter"]),
    }
    return render(request, "web/privileges.html", context)


@page
@require_safe
def download(request: SignedInRequest, pk: UUID, form: str) -> HttpResponse:
    """Raises NotFound for another form, Conflict before there is something to write, Invalid for names that cannot be."""
    deployment = deployments.get(pk, actor=request.user)
    wish = _wish(request)
    if form == _CSV:
        found = privileges.compared(deployment, wish.levels)
        # A spreadsheet reads UTF-8 only where it is told so by a byte order mark.
        text, kind = "\ufeff" + privileges_csv.as_csv(found), "text/csv"
    elif form in role_scripts.FORMS:
        text = role_scripts.script_for(deployment, role_scripts.FORMS[form], actor=request.user, wish=wish)
        kind = "text/plain"
    else:
        raise NotFound(
            Text(
                _("There is no such file; the format can be one of %(formats)s."),
                formats=[_CSV, *role_scripts.FORMS],
            )
        )
    response = HttpResponse(text, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{deployment.name}-privileges.{form}"'
    return response


@page
@require_POST
def again(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Sign in once more, which compares anew; what follows is seen at the vCenter step."""
    deployment = deployments.get(pk, actor=request.user)
    try:
        tasks.launch("sign_in_vcenter", deployment=deployment, actor=request.user)
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
        return redirect("privileges", deployment.pk)
    return redirect("step", deployment.pk, "vcenter")


def _wish(request: SignedInRequest) -> ScriptWish:
    return ScriptWish(
        levels=tuple(request.GET.getlist("level")),
        role_name=request.GET.get("role", ""),
        principal=request.GET.get("principal", ""),
    )


def _known(levels: tuple[str, ...]) -> tuple[str, ...]:
    """What a page can show: the refusal of any other level stands beside it."""
    return levels if set(levels) <= set(LEVEL_TITLES) else ()


def _filled_in(deployment: Deployment, found: Comparison | None, wish: ScriptWish) -> dict[str, Any]:
    try:
        account = wish.principal or role_scripts.principal_of(deployment, found)
    except UserError:
        account = ""
    return {
        "level": list(wish.levels or privileges.levels_of(deployment)),
        "role": wish.role_name or role_scripts.role_name_of(deployment),
        "principal": account,
    }


def _file_url(deployment: Deployment, form: str, request: SignedInRequest) -> str:
    query = urlencode(
        [(name, value) for name in ("level", "role", "principal") for value in request.GET.getlist(name)]
    )
    address = reverse("privileges_file", args=[deployment.pk, form])
    return f"{address}?{query}" if query else address
