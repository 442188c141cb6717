"""The part of an answer file that needs a target machine: its facts, and what is installed on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.models import Deployment, DeploymentState
from wizard.services import evidence, host_facts
from wizard.services.answers import answers_in_play, primary_component
from wizard.services.errands import Errand, TaskFailed, WaitsForPerson
from wizard.services.errors import NotReady
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _


def how_facts_come(given: Mapping[str, Any]) -> Text:
    """What a plan says about these answers of the evidence step."""
    if given.get("way") == "winrm":
        return KINDS["collect_facts"].title
    return Text(_("Wait until somebody has collected the facts of the machine and uploaded them."))


def how_it_is_installed(given: Mapping[str, Any]) -> Text:
    if given.get("way") == "winrm":
        return KINDS["prepare_host"].title
    return Text(_("Wait until somebody has installed the machine, then verify it."))


def hear_from_machine(deployment: Deployment, errand: Errand) -> None:
    """See to it that there are facts of the machine, not older than a day: over WinRM by asking, else by waiting.

    Raises TaskFailed, WaitsForPerson.
    """
    known = evidence.of_the_machine(deployment)
    by_winrm = answers_in_play(deployment)["evidence"]["way"] == "winrm"
    if known is not None and not (host_facts.is_old(known) and by_winrm):
        return
    if by_winrm:
        errand.run("collect_facts", deployment)
        return
    machine = answers_in_play(deployment).get("network", {}).get("host_name", "")
    raise WaitsForPerson(
        Text(_("The facts of %(machine)s are not here yet; they come by hand."), machine=machine),
        remedy=Text(
            _(
                "Run “manage.py facts script %(name)s” and run that script on %(machine)s. Bring its result here with “manage.py "
                "facts upload %(name)s FILE”; then run this again."
            ),
            name=deployment.name,
            machine=machine,
        ),
    )


def install(deployment: Deployment, errand: Errand) -> None:
    """Install the machine of a checked deployment, or prove that somebody has; afterwards it is deployed.

    Raises TaskFailed, WaitsForPerson, and NotReady with what the installation lacks.
    """
    if answers_in_play(deployment)["evidence"]["way"] == "winrm":
        # What was begun before may have got to its end on the machine, and must not be begun again.
        if deployment.tasks.filter(kind="prepare_host").exists():
            errand.run("verify_installation", deployment)
        if deployment.state == DeploymentState.CHECKED:
            _refuse_unproven(deployment, errand.run("prepare_host", deployment).result)
        return
    try:
        task = errand.run("verify_installation", deployment)
    except NotReady as error:
        machine = answers_in_play(deployment)["network"]["host_name"]
        raise WaitsForPerson(
            Text(
                _("Nothing blocks the installation of %(machine)s, which is done by hand."), machine=machine
            ),
            remedy=Text(
                _(
                    "Take the installation bundle with “manage.py bundle %(name)s FILE” and run it on %(machine)s. Collect the "
                    "facts anew after that: “manage.py facts script %(name)s”, “manage.py facts upload %(name)s FILE”; then run "
                    "this again."
                ),
                name=deployment.name,
                machine=machine,
            ),
        ) from error
    _refuse_unproven(deployment, task.result)


def _refuse_unproven(deployment: Deployment, result: dict[str, Any] | None) -> None:
    if deployment.state != DeploymentState.CHECKED:
        return
    raise TaskFailed(
        Text(
            _("The installation on %(component)s is not proven: %(ids)s."),
            component=primary_component(deployment),
            ids=(result or {}).get("blocking", []),
        ),
        remedy=Text(_("See what these requirements ask for, mend it on the machine; then run this again.")),
        code="not_proven",
    )
