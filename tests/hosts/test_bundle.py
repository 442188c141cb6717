from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import pyzipper  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.hosts.bundle import (
    BundleContents,
    PlacedFile,
    SecretFile,
    bundle_chunks,
    bundle_files,
    install_script,
    settings_of,
)
from wizard.planning import unified_setup

MYSQL = SecretFile(
    name="MySQLCredentials.txt", text='[MySQLCredentials]\r\nMySQLRootPassword = "hush-root"\r\n'
)
PROXY = SecretFile(name="ProxySettings.txt", text='[ProxySettings]\r\nProxyPassword="hush-proxy"\r\n')
PASSPHRASE = SecretFile(name="Passphrase.txt", text="hush-passphrase")

CS = BundleContents(
    component="cs",
    deployment="north",
    machine="cs01",
    made_at=datetime(2026, 11, 22, 10, 30, 8, tzinfo=UTC),
    staging_folder=r"C:\Temp\Foothold",
    installer="MicrosoftAzureSiteRecoveryUnifiedSetup.exe",
    download="https://aka.ms/unifiedinstaller",
    commands=("first command", "second command"),
    setup=r"Extracted\UNIFIEDSETUP.EXE",
    extract_arguments=r"/q /x:C:\Temp\Foothold\Extracted",
    install_arguments="/AcceptThirdpartyEULA /ServerMode CS",
    secret_files=(MYSQL, PROXY),
    vault_credentials_file="Vault.VaultCredentials",
)
PS = replace(CS, component="ps_scaleout", secret_files=(PASSPHRASE,), vault_credentials_file=None)
APPLIANCE = replace(
    CS,
    component="appliance",
    installer="DRInstaller.ps1",
    secret_files=(),
    vault_credentials_file=None,
    answers=(("Friendly name of appliance", "Appliance North"), ("Note", "Größe")),
)


def unpacked(contents: BundleContents) -> dict[str, bytes]:
    out = io.BytesIO(b"".join(bundle_chunks(contents)))
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("contents", "names"),
    [
        (
            CS,
            {"MySQLCredentials.txt", "ProxySettings.txt", "Install.ps1", "installer", "vault-credentials"},
        ),
        (PS, {"Passphrase.txt", "Install.ps1", "installer"}),
        (APPLIANCE, {"Answers.txt", "Install-Appliance.ps1", "installer"}),
        (
            replace(
                CS, mysql_installer="m.msi", mysql_folder=r"C:\Temp\ASRSetup", mysql_download="https://x"
            ),
            {
                *("MySQLCredentials.txt", "ProxySettings.txt", "Install.ps1"),
                *("installer", "vault-credentials", "mysql"),
            },
        ),
    ],
    ids=["cs", "ps", "appliance", "cs with staged MySQL"],
)
def test_each_component_gets_its_files_and_the_places_for_the_rest(
    contents: BundleContents, names: set[str]
) -> None:
    found = {name.removesuffix("/PUT-THE-FILE-HERE.txt") for name in unpacked(contents)}
    assert found == names | {"README.txt", "Settings.json", "Commands.txt", "Manifest.sha256"}


@pytest.mark.parametrize("contents", [CS, PS, APPLIANCE], ids=["cs", "ps", "appliance"])
def test_secrets_stand_in_their_own_files_and_nowhere_else(contents: BundleContents) -> None:
    files = unpacked(contents)
    own = {secret.name for secret in contents.secret_files}
    assert all(b"hush" in files[name] for name in own)
    assert not any(b"hush" in data for name, data in files.items() if name not in own)
    assert "hush" not in repr(contents)
    assert {file.name for file in bundle_files(contents) if file.secret} == own


@pytest.mark.parametrize("contents", [CS, PS, APPLIANCE], ids=["cs", "ps", "appliance"])
def test_the_manifest_has_the_hash_of_every_file_that_must_be_there(contents: BundleContents) -> None:
    files = unpacked(contents)
    lines = files.pop("Manifest.sha256").decode("ascii").splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    assert all(line[64:66] == " *" for line in lines)
    assert set(listed) == {name for name in files if not name.endswith("PUT-THE-FILE-HERE.txt")}
    assert all(hashlib.sha256(files[name]).hexdigest() == sha256 for name, sha256 in listed.items())


def test_the_settings_tell_the_script_what_to_run() -> None:
    settings_read = json.loads(unpacked(CS)["Settings.json"])
    assert settings_read == {
        "schema": "foothold.bundle/1",
        "role": "cs",
        "deployment": "north",
        "staging_folder": r"C:\Temp\Foothold",
        "installer": "MicrosoftAzureSiteRecoveryUnifiedSetup.exe",
        "setup": r"Extracted\UNIFIEDSETUP.EXE",
        "extract_arguments": r"/q /x:C:\Temp\Foothold\Extracted",
        "install_arguments": "/AcceptThirdpartyEULA /ServerMode CS",
        "secret_files": ["MySQLCredentials.txt", "ProxySettings.txt"],
        "vault_credentials_file": "Vault.VaultCredentials",
        "mysql_installer": None,
        "mysql_folder": None,
    }


def test_the_command_of_unified_setup_names_the_files_that_the_script_stages() -> None:
    order = unified_setup.SetupOrder(mode="CS", serves_vmware=True, own_proxy=True)
    made = unified_setup.commands(order)
    contents = replace(
        CS,
        installer=unified_setup.INSTALLER,
        staging_folder=order.staging_folder,
        setup=f"Extracted\\{unified_setup.SETUP}",
        install_arguments=made.install_arguments,
        extract_arguments=made.extract_arguments,
        vault_credentials_file=unified_setup.VAULT_FILE,
    )
    told = settings_of(contents)
    staged = {f"{told['staging_folder']}\\{name}" for name in told["secret_files"]}
    staged.add(f"{told['staging_folder']}\\{told['vault_credentials_file']}")
    named = {word for word in told["install_arguments"].split() if word.startswith(told["staging_folder"])}
    assert named == staged
    assert f"{told['staging_folder']}\\{told['setup']}" == f"{made.extraction_folder}\\UNIFIEDSETUP.EXE"


def test_the_readme_counts_its_steps_and_speaks_of_this_machine() -> None:
    text = unpacked(CS)["README.txt"].decode("ascii")
    assert "\r\n" in text
    assert text.startswith("Configuration server cs01\r\n")
    numbers = [int(line.split(".")[0]) for line in text.splitlines() if line[:1].isdigit()]
    assert numbers == list(range(1, len(numbers) + 1))
    for words in ("-DryRun", "3010", ".VaultCredentials", "https://aka.ms/unifiedinstaller", "Keep a copy"):
        assert words in text
    assert max(len(line) for line in text.splitlines()) <= 125
    assert "VaultCredentials" not in unpacked(PS)["README.txt"].decode("ascii")
    assert "Answers.txt" in unpacked(APPLIANCE)["README.txt"].decode("ascii")


def test_every_text_is_ascii_even_when_an_answer_is_not() -> None:
    files = unpacked(APPLIANCE)
    assert files["Answers.txt"] == b"Friendly name of appliance: Appliance North\r\nNote: Gr??e\r\n"
    for data in files.values():
        assert data.isascii()


def test_a_bundle_with_a_password_opens_only_with_it() -> None:
    out = io.BytesIO(b"".join(bundle_chunks(CS, password="correct horse")))
    assert b"hush" not in out.getvalue()
    assert b"UNIFIEDSETUP" not in out.getvalue()
    with pyzipper.AESZipFile(out) as archive:
        for entry in archive.infolist():
            assert entry.flag_bits & 1
            assert entry.wz_aes_strength == 3  # AES-256
        with pytest.raises(RuntimeError, match="requires a password"):
            archive.read("MySQLCredentials.txt")
        with pytest.raises(RuntimeError, match="Bad password"):
            archive.read("MySQLCredentials.txt", pwd=b"wrong horse")
        assert b"hush-root" in archive.read("MySQLCredentials.txt", pwd=b"correct horse")


def test_an_empty_password_is_refused_before_anything_is_written() -> None:
    with pytest.raises(ValueError, match="empty password"):
        next(bundle_chunks(CS, password=""))


def test_a_download_that_is_broken_off_ends_quietly() -> None:
    chunks = bundle_chunks(CS)
    assert next(chunks).startswith(b"PK")
    chunks.close()
    assert list(chunks) == []


@pytest.mark.parametrize("password", [None, "correct horse"])
def test_a_large_installer_passes_through_without_being_held(password: str | None) -> None:
    megabyte, count = hashlib.shake_256(b"no two bytes alike").digest(1024 * 1024), 48

    def installer() -> Iterator[bytes]:
        for _number in range(count):
            yield megabyte

    contents = replace(CS, placed=(PlacedFile(place="installer", name=CS.installer, read=installer),))
    tracemalloc.start()
    taken = sum(len(chunk) for chunk in bundle_chunks(contents, password=password))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken > 40 * 1024 * 1024
    assert peak < 12 * 1024 * 1024


def test_what_is_provided_takes_the_place_of_the_placeholder_and_is_in_the_manifest() -> None:
    key = PlacedFile(place="vault-credentials", name="v.VaultCredentials", read=lambda: [b"<a/>", b"<b/>"])
    files = unpacked(replace(CS, placed=(key,)))
    assert files["vault-credentials/v.VaultCredentials"] == b"<a/><b/>"
    assert "vault-credentials/PUT-THE-FILE-HERE.txt" not in files
    assert b"*vault-credentials/v.VaultCredentials" in files["Manifest.sha256"]
    assert b"Download the registration key" not in files["README.txt"]


@settings(deadline=None, max_examples=25)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60))
def test_whatever_the_secret_it_arrives_unchanged(secret: str) -> None:
    contents = replace(PS, secret_files=(SecretFile(name="Passphrase.txt", text=secret),))
    whole = b"".join(bundle_chunks(contents, password="pw"))
    with pyzipper.AESZipFile(io.BytesIO(whole)) as archive:
        assert archive.read("Passphrase.txt", pwd=b"pw") == secret.encode("ascii")


def test_the_script_in_the_bundle_is_whole() -> None:
    for component in ("cs", "ps_scaleout", "appliance"):
        script = install_script(component)
        assert "#include" not in script
        assert script.count("function Assert-Manifest") == 1
