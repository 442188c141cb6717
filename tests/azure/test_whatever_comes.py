"""Nothing that stands in a file, an answer or an address makes the room fail in another way than it says."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from wizard.azure.account import Account, is_loopback_url
from wizard.azure.clouds import CLOUDS, cloud_of
from wizard.azure.dates import read_date
from wizard.azure.job_view import JobView, job_view
from wizard.azure.status_failures import said
from wizard.azure.vault_credentials import VaultFileError, read
from wizard.azure.vcenters import check_name, name_for
from wizard.lab.vault_credentials_file import VaultFile

# The machines of the gate are busy: no example has to be quick, and there are not too many.
patient = settings(deadline=None, max_examples=50)
NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@cache
def usual() -> bytes:
    return VaultFile().make(NOW)


@cache
def container() -> bytes:
    return VaultFile().pkcs12(NOW)


@patient
@given(at=st.integers(0, 4000), byte=st.integers(0, 255))
def test_a_file_with_one_wrong_byte_is_read_or_refused(at: int, byte: int) -> None:
    content = bytearray(usual())
    content[at % len(content)] = byte
    with contextlib.suppress(VaultFileError):
        read(bytes(content), now=NOW)


@patient
@given(at=st.integers(0, 3000), byte=st.integers(0, 255))
def test_a_certificate_with_one_wrong_byte_is_read_or_refused(at: int, byte: int) -> None:
    content = bytearray(container())
    content[at % len(content)] = byte
    file = VaultFile(management_cert=base64.b64encode(bytes(content)).decode())
    with contextlib.suppress(VaultFileError):
        read(file.make(NOW), now=NOW)


@patient
@given(st.binary(max_size=200))
def test_what_is_no_file_at_all_is_refused(content: bytes) -> None:
    try:
        read(content, now=NOW)
    except VaultFileError as refused:
        code = refused.code
    assert code in ("not_xml", "dtd", "unknown_root")


@patient
@given(st.dictionaries(st.sampled_from(["name", "properties", "id"]), JSON))
def test_any_document_reads_as_a_job(document: dict[str, Any]) -> None:
    assert isinstance(job_view(document), JobView)


@patient
@given(
    st.fixed_dictionaries(
        {"properties": st.dictionaries(st.sampled_from(["state", "tasks", "errors", "startTime"]), JSON)}
    )
)
def test_any_properties_read_as_those_of_a_job(document: dict[str, Any]) -> None:
    assert isinstance(job_view(document), JobView)


@patient
@given(st.text(max_size=200))
def test_any_body_reads_as_an_error(body: str) -> None:
    assert isinstance(said(body).words, str)


@patient
@given(JSON)
def test_any_json_reads_as_an_error(document: Any) -> None:
    assert isinstance(said(json.dumps({"error": document})).words, str)


@patient
@given(JSON)
def test_anything_reads_as_a_date_or_none(value: Any) -> None:
    found = read_date(value)
    assert found is None or found.tzinfo is UTC


@patient
@given(st.text(max_size=40) | st.from_regex(r"https?://[a-z0-9.:@\[\]/-]{0,30}", fullmatch=True))
def test_no_address_but_that_of_the_cloud_gets_a_token(url: str) -> None:
    account = Account(how="default", cloud="public")
    cloud_of(url)
    if account.may_send_to(url):
        assert CLOUDS["public"].manages_at(urlsplit(url).hostname or "")
    if is_loopback_url(url):
        assert (urlsplit(url).hostname or "").startswith(("127.", "localhost", "::1"))


@patient
@given(st.text(max_size=80))
def test_any_name_becomes_one_that_the_service_takes(given_name: str) -> None:
    check_name(name_for(given_name))
