from __future__ import annotations

import json
from dataclasses import replace

import pytest

from wizard.planning import dr_installer
from wizard.planning.dr_installer import ApplianceOrder

ORDER = ApplianceOrder(friendly_name="Appliance North", connectivity="fqdn", address="asr01.example.net")


def test_the_script_runs_in_its_folder_without_invented_parameters() -> None:
    assert dr_installer.command(ORDER) == r"Set-Location C:\Temp\Foothold\Installers; .\DRInstaller.ps1"
    spaced = replace(ORDER, staging_folder=r"E:\My setup")
    assert dr_installer.command(spaced) == r'Set-Location "E:\My setup\Installers"; .\DRInstaller.ps1'


def test_the_answers_come_in_the_order_of_the_configuration_manager() -> None:
    found = dr_installer.answers(replace(ORDER, vcenter="vc.example.net"))
    assert [answer.id for answer in found] == [
        *("proxy", "connectivity", "data_port", "friendly_name", "key", "login", "vcenter")
    ]
    values = {answer.id: answer.value and str(answer.value) for answer in found}
    assert values == {
        "proxy": "off",
        "connectivity": "FQDN",
        "data_port": "9443",
        "friendly_name": "Appliance North",
        "key": None,
        "login": None,
        "vcenter": "vc.example.net",
    }
    assert json.loads(json.dumps([answer.to_json() for answer in found]))[3]["value"] == "Appliance North"


def test_without_vcenter_and_with_a_proxy_the_answers_follow() -> None:
    found = {
        answer.id: answer
        for answer in dr_installer.answers(replace(ORDER, connectivity="ip", proxy="proxy.example.net:3128"))
    }
    assert "vcenter" not in found
    assert found["proxy"].value == "http://proxy.example.net:3128"
    assert str(found["connectivity"].value) == "IP address"


def test_ports_and_proxies_that_cannot_serve_are_refused() -> None:
    with pytest.raises(ValueError, match="443"):
        replace(ORDER, data_port=443)
    with pytest.raises(ValueError, match="no HTTP proxy"):
        replace(ORDER, proxy="https://proxy.example.net:3128")
