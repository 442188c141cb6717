"""Step 2: what is to be protected, and how the machine that does it comes into being."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from wizard.journey.errors import FieldProblem
from wizard.journey.fields import StepAnswers, ask
from wizard.journey.lists import split_text, without_repeats
from wizard.planning.method import RULES, why_no_template
from wizard.planning.vocabulary import MachineKind, Method
from wizard.text import Text, _

_Protects = Annotated[
    list[MachineKind],
    Field(min_length=1),
    BeforeValidator(split_text),
    AfterValidator(without_repeats),
]

_KINDS: Final = {"vmware": _("VMware virtual machines"), "physical": _("Physical servers")}
_HOSTS: Final = {"vmware": _("A VMware virtual machine"), "physical": _("A physical server")}
_TEMPLATE_HINT: Final = _("A virtual machine is made from Microsoft's template, in your vCenter.")
_RULE_TEXTS: Final = {rule.id: rule.text for rule in RULES}


class SourceAnswers(StepAnswers):
    """Classic: which machines are protected, which server is installed, and by which method."""

    protects: Annotated[
        _Protects,
        ask(
            _("Machines to protect"),
            _("One configuration server can serve both kinds."),
            widget="checkboxes",
            choices=_KINDS,
            hints={"physical": _("After a failover they can return only as VMware virtual machines.")},
        ),
    ]
    component: Annotated[
        Literal["cs", "ps_scaleout"],
        ask(
            _("Server to install"),
            _("Every site needs a configuration server first; process servers can be added to it later."),
            widget="radios",
            choices={"cs": _("Configuration server"), "ps_scaleout": _("Further process server")},
            hints={
                "cs": _("With a process server and a master target of its own."),
                "ps_scaleout": _("Joins a configuration server that exists. Installed by hand only."),
            },
        ),
    ] = "cs"
    method: Annotated[
        Method,
        ask(
            _("Installation method"),
            _("How the server is installed."),
            widget="radios",
            choices={"ova": _("OVA template"), "manual": _("Manual installation with Unified Setup")},
            hints={
                "ova": _TEMPLATE_HINT,
                "manual": _("Unified Setup runs on a Windows Server that you provide."),
            },
        ),
    ]
    runs_on: Annotated[
        MachineKind,
        ask(
            _("What the server runs on"),
            _("The template always makes a VMware virtual machine."),
            widget="radios",
            choices=_HOSTS,
            hints={"physical": _("Failback then needs a master target as a VMware virtual machine.")},
        ),
    ] = "vmware"

    @model_validator(mode="after")
    def _template_must_serve(self) -> Self:
        if self.method == "ova":
            if self.component == "ps_scaleout":
                raise FieldProblem("method", Text(_RULE_TEXTS["DD12"]), code="DD12")
            reason = why_no_template(frozenset(self.protects))
            if reason is not None:
                raise FieldProblem("method", reason, code="DD05")
            _refuse_physical_host(self.runs_on)
        return self


class ApplianceSourceAnswers(StepAnswers):
    """Modernized: which machines are protected, and by which method the replication appliance is installed."""

    protects: Annotated[
        _Protects,
        ask(
            _("Machines to protect"),
            _("One replication appliance can serve both kinds."),
            widget="checkboxes",
            choices=_KINDS,
            hints={"physical": _("There is no failback for physical servers.")},
        ),
    ]
    method: Annotated[
        Method,
        ask(
            _("Installation method"),
            _("How the replication appliance is installed."),
            widget="radios",
            choices={"ova": _("OVA template"), "manual": _("Manual installation with DRInstaller.ps1")},
            hints={
                "ova": _TEMPLATE_HINT,
                "manual": _(
                    "Microsoft's script runs on a Windows Server that you provide: on a physical server, or "
                    "where templates are not allowed."
                ),
            },
        ),
    ]
    runs_on: Annotated[
        MachineKind,
        ask(
            _("What the replication appliance runs on"),
            _("The template always makes a VMware virtual machine."),
            widget="radios",
            choices=_HOSTS,
        ),
    ] = "vmware"

    @model_validator(mode="after")
    def _template_makes_a_virtual_machine(self) -> Self:
        if self.method == "ova":
            _refuse_physical_host(self.runs_on)
        return self


def _refuse_physical_host(runs_on: MachineKind) -> None:
    if runs_on == "physical":
        raise FieldProblem(
            "runs_on",
            Text(
                _(
                    "The OVA template cannot be put on a physical server. Choose a VMware virtual machine, or "
                    "manual installation."
                )
            ),
            code="contradiction",
        )
