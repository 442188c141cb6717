"""What the steps share that lead to a far end: the certificate that somebody trusts, the account that somebody enters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from wizard.journey.vcenter import VCenterAddress
from wizard.models import Credential, Deployment
from wizard.services import credentials, deployments, tasks
from wizard.services.errors import Conflict
from wizard.text import Text, _
from wizard.web import stepping
from wizard.web.account_form import NEW_ACCOUNT, chosen_name
from wizard.web.guard import SignedInRequest

# What was typed, to be shown again, and what is tried with it.
Attempt = tuple[dict[str, Any], Callable[[], object]]


def trust(
    request: SignedInRequest,
    deployment: Deployment,
    step: str,
    values: Mapping[str, Any],
    presented: str | None,
    *,
    another: Text,
) -> None:
    """Pin the certificate that the person saw, in the answers of `step`.

    Raises Conflict `certificate_changed`, which says `another`, where the far end has presented another one since.
    """
    if not presented or request.POST.get("sha256") != presented:
        raise Conflict(
            another, remedy=Text(_("Compare the certificate that is shown now.")), code="certificate_changed"
        )
    deployments.keep_draft(
        deployment,
        step,
        {**values, "thumbprint_sha256": presented},
        actor=request.user,
        version=stepping.version_in(request),
    )


def sign_in(
    request: SignedInRequest,
    deployment: Deployment,
    step: str,
    *,
    kind: Credential.Kind,
    own: str,
    task: str,
) -> Attempt:
    """Keep the account that was chosen or entered, `own` being the name of this deployment's, and try it with that task."""
    username = request.POST.get("username", "")
    chosen = request.POST.get("account", NEW_ACCOUNT)

    def attempt() -> None:
        values, _version = deployments.form_of(deployment, step)
        name = chosen_name(deployment, kind, own, chosen)
        deployments.keep_draft(
            deployment,
            step,
            values | {"credential": name},
            actor=request.user,
            version=stepping.version_in(request),
        )
        if chosen == NEW_ACCOUNT:
            credentials.keep(
                name=name,
                kind=kind,
                username=username,
                secret=request.POST.get("password", ""),
                actor=request.user,
                deployment=deployment,
                address=_address(kind, values),
            )
        tasks.launch(task, deployment=deployment, actor=request.user)

    return {"account": chosen, "username": username}, attempt


def _address(kind: Credential.Kind, values: Mapping[str, Any]) -> str:
    if kind != Credential.Kind.VCENTER:
        return ""
    try:
        given = VCenterAddress.model_validate(
            {name: values[name] for name in ("host", "port") if name in values}
        )
    except ValidationError:
        # As long as there is no address that could be used, the first use binds it.
        return ""
    return credentials.address_of(given.host, given.port)
