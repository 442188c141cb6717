"""Why a refresh failed, kept with the vCenter until one goes well: the page shows it to whoever looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from django.utils import timezone

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
