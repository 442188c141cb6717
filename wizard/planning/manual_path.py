"""The manual path as a guided list: what a person does at the machine and in the portal, and what proves it done.

Each step is written once for each case it differs in; the circumstances of a deployment choose among them.
"""

from __future__ import annotations

from wizard.planning import manual_steps_appliance, manual_steps_classic
from wizard.planning.manual_step import ManualStep
from wizard.text import Text, _


def manual_path(circumstances: frozenset[str]) -> tuple[ManualStep, ...]:
    """The steps for what is being installed, in order (asr-facts 2.5 and 11.3).

    A process server run has neither P6, P7 nor P10; PS1 asks for address and passphrase instead. An appliance has
    steps of its own, A01 and following. Raises ValueError where none of `cs`, `ps_scaleout`, `appliance` is said.
    """
    if "appliance" in circumstances:
        steps = manual_steps_appliance.STEPS
    elif circumstances & {"cs", "ps_scaleout"}:
        steps = manual_steps_classic.STEPS
    else:
        raise ValueError(
            Text(_("It is not said yet what is to be installed: answer the step about the source first."))
        )
    return tuple(step for step in steps if step.applies(circumstances))
