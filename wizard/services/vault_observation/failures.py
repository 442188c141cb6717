"""Why a look at a vault failed, kept with its watch until one goes well, and told once when looking begins to fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from wizard.azure.errors import AzureError, NotFound, Throttled
from wizard.services.errors import UserError
from wizard.services.tasks.progress import Cancelled, LostClaim
from wizard.services.vault_observation import notices
from wizard.services.vault_observation.claim import Claim, ClaimLost
from wizard.text import Text, _

# What may not exist, as `wizard.azure.errors.NotFound` names it.
PARTS: Final = {
    "subscription": Text(_("subscription")),
    "resource_group": Text(_("resource group")),
    "vault": Text(_("vault")),
    "resource": Text(_("object in the vault")),
}


@contextmanager
def remembered(claim: Claim, *, next_at: datetime | None) -> Iterator[None]:
    """What goes wrong inside is kept, and raised; so does the claim end. Work that was stopped did not fail."""
    try:
        yield
    except ClaimLost:
        # What is kept by now is for the other one to say.
        raise
    except (Cancelled, LostClaim):
        _give_up(claim)
        raise
    except Throttled as error:
        # Who is asked to wait waits, even where the schedule would come sooner.
        told = timezone.now() + timedelta(seconds=error.retry_after_s or 0)
        _keep(claim, max(next_at, told) if next_at else None, error.code, error.text, error.remedy, error)
        raise
    except AzureError as error:
        _keep(claim, next_at, error.code, error.text, error.remedy, error)
        raise
    except UserError as error:
        _keep(claim, next_at, error.code, error.text, error.remedy)
        raise
    except Exception:
        text = Text(_("Something unexpected went wrong while the vault was looked at."))
        remedy = Text(_("Look for this time in the log of the worker; then look once more."))
        _keep(claim, next_at, "internal", text, remedy)
        raise
    except BaseException:
        _give_up(claim)
        raise


def _give_up(claim: Claim) -> None:
    with suppress(ClaimLost):
        claim.give_up()


def _keep(
    claim: Claim,
    next_at: datetime | None,
    code: str,
    text: Text,
    remedy: Text,
    error: AzureError | None = None,
) -> None:
    now = timezone.now()
    with suppress(ClaimLost), transaction.atomic():
        claim.end(
            next_at=next_at,
            refresh_failed_at=now,
            refresh_failure=text,
            refresh_remedy=remedy,
            refresh_failure_details={"code": code, **(_where(error) if error else {})},
        )
        notices.begin_failing(claim.deployment_id, text, remedy, now)


def _where(error: AzureError) -> dict[str, str]:
    """What failed, and the ids by which Azure's support finds it; none of it is secret."""
    return {
        "part": error.part if isinstance(error, NotFound) else "",
        "address": error.address,
        "step": error.step,
        "azure_code": error.azure_code,
        "correlation_id": error.correlation_id,
    }
