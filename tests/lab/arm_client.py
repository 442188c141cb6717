"""Azure's own SDK, pointed at the lab's Azure Resource Manager: the only client that counts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import requests
from azure.core.credentials import AccessToken
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicessiterecovery import SiteRecoveryManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient

from wizard.lab.arm import LabAzure

GROUP, VAULT, ESSEN = "rg-lyon-dr", "lyon-vault", ("rg-essen-dr", "essen-vault")
SCOPE = "https://emulator.invalid/.default"
PLACE = (GROUP, VAULT)
MODERNIZED = (GROUP, "lyon-appliance-vault")


class Credential:
    """A token that no one has to be asked for."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken("emulator", int(time.time()) + 3600)


class PlainHttp(ARMChallengeAuthenticationPolicy):
    """Lets the SDK send its token over plain HTTP, which it otherwise refuses."""

    def on_request(self, request: Any) -> None:
        request.context.options.setdefault("enforce_https", False)
        super().on_request(request)


@dataclass
class Client:
    site_recovery: SiteRecoveryManagementClient
    vaults: RecoveryServicesClient
    subscriptions: SubscriptionClient

    @classmethod
    def connect(cls, azure: LabAzure, **options: Any) -> Client:
        credential = Credential()
        settings: dict[str, Any] = {
            "credential_scopes": [SCOPE],
            "authentication_policy": PlainHttp(credential, SCOPE),
            "polling_interval": 0,
            "retry_total": 0,
            "connection_timeout": 3,
            "read_timeout": 10,
            **options,
        }
        return cls(
            SiteRecoveryManagementClient(credential, azure.subscription, azure.url, **settings),
            RecoveryServicesClient(credential, azure.subscription, azure.url, **settings),
            SubscriptionClient(credential, base_url=azure.url, **settings),
        )

    def close(self) -> None:
        self.site_recovery.close()
        self.vaults.close()
        self.subscriptions.close()


def raw(azure: LabAzure, path: str, method: str = "GET", **options: Any) -> requests.Response:
    """One request as no SDK would send it: `path` is below the vault where it does not begin with a slash."""
    if not path.startswith("/"):
        path = (
            f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}"
            f"/providers/Microsoft.RecoveryServices/vaults/{VAULT}/{path}"
        )
    settings: dict[str, Any] = {
        "headers": {"Authorization": "Bearer emulator"},
        "params": {"api-version": "2025-08-01"},
        "timeout": 10,
        **options,
    }
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, azure.url.rstrip("/") + path, **settings)
