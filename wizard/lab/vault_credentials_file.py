"""Vault credentials files that the lab makes itself, right ones and every kind of wrong one (dossier 4.4).

Keys and ids are invented: nothing in such a file opens anything.
"""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMESPACE = "http://schemas.datacontract.org/2004/07/Microsoft.Azure.Portal.RecoveryServices.Models.Common"
VALID = timedelta(hours=120)
# Files begin a little in the past, so that a clock that is behind takes them, too.
BEGAN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultFile:
    """What stands in a file. `private_endpoints` None leaves the element out, as older files do.

    `begins` counts from the moment at which the file is made. `management_cert` None makes a certificate.
    """

    subscription: str = "00000000-0000-4000-8000-000000000001"
    resource_group: str = "rg-dr-demo"
    vault: str = "asr-vault-demo"
    resource_id: str = "1234567890123456789"
    region: str = "westeurope"
    tenant: str = "00000000-0000-0000-0000-000000000002"
    client_id: str = "00000000-0000-0000-0000-000000000003"
    authority: str = "https://login.microsoftonline.com"
    endpoint: str = "https://management.azure.com/"
    private_endpoints: str | None = "None"
    audience: str | None = None
    root: str = "RSVaultAsrCreds"
    begins: timedelta = -BEGAN
    valid: timedelta = VALID
    bits: int = 2048
    client_authentication: bool = True
    management_cert: str | None = None

    def make(self, now: datetime | None = None) -> bytes:
        """The file as the portal would give it at `now`."""
        certificate = self.management_cert
        if certificate is None:
            certificate = _base64(self.pkcs12(now or datetime.now(UTC)))
        audience = self.audience
        if audience is None:
            audience = f"https://RecoveryServiceVault/{self.region}/{self.vault}/{self.resource_id}"
        endpoints = (
            ""
            if self.private_endpoints is None
            else _element("PrivateEndpointStateForSiteRecovery", self.private_endpoints)
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            f'<{self.root} xmlns="{NAMESPACE}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
            "<VaultDetails>"
            + _element("SubscriptionId", self.subscription)
            + _element("ResourceGroup", self.resource_group)
            + _element("ResourceName", self.vault)
            + _element("ResourceId", self.resource_id)
            + _element("Location", self.region)
            + "<ResourceType>Vaults</ResourceType>"
            "<ProviderNamespace>Microsoft.RecoveryServices</ProviderNamespace>"
            "</VaultDetails>" + _element("ManagementCert", certificate) + "<Version>2.0</Version>"
            "<AadDetails>"
            + _element("AadAuthority", self.authority)
            + _element("AadTenantId", self.tenant)
            + _element("ServicePrincipalClientId", self.client_id)
            + _element("AadVaultAudience", audience)
            + _element("ArmManagementEndpoint", self.endpoint)
            + "</AadDetails>"
            "<ChannelIntegrityKey>AAAAAAAAAAAAAAAAAAAAAA==</ChannelIntegrityKey>"
            '<SiteId i:nil="true"/><SiteName i:nil="true"/>'
            f"{endpoints}</{self.root}>"
        ).encode()

    def file_name(self, now: datetime) -> str:
        return f"{self.vault}_{now:%Y-%m-%dT%H-%M-%S}.VaultCredentials"

    def certificate(self, now: datetime) -> x509.Certificate:
        """Self-signed with the lab's key, valid as this file says."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Foothold lab vault")])
        key = _key(self.bits)
        begins = (now + self.begins).astimezone(UTC).replace(microsecond=0)
        usage = (
            ExtendedKeyUsageOID.CLIENT_AUTH if self.client_authentication else ExtendedKeyUsageOID.SERVER_AUTH
        )
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + self.valid)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .sign(key, hashes.SHA256())
        )

    def pkcs12(self, now: datetime) -> bytes:
        """The certificate and its private key, without a password."""
        return pkcs12.serialize_key_and_certificates(
            b"synthetic", _key(self.bits), self.certificate(now), None, NoEncryption()
        )


@cache
def _key(bits: int, _which: str = "own") -> rsa.RSAPrivateKey:
    """Made once for each process: that takes longer than everything else here."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


Maker = Callable[[VaultFile, datetime], bytes]


def _pkcs12_of_two(file: VaultFile, now: datetime) -> bytes:
    """A key, and the certificate of another."""
    certificate = file.certificate(now)
    content = pkcs12.serialize_key_and_certificates(
        b"synthetic", _key(file.bits, "other"), None, [certificate], NoEncryption()
    )
    return replace(file, management_cert=_base64(content)).make(now)


def _pkcs12_without_key(file: VaultFile, now: datetime) -> bytes:
    content = pkcs12.serialize_key_and_certificates(
        b"synthetic", None, file.certificate(now), None, NoEncryption()
    )
    return replace(file, management_cert=_base64(content)).make(now)


def _certificate_alone(file: VaultFile, now: datetime) -> bytes:
    content = file.certificate(now).public_bytes(Encoding.DER)
    return replace(file, management_cert=_base64(content)).make(now)


def _with_line_breaks(file: VaultFile, now: datetime) -> bytes:
    broken = "\r\n    ".join(textwrap.wrap(_base64(file.pkcs12(now)), 64))
    return replace(file, management_cert=f"\r\n    {broken}\r\n  ").make(now)


def _with_entity(file: VaultFile, now: datetime) -> bytes:
    declaration, rest = file.make(now).split(b"\n", 1)
    entity = b'<!DOCTYPE RSVaultAsrCreds [<!ENTITY vault SYSTEM "file:///etc/passwd">]>'
    return b"\n".join((declaration, entity, rest.replace(file.vault.encode(), b"&vault;", 1)))


def _changed(**fields: Any) -> Maker:
    return lambda file, now: replace(file, **fields).make(now)


def _cut(before: bytes) -> Maker:
    return lambda file, now: file.make(now).split(before)[0]


def _without(name: str) -> Maker:
    return lambda file, now: re.sub(rf"<{name}>.*?</{name}>".encode(), b"", file.make(now), flags=re.DOTALL)


# Files that are taken, though they differ from the usual one.
ACCEPTED: Mapping[str, Maker] = MappingProxyType(
    {
        "usual": VaultFile.make,
        "older": _changed(private_endpoints=None),
        "private_endpoints": _changed(private_endpoints="Enabled"),
        "other_case": lambda file, now: replace(
            file, region="West Europe", vault=file.vault.upper(), resource_group=file.resource_group.upper()
        ).make(now),
        "line_breaks": _with_line_breaks,
        "ends_soon": _changed(begins=timedelta(hours=1) - VALID),
        "clock_is_behind": _changed(begins=timedelta(minutes=14)),
        "clock_is_ahead": _changed(begins=-VALID - timedelta(minutes=14)),
        "wrong_vault": _changed(vault="asr-vault-of-others"),
        "us_government": _changed(
            authority="https://login.microsoftonline.us", endpoint="https://management.usgovcloudapi.net/"
        ),
        "unknown_cloud": _changed(
            authority="https://login.example.invalid", endpoint="https://management.example.invalid/"
        ),
    }
)

# Files that are refused, by the code of the refusal and what is wrong with them.
REFUSED: Mapping[tuple[str, str], Maker] = MappingProxyType(
    {
        ("too_big", "padded"): lambda file, now: file.make(now) + b" " * 2**16,
        ("not_xml", "cut_off"): _cut(b"</ManagementCert>"),
        ("not_xml", "empty"): lambda _file, _now: b"",
        ("not_xml", "binary"): lambda file, now: file.pkcs12(now),
        ("dtd", "entity"): _with_entity,
        ("dtd", "entity_in_utf16"): lambda file, now: (
            _with_entity(file, now).decode().replace('"utf-8"', '"utf-16"').encode("utf-16")
        ),
        ("wrong_kind_backup", "with_entra"): _changed(root="RSBackupVaultAADCreds"),
        ("wrong_kind_backup", "older"): _changed(root="VaultCreds"),
        ("wrong_kind_old", "access_control_service"): _changed(root="ASRVaultCreds"),
        ("unknown_root", "something_else"): _changed(root="PublishData"),
        ("missing_element", "subscription"): _without("SubscriptionId"),
        ("missing_element", "certificate"): _without("ManagementCert"),
        ("missing_element", "integrity_key"): _without("ChannelIntegrityKey"),
        ("missing_element", "sign_in"): _without("AadDetails"),
        ("missing_element", "empty_vault"): _changed(vault=" "),
        ("bad_guid", "subscription"): _changed(subscription="Production"),
        ("bad_guid", "tenant"): _changed(tenant="contoso.example"),
        ("bad_guid", "client"): _changed(client_id="00000000000000000000000000000003"),
        ("bad_base64", "foreign_characters"): _changed(management_cert="MIIJ?AAA"),
        ("bad_base64", "cut_off"): _changed(management_cert="MIIJA"),
        ("bad_certificate", "nonsense"): _changed(management_cert=_base64(b"not a certificate")),
        ("no_private_key", "certificate_alone"): _certificate_alone,
        ("no_private_key", "container_without_key"): _pkcs12_without_key,
        ("key_mismatch", "key_of_another"): _pkcs12_of_two,
        ("weak_key", "1024_bits"): _changed(bits=1024),
        ("wrong_usage", "server"): _changed(client_authentication=False),
        ("not_yet_valid", "tomorrow"): _changed(begins=timedelta(days=1)),
        ("expired", "last_week"): _changed(begins=-VALID - timedelta(days=2)),
        ("audience_mismatch", "other_vault"): _changed(
            audience="https://RecoveryServiceVault/westeurope/another-vault/1234567890123456789"
        ),
        ("mixed_clouds", "two_clouds"): _changed(endpoint="https://management.usgovcloudapi.net/"),
        ("mixed_clouds", "half_unknown"): _changed(endpoint="https://management.example.invalid/"),
    }
)
