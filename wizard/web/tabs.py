"""The pages of one deployment, as tabs."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from wizard.models import Deployment, DeploymentState
from wizard.services import deployment_progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    label: str
    url: str
    current: bool
    count: int | None = None


def tabs_of(deployment: Deployment, current: str) -> list[Tab]:
    """Those pages that have something to show in the deployment's state."""
    # How far it came: that of a deployment out of service as before.
    state = deployment_progress.reached(deployment)
    registered = list(DeploymentState).index(state) >= list(DeploymentState).index(DeploymentState.REGISTERED)
    known = [
        ("steps", gettext("Steps"), "deployment", True),
        ("checks", gettext("Checks"), "checks", True),
        ("task_sheets", gettext("Task sheets"), "task_sheets", True),
        ("firewall", gettext("Firewall"), "firewall", True),
        ("calendar", gettext("Calendar"), "calendar", True),
        ("topology", gettext("Topology"), "topology", registered),
        ("observations", gettext("Vault"), "observations", True),
        ("components", gettext("Components"), "components", registered),
        # Physical servers may be entered at any time.
        ("machines", gettext("Machines"), "deployment_machines", True),
        ("tasks", gettext("Tasks"), "deployment_tasks", True),
        ("snapshots", gettext("Snapshots"), "snapshots", state == DeploymentState.RECORDED),
        ("hand_over", gettext("Hand-over"), "hand_over", True),
        ("history", gettext("History"), "history", True),
    ]
    return [
        Tab(label=label, url=reverse(name, args=[deployment.pk]), current=key == current)
        for key, label, name, shown in known
        if shown
    ]
