"""The vCenter step: address, what the probe found, trust in the certificate, account, privileges. One page, in stages."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.journey.errors import FieldError
from wizard.journey.vcenter import VCenterAddress
from wizard.models import Credential, Deployment
from wizard.services import deployments, privileges, tasks
from wizard.services.errors import UserError
from wizard.text import Text, _
from wizard.web import far_end, live, stepping, steps, vcenter_findings
from wizard.web.account_form import account_form
from wizard.web.far_end import Attempt
from wizard.web.forms import ShownForm, collect, step_form
from wizard.web.guard import SignedInRequest
from wizard.web.stepping import Sheet


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
        place = "#account" if request.POST.get("action") == "trust" else f"#{live.OUTCOME}"
        return redirect(request.get_full_path() + place)
    return _page(request, stepping.stored(deployment, step))


# --- what can be done here --------------------------------------------------------------------------------------------


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
        found = vcenter_findings.find_out(deployment, values)
        another = Text(_("The server was looked at again meanwhile, and presented another certificate."))
        far_end.trust(request, deployment, "vcenter", values, found.presented, another=another)

    return {}, attempt


def _sign_in(request: SignedInRequest, deployment: Deployment) -> Attempt:
    return far_end.sign_in(
        request,
        deployment,
        "vcenter",
        kind=Credential.Kind.VCENTER,
        own=_own_name(deployment),
        task="sign_in_vcenter",
    )


def _refresh(request: SignedInRequest, deployment: Deployment) -> Attempt:
    return {}, lambda: tasks.launch("sign_in_vcenter", deployment=deployment, actor=request.user)


_ACTIONS: Final = {"probe": _probe, "trust": _trust, "sign_in": _sign_in, "refresh": _refresh}


# --- what is shown ----------------------------------------------------------------------------------------------------


def _page(
    request: SignedInRequest, sheet: Sheet, *, failed_part: str = "", typed: dict[str, Any] | None = None
) -> HttpResponse:
    deployment = sheet.deployment
    problems = sheet.problem.fields if sheet.problem else ()
    saved, _version = deployments.form_of(deployment, "vcenter")
    found = vcenter_findings.find_out(deployment, saved)
    context = stepping.context(request, sheet)
    following = next((task for task in (found.sign_in, found.probe) if task and task.active), None)
    context |= {
        "found": found,
        "form": step_form(VCenterAddress, sheet.values, problems if failed_part == "probe" else ()),
        "account_form": _account_form(
            deployment, saved, typed or {}, problems if failed_part == "sign_in" else ()
        ),
        "live": live.follow(following, at="vcenter") if following else None,
        # Where something is wrong, that takes the focus, and not the place that the address may name still.
        "outcome": "" if sheet.problem or following else _outcome(found),
        "layers": vcenter_findings.layers(found),
        "certificate": vcenter_findings.certificate(found.report),
        "expired": vcenter_findings.expired(found.report),
        "about": (found.report or {}).get("about"),
        "probe_failed": live.failure_of(found.probe),
        "sign_in_failed": None if found.proof else live.failure_of(found.sign_in),
        "rejected": bool(found.credential and found.credential.standing == Credential.Standing.REJECTED),
        "levels": vcenter_findings.levels(found.proof),
        "rights": privileges.comparison_for(deployment) if found.proof else None,
        "clock": vcenter_findings.clock(found.proof),
        "result": found.proof.result if found.proof else None,
        "saved": saved,
    }
    context["next_url"] = steps.after(deployment) if context["here"].status == "complete" else ""
    return render(request, "web/steps/vcenter.html", context, status=sheet.status)


def _outcome(found: vcenter_findings.Findings) -> str:
    """The part of the page that says what came of the last work."""
    done = [task for task in (found.probe, found.sign_in) if task is not None]
    newest = max(done, key=lambda task: task.queued_at, default=None)
    if newest is None:
        return ""
    return "account" if newest.kind == "sign_in_vcenter" else "layers"


def _account_form(
    deployment: Deployment, saved: dict[str, Any], typed: dict[str, Any], problems: tuple[FieldError, ...]
) -> ShownForm:
    return account_form(
        deployment,
        Credential.Kind.VCENTER,
        _own_name(deployment),
        saved.get("credential"),
        typed=typed,
        problems=problems,
        user_help=gettext("Such as asr@vsphere.local or EXAMPLE\\asr."),
        password_help=gettext(
            "Kept encrypted, and sent once: vCenter locks accounts after some wrong attempts."
        ),
    )


def _own_name(deployment: Deployment) -> str:
    return f"{deployment.name}-vcenter"
