"""Whose certificate somebody confirms before a password goes there: that of vCenter, that of the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from wizard.models import Deployment, Task
from wizard.planning.digests import thumbprint
from wizard.services.errands import Errand
from wizard.services.errors import Conflict
from wizard.text import Text, _

# By step: the task that looks, the answers that say where, and how its result names the fingerprint.
_LOOKS: Final[Mapping[str, tuple[str, tuple[str, ...], Callable[[Task], str | None]]]] = {
    "vcenter": (
        "probe_vcenter",
        ("host", "port"),
        lambda task: (task.result or {})["certificate"]["sha256"],
    ),
    "evidence": (
        "probe_host",
        ("host", "port", "transport"),
        lambda task: (task.result or {}).get("fingerprint_sha256"),
    ),
}


def needs_confirmation(step_id: str, wanted: Mapping[str, Any]) -> bool:
    """Whether these answers of a step leave out a certificate that is pinned there."""
    if step_id not in _LOOKS or wanted.get("thumbprint_sha256"):
        return False
    return step_id == "vcenter" or (wanted.get("way") == "winrm" and wanted.get("transport") != "http")


def confirmed(
    deployment: Deployment, step_id: str, wanted: Mapping[str, Any], errand: Errand, *, alone: bool
) -> str:
    """The fingerprint that somebody confirmed. Where there is one, and `alone` one end that it can be of, nobody has to look.

    Raises Conflict `certificate_not_confirmed` with what the far end presents, Invalid for a fingerprint that is none, TaskFailed.
    """
    if alone and len(errand.trust) == 1:
        return errand.trust[0]
    kind, names, fingerprint_of = _LOOKS[step_id]
    task = errand.run(kind, deployment, {name: wanted.get(name) for name in names})
    presented = fingerprint_of(task)
    if presented is not None and presented in {_canonical(given) for given in errand.trust}:
        return presented
    raise Conflict(
        Text(
            _(
                "%(host)s presents a certificate with the SHA-256 fingerprint %(sha256)s, which nobody has confirmed."
            ),
            host=wanted.get("host"),
            sha256=presented,
        ),
        remedy=Text(
            _("Compare it with the certificate of your vCenter; then run again with --trust %(sha256)s.")
            if step_id == "vcenter"
            else _("Compare it with the certificate of the machine; then run again with --trust %(sha256)s."),
            sha256=presented,
        ),
        code="certificate_not_confirmed",
    )


def _canonical(given: str) -> str:
    try:
        return thumbprint(given)
    except ValueError:
        return given
