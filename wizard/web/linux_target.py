"""The Linux master target over SSH, on the page of the evidence step: look, confirm the host key, sign in once, collect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.translation import gettext

from wizard.journey.errors import FieldError
from wizard.models import Credential, Deployment, Task
from wizard.services import credentials, evidence, tasks
from wizard.services.errors import Conflict, Invalid
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.web import host_findings, live
from wizard.web.account_form import NEW_ACCOUNT, account_form, chosen_name
from wizard.web.far_end import Attempt
from wizard.web.forms import Shown, ShownForm
from wizard.web.guard import SignedInRequest

COMPONENT: Final = "mt_linux"
# In front of the names of its fields: those of the machine that is set up are on the same page.
PREFIX: Final = "ssh"
_SSH: Final = {"transport": "ssh"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What is known of the machine at the other end; nothing of it is an answer of the step."""

    probe: Task | None  # the newest look over SSH, however it ended
    report: dict[str, Any] | None  # what that look found, if it got through
    collect: Task | None  # the newest collection, however it ended
    before: Task | None  # the newest that brought facts
    credential: Credential | None  # the account of that

    @property
    def presented(self) -> str:
        return (self.report or {}).get("fingerprint_sha256") or ""

    @property
    def confirmed(self) -> str:
        """The host key with which facts were collected from that very address before."""
        return self._of_before("thumbprint_sha256") if self._same_place else ""

    @property
    def changed(self) -> bool:
        return bool(self.confirmed and self.presented and self.confirmed != self.presented)

    @property
    def rejected(self) -> bool:
        return self.credential is not None and self.credential.standing == Credential.Standing.REJECTED

    @property
    def repeatable(self) -> bool:
        """Whether facts can be collected again with nothing entered anew: from where they were, and what is shown is that."""
        known = bool(self.confirmed) and self.presented == self.confirmed
        return self.credential is not None and not self.rejected and known

    @property
    def newest(self) -> Task | None:
        """The last work that was asked for."""
        found = [task for task in (self.probe, self.collect) if task is not None]
        return max(found, key=lambda task: task.queued_at, default=None)

    @property
    def _same_place(self) -> bool:
        looked_at = self.probe.inputs if self.probe else {}
        return all(self._of_before(name) == looked_at.get(name) for name in ("host", "port"))

    def _of_before(self, name: str) -> Any:
        return self.before.inputs.get(name) if self.before else None


def find_out(deployment: Deployment) -> Findings:
    # Before what it leads to, as in host_findings.
    probe = evidence.newest(deployment, "probe_host", _SSH)
    place = {name: probe.inputs[name] for name in ("host", "port", "transport")} if probe else {}
    looked = evidence.latest(deployment, "probe_host", place) if probe else None
    before = evidence.latest(deployment, "collect_facts", {"component": COMPONENT})
    used = before.inputs.get("credential", "") if before else ""
    return Findings(
        probe=probe,
        report=looked.result if looked and probe and looked.pk == probe.pk else None,
        collect=evidence.newest(deployment, "collect_facts", {"component": COMPONENT}),
        before=before,
        credential=credentials.of_kind(Credential.Kind.LINUX, deployment).filter(name=used).first(),
    )


# --- what can be done -------------------------------------------------------------------------------------------------


def probe(request: SignedInRequest, deployment: Deployment) -> Attempt:
    typed = _typed(request, "host", "port")

    def attempt() -> None:
        require(request.user, "task.launch", deployment)
        given = {name: value.strip() for name, value in _own(typed).items() if value.strip()}
        if "host" not in given:
            # What is left out the task would take from the machine that is set up.
            text = Text(_("Enter the name or the address of the machine."))
            raise Invalid([FieldError(path="host", message=text, code="missing")])
        tasks.launch("probe_host", deployment=deployment, actor=request.user, inputs={**given, **_SSH})

    return typed, attempt


def collect(request: SignedInRequest, deployment: Deployment) -> Attempt:
    """Sign in with the account that was chosen or entered, at the machine whose host key was confirmed with it."""
    typed = _typed(request, "account", "username", "confirmed")
    typed[f"{PREFIX}-key"] = request.POST.get("sha256", "")
    chosen = _own(typed).get("account", NEW_ACCOUNT)

    def attempt() -> None:
        require(request.user, "task.launch", deployment)
        found = find_out(deployment)
        if found.probe is None or not found.presented or request.POST.get("sha256") != found.presented:
            raise Conflict(
                Text(_("The machine was looked at again meanwhile, and presented another host key.")),
                remedy=Text(_("Compare the host key that is shown now.")),
                code="certificate_changed",
            )
        if found.presented != found.confirmed and f"{PREFIX}-confirmed" not in request.POST:
            text = Text(_("Compare the host key first: the password goes to whoever has it."))
            raise Invalid([FieldError(path="confirmed", message=text, code="missing")])
        name = chosen_name(deployment, Credential.Kind.LINUX, own_name(deployment), chosen)
        if chosen == NEW_ACCOUNT:
            credentials.keep(
                name=name,
                kind=Credential.Kind.LINUX,
                username=_own(typed).get("username", ""),
                secret=request.POST.get(f"{PREFIX}-password", ""),
                actor=request.user,
                deployment=deployment,
            )
        where = {"host": found.probe.inputs["host"], "port": found.probe.inputs["port"], **_SSH}
        _launch(request, deployment, {**where, "thumbprint_sha256": found.presented, "credential": name})

    return typed, attempt


def again(request: SignedInRequest, deployment: Deployment) -> Attempt:
    return {}, lambda: _launch(request, deployment, {})


def _typed(request: SignedInRequest, *names: str) -> dict[str, Any]:
    """By the names of the fields: under their own they would be taken for those of the machine that is set up."""
    sent = (f"{PREFIX}-{name}" for name in names)
    return {name: request.POST[name] for name in sent if name in request.POST}


def _own(typed: dict[str, Any]) -> dict[str, str]:
    begin = f"{PREFIX}-"
    return {name.removeprefix(begin): value for name, value in typed.items() if name.startswith(begin)}


def _launch(request: SignedInRequest, deployment: Deployment, where: dict[str, Any]) -> None:
    inputs = {"component": COMPONENT, **where}
    tasks.launch("collect_facts", deployment=deployment, actor=request.user, inputs=inputs)


# --- what is shown ----------------------------------------------------------------------------------------------------


def context(
    deployment: Deployment,
    typed: dict[str, Any],
    problems: tuple[FieldError, ...],
    *,
    failed_part: str,
    busy: bool,
) -> dict[str, Any]:
    """The context of `web/steps/_by_ssh.html`. `busy`: the page follows the work on another machine already."""
    found = find_out(deployment)
    newest, own = found.newest, _own(typed)
    active = next((task for task in (found.collect, found.probe) if task and task.active), None)
    probed = found.probe.inputs if found.probe else {}
    values = {"host": probed.get("host", ""), "port": str(probed.get("port", ""))}
    wrong = {part: problems if failed_part == f"ssh_{part}" else () for part in ("probe", "collect")}
    return {
        "found": found,
        "form": _address_form({**values, **own}, wrong["probe"]),
        "account_form": _account_form(deployment, found, own, wrong["collect"]),
        "live": live.follow(active, at="evidence") if active and not busy else None,
        "active": bool(active),
        "layers": host_findings.layers_of(found.probe, found.report),
        "key_type": (found.report or {}).get("key_type") or "",
        "probe_failed": live.failure_of(found.probe),
        "collect_failed": live.failure_of(found.collect) if newest is found.collect else None,
    }


def own_name(deployment: Deployment) -> str:
    """Under which this deployment keeps the account that is entered here."""
    return f"{deployment.name}-linux"


def _address_form(values: dict[str, Any], problems: tuple[FieldError, ...]) -> ShownForm:
    plain = {"autocomplete": "off", "spellcheck": "false"}
    form = ShownForm(
        {
            "host": Shown(
                label=gettext("Address"),
                help_text=gettext("DNS name or IPv4 address of the machine."),
                widget=forms.TextInput(plain),
            ),
            "port": Shown(
                label=gettext("Port"),
                help_text=gettext("22 unless SSH listens elsewhere."),
                required=False,
                widget=forms.TextInput({**plain, "inputmode": "numeric"}),
                width=5,
            ),
        },
        values,
        problems,
    )
    form.prefix = PREFIX
    return form


def _account_form(
    deployment: Deployment, found: Findings, typed: dict[str, Any], problems: tuple[FieldError, ...]
) -> ShownForm:
    form = account_form(
        deployment,
        Credential.Kind.LINUX,
        own_name(deployment),
        found.credential.name if found.credential else None,
        typed=typed,
        problems=problems,
        user_help=gettext("Such as root; only root may read the firmware UUID."),
        password_help=gettext("Kept encrypted, and sent once: a refused password is not tried again."),
    )
    if found.presented != found.confirmed:
        confirm = Shown(
            label=gettext("I have compared the host key with that of the machine"),
            widget=forms.CheckboxInput(),
        )
        form.fields = {"confirmed": confirm, **form.fields}
        # Of this very key alone: another one may have been presented meanwhile.
        form.initial["confirmed"] = "confirmed" in typed and typed.get("key") == found.presented
    form.prefix = PREFIX
    return form
