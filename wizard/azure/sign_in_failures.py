"""Why there is no token, from what Microsoft Entra and the SDK's credentials say."""

from __future__ import annotations

import re

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
    """For a `ClientAuthenticationError` or `CredentialUnavailableError` from a credential."""
    from azure.identity import CredentialUnavailableError

    message = str(error)
    found = [int(number) for number in re.findall(r"AADSTS(\d+)", message)]
    azure_code = f"AADSTS{found[0]}" if found else ""
    told = _by_number(found, account)
    if told is None and (isinstance(error, CredentialUnavailableError) or not found):
        told = _without_number(error, account)
    if told is None:
        told = SignInFailed(
            Text(_("Microsoft Entra refused to sign the Azure account in (%(number)s)."), number=azure_code),
            address=account.in_cloud.authority,
            step="sign_in",
        )
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


def _without_number(error: Exception, account: Account) -> AzureError | None:
    from azure.identity import CredentialUnavailableError

    if isinstance(error, CredentialUnavailableError) or account.how in ("managed_identity", "default"):
        return NoIdentity(
            Text(_("This machine has no managed identity, and nobody is signed in to Azure on it.")),
            address=account.in_cloud.authority,
            step="sign_in",
        )
    return SignInFailed(
        Text(_("%(where)s gave no token for the Azure account."), where=account.in_cloud.authority),
        address=account.in_cloud.authority,
        step="sign_in",
    )


def _correlation(message: str) -> str:
    match = re.search(r"Correlation ID: ([0-9a-fA-F-]{36})", message)
    return match.group(1) if match else ""
