"""Why there is no token, from what Microsoft Entra and the SDK's credentials say."""

from __future__ import annotations

import json
import re

from wizard.azure import network_failures, status_failures
from wizard.azure.account import Account
from wizard.azure.errors import (
    AzureError,
    NoIdentity,
    SignInFailed,
    UnknownApplication,
    WrongSecret,
    WrongTenant,
)
from wizard.text import Text, _

# Microsoft Entra's own numbers, which do not change with the language of their sentences.
UNKNOWN_TENANT = (90002, 900021, 900023, 900382)
UNKNOWN_APPLICATION = (700016, 7000112, 90094, 70001)
WRONG_SECRET = (7000215, 7000222, 700027, 7000216, 7000218)
EXPIRED_SECRET = 7000222


def explained(error: Exception, account: Account) -> AzureError:
    """For whatever a credential raised while it was asked for a token.

    The SDK says most of it in sentences, some of it in exceptions that led to others; Microsoft Entra's numbers stand in
    one of them.
    """
    causes = list(network_failures.causes(error))
    message = "\n".join(str(cause) for cause in causes)
    numbers = [int(number) for number in re.findall(r"AADSTS(\d+)", message)]
    told = _by_number(numbers, account) or _by_kind(error, causes, account)
    if told is None:
        number = f"AADSTS{numbers[0]}" if numbers else "-"
        told = SignInFailed(
            Text(_("Microsoft Entra gave no token for the Azure account (%(number)s)."), number=number),
            address=account.in_cloud.authority,
            step="sign_in",
        )
    azure_code = f"AADSTS{numbers[0]}" if numbers else ""
    return told.with_ids(azure_code=azure_code, correlation_id=_correlation(message))


def _by_number(found: list[int], account: Account) -> AzureError | None:
    where = account.in_cloud.authority
    if any(number in UNKNOWN_TENANT for number in found):
        return WrongTenant(
            Text(_("%(where)s knows no tenant %(tenant)s."), where=where, tenant=account.tenant),
            address=where,
            step="sign_in",
        )
    if any(number in UNKNOWN_APPLICATION for number in found):
        return UnknownApplication(
            Text(
                _("There is no usable application %(client_id)s in the tenant %(tenant)s."),
                client_id=account.client_id,
                tenant=account.tenant,
            ),
            address=where,
            step="sign_in",
        )
    if EXPIRED_SECRET in found:
        return WrongSecret(
            Text(_("The secret of the application %(client_id)s has expired."), client_id=account.client_id),
            address=where,
            step="sign_in",
        )
    if any(number in WRONG_SECRET for number in found):
        return WrongSecret(
            Text(
                _("The secret or certificate is not one of the application %(client_id)s."),
                client_id=account.client_id,
            ),
            address=where,
            step="sign_in",
        )
    return None


def _by_kind(error: Exception, causes: list[BaseException], account: Account) -> AzureError | None:
    """For what never was a refusal of Microsoft Entra: no identity, no connection, somebody else who answers."""
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError
    from azure.identity import CredentialUnavailableError

    where = f"{account.in_cloud.authority}:443"
    if isinstance(error, CredentialUnavailableError) or account.how in ("managed_identity", "default"):
        return NoIdentity(
            Text(_("This machine has no managed identity, and nobody is signed in to Azure on it.")),
            address=account.in_cloud.authority,
            step="sign_in",
        )
    if any(isinstance(cause, ServiceRequestError | ServiceResponseError) for cause in causes):
        return network_failures.explained(error, where, "sign_in")
    for cause in causes:
        if isinstance(cause, json.JSONDecodeError):
            return status_failures.not_json(cause.doc, where, "sign_in")
    return None


def _correlation(message: str) -> str:
    match = re.search(r"Correlation ID: ([0-9a-fA-F-]{36})", message)
    return match.group(1) if match else ""
