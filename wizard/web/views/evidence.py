"""The evidence step: how the facts of the machine are collected, by WinRM or by hand, and what was seen. One page, in stages."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from pydantic import ValidationError

from wizard.journey import base as journey
from wizard.journey.errors import FieldError, explain
from wizard.journey.evidence import EvidenceAnswers
from wizard.models import Credential, Deployment, DeploymentState, TaskState
from wizard.services import collector_scripts, deployments, host_facts, tasks
from wizard.services.answers import primary_component
from wizard.services.errors import Invalid, UserError
from wizard.services.permissions import may, require
from wizard.text import Text, _
from wizard.web import far_end, host_findings, linux_target, live, stepping, steps
from wizard.web.account_form import account_form
from wizard.web.far_end import Attempt
from wizard.web.forms import Shown, ShownForm, collect, step_form
from wizard.web.guard import SignedInRequest
from wizard.web.stepping import Sheet

ADDRESS: Final = ("host", "transport", "port", "auth")
# As much as a document may have (wizard.hosts.document); more is not even taken into memory.
LARGEST: Final = 5 * 2**20
_WINRM_PARTS: Final = ("probe", "trust", "sign_in")
# Stands for a certificate and an account that are asked for later.
_LATER: Final = {"credential": "-", "thumbprint_sha256": "00" * 32}


def show(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponse:
    if request.method == "POST":
        if request.POST.get("action") == "download":
            return _download(request, deployment)
        act = _ACTIONS.get(request.POST.get("action", ""), _choose)
        typed, attempt = act(request, deployment)
        try:
            attempt()
        except UserError as error:
            if error.code != "task_running":
                # The password goes back to nobody, not even to who typed it.
                sheet = stepping.refused(deployment, step, typed, _with_remedy(error))
                return _page(request, sheet, failed_part=request.POST.get("action", "choose"), typed=typed)
        place = _PLACES.get(request.POST.get("action", ""), "")
        return redirect(request.get_full_path() + place)
    return _page(request, stepping.stored(deployment, step))


# --- what can be done here --------------------------------------------------------------------------------------------


def _choose(request: SignedInRequest, deployment: Deployment) -> Attempt:
    typed = collect(EvidenceAnswers, request.POST, only=["way"])

    def attempt() -> None:
        before, _version = deployments.form_of(deployment, "evidence")
        version = stepping.version_in(request)
        if typed.get("way") == "winrm" == before.get("way"):
            return
        if typed.get("way") == "winrm":
            keep = {**before, "way": "winrm"}
            deployments.keep_draft(deployment, "evidence", keep, actor=request.user, version=version)
            return
        # By hand needs no further answer; what is missing then is said as for every step.
        deployments.answer(
            deployment, "evidence", typed, actor=request.user, version=version, keep_invalid=False
        )

    return typed, attempt


def _probe(request: SignedInRequest, deployment: Deployment) -> Attempt:
    typed = collect(EvidenceAnswers, request.POST, only=ADDRESS)

    def attempt() -> None:
        before, _version = deployments.form_of(deployment, "evidence")
        address = _valid_address(typed)
        same = all(before.get(name) == address[name] for name in host_findings.ADDRESS)
        kept = {
            name: before[name] for name in ("thumbprint_sha256", "credential") if same and before.get(name)
        }
        deployments.keep_draft(
            deployment,
            "evidence",
            {"way": "winrm", **address, **kept},
            actor=request.user,
            version=stepping.version_in(request),
        )
        inputs = {name: address[name] for name in host_findings.ADDRESS}
        tasks.launch("probe_host", deployment=deployment, actor=request.user, inputs=inputs)

    return typed, attempt


def _valid_address(typed: dict[str, Any]) -> dict[str, Any]:
    """The address as the step takes it; what comes later is not asked for yet. Raises Invalid."""
    try:
        whole = EvidenceAnswers.model_validate({"way": "winrm", **typed, **_LATER})
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    return {name: getattr(whole, name) for name in ADDRESS}


def _trust(request: SignedInRequest, deployment: Deployment) -> Attempt:
    def attempt() -> None:
        values, _version = deployments.form_of(deployment, "evidence")
        found = host_findings.find_out(deployment, values)
        another = Text(_("The machine was looked at again meanwhile, and presented another certificate."))
        far_end.trust(request, deployment, "evidence", values, found.presented, another=another)

    return {}, attempt


def _sign_in(request: SignedInRequest, deployment: Deployment) -> Attempt:
    return far_end.sign_in(
        request,
        deployment,
        "evidence",
        kind=Credential.Kind.WINDOWS,
        own=_own_name(deployment),
        task="collect_facts",
    )


def _again(request: SignedInRequest, deployment: Deployment) -> Attempt:
    return {}, lambda: tasks.launch("collect_facts", deployment=deployment, actor=request.user)


def _upload(request: SignedInRequest, deployment: Deployment) -> Attempt:
    component = request.POST.get("component", "")

    def attempt() -> None:
        require(request.user, "facts.give")
        row = host_facts.receive(deployment, _document(request, component), actor=request.user)
        messages.success(
            request, gettext("The facts of %(host)s are received.") % {"host": row.host_name or "–"}
        )

    return {"component": component}, attempt


def _document(request: SignedInRequest, component: str) -> bytes:
    given = request.FILES.get(f"{component}-document")
    if not isinstance(given, UploadedFile):
        text = Text(_("Choose the file that the script wrote."))
        raise Invalid([FieldError(path="document", message=text, code="missing")])
    if (given.size or 0) > LARGEST:
        text = Text(
            _(
                "The file has %(found)s MB; expected are at most %(limit)s MB. Choose the file that the script wrote."
            ),
            found=f"{(given.size or 0) / 2**20:.1f}",
            limit=LARGEST // 2**20,
        )
        raise Invalid([FieldError(path="document", message=text, code="too_big")])
    content: bytes = given.read()
    return content


def _download(request: SignedInRequest, deployment: Deployment) -> HttpResponse:
    """The script, made for this deployment and signed for by whoever takes it."""
    component = request.POST.get("component") or primary_component(deployment)
    language = collector_scripts.language_of(component)
    name, script = collector_scripts.issue_script(deployment, component, language, actor=request.user)
    response = HttpResponse(script, content_type="text/plain; charset=us-ascii")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


_ACTIONS: Final = {
    "choose": _choose,
    "probe": _probe,
    "trust": _trust,
    "sign_in": _sign_in,
    "again": _again,
    "upload": _upload,
    "ssh_probe": linux_target.probe,
    "ssh_collect": linux_target.collect,
    "ssh_again": linux_target.again,
}
# Where the reader goes on; to the top, where a message says it, after what starts no work.
_PLACES: Final = {"trust": "#account"} | dict.fromkeys(
    ("probe", "sign_in", "again", "ssh_probe", "ssh_collect", "ssh_again"), f"#{live.OUTCOME}"
)


def _with_remedy(error: UserError) -> UserError:
    """What to do about a refused document, beside the reason at its field."""
    if not isinstance(error, host_facts.FactsRefused):
        return error
    return Invalid(
        [
            FieldError(
                path=problem.path,
                message=Text(
                    # Two sentences, one after the other.
                    "%(reason)s %(remedy)s",
                    reason=problem.message,
                    remedy=error.remedy,
                ),
                code=problem.code,
            )
            for problem in error.errors
        ]
    )


# --- what is shown ----------------------------------------------------------------------------------------------------


def _page(
    request: SignedInRequest, sheet: Sheet, *, failed_part: str = "", typed: dict[str, Any] | None = None
) -> HttpResponse:
    deployment = sheet.deployment
    typed = typed or {}
    problems = sheet.problem.fields if sheet.problem else ()
    saved, _version = deployments.form_of(deployment, "evidence")
    found = host_findings.find_out(deployment, saved)
    component = primary_component(deployment)
    context = stepping.context(request, sheet)
    following = next((task for task in (found.collect, found.probe) if task and task.active), None)
    wrong = typed.get("component") if failed_part == "upload" else None
    collected = found.collect if not found.facts or _later(found) else None
    way = "winrm" if failed_part in _WINRM_PARTS else saved.get("way")
    further = host_findings.further(deployment)
    ssh = None
    if any(machine.component == linux_target.COMPONENT for machine in further):
        busy = bool(following) and way == "winrm"
        ssh = linux_target.context(deployment, typed, problems, failed_part=failed_part, busy=busy)
    context |= {
        "way": way,
        "ssh": ssh,
        "found": found,
        "way_form": step_form(
            EvidenceAnswers, sheet.values, problems if failed_part == "choose" else (), only=["way"]
        ),
        "form": _address_form(sheet, problems if failed_part == "probe" else ()),
        "account_form": _account_form(deployment, saved, typed, problems if failed_part == "sign_in" else ()),
        "live": live.follow(following, at="evidence") if following else None,
        # Where something is wrong, that takes the focus, and not the place that the address may name still.
        "outcome": "" if sheet.problem or (following and way == "winrm") else _outcome(found, ssh),
        "layers": host_findings.layers(found),
        "certificate": host_findings.certificate(found.report),
        "probe_failed": live.failure_of(found.probe),
        "collect_failed": live.failure_of(collected),
        "rejected": bool(found.credential and found.credential.standing == Credential.Standing.REJECTED),
        "saved": saved,
        "machine": host_findings.machine(deployment, component),
        "upload_form": _upload_form(problems if wrong == component else (), component),
        "other_machines": [
            {
                "machine": machine,
                "form": _upload_form(problems if wrong == machine.component else (), machine.component),
            }
            for machine in further
        ],
        "missing": collector_scripts.unanswered(deployment),
        # Facts may be collected as long as there is a machine, also after its answers are closed.
        "may_collect": may(request.user, "facts.order_script", deployment)
        and deployment.state != DeploymentState.DECOMMISSIONED,
        "limit_mb": LARGEST // 2**20,
    }
    wrong_forms = [context["way_form"], context["form"], context["account_form"], context["upload_form"]]
    wrong_forms += [entry["form"] for entry in context["other_machines"]]
    wrong_forms += [ssh["form"], ssh["account_form"]] if ssh else []
    context["wrong_form"] = next((form for form in wrong_forms if form.errors), None)
    context["next_url"] = steps.after(deployment) if context["here"].status == "complete" else ""
    return render(request, "web/steps/evidence.html", context, status=sheet.status)


def _outcome(found: host_findings.Findings, ssh: dict[str, Any] | None) -> str:
    """The part of the page that says what came of the last work."""
    over_ssh = (ssh["found"].probe, ssh["found"].collect) if ssh else ()
    done = [task for task in (found.probe, found.collect, *over_ssh) if task is not None]
    newest = max(done, key=lambda task: task.queued_at, default=None)
    if newest is None:
        return ""
    if newest in over_ssh:
        # Its facts stand above how they are collected.
        return "ssh_seen" if newest.kind == "collect_facts" and newest.state == TaskState.SUCCEEDED else "ssh"
    if newest.kind == "probe_host":
        return "layers"
    return "seen" if newest.state == TaskState.SUCCEEDED else "account"


def _later(found: host_findings.Findings) -> bool:
    assert found.facts is not None  # noqa: S101 - the caller looked
    return bool(found.collect and found.collect.queued_at > found.facts.received_at)


def _address_form(sheet: Sheet, problems: tuple[FieldError, ...]) -> ShownForm:
    # The usual port follows from the transport: an empty field says so, a preset one would hide it.
    values = {"port": "", **sheet.values}
    form = step_form(EvidenceAnswers, values, problems, only=ADDRESS)
    form.fields["port"].required = False
    form.fields["host"].required = True
    return form


def _upload_form(problems: tuple[FieldError, ...], component: str) -> ShownForm:
    form = ShownForm(
        {
            "document": Shown(
                label=gettext("File that the script wrote"),
                help_text=gettext("One JSON file, at most %(limit)s MB.") % {"limit": LARGEST // 2**20},
                widget=forms.FileInput({"accept": ".json,application/json"}),
            )
        },
        {},
        problems,
    )
    # Several machines may be on the page: each field needs a name of its own.
    form.prefix = component
    return form


def _account_form(
    deployment: Deployment, saved: dict[str, Any], typed: dict[str, Any], problems: tuple[FieldError, ...]
) -> ShownForm:
    return account_form(
        deployment,
        Credential.Kind.WINDOWS,
        _own_name(deployment),
        saved.get("credential"),
        typed=typed,
        problems=problems,
        user_help=gettext(
            "A local administrator of the machine, such as EXAMPLE\\asr-setup or .\\Administrator."
        ),
        password_help=gettext("Kept encrypted, and sent once: a refused password is not tried again."),
    )


def _own_name(deployment: Deployment) -> str:
    return f"{deployment.name}-windows"
