from __future__ import annotations

from typing import Any

import pytest

from tests.journey.complete import INSTALLATION, wrong
from wizard.journey.installation import ApplianceInstallationAnswers, InstallationAnswers


def test_the_licence_is_all_that_must_be_said() -> None:
    assert InstallationAnswers.model_validate(INSTALLATION).model_dump() == {
        "install_drive": "D:",
        "mysql": "download",
        "cs_address": "",
        "data_adapter_address": None,
        "accept_third_party_license": True,
    }


@pytest.mark.parametrize(("typed", "stored"), [("d", "D:"), ("e:", "E:"), ("F:\\", "F:"), (" C: ", "C:")])
def test_a_drive_is_stored_in_one_form(typed: str, stored: str) -> None:
    answers = InstallationAnswers.model_validate({**INSTALLATION, "install_drive": typed})
    assert answers.install_drive == stored


@pytest.mark.parametrize("typed", ["A:", "b", "DE:", "D:\\Program Files", "/opt", "1:", "Ä:", "D::"])
def test_what_is_no_drive_is_refused(typed: str) -> None:
    assert wrong(InstallationAnswers, {**INSTALLATION, "install_drive": typed}) == {
        "install_drive": f"“{typed}” is not a drive. Expected is a letter from C to Z with a colon, such as D:."
    }


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            {"accept_third_party_license": False},
            {
                "accept_third_party_license": "Unified Setup stops unless the third-party licence terms are "
                "accepted. Read and accept them."
            },
        ),
        (
            {"cs_address": "cs01.lab.test"},
            {
                "cs_address": "“cs01.lab.test” is not an IPv4 address. Expected are four numbers from 0 to "
                "255, such as 192.0.2.10."
            },
        ),
        (
            {"data_adapter_address": "127.0.0.1"},
            {
                "data_adapter_address": "127.0.0.1 is a loopback address. Other machines could never reach "
                "the appliance there."
            },
        ),
        (
            {"mysql": "none"},
            {"mysql": "“none” is not among the choices. Expected is one of: download, staged."},
        ),
    ],
)
def test_what_unified_setup_could_not_use_is_refused(change: dict[str, Any], found: dict[str, str]) -> None:
    assert wrong(InstallationAnswers, {**INSTALLATION, **change}) == found


def test_the_licence_must_be_spoken_about() -> None:
    assert wrong(InstallationAnswers, {}) == {"accept_third_party_license": "An answer is missing here."}


def test_the_appliance_is_asked_for_its_drive_alone() -> None:
    assert ApplianceInstallationAnswers.model_validate({}).model_dump() == {"install_drive": "D:"}
    assert set(wrong(ApplianceInstallationAnswers, {"mysql": "staged"})) == {"mysql"}
