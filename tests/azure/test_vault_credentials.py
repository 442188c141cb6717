"""Vault credentials files: every kind that is taken, every kind that is refused, and that nothing secret comes out."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from wizard.azure.vault_credentials import (
    Mismatch,
    VaultCredentials,
    VaultFileError,
    compare,
    read,
)
from wizard.lab.vault_credentials_file import ACCEPTED, REFUSED, VaultFile

NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
FILE = VaultFile()
AS_IN_FILE: dict[str, Any] = {
    "subscription": FILE.subscription,
    "resource_group": FILE.resource_group,
    "vault": FILE.vault,
    "region": FILE.region,
    "cloud": "public",
    "private_endpoints": False,
}
CODES = {
    *("too_big", "not_xml", "dtd", "wrong_kind_backup", "wrong_kind_old", "unknown_root", "missing_element"),
    *("bad_guid", "bad_base64", "bad_certificate", "no_private_key", "key_mismatch", "weak_key"),
    *("wrong_usage", "not_yet_valid", "expired", "audience_mismatch", "mixed_clouds"),
}


@cache
def usual() -> VaultCredentials:
    return read(FILE.make(NOW), now=NOW)


def test_a_file_from_the_portal_says_where_the_vault_is_and_until_when_it_can_be_used() -> None:
    certificate = FILE.certificate(NOW)
    found = usual()
    assert found == VaultCredentials(
        kind="site_recovery",
        subscription=FILE.subscription,
        resource_group="rg-dr-demo",
        vault="asr-vault-demo",
        resource_id="1234567890123456789",
        region="westeurope",
        subject="CN=Foothold lab vault",
        thumbprint=found.thumbprint,
        not_before=NOW - timedelta(minutes=10),
        not_after=NOW - timedelta(minutes=10) + timedelta(hours=120),
        tenant=FILE.tenant,
        client_id=FILE.client_id,
        cloud="public",
        private_endpoints=False,
    )
    assert re.fullmatch(r"[0-9A-F]{40}", found.thumbprint)
    assert found.not_after == certificate.not_valid_after_utc


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_differs_from_the_usual_file_and_is_right_is_taken(name: str) -> None:
    assert read(ACCEPTED[name](FILE, NOW), now=NOW).subscription == FILE.subscription


@pytest.mark.parametrize("which", REFUSED, ids="-".join)
def test_each_kind_of_wrong_file_is_refused_with_its_code_and_without_a_secret(
    which: tuple[str, str],
) -> None:
    with pytest.raises(VaultFileError) as refused:
        read(REFUSED[which](FILE, NOW), now=NOW)
    error: BaseException = refused.value
    said = f"{refused.value.text} {refused.value.remedy}"
    assert refused.value.code == which[0]
    assert str(refused.value.text)
    assert str(refused.value.remedy)
    assert "AAAAAAAAAAAAAAAAAAAAAA" not in said
    assert "MII" not in said
    # What led to it may quote the file, and would stand in a log.
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


def test_every_code_has_a_file_that_leads_to_it() -> None:
    assert {code for code, _what in REFUSED} == CODES


def test_a_file_of_another_cloud_is_told_by_its_addresses() -> None:
    assert read(ACCEPTED["us_government"](FILE, NOW), now=NOW).cloud == "us_government"
    assert read(ACCEPTED["unknown_cloud"](FILE, NOW), now=NOW).cloud is None


def test_a_file_made_before_private_endpoints_does_not_say_whether_there_are_any() -> None:
    assert read(ACCEPTED["older"](FILE, NOW), now=NOW).private_endpoints is None
    assert read(ACCEPTED["private_endpoints"](FILE, NOW), now=NOW).private_endpoints is True


@pytest.mark.parametrize(("minutes", "soon"), [(121, False), (119, True), (-1, True)])
def test_less_than_two_hours_are_little(minutes: int, soon: bool) -> None:
    found = usual()
    then = found.not_after - timedelta(minutes=minutes)
    assert found.left(then) == timedelta(minutes=minutes)
    assert found.ends_soon(then) is soon


def test_what_is_kept_of_a_file_holds_nothing_secret() -> None:
    content = FILE.make(NOW)
    secret = re.search(rb"<ManagementCert>(.*?)</ManagementCert>", content)
    assert secret
    found = read(content, now=NOW)
    kept = json.dumps(found.to_json()) + repr(found)
    assert "AAAAAAAAAAAAAAAAAAAAAA" not in kept
    assert not any(secret[1].decode()[at : at + 24] in kept for at in range(0, len(secret[1]) - 24, 8))
    assert VaultCredentials.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_an_entity_reads_no_file_of_this_machine() -> None:
    with pytest.raises(VaultFileError) as refused:
        read(REFUSED["dtd", "entity"](FILE, NOW), now=NOW)
    assert "root:" not in str(refused.value)


def test_a_certificate_is_found_among_those_of_its_issuers() -> None:
    from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

    key, certificate, _none = pkcs12.load_key_and_certificates(FILE.pkcs12(NOW), None)
    issuer = replace(FILE, bits=3072).certificate(NOW)
    assert key is not None
    chain = pkcs12.serialize_key_and_certificates(b"chain", key, certificate, [issuer], NoEncryption())  # type: ignore[arg-type]
    content = replace(FILE, management_cert=base64.b64encode(chain).decode()).make(NOW)
    assert certificate is not None
    assert read(content, now=NOW).not_after == certificate.not_valid_after_utc


def test_a_file_that_fits_has_no_mismatch() -> None:
    assert compare(usual(), **AS_IN_FILE) == ()


def test_case_and_the_spaces_of_a_region_make_no_mismatch() -> None:
    found = read(ACCEPTED["other_case"](FILE, NOW), now=NOW)
    assert found.region == "West Europe"
    assert compare(found, **AS_IN_FILE) == ()


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("subscription", "00000000-0000-4000-8000-00000000000f"),
        ("resource_group", "rg-other"),
        ("vault", "other-vault"),
        ("region", "northeurope"),
        ("cloud", "china"),
        ("private_endpoints", True),
    ],
)
def test_each_thing_that_does_not_fit_is_named(field: str, expected: str | bool) -> None:
    (mismatch,) = compare(usual(), **{**AS_IN_FILE, field: expected})
    assert mismatch.field == field
    assert mismatch.expected == str(expected)
    assert mismatch.found == str(AS_IN_FILE[field])
    assert str(mismatch.text)
    assert Mismatch.from_json(mismatch.to_json()) == mismatch


def test_what_nobody_knows_is_not_compared() -> None:
    unknown = dict.fromkeys(AS_IN_FILE)
    assert compare(usual(), **unknown) == ()
    older = read(ACCEPTED["older"](FILE, NOW), now=NOW)
    assert compare(older, **{**AS_IN_FILE, "private_endpoints": True}) == ()
