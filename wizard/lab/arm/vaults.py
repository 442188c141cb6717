"""Subscriptions, groups, vaults, and what is asked of a vault as a whole."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import timedelta

from cryptography import x509

from wizard.lab.arm import classic, modernized
from wizard.lab.arm.answers import Answer, Json, Refused, bad_request
from wizard.lab.arm.jobs import Job, begin
from wizard.lab.arm.paging import listed
from wizard.lab.arm.routing import GROUP, SUBSCRIPTION, VAULT, Request, Routes
from wizard.lab.arm.state import PROVIDER, TENANT, Vault, guid

routes = Routes()
_RESOURCES = "Microsoft.Resources/subscriptions/"
_HEALTH = VAULT + "/replicationVaultHealth"


def subscription(identity: str) -> Json:
    return {
        "id": f"/subscriptions/{identity}",
        "subscriptionId": identity,
        "tenantId": TENANT,
        "displayName": "Lab",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Internal_2014-09-01",
            "quotaId": "Internal_2014-09-01",
            "spendingLimit": "Off",
        },
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
    }


@routes.on("GET", "/subscriptions", _RESOURCES + "read")
def list_subscriptions(request: Request) -> Answer:
    rows = [subscription(identity) for identity in request.world.subscriptions]
    return Answer(body={"value": rows, "count": {"type": "Total", "value": len(rows)}})


@routes.on("GET", SUBSCRIPTION, _RESOURCES + "read")
def get_subscription(request: Request) -> Answer:
    identity = request.params["subscription"].lower()
    request.world.in_subscription(identity)
    return Answer(body=subscription(identity))


@routes.on("GET", SUBSCRIPTION + "/resourceGroups", _RESOURCES + "resourceGroups/read")
def list_groups(request: Request) -> Answer:
    vaults = request.world.in_subscription(request.params["subscription"])
    groups = {vault.group.lower(): vault for vault in vaults}
    rows = [
        {
            "id": f"/subscriptions/{vault.subscription}/resourceGroups/{vault.group}",
            "name": vault.group,
            "type": "Microsoft.Resources/resourceGroups",
            "location": vault.region,
            "properties": {"provisioningState": "Succeeded"},
        }
        for vault in groups.values()
    ]
    return listed(request, rows)


def document(vault: Vault) -> Json:
    private = "Enabled" if vault.private_endpoints else "None"
    return {
        "location": vault.region,
        "name": vault.name,
        "etag": f"W/\"datetime'{vault.number}'\"",
        "tags": {},
        "id": vault.path,
        "type": f"{PROVIDER}/vaults",
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpointStateForBackup": "None",
            "privateEndpointStateForSiteRecovery": private,
            "publicNetworkAccess": "Disabled" if vault.private_endpoints else "Enabled",
            "bcdrSecurityLevel": "Good",
        },
        "sku": {"name": vault.sku},
    }


@routes.on("GET", f"{SUBSCRIPTION}/providers/{PROVIDER}/vaults", "Vaults/read")
def list_vaults(request: Request) -> Answer:
    vaults = request.world.in_subscription(request.params["subscription"])
    return listed(request, [document(vault) for vault in vaults])


@routes.on("GET", f"{GROUP}/providers/{PROVIDER}/vaults", "Vaults/read")
def list_vaults_of_group(request: Request) -> Answer:
    vaults = request.world.in_group(request.params["subscription"], request.params["group"])
    return listed(request, [document(vault) for vault in vaults])


@routes.on("GET", VAULT, "Vaults/read")
def get_vault(request: Request) -> Answer:
    return Answer(body=document(request.vault))


@routes.on("PUT", VAULT + "/certificates/{certificate}", "Vaults/certificates/write")
def put_certificate(request: Request) -> Answer:
    vault, said = request.vault, request.properties()
    try:
        content = base64.b64decode(said["certificate"], validate=True)
        certificate = x509.load_der_x509_certificate(content)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise bad_request("InvalidCertificate", "The certificate cannot be read.") from None
    return Answer(
        body={
            "id": f"{vault.path}/certificates/{request.params['certificate']}",
            "name": request.params["certificate"],
            "type": f"{PROVIDER}/vaults/certificates",
            "properties": {
                "authType": "AzureActiveDirectory",
                "certificate": said["certificate"],
                "resourceId": vault.number,
                "aadAuthority": "https://login.example.invalid",
                "aadTenantId": TENANT,
                "servicePrincipalClientId": guid(vault.path, "client"),
                "servicePrincipalObjectId": guid(vault.path, "object"),
                "azureManagementEndpointAudience": "https://management.example.invalid/",
                "aadAudience": f"https://RecoveryServiceVault/{vault.region}/{vault.name}/{vault.number}",
                "subject": certificate.subject.rfc4514_string(),
                # What the service knows certificates by, not a safeguard of ours.
                "thumbprint": hashlib.sha1(content, usedforsecurity=False).hexdigest().upper(),
                "friendlyName": "",
                "issuer": certificate.issuer.rfc4514_string(),
                "validFrom": certificate.not_valid_before_utc.isoformat(),
                "validTo": certificate.not_valid_after_utc.isoformat(),
            },
        }
    )


_EXTENDED = VAULT + "/extendedInformation/vaultExtendedInfo"


@routes.on("GET", _EXTENDED, "Vaults/extendedInformation/read")
def get_extended_info(request: Request) -> Answer:
    vault = request.vault
    if vault.extended_info is None:
        raise Refused(404, "ResourceExtendedInfoNotFound", "The extended information was not found.")
    return Answer(body=_extended(vault, vault.extended_info))


@routes.on("PUT", _EXTENDED, "Vaults/extendedInformation/write")
@routes.on("PATCH", _EXTENDED, "Vaults/extendedInformation/write")
def put_extended_info(request: Request) -> Answer:
    vault = request.vault
    vault.extended_info = {"algorithm": "None", **(vault.extended_info or {}), **request.properties()}
    return Answer(body=_extended(vault, vault.extended_info))


def _extended(vault: Vault, properties: Json) -> Json:
    return {
        "id": f"{vault.path}/extendedInformation/vaultExtendedInfo",
        "name": "vaultExtendedInfo",
        "type": f"{PROVIDER}/vaults/extendedInformation",
        "etag": "W/\"datetime'lab'\"",
        "properties": properties,
    }


@routes.on("GET", VAULT + "/usages", "Vaults/usages/read")
def list_usages(request: Request) -> Answer:
    vault = request.vault
    providers = len(vault.fabrics)
    rows = [
        _usage("RegisteredServers", "Registered servers", providers),
        _usage("RecoveryServicesProviderAuthType", "Sign-in of Recovery Services providers", 1),
    ]
    return Answer(body={"value": rows})


@routes.on("GET", VAULT + "/replicationUsages", "vaults/replicationUsages/read")
def list_replication_usages(request: Request) -> Answer:
    vault = request.vault
    items = [item for fabric in vault.fabrics.values() for item in fabric.items.values() if item.protection]
    row = {
        "monitoringSummary": {
            "unHealthyVmCount": 0,
            "unHealthyProviderCount": 0,
            "eventsCount": 0,
            "deprecatedProviderCount": 0,
            "supportedProviderCount": len(vault.fabrics),
            "unsupportedProviderCount": 0,
        },
        "jobsSummary": {"failedJobs": 0, "suspendedJobs": 0, "inProgressJobs": 0},
        "protectedItemCount": len(items),
        "recoveryPlanCount": 0,
        "registeredServersCount": len(vault.fabrics),
        "recoveryServicesProviderAuthType": 1,
    }
    return Answer(body={"value": [row]})


@routes.on("GET", _HEALTH, "vaults/replicationVaultHealth/read")
def get_health(request: Request) -> Answer:
    return Answer(body=_health(request))


@routes.on("POST", _HEALTH + "/default/refresh", "vaults/replicationVaultHealth/refresh/action")
def refresh_health(request: Request) -> Answer:
    vault, now = request.vault, request.world.clock.now()
    job = Job(
        scenario="RefreshVaultHealth",
        friendly_name="Refresh vault health",
        target_type="Vault",
        target_id=vault.path,
        target_name=vault.name,
        fabric="",
        location=f"{vault.site_recovery_id}/replicationVaultHealth/default",
        started=now,
        ends_at=now + timedelta(seconds=request.world.job_seconds),
        result=lambda: _health(request),
        is_listed=False,
    )
    return begin(request, job)


@routes.on("GET", VAULT + "/replicationAppliances", "vaults/replicationAppliances/read")
def list_appliances(request: Request) -> Answer:
    now = request.world.clock.now()
    rows: list[Json] = []
    for fabric in request.vault.fabrics.values():
        if fabric.kind != "InMageRcm":
            continue
        appliances = [modernized.appliance(fabric, row, now) for row in fabric.servers]
        rows.append(
            {
                "id": f"{request.vault.site_recovery_id}/replicationAppliances/{fabric.name}",
                "name": fabric.name,
                "type": f"{PROVIDER}/vaults/replicationAppliances",
                "properties": {
                    "providerSpecificDetails": {"instanceType": "InMageRcm", "appliances": appliances}
                },
            }
        )
    return listed(request, rows)


def _usage(name: str, localized: str, value: int) -> Json:
    return {
        "name": {"value": name, "localizedValue": localized},
        "unit": "Count",
        "currentValue": value,
        "limit": -1,
        "quotaPeriod": None,
        "nextResetTime": None,
    }


def _health(request: Request) -> Json:
    vault, now = request.vault, request.world.clock.now()
    sick = [
        server
        for fabric in vault.fabrics.values()
        for server in fabric.servers
        if classic.health(server, now) != "Normal"
    ]
    issues = [
        {
            "summaryCode": "FabricInfrastructureHealth",
            "category": "FabricInfrastructure",
            "severity": "Error" if classic.health(server, now) == "Critical" else "Warning",
            "summaryMessage": f"The server '{server.name}' needs attention.",
            "affectedResourceType": "Server",
            "affectedResourceSubtype": None,
            "affectedResourceCorrelationIds": [server.id],
        }
        for server in sick
    ]
    nothing: Json = {"resourceCount": 0, "issues": []}
    return {
        "id": f"{vault.site_recovery_id}/replicationVaultHealth/default",
        "name": "default",
        "type": f"{PROVIDER}/vaults/replicationVaultHealth",
        "properties": {
            "vaultErrors": [],
            "protectedItemsHealth": nothing,
            "fabricsHealth": {"resourceCount": len(vault.fabrics), "issues": issues},
            "containersHealth": nothing,
        },
    }
