"""What is taken from a collector, and what is refused and how."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.hosts.signing import DEPLOYMENT, KEY, NONCE, minimal, signed
from wizard.hosts.document import MAX_BYTES, DocumentRefused, Observed, Unobserved, read
from wizard.hosts.schema import LINUX, WINDOWS


def refusal(data: bytes) -> DocumentRefused:
    with pytest.raises(DocumentRefused) as caught:
        read(data)
    assert str(caught.value.remedy)
    return caught.value


def fact(key: str, reported: Any) -> Observed | Unobserved:
    return read(signed(minimal({key: reported}))).facts[key]


def reason(key: str, reported: Any) -> str:
    seen = fact(key, reported)
    assert isinstance(seen, Unobserved)
    return str(seen.reason)


def test_a_signed_document_is_read_and_verified():
    document = read(signed(minimal({"os.build": {"value": 14393}})))
    document.verify(KEY)
    assert document.collector == "Collect-Facts.ps1"
    assert (document.nonce, document.deployment, document.component) == (NONCE, DEPLOYMENT, "cs")
    assert (document.host_name, document.machine_id) == ("CS01", None)
    assert document.started_at == datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    assert document.finished_at == datetime(2026, 11, 22, 10, 0, 41, tzinfo=UTC)
    assert document.facts["os.build"] == Observed(value=14393)


def test_the_hmac_is_the_one_that_the_contract_describes():
    whole = json.dumps(minimal()).encode()
    seal = hmac.new(KEY, whole[:-1], hashlib.sha256).hexdigest()
    read(whole[:-1] + f',"hmac":"{seal}"}}'.encode()).verify(KEY)


def test_a_carriage_return_anywhere_changes_nothing():
    pretty = json.dumps(minimal({"os.caption": {"value": "Windows"}}), indent=2)[:-1]
    seal = hmac.new(KEY, pretty.encode(), hashlib.sha256).hexdigest()
    document = f'{pretty},"hmac":"{seal}"}}\n'
    read(document.encode()).verify(KEY)
    read(document.replace("\n", "\r\n").encode()).verify(KEY)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_of_powershell_are_read(encoding: str):
    text = json.dumps(minimal({"os.caption": {"value": "Größe"}}), ensure_ascii=False)[:-1]
    seal = hmac.new(KEY, text.encode("utf-8"), hashlib.sha256).hexdigest()
    document = read(f'{text},"hmac":"{seal}"}}'.encode(encoding))
    document.verify(KEY)
    assert document.facts["os.caption"] == Observed(value="Größe")


def test_utf_16_big_endian_with_its_mark_is_read():
    read(b"\xfe\xff" + signed(minimal()).decode().encode("utf-16-be")).verify(KEY)


@pytest.mark.parametrize(
    "data",
    [
        signed(minimal()).decode().encode("utf-16-le"),
        signed(minimal()).decode().encode("utf-32"),
        b"\xff\xfe{\x00}",
        '{"name":"Größe"}'.encode("latin-1"),
    ],
    ids=["utf-16 without mark", "utf-32", "half a unit", "latin-1"],
)
def test_another_encoding_is_refused(data: bytes):
    assert refusal(data).code == "wrong_encoding"


def test_a_hundred_megabytes_are_refused_before_they_are_read():
    error = refusal(b"[" * (100 * 1024 * 1024))
    assert error.code == "too_big"
    assert str(error) == "The file has 100.0 MB; facts of one machine have at most 5 MB."


def test_the_limit_itself_is_read():
    body = signed(minimal())
    read(body + b" " * (MAX_BYTES - len(body))).verify(KEY)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "line 1, column 1"),
        (b"MZ\x90", "neither"),
        (b'{"schema": ', "line 1, column 12"),
        (b"[]", "it is not an object"),
        (b'{"a": 1, "a": 2}', "the member 'a' is there twice"),
        (b'{"facts": {"b": {"value": 1, "value": 2}}}', "the member 'value' is there twice"),
        (b'{"a": NaN}', "NaN is no number in JSON"),
        (b'{"a": -Infinity}', "-Infinity is no number in JSON"),
        (b'{"a": 1e999}', "a number in it is too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a number in it is too large"),
        (b'{"a": "\\ud800"}', "half of a character"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b"[" * 2_000_000, "nested too deeply"),
    ],
    ids=[
        "empty",
        "program",
        "cut off",
        "list",
        "twice",
        "twice inside",
        "NaN",
        "Infinity",
        "float",
        "digits",
        "surrogate",
        "deep objects",
        "deep lists",
    ],
)
def test_what_is_no_strict_json_is_refused_with_the_reason(data: bytes, why: str):
    error = refusal(data)
    assert error.code == ("wrong_encoding" if why == "neither" else "not_json")
    assert why in str(error)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "foothold.host-facts/2"},
        {"schema": None},
        {"schema": ["foothold.host-facts/1"]},
        {"collector": "other.py"},
        {"collector": None},
        {"collector": ["x"]},
    ],
)
def test_another_schema_or_collector_is_refused(changes: dict[str, Any]):
    assert refusal(signed(minimal(**changes))).code == "wrong_schema"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("nonce", "00112233"),
        ("nonce", 5),
        ("nonce", NONCE.upper()),
        ("deployment", "seven"),
        ("deployment", None),
        ("deployment", 7),
        ("component", ""),
        ("component", "../cs"),
        ("host", "CS01"),
        ("host", {"name": "", "machine_id": None}),
        ("host", {"name": "a\nb", "machine_id": None}),
        ("host", {"machine_id": None}),
        ("host", {"name": "CS01", "machine_id": 5}),
        ("started_at", "yesterday"),
        ("started_at", "2026-11-22T10:00:00"),
        ("finished_at", None),
        ("facts", []),
        ("facts", None),
    ],
)
def test_an_unusable_member_is_named(member: str, value: Any):
    error = refusal(signed(minimal(**{member: value})))
    assert error.code == "incomplete"
    assert member in str(error)


def test_a_document_without_hmac_is_incomplete():
    error = refusal(json.dumps(minimal()).encode())
    assert (error.code, str(error)) == ("incomplete", "The file has no usable member hmac.")


def test_an_hmac_that_is_not_last_is_incomplete():
    body = json.loads(signed(minimal()))
    seal = body.pop("hmac")
    error = refusal(json.dumps({"hmac": seal, **body}).encode())
    assert error.code == "incomplete"
    assert "not the last one" in str(error)


def test_an_hmac_inside_a_fact_is_not_taken_for_the_documents():
    body = minimal({"os.caption": {"value": "x", "hmac": "0" * 64}})
    assert refusal(json.dumps(body).encode()).code == "incomplete"


@pytest.mark.parametrize(
    "change",
    [
        (b'"value": 14393', b'"value": 9600 '),
        (b'"name": "CS01"', b'"name": "CS02"'),
        (NONCE.encode(), NONCE[::-1].encode()),
        (b'"facts"', b' "facts"'),
    ],
)
def test_an_edited_document_is_told(change: tuple[bytes, bytes]):
    data = signed(minimal({"os.build": {"value": 14393}}))
    edited = data.replace(*change)
    assert edited != data
    with pytest.raises(DocumentRefused) as caught:
        read(edited).verify(KEY)
    assert caught.value.code == "tampered"


def test_another_key_does_not_verify():
    with pytest.raises(DocumentRefused, match="facts of CS01 were changed"):
        read(signed(minimal())).verify(bytes(32))


def test_the_text_that_was_signed_is_not_shown():
    assert "started_at=" in repr(read(signed(minimal())))
    assert '"started_at"' not in repr(read(signed(minimal())))


def test_every_key_is_there_and_no_other():
    facts = read(signed(minimal({"os.moon_phase": {"value": "full"}, "os.build": {"value": 1}}))).facts
    assert set(facts) == set(WINDOWS)
    seen = facts["os.caption"]
    assert isinstance(seen, Unobserved)
    assert str(seen.reason) == "The collector did not report this; it may be an older one."
    linux = read(signed(minimal(collector="collect-facts.sh"))).facts
    assert set(linux) == set(LINUX)


def test_a_reason_of_the_machine_is_passed_on():
    assert reason("os.build", {"error": "Zugriff\r\n verweigert"}) == (
        "The machine could not say: Zugriff verweigert"
    )


def test_a_long_reason_is_cut():
    assert len(reason("os.build", {"error": "x" * 100_000})) < 600


@pytest.mark.parametrize("reported", [{}, {"error": None}, {"error": 5}])
def test_neither_value_nor_reason_is_said_so(reported: Any):
    assert reason("os.build", reported) == "The collector sent neither a value nor a reason."


@pytest.mark.parametrize("reported", [None, 5, "x", []])
def test_what_is_no_fact_is_not_reported(reported: Any):
    assert "did not report" in reason("os.build", reported)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("os.build", "14393", "a text where a whole number belongs."),
        ("os.build", 14393.0, "a number with decimals where a whole number belongs."),
        ("os.build", True, "true or false where a whole number belongs."),
        ("os.build", None, "null where a whole number belongs."),
        ("os.build", 2**70, "a number that is too large where a whole number belongs."),
        ("os.elevated", 1, "a whole number where true or false belongs."),
        ("os.caption", "a\0b", "a text with a NUL character where a text belongs."),
        ("os.last_boot", "9999-12-30T23:59:59-23:59", "a text where a time with its offset from UTC"),
        ("os.last_boot", "0001-01-01T00:00:00+12:00", "a text where a time with its offset from UTC"),
        ("os.last_boot", "gestern", "a text where a time with its offset from UTC"),
        ("os.pending_reboot", "CBS", "a text where a list belongs."),
        ("os.licence", [], "a list where an object belongs."),
        ("os.licence", {"status": 1, "grace_minutes": 0}, "nothing where a value belongs (at description)."),
        ("hardware.cpu_load_percent", "12,5", "a text where a number belongs."),
        (
            "hardware.disks",
            [{"number": 0, "size_bytes": "85899345920", "bus": "SAS", "model": "x"}],
            "a text where a whole number belongs (at [0].size_bytes).",
        ),
        (
            "crypto.schannel",
            {"TLS 1.0": {"enabled": "0", "disabled_by_default": None}, "TLS 1.2": {}},
            "a text where a whole number belongs (at TLS 1.0.enabled).",
        ),
        ("policy.execution_policies", {"MachinePolicy": 3}, "a whole number where a text belongs"),
    ],
)
def test_a_value_of_the_wrong_shape_is_unobserved_with_its_place(key: str, value: Any, said: str):
    assert said in reason(key, {"value": value})


def test_a_wrong_value_does_not_spoil_its_neighbours():
    facts = read(signed(minimal({"os.build": {"value": "14393"}, "os.caption": {"value": "Windows"}}))).facts
    assert isinstance(facts["os.build"], Unobserved)
    assert facts["os.caption"] == Observed(value="Windows")


def test_members_that_the_schema_does_not_know_are_left_behind():
    disk = {"number": 0, "size_bytes": 1, "bus": "SAS", "model": "x"}
    seen = fact("hardware.disks", {"value": [{**disk, "serial": "S1"}]})
    assert seen == Observed(value=[disk])


def test_null_is_a_value_where_the_schema_allows_it():
    assert fact("proxy.winhttp", {"value": None}) == Observed(value=None)
    assert fact("hardware.cpu_load_percent", {"value": 3}) == Observed(value=3)
