"""The install step: over WinRM by the wizard, or by hand with the bundle and a guided list; then the verification."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.journey.errors import FieldError
from wizard.models import Deployment, DeploymentState
from wizard.models.task import ACTIVE_STATES
from wizard.services import deployments, installation_bundle, installation_secrets, manual_steps, results
from wizard.services.answers import circumstances_of
from wizard.services.errors import Invalid, NotAllowed, NotFound, UserError
from wizard.services.installation_bundle import SHORTEST_PASSWORD
from wizard.services.installation_secrets import MAX_KEY_BYTES, SecretState
from wizard.services.permissions import may, require
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _
from wizard.web import approval_panel, in_vault, live, manual_list, steps
from wizard.web.forms import Shown, ShownForm
from wizard.web.guard import SignedInRequest
from wizard.web.problems import Problem
from wizard.web.reauthentication import confirm_first, confirm_url, is_fresh
from wizard.web.views import work

TASKS: Final = ("prepare_host", "verify_installation")


def show(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponseBase:
    if request.method != "POST":
        return _page(request, deployment, step)
    require(request.user, "installation.give_secret", deployment)
    acted = in_vault.act(request, deployment, step)
    if isinstance(acted, Problem):
        return _page(request, deployment, step, problem=acted)
    if acted is not None:
        return acted
    action = request.POST.get("action", "")
    act = ACTIONS.get(action)
    if act is None:
        raise NotFound(Text(_("There is nothing of that name to be done here.")))
    try:
        answer = act(request, deployment)
    except (NotAllowed, NotFound):
        raise
    except UserError as error:
        return _page(request, deployment, step, problem=Problem.of(error), failed_part=action)
    return answer or redirect("step", deployment.pk, step.id)


# --- what can be done here --------------------------------------------------------------------------------------------


def _install(request: SignedInRequest, deployment: Deployment) -> None:
    inputs = {"installer_path": _typed(request, "install", "installer_path")}
    work.start(request, deployment, "prepare_host", inputs)


def _verify(request: SignedInRequest, deployment: Deployment) -> None:
    work.start(request, deployment, "verify_installation")


def _bundle(request: SignedInRequest, deployment: Deployment) -> HttpResponseBase:
    """Sent as it comes into being: nothing of it is kept here. It holds passwords, so the proof must be fresh."""
    if not is_fresh(request):
        return confirm_first(request)
    password = _typed(request, "bundle", "password") or None
    name, chunks = installation_bundle.stream(deployment, actor=request.user, password=password)
    response = StreamingHttpResponse(chunks, content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


def _give_key(request: SignedInRequest, deployment: Deployment) -> None:
    given = request.FILES.get("vault_credentials-file")
    if not isinstance(given, UploadedFile):
        text = Text(_("Choose the .VaultCredentials file that the portal gave you."))
        raise Invalid([FieldError(path="file", message=text, code="missing")])
    # One byte more than may be is enough to see that it is too much.
    content = given.read(MAX_KEY_BYTES + 1)
    installation_secrets.give_vault_credentials(
        deployment, name=given.name or "", content=content, actor=request.user
    )
    messages.success(request, gettext("The vault credentials file is kept until it is used or ends."))


def _give_passphrase(request: SignedInRequest, deployment: Deployment) -> None:
    passphrase = _typed(request, "passphrase", "passphrase")
    installation_secrets.give_passphrase(deployment, passphrase, actor=request.user)
    messages.success(request, gettext("The passphrase is kept encrypted."))


def _give_proxy(request: SignedInRequest, deployment: Deployment) -> None:
    installation_secrets.give_proxy_account(
        deployment,
        username=_typed(request, "proxy", "username"),
        password=_typed(request, "proxy", "password"),
        actor=request.user,
    )
    messages.success(request, gettext("The account for the proxy is kept encrypted."))


def _take_back(request: SignedInRequest, deployment: Deployment) -> None:
    installation_secrets.take_back(deployment, request.POST.get("kind", ""), actor=request.user)
    messages.success(request, gettext("The secret is forgotten."))


def _confirm(request: SignedInRequest, deployment: Deployment) -> HttpResponseBase:
    step = request.POST.get("step", "")
    manual_steps.confirm(deployment, step, note=_typed(request, f"step-{step}", "note"), actor=request.user)
    return _back_to(deployment, step)


def _unconfirm(request: SignedInRequest, deployment: Deployment) -> HttpResponseBase:
    step = request.POST.get("step", "")
    manual_steps.take_back(deployment, step, actor=request.user)
    return _back_to(deployment, step)


def _back_to(deployment: Deployment, step: str) -> HttpResponseBase:
    """To the same place in the list."""
    return redirect(f"{reverse('step', args=[deployment.pk, 'install'])}#step-{step}")


Act = Callable[[SignedInRequest, Deployment], HttpResponseBase | None]
ACTIONS: Final[dict[str, Act]] = {
    "install": _install,
    "verify": _verify,
    "bundle": _bundle,
    "give_vault_credentials": _give_key,
    "give_passphrase": _give_passphrase,
    "give_proxy": _give_proxy,
    "take_back": _take_back,
    "confirm_step": _confirm,
    "take_back_step": _unconfirm,
}


# --- what is shown ----------------------------------------------------------------------------------------------------


def _page(
    request: SignedInRequest,
    deployment: Deployment,
    step: journey.Step,
    *,
    problem: Problem | None = None,
    failed_part: str = "",
) -> HttpResponse:
    newest = deployment.tasks.filter(kind__in=TASKS).order_by("-queued_at").first()
    # Read after the task: one that has ended by now has changed the deployment, which was read before it.
    deployment.refresh_from_db()
    frame = steps.frame(deployment, step.id)
    done = frame["here"].status == "complete"
    other = deployment.tasks.filter(state__in=ACTIVE_STATES, changing=True).exclude(kind__in=TASKS).first()
    answers = deployments.answers_of(deployment)
    held = circumstances_of(deployment, answers)
    problems = problem.fields if problem else ()
    states = installation_secrets.states(deployment)
    secrets = [
        {"state": state, "form": _secret_form(state, problems if failed_part == f"give_{state.kind}" else ())}
        for state in states
        if not state.generated
    ]
    startable = frame["here"].status not in ("blocked", "not_applicable")
    wrong = request.POST.get("step", "") if failed_part == "confirm_step" else ""
    manual = (
        manual_list.lines(
            deployment, wrong=wrong, typed=_typed(request, f"step-{wrong}", "note"), problem=problem
        )
        if startable
        else []
    )
    in_service = deployment.state != DeploymentState.DECOMMISSIONED
    context = frame | {
        "step": step,
        "problem": problem,
        "has_errors": problem is not None,
        "live": live.follow(newest, at=step.id) if newest and newest.active else None,
        "newest": newest,
        "failure": live.failure_of(newest),
        "other": other,
        "other_title": KINDS[other.kind].title if other else "",
        "answers": answers,
        "startable": startable,
        "manual": manual,
        "may_confirm": may(request.user, "manual_step.confirm", deployment) and in_service,
        "done": done,
        "may_start": may(request.user, "task.launch", deployment)
        and in_service
        and not other
        and not (newest and newest.active),
        "over_winrm": "winrm" in held,
        "appliance": "appliance" in held,
        "evidence_step": next((row for row in frame["steps"] if row.id == "evidence"), None),
        "secrets": secrets,
        "generated": any(state.generated for state in states),
        "missing": installation_bundle.missing(deployment),
        "install_form": _install_form(request, problems if failed_part == "install" else ()),
        "bundle_form": _bundle_form(problems if failed_part == "bundle" else ()),
        **approval_panel.panel(deployment, request.user),
        "confirm_url": "" if is_fresh(request) else confirm_url(f"{request.path}#way-hand"),
        "verified": results.latest_run(deployment, "after"),
        "verdict_after": results.verdict_of(deployment, "after"),
        "next_url": steps.after(deployment) if done else "",
    }
    # Where vCenter is registered, that page says what the vault knows.
    context |= in_vault.context(deployment, step) if not {"vcenter", "vmware"} <= held else {}
    shown = [context["install_form"], context["bundle_form"]]
    shown += [*(entry["form"] for entry in secrets), *(line.form for line in manual)]
    context["wrong_form"] = next((form for form in shown if form.errors), None)
    return render(request, "web/steps/install.html", context, status=problem.status if problem else 200)


def _install_form(request: SignedInRequest, problems: tuple[FieldError, ...]) -> ShownForm:
    form = ShownForm(
        {
            "installer_path": Shown(
                label=gettext("Where the installer lies on the machine"),
                help_text=gettext(
                    "A file or its folder, such as C:\\Temp. Left empty, the installer is sent from this server."
                ),
                required=False,
                widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
            )
        },
        {"installer_path": _typed(request, "install", "installer_path")},
        problems,
    )
    form.prefix = "install"
    return form


def _bundle_form(problems: tuple[FieldError, ...]) -> ShownForm:
    form = ShownForm(
        {
            "password": Shown(
                label=gettext("Password for the bundle"),
                help_text=gettext(
                    "At least %(least)s characters; it encrypts the zip (AES-256). Windows Explorer cannot open such a zip: "
                    "bring a program that can, such as 7-Zip, to the machine. Without a password the bundle holds passwords "
                    "that everybody can read who has the file."
                )
                % {"least": SHORTEST_PASSWORD},
                required=False,
                widget=forms.PasswordInput({"autocomplete": "new-password"}),
            )
        },
        {},
        problems,
    )
    form.prefix = "bundle"
    return form


def _secret_form(state: SecretState, problems: tuple[FieldError, ...]) -> ShownForm:
    text, password = {"autocomplete": "off", "spellcheck": "false"}, {"autocomplete": "new-password"}
    fields: dict[str, Shown]
    match state.kind:
        case "vault_credentials":
            fields = {
                "file": Shown(
                    label=gettext("Vault credentials file"),
                    help_text=gettext(
                        "From the portal, under any name. It is read at once: its vault, and its end five days after it was made."
                    ),
                    widget=forms.FileInput({"accept": ".VaultCredentials,.xml,text/xml"}),
                )
            }
        case "passphrase":
            fields = {
                "passphrase": Shown(
                    label=gettext("Passphrase of the configuration server"),
                    help_text=gettext("There “genpassphrase.exe -v” shows it. Kept encrypted."),
                    widget=forms.PasswordInput(password),
                )
            }
        case _:
            fields = {
                "username": Shown(
                    label=gettext("User name at the proxy"),
                    help_text=gettext("Only where the proxy asks who connects."),
                    widget=forms.TextInput(text),
                ),
                "password": Shown(
                    label=gettext("Password at the proxy"),
                    help_text=gettext("Kept encrypted."),
                    widget=forms.PasswordInput(password),
                ),
            }
    form = ShownForm(fields, {"username": state.label}, problems)
    form.prefix = state.kind
    return form


def _typed(request: SignedInRequest, form: str, name: str) -> str:
    """What was typed; the forms of this page are told apart by what their fields begin with."""
    return request.POST.get(f"{form}-{name}", "")
