"""Why a refresh failed, kept with the vCenter until one goes well: the page shows it to whoever looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from wizard.models import Deployment, VCenter
from wizard.services.discovery.claim import Claim, ClaimLost
from wizard.services.errors import UserError
from wizard.services.tasks.progress import Cancelled, LostClaim
from wizard.text import Text, _
from wizard.vsphere.errors import Stopped, VSphereError


@contextmanager
def remembered(claim: Claim, *, next_at: datetime | None) -> Iterator[None]:
    """What goes wrong inside is kept, and raised; so does the claim end. Work that was stopped did not fail."""
    try:
        yield
    except ClaimLost:
        # What is kept by now is for the other one to say.
        raise
    except (Cancelled, LostClaim, Stopped):
        _give_up(claim)
        raise
    except VSphereError as error:
        _keep(claim, next_at, error.code, error.text, error.remedy, address=error.address, step=error.step)
        raise
    except UserError as error:
        _keep(claim, next_at, error.code, error.text, error.remedy)
        raise
    except Exception:
        text = Text(_("Something unexpected went wrong while the machines were read."))
        remedy = Text(_("Look for this time in the log of the worker; then refresh once more."))
        _keep(claim, next_at, "internal", text, remedy)
        raise
    except BaseException:
        _give_up(claim)
        raise


@contextmanager
def unnamed(vcenter: VCenter, *, joining: Deployment | None) -> Iterator[None]:
    """What goes wrong inside does not name the account, where others than its team read of it. To be kept so: within `remembered`."""
    try:
        yield
    except UserError as error:
        credential = vcenter.credential
        readers: set[UUID | None] = set(vcenter.deployments.values_list("team", flat=True))
        if joining is not None:
            readers.add(joining.team_id)
        if credential.team_id is not None and readers - {credential.team_id}:
            names = {credential.name, credential.username}
            error.text, error.remedy = _without(names, error.text), _without(names, error.remedy)
        raise


def _without(names: set[str], text: Text) -> Text:
    instead = Text(_("the account for vCenter"))
    # A value may be a list, which no set can be asked about.
    return text.with_values(
        **{
            key: instead if isinstance(value, str) and value in names else value
            for key, value in text.values.items()
        }
    )


def _give_up(claim: Claim) -> None:
    with suppress(ClaimLost):
        claim.end()


def _keep(
    claim: Claim,
    next_at: datetime | None,
    code: str,
    text: Text,
    remedy: Text,
    *,
    address: str = "",
    step: str = "",
) -> None:
    with suppress(ClaimLost):
        claim.end(
            refresh_failed_at=timezone.now(),
            refresh_failure=text,
            refresh_remedy=remedy,
            refresh_failure_details={"code": code, "address": address, "step": step},
            next_refresh_at=next_at,
        )
