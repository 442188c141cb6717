"""What can go wrong between this wizard and Azure, in words that help.

Every error names the part that failed (`address`, `step`), says what was found (`text`) and what to do next (`remedy`).
`azure_code` is the service's own word for it and `correlation_id` what Azure's support asks for; both may be empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from wizard.azure.job_view import JobError
from wizard.text import Text, _, verbatim
from wizard.wire import errors as wire


class AzureError(wire.RemoteError):
    """A failure of Azure, or on the way to it. `step` is for example `sign_in`, `list_vaults` or `put_vcenter`."""

    code = "azure"
    azure_code = ""
    correlation_id = ""

    def with_ids(self, *, azure_code: str = "", correlation_id: str = "") -> AzureError:
        """This very error, with what Azure's support asks for."""
        self.azure_code, self.correlation_id = azure_code, correlation_id
        return self


class Stopped(Exception):
    """The caller's `should_stop` said yes. A job that was being followed goes on in Azure."""


class Unreachable(wire.Unreachable, AzureError):
    """No connection, or one that broke before the answer was there; `step` is `dns`, `tcp` or what was asked."""

    default_remedy = Text(
        _(
            "Let this server reach the management address of the Azure cloud over HTTPS (TCP 443), directly or "
            "through the proxy of your site, and try again."
        )
    )
    if_refused = default_remedy
    if_silent = default_remedy


class TlsFailed(wire.TlsFailed, AzureError):
    """Something listens, but its certificate is not one that this machine trusts."""

    default_remedy = Text(
        _(
            "If a proxy of your site looks into TLS, have Azure's management address excepted from that, or let "
            "REQUESTS_CA_BUNDLE name a file with the certificate authority of the proxy."
        )
    )


class SignInFailed(AzureError):
    """No token, or one that Resource Manager does not accept. The subclasses name the field to correct."""

    code = "sign_in_failed"
    default_remedy = Text(
        _(
            "Look at the sign-in log of the application in Microsoft Entra, correct what it names and test again."
        )
    )


class WrongTenant(SignInFailed):
    """No such tenant, or not the one that the subscription belongs to."""

    code = "wrong_tenant"
    default_remedy = Text(
        _("Correct the tenant id of the Azure account: it stands on the overview page of Microsoft Entra ID.")
    )


class WrongSecret(SignInFailed):
    """The secret or the certificate is wrong, or has expired."""

    code = "wrong_secret"
    default_remedy = Text(
        _(
            "Make a new secret (or upload the certificate) under “Certificates & secrets” of the application, and "
            "enter the value of the secret, not its id."
        )
    )


class UnknownApplication(SignInFailed):
    """No application of that client id in this tenant, or one that is disabled."""

    code = "unknown_application"
    default_remedy = Text(
        _(
            "Correct the client id of the Azure account: it is the application (client) id of the app registration."
        )
    )


class NoIdentity(SignInFailed):
    """This machine offers no identity to sign in with."""

    code = "no_identity"
    default_remedy = Text(
        _(
            "Give this machine a managed identity (or sign in on it), or choose a service principal for the Azure "
            "account."
        )
    )


class NotPermitted(AzureError):
    """Signed in, but not allowed. `action` is the missing one as Azure spells it; empty where it does not say."""

    code = "not_permitted"
    default_remedy = Text(
        _(
            "Give this account a role with the missing action on the vault, such as Site Recovery Contributor or the "
            "role that can be downloaded here. A new role takes some minutes to work."
        )
    )
    action = ""


class NotFound(AzureError):
    """`part` is `subscription`, `resource_group`, `vault` or `resource`: which part of the path does not exist."""

    code = "not_found"
    default_remedy = Text(_("Choose it again from the list: it may have been renamed, moved or deleted."))
    part = "resource"


class Busy(AzureError):
    """Another job, or a lock, is in the way (409)."""

    code = "busy"
    default_remedy = Text(_("Wait until the job that is running in the vault has finished, then try again."))


class Throttled(AzureError):
    """Too many requests (429). `retry_after_s` is how long Azure wants to be left alone, if it says so."""

    code = "throttled"
    default_remedy = Text(_("Wait a while and try again; nothing was changed."))
    retry_after_s: float | None = None


class NotAzure(AzureError):
    """What answers is not Azure: the sign-in page of a network, or a page of a proxy."""

    code = "not_azure"
    default_remedy = Text(
        _(
            "Open the address in a browser on this server to see what answers; have the proxy or the firewall of your "
            "site let this server through to Azure."
        )
    )


class Refused(AzureError):
    """Azure understood and says no (400 and the like): something in the request does not fit."""

    code = "refused"
    default_remedy = Text(_("Correct what the message names, then try again."))


class NotRegistered(Refused):
    """The subscription has never used the service that was asked, so there is nothing of it in there."""


class ServiceFailed(AzureError):
    """Azure failed, or answered what cannot be read."""

    code = "service_failed"
    default_remedy = Text(
        _(
            "Try again in some minutes. If it stays so, look at the status of Azure, and tell its support the ids of the log."
        )
    )


class JobFailed(AzureError):
    """A job ended without success. `errors` are its reasons, `state` is how it ended."""

    code = "job_failed"
    default_remedy = Text(_("Correct what the job names, then do it again."))
    errors: tuple[JobError, ...] = ()
    state = ""

    @classmethod
    def of(cls, errors: Sequence[JobError], *, scenario: str, state: str, address: str) -> JobFailed:
        """Says the first reason in the service's own words, and its recommendation as remedy."""
        first = next((error for error in errors if error.words), None)
        if first is None:
            text = Text(
                _("The job %(scenario)s in the vault ended as %(state)s without naming a reason."),
                scenario=scenario,
                state=state,
            )
        else:
            text = Text(
                _("The job %(scenario)s in the vault ended as %(state)s: %(reason)s"),
                scenario=scenario,
                state=state,
                reason=first.words,
            )
        remedy = verbatim(first.recommendation) if first is not None and first.recommendation else None
        failed = cls(text, remedy=remedy, address=address, step="job")
        failed.errors, failed.state = tuple(errors), state
        return failed


class StillRunning(AzureError):
    """The job was followed for as long as was asked for, and goes on."""

    code = "still_running"
    default_remedy = Text(
        _("Look at the job in the vault under “Site Recovery jobs”; look again here when it has finished.")
    )
