"""What Azure Resource Manager says when it says no: by status, code and message (dossier 1.7 and 5.3)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wizard.azure.errors import (
    AzureError,
    Busy,
    NotAzure,
    NotFound,
    NotPermitted,
    NotRegistered,
    Refused,
    ServiceFailed,
    SignInFailed,
    Throttled,
    WrongTenant,
)
from wizard.text import Text, _

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

PARTS = {
    "subscriptionnotfound": "subscription",
    "invalidsubscriptionid": "subscription",
    "resourcegroupnotfound": "resource_group",
}
# A resource below a vault that does not exist is answered with a sentence about the vault.
_MISSING_VAULT = re.compile(r"(?:RecoveryServices/vaults/[^/' ]+|\bvault '[^']+)'", re.IGNORECASE)
NOT_REGISTERED = "missingsubscriptionregistration"
# Conflicts (409) that no waiting resolves.
LASTING: Mapping[str, type[Refused]] = {
    NOT_REGISTERED: NotRegistered,
    "readonlydisabledsubscription": Refused,
}
NO_SUCH_VERSION = ("noregisteredproviderfound", "invalidapiversionparameter")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What stood in the body of a refusal; all empty where that was no such document."""

    code: str
    message: str
    details: tuple[str, ...]

    @property
    def words(self) -> str:
        return " ".join(part for part in (self.message, *self.details) if part)


def explained(error: HttpResponseError, address: str, step: str) -> AzureError:
    """For an exception that carries the answer. The status may even be 200: an operation that failed reads so."""
    response = error.response
    status = int(getattr(response, "status_code", None) or 0)
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    body = _body(response)
    if _is_page(body, headers) and status < 500 and status != 429:
        told: AzureError = not_azure(address, step)
    elif status < 300 and not _document(body):
        told = not_json(body, address, step)
    else:
        told = _by_status(status, said(body), headers, address, step)
    return told.with_ids(
        azure_code=told.azure_code or said(body).code,
        correlation_id=headers.get("x-ms-correlation-request-id", "") or headers.get("x-ms-request-id", ""),
    )


def said(body: str) -> Said:
    """Reads the error document: the four fields that Site Recovery adds to its details count, too."""
    document = _document(body)
    error = document.get("error", document)
    if not isinstance(error, Mapping):
        return Said(code="", message="", details=())
    found = []
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, Mapping):
            parts = (detail.get(name) for name in ("message", "possibleCauses", "recommendedAction"))
            found.append(" ".join(str(part) for part in parts if part))
    return Said(
        code=str(error.get("code") or ""), message=str(error.get("message") or ""), details=tuple(found)
    )


def lacks_registration(response: Any) -> bool:
    """Whether this answer says that the subscription has never used the service."""
    return response.status_code == 409 and said(_body(response)).code.lower() == NOT_REGISTERED


def not_azure(address: str, step: str) -> NotAzure:
    return NotAzure(
        Text(
            _("A web page answers at %(address)s where Azure Resource Manager was expected."), address=address
        ),
        address=address,
        step=step,
    )


def not_json(body: str, address: str, step: str) -> AzureError:
    """For a success whose body cannot be read: a page of somebody else's, or an answer that broke off."""
    if body.lstrip().startswith("<"):
        return not_azure(address, step)
    return ServiceFailed(
        Text(_("The answer of %(address)s broke off, or is not JSON."), address=address),
        remedy=Text(_("Try again. If it stays so, look for a proxy that changes or cuts answers.")),
        address=address,
        step=step,
    )


def _by_status(status: int, found: Said, headers: Mapping[str, str], address: str, step: str) -> AzureError:
    if status == 401:
        return _not_signed_in(found, address, step)
    if status == 403:
        return _not_permitted(found, address, step)
    if status == 404:
        return _not_found(found, address, step)
    lasting = LASTING.get(found.code.lower()) if status == 409 else None
    if status == 409 and lasting is None:
        return _busy(found, address, step)
    if status == 429:
        return _throttled(headers, address, step)
    if status >= 500 or status < 400:
        return ServiceFailed(
            Text(
                _("Azure failed to answer (%(status)s %(code)s). %(message)s"),
                status=status,
                code=found.code,
                message=found.words,
            ),
            address=address,
            step=step,
        )
    remedy = None
    if found.code.lower() in NO_SUCH_VERSION:
        remedy = Text(
            _("This cloud does not know the version of the interface yet; nothing can be done about it here.")
        )
    return (lasting or Refused)(
        Text(
            _("Azure refused the request (%(status)s %(code)s): %(message)s"),
            status=status,
            code=found.code,
            message=found.words,
        ),
        remedy=remedy,
        address=address,
        step=step,
    )


def _not_signed_in(found: Said, address: str, step: str) -> AzureError:
    if found.code.lower() == "invalidauthenticationtokentenant":
        return WrongTenant(
            Text(_("The subscription belongs to another tenant than the Azure account."), address=address),
            address=address,
            step=step,
        )
    return SignInFailed(
        Text(
            _("%(address)s does not accept the sign-in of the Azure account (%(code)s)."),
            address=address,
            code=found.code,
        ),
        remedy=Text(_("Test the Azure account again, and check that the clock of this server is right.")),
        address=address,
        step=step,
    )


def _not_permitted(found: Said, address: str, step: str) -> NotPermitted:
    if found.code.lower() == "requestdisallowedbypolicy":
        return NotPermitted(
            Text(_("A policy of the subscription forbids this: %(message)s"), message=found.words),
            remedy=Text(_("Ask whoever looks after Azure Policy in the subscription.")),
            address=address,
            step=step,
        )
    match = re.search(r"action '([^']+)'", found.message)
    if match is None:
        return NotPermitted(
            Text(_("The Azure account may not do this: %(message)s"), message=found.words),
            address=address,
            step=step,
        )
    refused = NotPermitted(
        Text(_("The Azure account lacks the action %(action)s."), action=match.group(1)),
        address=address,
        step=step,
    )
    refused.action = match.group(1)
    return refused


def _not_found(found: Said, address: str, step: str) -> NotFound:
    part = PARTS.get(found.code.lower(), "resource")
    if part == "resource" and _MISSING_VAULT.search(found.message):
        part = "vault"
    sentences = {
        "subscription": Text(_("Azure knows no such subscription, or this account does not see it.")),
        "resource_group": Text(_("There is no such resource group in the subscription.")),
        "vault": Text(_("There is no such vault in the resource group.")),
        "resource": Text(_("Azure does not find what was asked for: %(message)s"), message=found.words),
    }
    missing = NotFound(sentences[part], address=address, step=step)
    missing.part = part
    return missing


def _busy(found: Said, address: str, step: str) -> Busy:
    if found.code.lower() == "scopelocked":
        return Busy(
            Text(
                _("A lock on the vault or its resource group forbids changes: %(message)s"),
                message=found.words,
            ),
            remedy=Text(_("Have the lock removed in the portal, under “Locks”, for as long as this takes.")),
            address=address,
            step=step,
        )
    return Busy(
        Text(
            _("Something else is being done to the same object in the vault: %(message)s"),
            message=found.words,
        ),
        address=address,
        step=step,
    )


def _throttled(headers: Mapping[str, str], address: str, step: str) -> Throttled:
    after = headers.get("Retry-After", "")
    seconds = float(after) if re.fullmatch(r"\d+", after) else None
    if seconds is None:
        text = Text(_("Azure asks for fewer requests."))
    else:
        text = Text.counted(
            "Azure asks for fewer requests, and for a break of %(seconds)s second.",
            "Azure asks for fewer requests, and for a break of %(seconds)s seconds.",
            "seconds",
            seconds=round(seconds),
        )
    throttled = Throttled(text, address=address, step=step)
    throttled.retry_after_s = seconds
    return throttled


def _body(response: Any) -> str:
    """What was read of the answer: nothing where it broke off."""
    from azure.core.exceptions import AzureError as SdkError

    try:
        return str(response.text() if callable(getattr(response, "text", None)) else "")
    except (SdkError, UnicodeError):
        return ""


def _document(body: str) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _is_page(body: str, headers: Mapping[str, str]) -> bool:
    return body.lstrip().startswith("<") or headers.get("Content-Type", "").lower().startswith("text/html")
