"""Step 3: how much is to be replicated."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from wizard.journey.errors import FieldProblem
from wizard.journey.fields import StepAnswers, ask
from wizard.planning.quoting import amount
from wizard.planning.sizing import SizingInput
from wizard.planning.vocabulary import ProfileId
from wizard.text import Text, _


class _Load(StepAnswers):
    """The numbers from which the sizing follows, whatever is installed."""

    machines: Annotated[
        int,
        Field(ge=1, le=10_000),
        ask(
            _("Number of machines"),
            _("All machines that this site will replicate, including growth you already know of."),
            widget="number",
            width=6,
            autocomplete="off",
        ),
    ]
    daily_change_gb: Annotated[
        float,
        Field(gt=0, le=1_000_000, allow_inf_nan=False),
        ask(
            _("Data changed per day"),
            _(
                "Over all machines. The Deployment Planner measures it; backup increments are a good "
                "estimate."
            ),
            widget="number",
            suffix=_("GB"),
            width=8,
            autocomplete="off",
        ),
    ]
    largest_machine_change_gb: Annotated[
        float | None,
        Field(gt=0, le=1_000_000, allow_inf_nan=False),
        ask(
            _("Data changed per day on the busiest machine"),
            _("If you know it: one machine above 2 TB a day cannot be replicated."),
            widget="number",
            suffix=_("GB"),
            width=8,
            autocomplete="off",
        ),
    ] = None
    failback: Annotated[
        bool,
        ask(
            _("Failback to this site"),
            _("Machines are to return after a failover."),
            widget="confirm",
        ),
    ] = False

    @model_validator(mode="after")
    def _busiest_is_part_of_all(self) -> Self:
        busiest = self.largest_machine_change_gb
        if busiest is not None and busiest > self.daily_change_gb:
            raise FieldProblem(
                "largest_machine_change_gb",
                Text(
                    _(
                        "One machine changes %(found)s GB a day, yet all machines together %(all)s GB. "
                        "Correct one of the two numbers."
                    ),
                    found=amount(busiest),
                    all=amount(self.daily_change_gb),
                ),
            )
        return self

    def sizing_input(self, profile: ProfileId) -> SizingInput:
        """The same numbers as `wizard.planning.sizing.advise` takes them."""
        return SizingInput(
            profile=profile,
            machines=self.machines,
            daily_change_gb=self.daily_change_gb,
            failback=self.failback,
            largest_machine_change_gb=self.largest_machine_change_gb,
        )


class CapacityAnswers(_Load):
    """Classic: the numbers from which the sizing follows, and what comes back to this site."""

    failback: Annotated[
        bool,
        ask(
            _("Failback to this site"),
            _(
                "Machines are to return after a failover. This needs a retention disk and a VPN or "
                "ExpressRoute."
            ),
            widget="confirm",
        ),
    ] = False
    linux_failback: Annotated[
        bool,
        ask(
            _("Linux machines return too"),
            _("They need a master target on Linux, which is a virtual machine of its own."),
            widget="confirm",
        ),
    ] = False

    @model_validator(mode="after")
    def _linux_returns_only_with_failback(self) -> Self:
        if self.linux_failback and not self.failback:
            raise FieldProblem(
                "linux_failback",
                Text(
                    _(
                        "Linux machines are marked to return, but failback to this site is not chosen. Choose "
                        "both, or neither."
                    )
                ),
                code="contradiction",
            )
        return self


class ApplianceCapacityAnswers(_Load):
    """Modernized: the appliance brings machines back itself, so that no master target is asked for."""

    failback: Annotated[
        bool,
        ask(
            _("Failback to this site"),
            _(
                "VMware virtual machines are to return after a failover. The replication appliance does it; no "
                "VPN or ExpressRoute is needed."
            ),
            widget="confirm",
        ),
    ] = False
