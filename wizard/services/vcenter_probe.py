"""A look at a vSphere server before anything is answered: its certificate and its version, while the caller waits.

Work that blocks is a task as a rule, and a task belongs to a deployment, which is not there yet. So this look is bounded
instead: few at a time, each within seconds, and nobody signs in.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from pydantic import ValidationError

from wizard.journey.errors import FieldError, explain
from wizard.journey.vcenter import VCenterAddress
from wizard.models import Operator
from wizard.services import audit, targets
from wizard.services.errors import Invalid, UserError
from wizard.services.permissions import require
from wizard.services.vcenter_access import address_book
from wizard.text import Text, _
from wizard.vsphere import probe
from wizard.wire.destinations import DestinationRefused

LIMIT_SECONDS: Final = 10.0
# Each holds a thread of the web server.
MOST_AT_ONCE: Final = 3
RETRY_SECONDS: Final = 5
_CODES: Final = {"dns": "unreachable", "tcp": "unreachable", "tls": "tls_failed", "soap": "not_vsphere"}
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


class FarEndFailed(UserError):
    """The other side did not answer, or not as what it should be: `unreachable`, `tls_failed`, `not_vsphere`."""


class TooManyProbes(UserError):
    code = "too_many_probes"


def look(host: str, port: int, *, actor: Operator) -> dict[str, Any]:
    """Shape: that of `wizard.vsphere.probe.ProbeReport.to_json`, all layers passed. For those who may operate.

    Raises Invalid for what is no address, or none that this server connects to; FarEndFailed; TooManyProbes.
    """
    require(actor, "vcenter.probe")
    try:
        address = VCenterAddress.model_validate({"host": host, "port": port})
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    targets.require_none(targets.vcenter_refusals(address.model_dump()))
    if not _places.acquire(blocking=False):
        raise TooManyProbes(Text(_("Others are looking at vCenters right now; ask again in a moment.")))
    try:
        audit.record(
            "vcenter.probed",
            subject=actor,
            actor=actor,
            sentence=Text(
                _("%(who)s looked at %(address)s."),
                who=actor.username,
                address=f"{address.host}:{address.port}",
            ),
        )
        report = probe.probe(address.host, address.port, book=address_book(), timeout_s=LIMIT_SECONDS)
    finally:
        _places.release()
    for layer in report.layers:
        if layer.status == "fail":
            raise _failure(layer.name, layer.code, layer.detail, layer.remedy)
    return report.to_json()


def _failure(layer: str, code: str, detail: Text, remedy: Text) -> UserError:
    if code == DestinationRefused.code:
        return Invalid([FieldError(path="host", message=detail, code=code)])
    return FarEndFailed(detail, remedy=remedy, code=_CODES[layer])
