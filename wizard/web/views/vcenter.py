"""The vCenter step: address, what the probe found, trust in the certificate, account, privileges. One page, in stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.journey.errors import FieldError
from wizard.journey.vcenter import VCenterAddress
from wizard.models import Credential, Deployment, Task, TaskState
from wizard.services import credentials, deployments, evidence, tasks
from wizard.services.errors import Conflict, Invalid, UserError
from wizard.text import Text, _
from wizard.web import live, stepping, steps
from wizard.web.forms import Option, Shown, ShownForm, collect, step_form
from wizard.web.guard import SignedInRequest
from wizard.web.stepping import Sheet

NEW_ACCOUNT = ""

_LEVELS: Final = (
    ("discovery", _("Discovery only"), _("Find machines and replicate; failback needs more.")),
    ("full", _("Full"), _("Replicate, fail over and fail back.")),
    ("ova", _("Deploy the template"), _("Import the OVA template into the inventory.")),
)
_LAYERS: Final = {
    "dns": _("Name (DNS)"),
    "tcp": _("Connection (TCP)"),
    "tls": _("Encryption (TLS)"),
    "soap": _("vSphere API"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that is known about the vCenter whose address is in the form."""

    probe: Task | None  # the newest look at this very address, however it ended
    report: dict[str, Any] | None  # the newest that got through all layers
    sign_in: Task | None  # the newest attempt with these very answers
    proof: Task | None  # the sign-in that makes the step complete
    pinned: str
    credential: Credential | None

    @property
    def presented(self) -> str:
        return self.report["certificate"]["sha256"] if self.report else ""

    @property
    def changed(self) -> bool:
        return bool(self.pinned and self.presented and self.pinned != self.presented)

    @property
    def trusted(self) -> bool:
        return bool(self.pinned) and not self.changed


def show(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponse:
    if request.method == "POST":
        act = _ACTIONS.get(request.POST.get("action", ""), _probe)
        typed, attempt = act(request, deployment)
        try:
            attempt()
        except UserError as error:
            if error.code != "task_running":
                # The password goes back to nobody, not even to who typed it.
                sheet = stepping.refused(deployment, step, typed, error)
                return _page(request, sheet, failed_part=request.POST.get("action", "probe"), typed=typed)
        return redirect(request.get_full_path())
    return _page(request, stepping.stored(deployment, step))


# --- what can be done here --------------------------------------------------------------------------------------------

Attempt = tuple[dict[str, Any], Callable[[], object]]


def _probe(request: SignedInRequest, deployment: Deployment) -> Attempt:
    typed = collect(VCenterAddress, request.POST)

    def attempt() -> None:
        before, _version = deployments.form_of(deployment, "vcenter")
        deployments.keep_draft(
            deployment, "vcenter", before | typed, actor=request.user, version=stepping.version_in(request)
        )
        task = tasks.launch("probe_vcenter", deployment=deployment, actor=request.user, inputs=typed)
        # From here on the address as the probe took it, so that a pasted URL is taken apart once.
        address = {name: task.inputs[name] for name in ("host", "port")}
        same = all(before.get(name) == value for name, value in address.items())
        kept = {
            name: before[name] for name in ("thumbprint_sha256", "credential") if same and before.get(name)
        }
        deployments.keep_draft(deployment, "vcenter", address | kept, actor=request.user)

    return typed, attempt


def _trust(request: SignedInRequest, deployment: Deployment) -> Attempt:
    def attempt() -> None:
        values, _version = deployments.form_of(deployment, "vcenter")
        found = _find_out(deployment, values)
        if not found.presented or request.POST.get("sha256") != found.presented:
            raise Conflict(
                Text(_("The server was looked at again meanwhile, and presented another certificate.")),
                remedy=Text(_("Compare the certificate that is shown now.")),
                code="certificate_changed",
            )
        deployments.keep_draft(
            deployment,
            "vcenter",
            values | {"thumbprint_sha256": found.presented},
            actor=request.user,
            version=stepping.version_in(request),
        )

    return {}, attempt


def _sign_in(request: SignedInRequest, deployment: Deployment) -> Attempt:
    username = request.POST.get("username", "")
    chosen = request.POST.get("account", NEW_ACCOUNT)

    def attempt() -> None:
        values, _version = deployments.form_of(deployment, "vcenter")
        name = chosen
        if chosen == NEW_ACCOUNT:
            name = _own_name(deployment)
        elif not credentials.of_kind(Credential.Kind.VCENTER).filter(name=chosen).exists():
            gone = Text(_("There is no account of that name any more. Choose another."))
            raise Invalid([FieldError(path="account", message=gone, code="unknown_credential")])
        deployments.keep_draft(
            deployment,
            "vcenter",
            values | {"credential": name},
            actor=request.user,
            version=stepping.version_in(request),
        )
        if chosen == NEW_ACCOUNT:
            credentials.keep(
                name=name,
                kind=Credential.Kind.VCENTER,
                username=username,
                secret=request.POST.get("password", ""),
                actor=request.user,
            )
        tasks.launch("sign_in_vcenter", deployment=deployment, actor=request.user)

    return {"account": chosen, "username": username}, attempt


def _refresh(request: SignedInRequest, deployment: Deployment) -> Attempt:
    return {}, lambda: tasks.launch("sign_in_vcenter", deployment=deployment, actor=request.user)


_ACTIONS: Final = {"probe": _probe, "trust": _trust, "sign_in": _sign_in, "refresh": _refresh}


# --- what is shown ----------------------------------------------------------------------------------------------------


def _find_out(deployment: Deployment, values: dict[str, Any]) -> Findings:
    address = {name: values.get(name) for name in ("host", "port")}
    answers = {name: values.get(name) for name in evidence.VCENTER_INPUTS}
    looked = evidence.latest(deployment, "probe_vcenter", address)
    return Findings(
        probe=_about(evidence.newest(deployment, "probe_vcenter"), address),
        report=looked.result if looked else None,
        sign_in=_about(evidence.newest(deployment, "sign_in_vcenter"), answers),
        proof=evidence.signed_in(deployment, answers),
        pinned=values.get("thumbprint_sha256") or "",
        credential=credentials.of_kind(Credential.Kind.VCENTER)
        .filter(name=values.get("credential") or "")
        .first(),
    )


def _about(task: Task | None, inputs: dict[str, Any]) -> Task | None:
    same = task is not None and all(task.inputs.get(name) == value for name, value in inputs.items())
    return task if same else None


def _page(
    request: SignedInRequest, sheet: Sheet, *, failed_part: str = "", typed: dict[str, Any] | None = None
) -> HttpResponse:
    deployment = sheet.deployment
    problems = sheet.problem.fields if sheet.problem else ()
    saved, _version = deployments.form_of(deployment, "vcenter")
    found = _find_out(deployment, saved)
    context = stepping.context(request, sheet)
    following = next((task for task in (found.sign_in, found.probe) if task and task.active), None)
    context |= {
        "found": found,
        "form": step_form(VCenterAddress, sheet.values, problems if failed_part == "probe" else ()),
        "account_form": _account_form(
            deployment, saved, typed or {}, problems if failed_part == "sign_in" else ()
        ),
        "live": live.follow(following, at="vcenter") if following else None,
        "layers": _layers(found),
        "certificate": _certificate(found.report),
        "expired": _expired(found.report),
        "about": (found.report or {}).get("about"),
        "probe_failed": _failure(found.probe),
        "sign_in_failed": None if found.proof else _failure(found.sign_in),
        "rejected": bool(found.credential and found.credential.standing == Credential.Standing.REJECTED),
        "levels": _levels(found.proof),
        "result": found.proof.result if found.proof else None,
        "saved": saved,
    }
    context["next_url"] = steps.after(deployment) if context["here"].status == "complete" else ""
    return render(request, "web/steps/vcenter.html", context, status=sheet.status)


def _account_form(
    deployment: Deployment, saved: dict[str, Any], typed: dict[str, Any], problems: tuple[FieldError, ...]
) -> ShownForm:
    own = _own_name(deployment)
    others = [row for row in credentials.of_kind(Credential.Kind.VCENTER) if row.name != own]
    mine = credentials.of_kind(Credential.Kind.VCENTER).filter(name=own).first()
    fields: dict[str, Shown] = {}
    if others:
        # Its first, empty line stands for the account that is entered below.
        fields["account"] = Shown(
            label=gettext("Account"),
            help_text=gettext("One that was entered before, or another one."),
            widget=forms.Select(),
            options=[_known_account(row) for row in others],
        )
    fields["username"] = Shown(
        label=gettext("User name"),
        help_text=gettext("Such as asr@vsphere.local or EXAMPLE\\asr."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    fields["password"] = Shown(
        label=gettext("Password"),
        help_text=gettext("Kept encrypted, and sent once: vCenter locks accounts after some wrong attempts."),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    chosen = typed.get("account", saved.get("credential") if saved.get("credential") != own else NEW_ACCOUNT)
    values = {
        "account": chosen or NEW_ACCOUNT,
        "username": typed.get("username", mine.username if mine else ""),
    }
    return ShownForm(fields, values, problems)


def _known_account(row: Credential) -> Option:
    rejected = row.standing == Credential.Standing.REJECTED
    return Option(
        value=row.name,
        label=row.name,
        detail=row.username,
        usable=not rejected,
        reason=gettext("its password was refused; enter it anew where it was entered.") if rejected else "",
    )


def _own_name(deployment: Deployment) -> str:
    return f"{deployment.name}-vcenter"


def _layers(found: Findings) -> list[dict[str, Any]]:
    """What each layer of the connection showed: from the report, or from the log of a probe that did not get through."""
    if found.probe is None:
        return []
    if found.probe.state == TaskState.SUCCEEDED and found.report:
        return [
            {
                "title": gettext(_LAYERS[layer["name"]]),
                "status": layer["status"],
                "detail": Text.from_json(layer["detail"]),
                "remedy": Text.from_json(layer["remedy"]),
                "seconds": layer["seconds"],
            }
            for layer in found.report["layers"]
        ]
    lines = [event for event in found.probe.events.all() if event.data.get("layer") in _LAYERS]
    return [
        {
            "title": gettext(_LAYERS[event.data["layer"]]),
            "status": "fail" if event.level == "warning" else "pass",
            "detail": event.message,
            "remedy": Text(""),
            "seconds": None,
        }
        for event in lines
    ]


def _certificate(report: dict[str, Any] | None) -> dict[str, Any] | None:
    if report is None or not report["certificate"]:
        return None
    shown: dict[str, Any] = dict(report["certificate"])
    for name in ("not_before", "not_after"):
        shown[name] = datetime.fromisoformat(shown[name])
    return shown


def _expired(report: dict[str, Any] | None) -> bool:
    certificate = _certificate(report)
    return certificate is not None and certificate["not_after"] < timezone.now()


def _failure(task: Task | None) -> dict[str, Any] | None:
    if task is None or task.state not in (TaskState.FAILED, TaskState.CANCELLED):
        return None
    error = task.error or {}
    return {
        "task": task,
        "code": error.get("code", "cancelled"),
        "text": Text.from_json(error.get("message")) or Text(_("It was cancelled.")),
        "remedy": Text.from_json(error.get("remedy")),
    }


def _levels(proof: Task | None) -> list[dict[str, Any]]:
    if proof is None or not proof.result:
        return []
    gaps = proof.result["privileges"]
    return [
        {"id": level, "title": gettext(title), "about": gettext(about), "missing": gaps.get(level, [])}
        for level, title, about in _LEVELS
    ]
