from __future__ import annotations

from typing import Any

import pytest

from tests.journey.complete import VCENTER, wrong
from wizard.journey.vcenter import VCenterAddress, VCenterAnswers


@pytest.mark.parametrize(
    ("typed", "host", "port"),
    [
        ({"host": "vcenter.lab.test"}, "vcenter.lab.test", 443),
        ({"host": "VCenter.lab.test", "port": "8989"}, "vcenter.lab.test", 8989),
        ({"host": "127.0.0.1", "port": 8989}, "127.0.0.1", 8989),
        ({"host": "https://vcenter.lab.test"}, "vcenter.lab.test", 443),
        ({"host": "https://vcenter.lab.test:8989/sdk"}, "vcenter.lab.test", 8989),
        ({"host": "https://vcenter.lab.test:8989/sdk", "port": "443"}, "vcenter.lab.test", 8989),
        ({"host": "https://vcenter.lab.test:8989/sdk", "port": 8989}, "vcenter.lab.test", 8989),
        ({"host": "https://vcenter.lab.test:8989/sdk", "port": ""}, "vcenter.lab.test", 8989),
        ({"host": " HTTPS://10.1.2.3/ui/app/home?x=1#top "}, "10.1.2.3", 443),
        ({"host": "vcenter.lab.test:8989"}, "vcenter.lab.test", 8989),
        ({"host": "vcenter.lab.test/sdk", "port": 444}, "vcenter.lab.test", 444),
    ],
)
def test_an_address_is_taken_apart_however_it_was_pasted(typed: dict[str, Any], host: str, port: int) -> None:
    address = VCenterAddress.model_validate(typed)
    assert (address.host, address.port) == (host, port)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (
            {"host": "http://vcenter.lab.test"},
            {
                "host": "“http://vcenter.lab.test” does not begin with https://. "
                "vCenter's interface is reached over HTTPS only."
            },
        ),
        (
            {"host": "https://vcenter.lab.test:8989/sdk", "port": 9443},
            {"port": "The port is 9443 here and 8989 in the address. Give it once."},
        ),
        (
            {"host": "https://vcenter.lab.test:99999/sdk"},
            {"port": "99999 is too large. The most possible is 65535."},
        ),
        (
            {"host": "10.0.0.256"},
            {
                "host": "“10.0.0.256” is not an IPv4 address. "
                "Expected are four numbers from 0 to 255, such as 192.0.2.10."
            },
        ),
        (
            {"host": "fe80::1"},
            {"host": "“fe80::1” contains a colon. Expected is an IPv4 address alone: no IPv6, no port."},
        ),
        ({"host": "0.0.0.0"}, {"host": "0.0.0.0 is an unspecified address. No server answers there."}),
        (
            {"host": "my vcenter"},
            {
                "host": "“my vcenter” is not a DNS name. Use letters, digits and hyphens in parts of at most 63 "
                "characters, separated by dots, for example vcenter.example.net."
            },
        ),
        ({"port": 443}, {"host": "An answer is missing here."}),
        ({"host": 5}, {"host": "“5” is not a text. Put it in quotes."}),
        ({"host": "vc", "port": 0}, {"port": "0 is too small. The least possible is 1."}),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_with_the_reason(
    typed: dict[str, Any], found: dict[str, str]
) -> None:
    assert wrong(VCenterAddress, typed) == found


def test_a_password_pasted_with_the_address_is_refused_and_not_repeated() -> None:
    found = wrong(VCenterAddress, {"host": "https://root:hunter2@vcenter.lab.test/sdk"})
    assert found == {
        "host": "The address contains a user name. Give the address alone; the account is asked for later."
    }


def test_the_thumbprint_is_stored_in_one_form() -> None:
    answers = VCenterAnswers.model_validate({**VCENTER, "thumbprint_sha256": "0f" * 32, "credential": "lab"})
    assert answers.model_dump(mode="json") == {
        "host": "vcenter.lab.test",
        "port": 443,
        "thumbprint_sha256": ":".join(["0F"] * 32),
        "credential": "lab",
    }


def test_an_address_without_its_confirmed_certificate_is_not_complete() -> None:
    assert wrong(VCenterAnswers, {"host": "vcenter.lab.test"}) == {
        "thumbprint_sha256": "An answer is missing here."
    }
    assert wrong(VCenterAnswers, {**VCENTER, "thumbprint_sha256": "ab" * 20}) == {
        "thumbprint_sha256": "This has the length of SHA-1 (40 hexadecimal digits). "
        "Give the SHA-256 value, which has 64."
    }
