"""Signing in: the SDK's own credentials against a Microsoft Entra on loopback, and what becomes of their refusals."""

from __future__ import annotations

import json
import logging
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.azure.far_end import Answer, FarEnd, Request, as_json, far_end
from wizard.azure import errors
from wizard.azure.account import Account
from wizard.azure.connection import Arm, connect
from wizard.azure.credentials import credential_for, forget_all
from wizard.azure.vaults import list_subscriptions
from wizard.lab.certificates import Authority

TENANT = "00000000-0000-0000-0000-000000000002"
SECRET = "Hunter2-of-the-service-principal"
PRINCIPAL = Account(
    how="client_secret",
    cloud="public",
    tenant=TENANT,
    client_id="00000000-0000-0000-0000-000000000003",
    secret=SECRET,
)


class Entra:
    """Answers as Microsoft Entra's token service does; `refusal` is the number of one."""

    def __init__(self) -> None:
        self.refusal = 0
        self.host = ""
        self.knows_tenant = True
        self.page = False

    def __call__(self, request: Request) -> Answer:
        if self.page:
            return Answer(body=b"<html>Sign in to the network</html>", headers={"Content-Type": "text/html"})
        if "openid-configuration" in request.path:
            if not self.knows_tenant:
                said = f"AADSTS90002: Tenant '{TENANT}' not found."
                return as_json({"error": "invalid_tenant", "error_description": said}, 400)
            base = f"https://{self.host}/{TENANT}"
            return as_json(
                {
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "issuer": f"{base}/v2.0",
                }
            )
        if self.refusal:
            return as_json(
                {
                    "error": "invalid_client",
                    "error_description": f"AADSTS{self.refusal}: So it is. Trace ID: {TENANT} Correlation ID: "
                    f"{TENANT} Timestamp: 2026-11-22 14:00:00Z",
                    "error_codes": [self.refusal],
                },
                401,
            )
        return as_json({"token_type": "Bearer", "expires_in": 3599, "access_token": "a-token"})


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("entra"))


@pytest.fixture(scope="module")
def far(authority: Authority) -> Iterator[tuple[FarEnd, Entra]]:
    pair = authority.issue("entra", ("localhost", "127.0.0.1"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    entra = Entra()
    with far_end(entra, tls=context) as end:
        yield end, entra


@pytest.fixture
def entra(far: tuple[FarEnd, Entra]) -> Entra:
    far[1].refusal, far[1].knows_tenant, far[1].page = 0, True, False
    far[1].host = f"localhost:{far[0].port}"
    far[0].requests.clear()
    return far[1]


def credential(entra: Entra, authority: Authority) -> Any:
    """The SDK's own, at another authority: which the wizard itself cannot be made to make."""
    from azure.identity import ClientSecretCredential

    return ClientSecretCredential(
        TENANT,
        PRINCIPAL.client_id,
        SECRET,
        authority=f"https://{entra.host}",
        disable_instance_discovery=True,
        connection_verify=str(authority.certificate),
        retry_total=0,
    )


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (7000215, errors.WrongSecret, "wrong_secret"),
        (7000222, errors.WrongSecret, "wrong_secret"),
        (700027, errors.WrongSecret, "wrong_secret"),
        (700016, errors.UnknownApplication, "unknown_application"),
        (7000112, errors.UnknownApplication, "unknown_application"),
        (90002, errors.WrongTenant, "wrong_tenant"),
        (53003, errors.SignInFailed, "sign_in_failed"),
    ],
)
def test_each_refusal_of_entra_says_which_field_to_correct(
    entra: Entra, authority: Authority, number: int, kind: type[errors.SignInFailed], code: str
) -> None:
    entra.refusal = number
    arm = Arm(PRINCIPAL, credential(entra, authority))
    # The token is asked for before anything is sent to Azure, so nothing is.
    with pytest.raises(kind) as refused:
        list_subscriptions(arm)
    arm.close()
    assert type(refused.value) is kind
    assert refused.value.code == code
    assert refused.value.azure_code == f"AADSTS{number}"
    assert refused.value.correlation_id == TENANT
    assert refused.value.step == "sign_in"
    assert str(refused.value.remedy)
    assert SECRET not in f"{refused.value} {refused.value.remedy} {refused.value!r}"


def test_a_sign_in_that_is_refused_is_not_tried_again(
    far: tuple[FarEnd, Entra], entra: Entra, authority: Authority
) -> None:
    entra.refusal = 7000215
    arm = Arm(PRINCIPAL, credential(entra, authority))
    with pytest.raises(errors.WrongSecret):
        list_subscriptions(arm)
    arm.close()
    assert sum(request.path.endswith("/token") for request in far[0].requests) == 1


def test_a_tenant_that_does_not_exist_is_told_where_entra_describes_itself(
    entra: Entra, authority: Authority
) -> None:
    entra.knows_tenant = False
    arm = Arm(PRINCIPAL, credential(entra, authority))
    with pytest.raises(errors.WrongTenant, match=f"knows no tenant {TENANT}"):
        list_subscriptions(arm)
    arm.close()


def test_an_entra_whose_certificate_nobody_trusts_gets_no_secret(
    far: tuple[FarEnd, Entra], entra: Entra, authority: Authority
) -> None:
    wrong = Authority(Path(authority.certificate).parent / "other")
    arm = Arm(PRINCIPAL, credential(entra, wrong))
    with pytest.raises(errors.TlsFailed) as failed:
        list_subscriptions(arm)
    arm.close()
    assert failed.value.address == "login.microsoftonline.com:443"
    assert failed.value.step == "tls"
    assert far[0].requests == []


def test_a_page_where_entra_was_expected_is_told_as_such(entra: Entra, authority: Authority) -> None:
    entra.page = True
    arm = Arm(PRINCIPAL, credential(entra, authority))
    with pytest.raises(errors.NotAzure):
        list_subscriptions(arm)
    arm.close()


def test_an_entra_that_nobody_reaches_is_told_as_such(entra: Entra, authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        entra.host = f"localhost:{listener.getsockname()[1]}"
    arm = Arm(PRINCIPAL, credential(entra, authority))
    with pytest.raises(errors.Unreachable, match=r"login.microsoftonline.com:443 refused the connection"):
        list_subscriptions(arm)
    arm.close()


def test_a_machine_without_an_identity_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with far_end(
        lambda _request: as_json({"error": "invalid_request", "error_description": "Identity not found"}, 400)
    ) as end:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", end.url.rstrip("/"))
        with (
            connect(Account(how="managed_identity", cloud="public"), fresh=True) as arm,
            pytest.raises(errors.NoIdentity) as told,
        ):
            list_subscriptions(arm)
    assert end.requests
    assert told.value.code == "no_identity"
    assert "service principal" in str(told.value.remedy)


def test_a_machine_on_which_nobody_is_signed_in_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nowhere = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", nowhere)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with connect(Account(how="default", cloud="china"), fresh=True) as arm, pytest.raises(errors.NoIdentity):
        list_subscriptions(arm)


def test_the_identity_of_the_machine_gives_the_token_of_its_cloud(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    token = {
        "access_token": "of-the-machine",
        "expires_in": "3599",
        "expires_on": "4102444800",
        "resource": "x",
    }
    with far_end(lambda _request: as_json(token)) as end:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", end.url.rstrip("/"))
        made = credential_for(
            Account(how="managed_identity", cloud="us_government", client_id="of-two"), fresh=True
        )
        scope = Account(how="managed_identity", cloud="us_government").in_cloud.scope
        assert made.get_token(scope).token == "of-the-machine"
    assert "management.core.usgovcloudapi.net" in end.requests[-1].path
    assert "client_id=of-two" in end.requests[-1].path
    assert "of-the-machine" not in caplog.text
    assert "Request URL" not in caplog.text


@pytest.mark.parametrize(
    "pem", ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_certificate_that_cannot_be_read_is_told_before_anything_is_sent(pem: str) -> None:
    account = Account(how="client_certificate", cloud="public", tenant=TENANT, client_id="c", secret=pem)
    with pytest.raises(errors.WrongSecret, match="cannot be read"), connect(account):
        pass


def test_a_certificate_with_its_key_makes_a_credential(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

    from wizard.lab.vault_credentials_file import VaultFile

    key, certificate, _others = pkcs12.load_key_and_certificates(VaultFile().pkcs12(_now()), None)
    assert key is not None
    assert certificate is not None
    pem = certificate.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    account = Account(
        how="client_certificate", cloud="china", tenant=TENANT, client_id="c", secret=pem.decode()
    )
    with connect(account) as arm:
        assert arm.address == "management.chinacloudapi.cn:443"


def test_a_credential_is_kept_until_the_secret_changes_or_a_new_one_is_asked_for() -> None:
    forget_all()
    first = credential_for(PRINCIPAL)
    assert credential_for(PRINCIPAL) is first
    changed = Account(
        how="client_secret", cloud="public", tenant=TENANT, client_id=PRINCIPAL.client_id, secret="new"
    )
    assert credential_for(changed) is not first
    fresh = credential_for(PRINCIPAL, fresh=True)
    assert fresh is not first
    assert credential_for(PRINCIPAL) is fresh
    forget_all()
    assert credential_for(PRINCIPAL) is not fresh


def test_the_authority_is_that_of_the_cloud() -> None:
    made = credential_for(
        Account(how="client_secret", cloud="us_government", tenant=TENANT, client_id="c", secret="s")
    )
    assert "login.microsoftonline.us" in json.dumps(vars(made), default=repr)


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)
