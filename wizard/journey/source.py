"""Step 2: what is to be protected, and how the configuration server comes into being."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from wizard.journey.errors import FieldProblem
from wizard.journey.fields import StepAnswers, ask
from wizard.journey.lists import split_text, without_repeats
from wizard.planning.method import why_no_template
from wizard.planning.quoting import refusal
from wizard.planning.vocabulary import MachineKind, Method
from wizard.text import _

_METHODS: dict[str, tuple[Method, ...]] = {"asr-classic": ("ova",), "asr-modernized": ()}


def methods_available(profile: str) -> tuple[Method, ...]:
    """The methods that can be carried out for a profile today. Raises KeyError for an unknown profile."""
    return _METHODS[profile]


def _available(method: str) -> str:
    if not any(method in methods for methods in _METHODS.values()):
        raise refusal(_("Manual installation arrives later. For now choose the OVA template."))
    return method


class SourceAnswers(StepAnswers):
    """Which machines are protected, and by which method the configuration server is installed."""

    protects: Annotated[
        list[MachineKind],
        Field(min_length=1),
        BeforeValidator(split_text),
        AfterValidator(without_repeats),
        ask(
            _("Machines to protect"),
            _("One configuration server can serve both kinds."),
            widget="checkboxes",
            choices={"vmware": _("VMware virtual machines"), "physical": _("Physical servers")},
            hints={"physical": _("After a failover they can return only as VMware virtual machines.")},
        ),
    ]
    method: Annotated[
        Method,
        AfterValidator(_available),
        ask(
            _("Installation method"),
            _("How the configuration server is installed."),
            widget="radios",
            choices={
                "ova": _("OVA template"),
                "manual": _("Manual installation with Unified Setup"),
            },
            hints={
                "ova": _("A virtual machine is made from Microsoft's template, in your vCenter."),
                "manual": _("Unified Setup runs on a Windows Server that you provide. Arrives later."),
            },
        ),
    ]

    @model_validator(mode="after")
    def _template_must_serve(self) -> Self:
        reason = why_no_template(frozenset(self.protects)) if self.method == "ova" else None
        if reason is not None:
            raise FieldProblem("method", reason, code="DD05")
        return self
