"""Which identity goes to which address, and that no other combination can even be made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from wizard.azure.account import Account
from wizard.azure.clouds import CLOUDS, cloud_of

SECRET = "Hunter2-of-the-service-principal"
PRINCIPAL: dict[str, Any] = {
    "how": "client_secret",
    "cloud": "public",
    "tenant": "00000000-0000-0000-0000-000000000002",
    "client_id": "00000000-0000-0000-0000-000000000003",
    "secret": SECRET,
}
EMULATOR: dict[str, Any] = {
    "how": "emulator",
    "cloud": "public",
    "resource_manager": "http://127.0.0.1:8123/",
}


@pytest.mark.parametrize("how", ["client_secret", "client_certificate", "managed_identity", "default"])
@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:8123/", "https://management.azure.com/", "https://example.invalid/", ""]
)
def test_a_real_identity_is_never_given_another_address(how: str, address: str) -> None:
    secret = {"secret": SECRET} if how.startswith("client_") else {"secret": ""}
    with pytest.raises(ValueError, match="address of its cloud"):
        Account(**{**PRINCIPAL, **secret, "how": how, "resource_manager": address})


@pytest.mark.parametrize(
    "address",
    [
        *(None, "", "127.0.0.1:8123", "ftp://127.0.0.1/", "http://192.0.2.1/", "http://example.invalid/"),
        *("https://management.azure.com/", "http://127.0.0.1.example.invalid/", "http://[bad"),
        *(
            "http://somebody@127.0.0.1/",
            "http://127.0.0.1/?a=b",
            "http://0.0.0.0:8123/",
            "http://127.0.0.1:99999/",
        ),
    ],
)
def test_an_emulator_is_on_this_machine(address: str | None) -> None:
    with pytest.raises(ValueError, match="not the address of an emulator"):
        Account(**{**EMULATOR, "resource_manager": address})


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8123",
        "http://127.9.8.7/",
        "http://localhost:1/",
        "http://[::1]:5/",
        "https://127.0.0.1:1/a",
    ],
)
def test_every_loopback_address_can_have_an_emulator(address: str) -> None:
    assert Account(**{**EMULATOR, "resource_manager": address}).base_url == address.rstrip("/") + "/"


def test_an_emulator_is_never_given_a_secret() -> None:
    with pytest.raises(ValueError, match="never given a secret"):
        Account(**EMULATOR, secret=SECRET)


@pytest.mark.parametrize("missing", ["tenant", "client_id", "secret"])
@pytest.mark.parametrize("how", ["client_secret", "client_certificate"])
def test_a_service_principal_is_whole(how: str, missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        Account(**{**PRINCIPAL, "how": how, missing: ""})


@pytest.mark.parametrize(
    "wrong", [{"how": "password"}, {"cloud": "germany"}, {"tenant": "a/../b"}, {"how": "managed_identity"}]
)
def test_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Account(**{**PRINCIPAL, **wrong})


@pytest.mark.parametrize(
    "wrong", [{"tenant": ""}, {"how": "managed_identity"}, {"resource_manager": "https://a/"}]
)
def test_no_refusal_and_no_picture_of_an_account_shows_its_secret(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        Account(**{**PRINCIPAL, **wrong})
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(Account(**PRINCIPAL))


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_token_goes_to_the_resource_manager_of_its_cloud_alone(cloud: str) -> None:
    account = replace(Account(**PRINCIPAL), cloud=cloud)
    own = CLOUDS[cloud].manager_host
    assert account.base_url == f"https://{own}/"
    assert account.address == f"{own}:443"
    assert account.may_send_to(f"https://{own}/subscriptions")
    assert account.may_send_to(f"https://westeurope.{own.upper()}:443/subscriptions")
    for other in (
        *(f"http://{own}/", f"https://{own}:8443/", f"https://{own}.example.invalid/", f"https://evil{own}/"),
        *(
            f"https://example.invalid/{own}",
            f"https://{own}@example.invalid/",
            "http://127.0.0.1/",
            "//",
            "https://[x",
        ),
        *(other.resource_manager for other in CLOUDS.values() if other.id != cloud),
    ):
        assert not account.may_send_to(other), other


def test_an_emulators_token_goes_to_that_emulator_alone() -> None:
    account = Account(**EMULATOR)
    assert account.may_send_to("http://127.0.0.1:8123/subscriptions?api-version=1")
    for other in (
        "http://127.0.0.1:8124/",
        "https://127.0.0.1:8123/",
        "https://management.azure.com/",
        "http://127.0.0.2:8123/",
    ):
        assert not account.may_send_to(other), other


def test_the_clouds_are_those_of_the_sdk() -> None:
    from azure.core import AzureClouds
    from azure.identity import AzureAuthorityHosts
    from azure.mgmt.core.tools import get_arm_endpoints

    names = {"public": "PUBLIC_CLOUD", "us_government": "US_GOVERNMENT", "china": "CHINA_CLOUD"}
    hosts = {"public": "AZURE_PUBLIC_CLOUD", "us_government": "AZURE_GOVERNMENT", "china": "AZURE_CHINA"}
    for cloud in CLOUDS.values():
        endpoints = get_arm_endpoints(AzureClouds[f"AZURE_{names[cloud.id]}"])
        assert endpoints == {"resource_manager": cloud.resource_manager, "credential_scopes": [cloud.scope]}
        assert getattr(AzureAuthorityHosts, hosts[cloud.id]) == cloud.authority


@pytest.mark.parametrize(
    ("endpoint", "cloud"),
    [
        ("https://login.microsoftonline.com", "public"),
        ("https://LOGIN.windows.net/", "public"),
        ("westeurope.management.azure.com", "public"),
        ("https://login.microsoftonline.us/tenant", "us_government"),
        ("https://management.usgovcloudapi.net/", "us_government"),
        ("https://management.chinacloudapi.cn", "china"),
        ("https://management.azure.com.example.invalid/", None),
        ("https://example.invalid/login.microsoftonline.com", None),
        ("", None),
        ("https://[", None),
    ],
)
def test_the_cloud_of_an_address_is_found(endpoint: str, cloud: str | None) -> None:
    assert cloud_of(endpoint) == cloud
