"""The bundle of a deployment: made of its answers, with passwords that stay the same, and never taken unnoticed."""

from __future__ import annotations

import io
import json
import re
import zipfile
from typing import Any

import pytest
import pyzipper  # type: ignore[import-untyped]

from tests import stories
from tests.builders import make_deployment
from tests.services.machines import ANSWERS, by_hand
from tests.services.test_secrets import where_it_stands
from wizard.models import AuditEntry, Deployment, Operator
from wizard.services import deployments, installation_bundle, installation_secrets
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotReady

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
PROXY = {"network": {"proxy": "http://proxy.lab.test:3128"}}
PS = {
    "source": {"component": "ps_scaleout"},
    "installation": {"cs_address": "192.0.2.20"},
}
APPLIANCE: dict[str, dict[str, Any]] = {
    "source": {"protects": ["vmware"], "method": "manual", "runs_on": "vmware"},
    "network": ANSWERS["network"],
    "vault": {**ANSWERS["vault"], "exclusive": True},
    "appliance": {"friendly_name": "Lyon North", "connectivity": "fqdn"},
    "installation": {},
}


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return by_hand(operator, "lyon")


def take(deployment: Deployment, actor: Operator, password: str | None = None) -> tuple[str, bytes]:
    name, chunks = installation_bundle.stream(deployment, actor=actor, password=password)
    return name, b"".join(chunks)


def unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def files_of(deployment: Deployment, actor: Operator) -> dict[str, bytes]:
    return unpacked(take(deployment, actor)[1])


def mysql_of(files: dict[str, bytes]) -> list[str]:
    return re.findall(r'MySQL\w+Password = "([^"]+)"', files["MySQLCredentials.txt"].decode())


# --- what is in it ----------------------------------------------------------------------------------------------------


def test_the_command_is_that_of_these_answers(deployment: Deployment, operator: Operator) -> None:
    name, content = take(deployment, operator)
    files = unpacked(content)
    assert name == "Foothold-lyon-cs.zip"
    told = json.loads(files["Settings.json"])
    assert (told["role"], told["deployment"], told["setup"]) == ("cs", "lyon", r"Extracted\UNIFIEDSETUP.EXE")
    assert told["install_arguments"] == (
        r"/AcceptThirdpartyEULA /ServerMode CS /InstallLocation D:\ "
        r"/MySQLCredsFilePath C:\Temp\Foothold\MySQLCredentials.txt "
        r"/VaultCredsFilePath C:\Temp\Foothold\Vault.VaultCredentials "
        "/EnvType NonVMware /DataTransferSecurePort 9443 /BypassProxy"
    )
    assert told["extract_arguments"] == r"/q /x:C:\Temp\Foothold\Extracted"
    assert told["mysql_installer"] is None
    assert {"installer/PUT-THE-FILE-HERE.txt", "vault-credentials/PUT-THE-FILE-HERE.txt"} <= set(files)
    assert files["README.txt"].startswith(b"Configuration server cs01")


def test_vmware_and_a_proxy_with_an_account_change_it(operator: Operator) -> None:
    deployment = by_hand(operator, source={"protects": ["vmware", "physical"]}, **PROXY)
    installation_secrets.give_proxy_account(
        deployment, username="setup", password="canary-proxy", actor=operator
    )
    files = files_of(deployment, operator)
    arguments = json.loads(files["Settings.json"])["install_arguments"]
    assert "/EnvType VMware" in arguments
    assert arguments.endswith(r"/ProxySettingsFilePath C:\Temp\Foothold\ProxySettings.txt")
    assert b'ProxyAuthentication = "Yes"' in files["ProxySettings.txt"]
    assert b'ProxyPassword="canary-proxy"' in files["ProxySettings.txt"]
    assert b'Proxy IP = "proxy.lab.test"' in files["ProxySettings.txt"]


def test_a_proxy_without_an_account_asks_for_none(operator: Operator) -> None:
    files = files_of(by_hand(operator, **PROXY), operator)
    assert b'ProxyAuthentication = "No"' in files["ProxySettings.txt"]


@pytest.mark.parametrize(
    "changed", [{"installation": {"mysql": "staged"}}, {"vault": {"private_endpoints": True}}]
)
def test_mysql_that_is_not_downloaded_gets_its_place(
    operator: Operator, changed: dict[str, dict[str, Any]]
) -> None:
    files = files_of(by_hand(operator, **changed), operator)
    assert "mysql/PUT-THE-FILE-HERE.txt" in files
    assert json.loads(files["Settings.json"])["mysql_folder"] == r"C:\Temp\ASRSetup"


def test_a_process_server_needs_the_passphrase_of_its_configuration_server(operator: Operator) -> None:
    deployment = by_hand(operator, "lyon-ps", **PS)
    with pytest.raises(NotReady) as refused:
        take(deployment, operator)
    assert str(refused.value.remedy) == "Still missing: the passphrase of the configuration server"
    installation_secrets.give_passphrase(deployment, "canary-passphrase\r\n", actor=operator)
    name, content = take(deployment, operator)
    files = unpacked(content)
    assert name == "Foothold-lyon-ps-ps_scaleout.zip"
    assert files["Passphrase.txt"] == b"canary-passphrase"
    assert "MySQLCredentials.txt" not in files
    assert not any(file.startswith("vault-credentials") for file in files)
    arguments = json.loads(files["Settings.json"])["install_arguments"]
    assert "/ServerMode PS" in arguments
    assert "/CSIP 192.0.2.20" in arguments


def test_a_process_server_without_its_configuration_server_says_so(operator: Operator) -> None:
    deployment = by_hand(operator)
    deployments.answer(deployment, "source", {**ANSWERS["source"], **PS["source"]}, actor=operator)
    with pytest.raises(NotReady) as refused:
        take(deployment, operator)
    assert "the address of the configuration server" in str(refused.value.remedy)


def test_an_appliance_comes_with_what_to_answer(operator: Operator) -> None:
    deployment = deployments.create(name="lyon-north", profile="asr-modernized", actor=operator)
    for step, data in APPLIANCE.items():
        deployments.answer(deployment, step, data, actor=operator)
    files = files_of(deployment, operator)
    answers = files["Answers.txt"].decode()
    assert "Friendly name of appliance: Lyon North." in answers
    assert "Appliance connectivity: FQDN. Machines reach the appliance at cs01.lab.test." in answers
    assert "Install-Appliance.ps1" in files
    assert "MySQLCredentials.txt" not in files
    assert installation_secrets.states(deployment) == []


# --- its passwords ----------------------------------------------------------------------------------------------------


def test_passwords_are_made_once_and_stay_the_same(deployment: Deployment, operator: Operator) -> None:
    first, second = (mysql_of(files_of(deployment, operator)) for _time in range(2))
    assert first == second
    assert len(set(first)) == 2
    assert mysql_of(files_of(by_hand(operator), operator)) != first


def test_taking_it_is_written_down_and_its_secrets_are_not(
    deployment: Deployment, operator: Operator
) -> None:
    passwords = mysql_of(files_of(deployment, operator))
    take(deployment, operator, PASSWORD)
    said = [str(row.sentence) for row in AuditEntry.objects.filter(action="installation.bundle_taken")]
    assert sorted(said) == [
        "oskar took the installation bundle of lyon, encrypted.",
        "oskar took the installation bundle of lyon, not encrypted.",
    ]
    for secret in (*passwords, PASSWORD):
        assert where_it_stands(secret) == []


def test_it_is_written_down_even_if_nobody_reads_to_the_end(
    deployment: Deployment, operator: Operator
) -> None:
    _name, chunks = installation_bundle.stream(deployment, actor=operator)
    next(chunks)
    assert AuditEntry.objects.filter(action="installation.bundle_taken").count() == 1


def test_with_a_password_it_opens_only_by_that(deployment: Deployment, operator: Operator) -> None:
    _name, content = take(deployment, operator, PASSWORD)
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        with pytest.raises(RuntimeError):
            archive.read("MySQLCredentials.txt")
        assert b"MySQLRootPassword" in archive.read("MySQLCredentials.txt", pwd=PASSWORD.encode())


@pytest.mark.parametrize("password", ["", "short"])
def test_a_password_that_protects_nothing_is_refused(
    deployment: Deployment, operator: Operator, password: str
) -> None:
    with pytest.raises(Invalid) as refused:
        installation_bundle.stream(deployment, actor=operator, password=password)
    assert [(error.path, error.code) for error in refused.value.errors] == [("password", "too_short")]
    assert not AuditEntry.objects.filter(action="installation.bundle_taken").exists()


# --- who gets none ----------------------------------------------------------------------------------------------------


def test_who_only_looks_gets_no_bundle(deployment: Deployment, viewer: Operator) -> None:
    with pytest.raises(NotAllowed):
        installation_bundle.stream(deployment, actor=viewer)


def test_what_is_not_answered_is_named(operator: Operator) -> None:
    deployment = make_deployment(operator)
    deployments.answer(deployment, "source", ANSWERS["source"], actor=operator)
    with pytest.raises(NotReady) as refused:
        take(deployment, operator)
    missing = [str(text) for text in refused.value.missing]
    assert missing == ["Network identity", "Recovery Services vault", "Installation settings"]
    assert not deployment.installation_secrets.exists()


def test_the_template_needs_no_bundle(operator: Operator) -> None:
    with pytest.raises(Conflict) as refused:
        take(stories.answered(operator), operator)
    assert refused.value.code == "no_bundle"
