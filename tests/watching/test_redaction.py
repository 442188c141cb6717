"""Secrets, control characters and endless values do not get into a line, whoever logs them and however."""

from __future__ import annotations

import io
import json
import logging
import time
from typing import Any

import pytest
import structlog

from tests.watching.lines import logged
from wizard.config import logs
from wizard.config.redaction import HIDDEN, LONGEST_TRACEBACK, LONGEST_VALUE, clean, names_secret, redacted

log = structlog.get_logger(__name__)
CANARY = "canary-4711-secret"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "db_password",
        "Password",
        "clientSecret",
        "client_secret",
        "api_key",
        "X-Api-Key",
        "Authorization",
        "Set-Cookie",
        "cookies",
        "passphrase",
        "private_key",
        "access_token",
        "token",
        "credential",
        "webhook-signature",
        "PGPASSWORD",
    ],
)
def test_a_name_says_that_its_value_is_secret(name: str) -> None:
    assert names_secret(name) or name == "PGPASSWORD"
    assert CANARY not in redacted(f"{name}={CANARY}")


@pytest.mark.parametrize(
    "name",
    [
        "path",
        "token_id",
        "secret_name",
        "credential_id",
        "author",
        "passed",
        "compass",
        "tokenizer",
        "monkey",
    ],
)
def test_a_name_that_only_sounds_like_it_is_left_alone(name: str) -> None:
    assert not names_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"sent bearer {CANARY} along",
        f"{{'Authorization': 'Basic {CANARY}', 'Accept': '*/*'}}",
        f"proxy-authorization: NTLM {CANARY}==",
        f"token fht_{CANARY} was refused",
        f"redis://:{CANARY}@127.0.0.1:6379/0",
        f"postgresql://foothold:{CANARY}@db/foothold?sslmode=require",
        f"https://user:{CANARY}@vault.test/path",
        f"connect(host='x', password='{CANARY}', port=1)",
        f'{{"client_secret": "{CANARY}", "a": 1}}',
        f'{{\\"password\\": \\"{CANARY}\\"}}',
        f"password={CANARY}&next=/",
        f"PASSPHRASE: {CANARY}",
        f"--password={CANARY}",
        f"<Login><userName>x</userName><password>{CANARY}</password></Login>",
        f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN ENCRYPTED PRIVATE KEY-----\n{CANARY} and no end",
        f"Cookie: sessionid={CANARY}; csrftoken=x",
        f"set-cookie: vmware_soap_session={CANARY}; Path=/",
        f"eyJhbGciOi.eyJzdWIi-{CANARY}.c2ln",
    ],
)
def test_a_secret_in_a_text_is_told_by_its_form_or_by_what_stands_before_it(text: str) -> None:
    found = redacted(text)
    assert CANARY not in found
    assert HIDDEN in found


@pytest.mark.parametrize(
    "text",
    [
        "The password was not sent.",
        "vcenter.lab.test:443 presented another certificate.",
        "Ask an administrator for a token.",
        "https://vault.test/path@2x?x=1",
        "asr-operator@vsphere.local",
        "GET replicationFabrics 404",
    ],
)
def test_a_sentence_that_speaks_of_secrets_stays_as_it_is(text: str) -> None:
    assert redacted(text) == text
    assert clean(text) == text


def test_values_are_hidden_by_their_names_at_any_depth() -> None:
    with logged() as seen:
        log.info("x", password=CANARY, body={"a": [{"client_secret": CANARY}], "ok": 1}, kept="kept")
    (event,) = seen.events
    assert event["password"] == HIDDEN
    assert event["body"] == {"a": [{"client_secret": HIDDEN}], "ok": 1}
    assert event["kept"] == "kept"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_tells_where_and_not_what_was_sent(as_json: bool) -> None:
    with logged(as_json=as_json) as seen:
        try:
            raise ValueError(f"cannot sign in with password={CANARY} to redis://:{CANARY}@h")
        except ValueError:
            log.exception("crashed")
            logging.getLogger("of.a.library").exception("crashed, too")
    assert CANARY not in seen.text
    assert seen.text.count("ValueError: ") == 2
    assert "test_redaction.py" in seen.text


@pytest.mark.parametrize("as_json", [True, False])
def test_no_value_can_forge_a_line_or_move_the_cursor(as_json: bool) -> None:
    evil = "x\r\n2026-11-22T10:00:00Z [info] task.ended\x1b[2K\x1b]0;title\x07\u2028\u202e"
    with logged(as_json=as_json) as seen:
        log.info(f"event {evil}", name=evil, nested={evil: [evil]})
        logging.getLogger("of.a.library").warning("said %s", evil)
    assert len(seen.lines) == 2
    assert not [char for char in seen.text if ord(char) < 32 and char != "\n"]
    assert not {"\x1b", "\u2028", "\u202e"} & set(seen.text)


def test_a_message_of_several_lines_in_a_traceback_cannot_pass_for_an_event() -> None:
    with logged(as_json=False) as seen:
        try:
            raise ValueError("x\n2026-11-22T10:00:00Z [info] task.ended")
        except ValueError:
            log.exception("crashed")
    assert [line for line in seen.lines if not line.startswith("    ")] == seen.lines[:1]


def test_a_line_has_an_end() -> None:
    with logged() as seen:
        log.info(
            "y" * 10**6, value="x" * 10**6, many={str(n): "z" * 10**4 for n in range(10**3)}, deep=_deep(50)
        )
        try:
            raise ValueError("v" * 10**6)
        except ValueError:
            log.exception("crashed")
    first, second = seen.lines
    assert len(first) < 5 * LONGEST_VALUE
    assert len(second) < 2 * LONGEST_TRACEBACK
    assert all(json.loads(line) for line in seen.lines)


def test_what_cannot_be_shown_does_not_take_the_line_with_it() -> None:
    class Shy:
        def __str__(self) -> str:
            raise RuntimeError(CANARY)

    with logged() as seen:
        log.info("x", shy=Shy())
    assert seen.events[0]["shy"] == "<Shy: RuntimeError>"


def test_numbers_stay_numbers_and_nothing_stays_nothing() -> None:
    with logged() as seen:
        log.info("x", number=3, share=0.5, yes=True, nothing=None, token="")
    event = seen.events[0]
    assert (event["number"], event["share"], event["yes"], event["nothing"]) == (3, 0.5, True, None)
    assert event["token"] == ""


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://foothold:{CANARY}/9@db.example.net/foothold",
        f"redis://:a#{CANARY}?b@127.0.0.1:6379/0",
        f"[('Authorization', '{CANARY}'), ('Accept', '*/*')]",
        f"[(b'cookie', b'{CANARY}')]",
        f"ValueError('password', '{CANARY}')",
        f"govc login --password {CANARY}",
        f"https://store.example.net/x?sv=2024&sig={CANARY}%3D&se=1",
        f"https://foothold.example.net/oidc/return/?code={CANARY}&state=x",
        f"AccountName=a;AccountKey={CANARY};EndpointSuffix=core",
        f"SECRET_KEY={CANARY}",
        f"CREDENTIAL_KEYS: {CANARY}",
        f"vmware_soap_session={CANARY}",
        f"vmware-api-session-id: {CANARY}",
        f"client_assertion={CANARY}&grant_type=client_credentials",
        f'{{"managementCert": "{CANARY}", "channelIntegrityKey": "{CANARY}"}}',
        f'{{"kind": "token", "password": "{CANARY}"}}',
        f"{{'kind': 'token', 'password': '{CANARY}'}}",
        f"$password = 'it''s {CANARY}'; $other = 1",
        f"WHERE password='it''s {CANARY}' AND 1",
        f"password='it'\\''s {CANARY}' run",
        f"setup --passphrase 'it''s {CANARY}' --quiet",
        f"/sign-in/?next=/x%3Ftoken%3D{CANARY}%26y%3D1",
        f"<ManagementCert>{CANARY}</ManagementCert><ChannelIntegrityKey>{CANARY}</ChannelIntegrityKey>",
    ],
)
def test_a_secret_that_stands_otherwise_is_told_too(text: str) -> None:
    assert CANARY not in redacted(text), redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://vcenter.example.net:8443/sdk?who=a@example.net",
        "3 tokens, 2 of them revoked",
        "error code=503 from the vault",
        "the answer '' and the password, 'admin' and ''",
    ],
)
def test_what_only_looks_like_that_stays(text: str) -> None:
    assert redacted(text) == text


def test_pairs_in_lists_are_hidden_by_their_names() -> None:
    with logged() as lines:
        log.info("sent", headers=[("Authorization", CANARY), (b"cookie", CANARY), ("a", "b")])
    assert lines.events[0]["headers"] == [["Authorization", HIDDEN], ["cookie", HIDDEN], ["a", "b"]]


def test_a_line_that_cannot_be_made_is_told_of_without_its_arguments(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream = io.StringIO()
    handler = logs.Lines(stream)
    handler.setFormatter(logs.formatter(as_json=True))
    library = logging.getLogger("tests.library")
    library.addHandler(handler)
    library.propagate = False
    try:
        library.warning("%d attempts", CANARY)
    finally:
        library.removeHandler(handler)
        library.propagate = True
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"].startswith("log.not_shown: TypeError at ")
    assert CANARY not in line + capsys.readouterr().err


@pytest.mark.parametrize("library", ["pypsrp.wsman", "psrpcore._base", "spnego._ntlm", "paramiko.transport"])
def test_libraries_that_would_write_whole_messages_keep_quiet_even_where_all_else_speaks(
    library: str,
) -> None:
    assert not logging.getLogger(library).isEnabledFor(logging.DEBUG)


@pytest.mark.parametrize(
    "text", ["a-" * 8000, "a." * 8000 + "://", "proxy-" * 2000, "://a:" * 3000, "('password" * 1600]
)
def test_no_text_makes_an_expression_go_back_and_forth(text: str) -> None:
    since = time.process_time()
    redacted(text)
    assert time.process_time() - since < 0.1


def test_expressions_take_no_time_with_long_hostile_text() -> None:
    for piece in (
        "password=" * 400,
        "a-" * 2000,
        '"' * 4000,
        "\\" * 4000,
        "-----BEGIN " * 300,
        "x://" * 1000,
    ):
        clean(piece)


def _deep(levels: int) -> Any:
    return {"inner": _deep(levels - 1)} if levels else "x"
