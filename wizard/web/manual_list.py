"""The steps of the manual path as the install page shows them: what to type, what proves a step, who confirmed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.models import Deployment
from wizard.services import manual_steps
from wizard.services.answers import answers_in_play
from wizard.services.manual_steps import MAX_NOTE_CHARACTERS, ProofState, StepState
from wizard.text import _
from wizard.web.forms import Shown, ShownForm, label_of, options_of
from wizard.web.problems import Problem

# The answers that a person types at each step: step of the journey and field.
_VALUES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "P1": (("vault", "vault"), ("vault", "resource_group"), ("vault", "subscription")),
    "P7": (("vault", "vault"),),
    "PS1": (("installation", "cs_address"),),
    "P8": (("network", "proxy"),),
    "P12": (("installation", "install_drive"),),
    "P13": (
        ("network", "address"),
        ("installation", "data_adapter_address"),
        ("network", "data_port"),
    ),
    "P15": (("vcenter", "host"), ("vcenter", "port")),
    "A01": (("vault", "vault"), ("vault", "resource_group"), ("vault", "subscription")),
    "A04": (("network", "proxy"),),
    "A07": (
        ("appliance", "connectivity"),
        ("network", "host_name"),
        ("network", "dns_suffix"),
        ("network", "address"),
        ("network", "data_port"),
    ),
    "A08": (("appliance", "friendly_name"),),
    "A10": (("vault", "vault"), ("vault", "resource_group"), ("vault", "subscription")),
    "A11": (("vcenter", "host"), ("vcenter", "port")),
}
_FACTS: Final = {
    "os.elevated": _("PowerShell runs elevated"),
    "os.is_administrator": _("The account is a local administrator"),
    "site_recovery.products": _("Products of Site Recovery are installed"),
    "site_recovery.passphrase_file": _("The passphrase file is there"),
    "site_recovery.registered_vault": _("The machine is registered with the vault"),
    "services.states": _("The services of Site Recovery run"),
    "proxy.site_recovery": _("The proxy of Site Recovery is the planned one"),
    "reach.endpoints": _("Azure is reached from the machine"),
    "time.ntp": _("The clock is right"),
    "time.zone": _("A time zone is set"),
    "hardware.volumes": _("The drive is there"),
    "network.adapters": _("The address is static"),
    "network.listeners": _("The data port listens"),
}
_TAGS: Final = {
    "proven": ("pass", _("Proven")),
    "confirmed": ("pass", _("Confirmed")),
    "contradicted": ("fail", _("The machine shows otherwise")),
    "open": ("unknown", _("Still open")),
}
_SAYS: Final = {
    "yes": ("pass", _("Seen")),
    "no": ("fail", _("Not so")),
    "unknown": ("unknown", _("Not known yet")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One answer to type, with the id by which it is copied."""

    id: str
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    """What the machine shows of a step; `url` leads to the requirement that judges it."""

    label: str
    url: str
    tag: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One step."""

    known: StepState
    tag: str
    word: str
    values: list[Value]
    proofs: list[ProofLine]
    form: ShownForm


def lines(
    deployment: Deployment, *, wrong: str = "", typed: str = "", problem: Problem | None = None
) -> list[Line]:
    """Every step that applies; `wrong` is the one whose note `typed` was refused with `problem`."""
    answers = answers_in_play(deployment)
    return [
        Line(
            known=known,
            tag=_TAGS[known.state][0],
            word=gettext(_TAGS[known.state][1]),
            values=_values(deployment.profile, known.step.id, answers),
            proofs=[
                _proof_line(deployment.profile, state)
                for state in known.proofs
                if state.proof.kind != "attestation"
            ],
            form=_form(known, typed, problem) if known.step.id == wrong else _form(known, known.note, None),
        )
        for known in manual_steps.overview(deployment)
    ]


def _values(profile: str, step_id: str, answers: Mapping[str, Mapping[str, Any]]) -> list[Value]:
    found = []
    for asked, name in _VALUES.get(step_id, ()):
        value = answers.get(asked, {}).get(name)
        model = journey.step(profile, asked).answers if asked in answers else None
        if model is None or value in (None, ""):
            continue
        words = {option.value: str(option.label) for option in options_of(model, name)}
        found.append(
            Value(
                id=f"value-{step_id}-{name}",
                label=label_of(model, name),
                value=words.get(str(value), str(value)),
            )
        )
    return found


def _proof_line(profile: str, state: ProofState) -> ProofLine:
    tag, word = _SAYS[state.says]
    if state.proof.kind == "requirement":
        label, url = state.proof.key, reverse("requirement", args=[profile, state.proof.key])
    else:
        label, url = gettext(_FACTS.get(state.proof.key, state.proof.key)), ""
    return ProofLine(label=label, url=url, tag=tag, word=gettext(word))


def _form(known: StepState, typed: str, problem: Problem | None) -> ShownForm:
    form = ShownForm(
        {
            "note": Shown(
                label=gettext("Note"),
                help_text=str(known.step.confirm),
                required=False,
                widget=forms.Textarea({"rows": 2, "maxlength": MAX_NOTE_CHARACTERS}),
            )
        },
        {"note": typed},
        problem.fields if problem else (),
    )
    form.prefix = f"step-{known.step.id}"
    return form
