from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planning.test_windows_command import arguments
from wizard.planning.unified_setup import SetupOrder, commands

CS = SetupOrder(mode="CS", serves_vmware=True)
PS = SetupOrder(mode="PS", serves_vmware=True, cs_address="192.0.2.10")
RUN = r"C:\Temp\Foothold\Extracted\UNIFIEDSETUP.EXE"


def test_the_installer_is_extracted_quietly_with_the_colon() -> None:
    assert commands(CS).extract == (
        r"C:\Temp\Foothold\MicrosoftAzureSiteRecoveryUnifiedSetup.exe /q /x:C:\Temp\Foothold\Extracted"
    )


def test_a_configuration_server_for_vmware_machines() -> None:
    assert commands(CS).install == (
        RUN + r" /AcceptThirdpartyEULA /ServerMode CS /InstallLocation D:\ "
        r"/MySQLCredsFilePath C:\Temp\Foothold\MySQLCredentials.txt "
        r"/VaultCredsFilePath C:\Temp\Foothold\Vault.VaultCredentials "
        r"/EnvType VMware /DataTransferSecurePort 9443 /BypassProxy"
    )
    assert commands(CS).input_files == ("MySQLCredentials.txt", "Vault.VaultCredentials")


def test_a_configuration_server_for_physical_servers_only() -> None:
    assert "/EnvType NonVMware " in commands(replace(CS, serves_vmware=False)).install


def test_a_process_server_brings_address_and_passphrase_and_neither_mysql_nor_vault() -> None:
    assert commands(PS).install == (
        RUN + r" /AcceptThirdpartyEULA /ServerMode PS /InstallLocation D:\ /EnvType VMware "
        r"/CSIP 192.0.2.10 /PassphraseFilePath C:\Temp\Foothold\Passphrase.txt "
        r"/DataTransferSecurePort 9443 /BypassProxy"
    )
    assert commands(PS).input_files == ("Passphrase.txt",)


def test_with_several_adapters_both_addresses_are_said() -> None:
    line = commands(replace(CS, data_adapter_address="192.0.2.20")).install
    assert "/CSIP 192.0.2.20 /PSIP 192.0.2.20 " in line
    line = commands(replace(CS, cs_address="192.0.2.30", data_adapter_address="192.0.2.20")).install
    assert "/CSIP 192.0.2.30 /PSIP 192.0.2.20 " in line
    assert "/CSIP 192.0.2.10 " in commands(replace(PS, data_adapter_address="192.0.2.20")).install
    assert "/PSIP 192.0.2.20 " in commands(replace(PS, data_adapter_address="192.0.2.20")).install


def test_a_proxy_of_its_own_comes_as_a_file_and_excludes_the_bypass() -> None:
    made = commands(replace(CS, own_proxy=True))
    assert made.install.endswith(r" /ProxySettingsFilePath C:\Temp\Foothold\ProxySettings.txt")
    assert "/BypassProxy" not in made.install
    assert made.input_files[-1] == "ProxySettings.txt"


@pytest.mark.parametrize("port", [443, 9433, 0, 65536])
def test_a_data_port_that_cannot_serve_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match=r"443|9433|port"):
        replace(CS, data_port=port)


def test_a_process_server_without_its_configuration_server_is_refused() -> None:
    with pytest.raises(ValueError, match="give the IPv4 address"):
        SetupOrder(mode="PS", serves_vmware=True)


def test_a_name_where_an_address_belongs_is_refused() -> None:
    with pytest.raises(ValueError, match="not an IPv4 address"):
        replace(PS, cs_address="cs01.example.net")


def test_a_staging_folder_with_blanks_is_quoted_in_both_commands() -> None:
    made = commands(replace(PS, staging_folder="C:\\Temp\\My setup\\"))
    assert arguments(made.extract_arguments) == ["/q", r"/x:C:\Temp\My setup\Extracted"]
    assert made.install.startswith(r'& "C:\Temp\My setup\Extracted\UNIFIEDSETUP.EXE" /Accept')


folders = st.from_regex(r"[A-Z]:\\([A-Za-z0-9_()-][A-Za-z0-9 _()-]{0,8}[A-Za-z0-9_]\\?)?", fullmatch=True)


@given(
    st.sampled_from([CS, PS]),
    folders,
    st.sampled_from("cDeZ"),
    st.booleans(),
    st.integers(9444, 65535),
)
def test_setup_receives_every_value_as_it_was_meant(
    order: SetupOrder, folder: str, letter: str, own_proxy: bool, port: int
) -> None:
    wanted = replace(order, staging_folder=folder, install_drive=letter, own_proxy=own_proxy, data_port=port)
    received = arguments(commands(wanted).install_arguments)
    values = {name: value for name, value in pairwise(received) if name.startswith("/")}
    assert values["/InstallLocation"] == f"{letter.upper()}:\\"
    assert values["/DataTransferSecurePort"] == str(port)
    assert ("/ProxySettingsFilePath" in values) is own_proxy
    assert ("/BypassProxy" in received) is not own_proxy
    for value in values.values():
        if value.endswith((".txt", ".VaultCredentials")):
            assert value.startswith(folder)
