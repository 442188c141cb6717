from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.journey.complete import EVIDENCE, wrong
from wizard.journey.errors import explain
from wizard.journey.evidence import EvidenceAnswers

BY_HAND: dict[str, Any] = {
    "way": "by_hand",
    "host": "",
    "transport": "https",
    "port": 5986,
    "auth": "negotiate",
    "credential": None,
    "thumbprint_sha256": None,
}


def test_the_complete_answers_are_stored_in_one_form() -> None:
    typed = {**EVIDENCE, "host": "CS01.lab.test.", "port": "15986", "auth": "basic"}
    assert EvidenceAnswers.model_validate(typed).model_dump(mode="json") == {
        "way": "winrm",
        "host": "cs01.lab.test",
        "transport": "https",
        "port": 15986,
        "auth": "basic",
        "credential": "lab-windows",
        "thumbprint_sha256": ":".join(["CD"] * 32),
    }


def test_by_hand_nothing_more_is_needed_and_what_was_left_in_the_form_is_dropped() -> None:
    assert EvidenceAnswers.model_validate({"way": "by_hand"}).model_dump() == BY_HAND
    typed = {**EVIDENCE, "way": "by_hand", "transport": "http", "port": "x", "auth": "basic"}
    assert EvidenceAnswers.model_validate(typed).model_dump() == BY_HAND


def test_all_that_winrm_lacks_is_said_at_once() -> None:
    assert wrong(EvidenceAnswers, {"way": "winrm"}) == {
        "host": "WinRM needs the address of the machine. Give its DNS name or IPv4 address.",
        "credential": "WinRM needs an account. Choose a stored Windows credential.",
        "thumbprint_sha256": "Nobody has confirmed the certificate of the machine. Test the connection and "
        "confirm it.",
    }
    with pytest.raises(ValidationError) as caught:
        EvidenceAnswers.model_validate({"way": "winrm"})
    assert {problem.code for problem in explain(caught.value)} == {"missing"}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"port": 0}, {"port": "0 is too small. The least possible is 1."}),
        (
            {"port": 5985},
            {
                "port": "5985 is WinRM's port for HTTP, but the transport is HTTPS. Give 5986, or choose HTTP.",
            },
        ),
        (
            {"transport": "http", "port": "5986"},
            {
                "port": "5986 is WinRM's port for HTTPS, but the transport is HTTP. Give 5985, or choose HTTPS.",
            },
        ),
        (
            {"transport": "http", "auth": "basic"},
            {
                "auth": "Basic authentication over HTTP would show the password to everybody on the way. "
                "Choose HTTPS, or Negotiate."
            },
        ),
        (
            {"host": "cs01.lab.test:5986"},
            {
                "host": "“cs01.lab.test:5986” contains a colon. Give a DNS name or an IPv4 address alone; the "
                "port has a field of its own."
            },
        ),
        (
            {"thumbprint_sha256": "ab" * 20},
            {
                "thumbprint_sha256": "This has the length of SHA-1 (40 hexadecimal digits). Give the SHA-256 "
                "value, which has 64."
            },
        ),
        (
            {"auth": "kerberos"},
            {"auth": "“kerberos” is not among the choices. Expected is one of: negotiate, ntlm, basic."},
        ),
        ({"way": "ssh"}, {"way": "“ssh” is not among the choices. Expected is one of: winrm, by_hand."}),
    ],
)
def test_a_connection_that_cannot_be_is_refused_with_the_reason(
    change: dict[str, Any], found: dict[str, str]
) -> None:
    assert wrong(EvidenceAnswers, {**EVIDENCE, **change}) == found


def test_over_http_there_is_no_certificate_and_the_port_follows() -> None:
    for port in (None, "", 5985):
        answers = EvidenceAnswers.model_validate({**EVIDENCE, "transport": "http", "port": port})
        assert (answers.port, answers.thumbprint_sha256) == (5985, None)
    typed = {**EVIDENCE, "transport": "http", "port": 15985}
    assert EvidenceAnswers.model_validate(typed).port == 15985


def test_over_http_an_account_and_an_address_are_needed_too() -> None:
    assert set(wrong(EvidenceAnswers, {"way": "winrm", "transport": "http"})) == {"host", "credential"}


@pytest.mark.parametrize(
    "given",
    [
        {"way": "by_hand"},
        EVIDENCE,
        {**EVIDENCE, "transport": "http"},
        {**EVIDENCE, "transport": "http", "port": 15985, "auth": "ntlm"},
    ],
)
def test_whatever_the_way_stored_answers_are_valid_answers(given: dict[str, Any]) -> None:
    stored = EvidenceAnswers.model_validate(given).model_dump(mode="json")
    assert EvidenceAnswers.model_validate(stored).model_dump(mode="json") == stored
