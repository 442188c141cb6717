"""Turns whatever the SDK raises into errors that help, and logs the ids that Azure's support asks for."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wizard.azure import network_failures, sign_in_failures, status_failures
from wizard.azure.errors import AzureError, ServiceFailed
from wizard.text import Text, _

if TYPE_CHECKING:
    from wizard.azure.connection import Arm

_log = logging.getLogger(__name__)


@contextmanager
def translated(arm: Arm, step: str) -> Iterator[None]:
    """Let nothing of the SDK's own leave the block: raises AzureError. `step` says what is being asked."""
    from azure.core import exceptions as sdk

    try:
        yield
    except sdk.AzureError as error:
        raise _logged(_explained(error, arm, step)) from None
    except json.JSONDecodeError as error:
        # A 200 that is not JSON comes out of the SDK like this, without the answer that it was in.
        raise _logged(status_failures.not_json(error.doc, arm.address, step)) from None
    except (sdk.DeserializationError, sdk.SerializationError) as error:
        raise _logged(unreadable(arm.address, step, str(error))) from None


def unreadable(address: str, step: str, detail: str = "") -> ServiceFailed:
    """For an answer that is JSON, and yet not what was asked for."""
    return ServiceFailed(
        Text(
            _("%(address)s answered something that Azure Resource Manager does not say. %(detail)s"),
            address=address,
            detail=detail[:200],
        ),
        address=address,
        step=step,
    )


def _explained(error: Exception, arm: Arm, step: str) -> AzureError:
    from azure.core.exceptions import HttpResponseError

    from wizard.azure.pipeline import LedElsewhere, NoToken

    if isinstance(error, LedElsewhere):
        return network_failures.led_elsewhere(error.host, arm.address, step)
    if isinstance(error, NoToken):
        return sign_in_failures.explained(error.cause, arm.account)
    if isinstance(error, HttpResponseError) and error.response is not None:
        return status_failures.explained(error, arm.address, step)
    return network_failures.explained(error, arm.address, step)


def _logged(error: AzureError) -> AzureError:
    _log.warning(
        "azure_failed: %s at %s (%s) correlation %s",
        error.code,
        error.step,
        error.azure_code or "-",
        error.correlation_id or "-",
    )
    return error
