"""Step 4: the vCenter Server, the certificate that the operator confirmed, the account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from wizard.journey.errors import FieldProblem
from wizard.journey.fields import StepAnswers, ask
from wizard.planning.addressing import server_name
from wizard.planning.digests import thumbprint
from wizard.planning.quoting import shown
from wizard.text import Text, _

_HTTPS_PORT = 443
_PASTED = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?(?P<host>[^/:?#]*)(?::(?P<port>[0-9]+))?(?:[/?#].*)?",
    re.ASCII,
)


class VCenterAddress(StepAnswers):
    """Where vCenter is: all that the probe needs. A pasted URL like https://host:port/sdk is taken apart."""

    host: Annotated[
        str,
        AfterValidator(server_name),
        ask(
            _("Address"),
            _("DNS name or IPv4 address of vCenter Server or of a standalone ESXi host."),
            autocomplete="off",
            width=40,
        ),
    ]
    port: Annotated[
        int,
        Field(ge=1, le=65535),
        ask(
            _("Port"),
            _("443 unless it was changed when vCenter Server was installed."),
            widget="number",
            autocomplete="off",
            width=5,
        ),
    ] = _HTTPS_PORT

    @model_validator(mode="before")
    @classmethod
    def _take_url_apart(cls, answers: Any) -> Any:
        if not isinstance(answers, Mapping) or not isinstance(answers.get("host"), str):
            return answers
        return {**answers, **_host_and_port(answers["host"].strip(), answers.get("port"))}


class VCenterAnswers(VCenterAddress):
    """The complete step: address, pinned certificate, stored credential."""

    thumbprint_sha256: Annotated[
        str,
        AfterValidator(thumbprint),
        ask(
            _("Certificate thumbprint (SHA-256)"),
            _("The certificate that you confirmed. A different one is refused from then on."),
            autocomplete="off",
            width=96,
        ),
    ]
    credential: Annotated[
        str | None,
        Field(max_length=100),
        ask(
            _("Account"),
            _("The name of a stored credential. The password itself is never part of the answers."),
            widget="select",
        ),
    ] = None


def _host_and_port(typed: str, port: Any) -> dict[str, Any]:
    if "@" in typed:
        raise FieldProblem(
            "host",
            Text(
                _("The address contains a user name. Give the address alone; the account is asked for later.")
            ),
        )
    found = _PASTED.fullmatch(typed)
    if found is None or not found["host"]:
        return {"host": typed}
    if (found["scheme"] or "https").lower() != "https":
        raise FieldProblem(
            "host",
            Text(
                _(
                    "“%(found)s” does not begin with https://. vCenter's interface is reached over "
                    "HTTPS only."
                ),
                found=shown(typed),
            ),
        )
    if found["port"] is None:
        return {"host": found["host"]}
    # A form sends its preset port along with a pasted URL; only another number is a contradiction.
    if port is not None and str(port).strip() not in ("", str(_HTTPS_PORT), found["port"]):
        raise FieldProblem(
            "port",
            Text(
                _("The port is %(found)s here and %(other)s in the address. Give it once."),
                found=shown(port),
                other=found["port"],
            ),
        )
    return {"host": found["host"], "port": found["port"]}
