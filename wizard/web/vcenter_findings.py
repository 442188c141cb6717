"""What is known about the vCenter whose address is in the form, as the vCenter step shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext

from wizard.models import Credential, Deployment, Task, TaskState
from wizard.services import credentials, evidence, privileges
from wizard.text import Text, _

_LEVELS: Final = {
    "discovery": _("Find machines and replicate; failback needs more."),
    "full": _("Replicate, fail over and fail back."),
    "appliance": _("Make snapshots and go back to them."),
    "ova": _("Import the OVA template into the inventory."),
}
_LAYERS: Final = {
    "dns": _("Name (DNS)"),
    "tcp": _("Connection (TCP)"),
    "tls": _("Encryption (TLS)"),
    "soap": _("vSphere API"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that is known about the vCenter whose address is in the form."""

    probe: Task | None  # the newest look at this very address, however it ended
    report: dict[str, Any] | None  # the newest that got through all layers
    sign_in: Task | None  # the newest attempt with these very answers
    proof: Task | None  # the sign-in that makes the step complete
    pinned: str
    credential: Credential | None

    @property
    def presented(self) -> str:
        return self.report["certificate"]["sha256"] if self.report else ""

    @property
    def changed(self) -> bool:
        return bool(self.pinned and self.presented and self.pinned != self.presented)

    @property
    def trusted(self) -> bool:
        return bool(self.pinned) and not self.changed


def find_out(deployment: Deployment, values: dict[str, Any]) -> Findings:
    address = {name: values.get(name) for name in ("host", "port")}
    answers = {name: values.get(name) for name in evidence.VCENTER_INPUTS}
    # Before what it leads to: a task that ends meanwhile is followed once more, rather than its outcome missed.
    probe = evidence.newest(deployment, "probe_vcenter")
    looked = evidence.latest(deployment, "probe_vcenter", address)
    return Findings(
        probe=_about(probe, address),
        report=looked.result if looked else None,
        sign_in=_about(evidence.newest(deployment, "sign_in_vcenter"), answers),
        proof=evidence.signed_in(deployment, answers),
        pinned=values.get("thumbprint_sha256") or "",
        credential=credentials.of_kind(Credential.Kind.VCENTER, deployment)
        .filter(name=values.get("credential") or "")
        .first(),
    )


def _about(task: Task | None, inputs: dict[str, Any]) -> Task | None:
    same = task is not None and all(task.inputs.get(name) == value for name, value in inputs.items())
    return task if same else None


def layers(found: Findings) -> list[dict[str, Any]]:
    """What each layer of the connection showed: from the report, or from the log of a probe that did not get through."""
    if found.probe is None:
        return []
    if found.probe.state == TaskState.SUCCEEDED and found.report:
        return [
            {
                "title": gettext(_LAYERS[layer["name"]]),
                "status": layer["status"],
                "detail": Text.from_json(layer["detail"]),
                "remedy": Text.from_json(layer["remedy"]),
                "seconds": layer["seconds"],
            }
            for layer in found.report["layers"]
        ]
    shown: list[dict[str, Any]] = []
    failed = False
    for event in found.probe.events.all():
        if event.data.get("layer") not in _LAYERS:
            continue
        # The log knows good and bad only; what comes after the bad one was never looked at.
        status = "skipped" if failed else "fail" if event.level == "warning" else "pass"
        failed = failed or status == "fail"
        shown.append(
            {
                "title": gettext(_LAYERS[event.data["layer"]]),
                "status": status,
                "detail": event.message,
                "remedy": Text(""),
                "seconds": None,
            }
        )
    return shown


def certificate(report: dict[str, Any] | None) -> dict[str, Any] | None:
    if report is None or not report["certificate"]:
        return None
    shown: dict[str, Any] = dict(report["certificate"])
    for name in ("not_before", "not_after"):
        shown[name] = datetime.fromisoformat(shown[name])
    return shown


def expired(report: dict[str, Any] | None) -> bool:
    shown = certificate(report)
    return shown is not None and shown["not_after"] < timezone.now()


def clock(proof: Task | None) -> str:
    """How far the clock of vCenter is from this server's, in words."""
    if proof is None or not proof.result:
        return ""
    offset = float(proof.result["clock_offset_s"])
    if abs(offset) < 1:
        return gettext("Less than a second away from this server's")
    words = (
        gettext("%(seconds)s s ahead of this server's")
        if offset > 0
        else gettext("%(seconds)s s behind this server's")
    )
    return words % {"seconds": f"{abs(offset):.0f}"}


def levels(proof: Task | None) -> list[dict[str, Any]]:
    """Each level of rights that matters to this deployment, with the privileges that are missing."""
    if proof is None or not proof.result:
        return []
    gaps = proof.result["privileges"]
    return [
        {
            "id": level,
            "title": str(privileges.LEVEL_TITLES[level]),
            "about": gettext(_LEVELS[level]),
            "missing": gaps.get(level, []),
        }
        for level in privileges.levels_of(proof.deployment)
    ]
