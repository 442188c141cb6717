"""Known secrets go through every door and flow of a whole installation; afterwards they stand nowhere but encrypted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
import secrets
import sqlite3
import struct
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from cryptography.fernet import Fernet

from tests.management.commands import PHYSICAL
from tests.secrets.installation import Browser, Installation, Program, text_in
from tests.secrets.searching import leaks
from tests.tools import missing
from tests.vault_files import canary, file_of
from tests.waiting import wait_until
from wizard.lab.build import LabUnavailable
from wizard.lab.environment import Ports
from wizard.lab.run import Lab
from wizard.lab.windows_host import WindowsHost
from wizard.models.sealing import position_of_key
from wizard.planning.unified_setup import INSTALLER

pytestmark = [
    pytest.mark.vcenter,
    pytest.mark.redis,
    pytest.mark.worker,
    # One installation for all of them.
    pytest.mark.xdist_group("canaries"),
]

TENANT, CLIENT = str(UUID(int=0xC0FFEE)), str(UUID(int=0xBEEF))

# What cannot be brought about through a door in a moment: further secrets of an installation, and two that make
# whoever opens them stumble, in a task and in a request. It knows no Redis, so that its message lies in the broker of files
# for good; the worker hears of the task when the schedule looks after those that nobody took.
PLANT = """
import json, sys
from wizard.models import Credential, Deployment, InstallationSecret, Operator
from wizard.models.sealing import _ring
from wizard.services import credentials, deployments, tasks
from django.conf import settings
given = json.load(sys.stdin)
admin = Operator.objects.get(username="operator")
essen = Deployment.objects.get(name="essen-cs01")
lyon = Deployment.objects.get(name="lyon")
for deployment, kind, name in ((essen, "passphrase", "passphrase"), (essen, "template", "template"), (lyon, "template", "no JSON")):
    row = InstallationSecret(deployment=deployment, kind=kind, given_by=admin, label="asr.ova")
    row.hold(given[name].encode())
    row.save()
deployments.keep_draft(lyon, "template", {"source": "folder", "file": "asr.ova"}, actor=admin)
credentials.keep(
    name="lab-windows", kind="windows", username="administrator", secret=given["wrong"], actor=admin
)
tasks.launch("collect_facts", deployment=essen, actor=admin)
ring = _ring(tuple(settings.CREDENTIAL_KEYS))
Credential.objects.filter(name="lyon-vcenter").update(sealed=ring.encrypt(given["no UTF-8"].encode() + b"\\xff"))
"""


def make(name: str) -> str:
    return f"Canary-{name}-{secrets.token_hex(8)}"


@dataclass
class Story:
    installation: Installation
    browser: Browser
    program: Program
    # Under the name by which a leak is told.
    secrets: dict[str, str]
    redis: list[tuple[str, bytes]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    try:
        with Lab(tmp_path_factory.mktemp("lab"), ports=Ports.from_base(0)) as running:
            if running.vcenter is None:
                missing(str(running.unavailable))
            yield running
    except LabUnavailable as error:
        missing(str(error))


@pytest.fixture(scope="module")
def story(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    keys = {
        "SECRET_KEY": make("signing") * 2,
        "CREDENTIAL_KEYS": f"{Fernet.generate_key().decode()},{Fernet.generate_key().decode()}",
    }
    known = {
        "SECRET_KEY": keys["SECRET_KEY"],
        "the newest of CREDENTIAL_KEYS": keys["CREDENTIAL_KEYS"].split(",")[0],
        "the password of Redis": make("redis"),
        "the password of a person": make("person"),
        "a wrong password of a person": make("mistyped"),
        "the password of vCenter": lab.vcenter.account("asr-operator").password if lab.vcenter else "",
        "a wrong password of vCenter": make("wrong-vcenter"),
        "the password of Windows": make("windows"),
        "a wrong password of Windows": make("wrong-windows"),
        "a private key for SSH": make("ssh"),
        "the secret of an Azure account": make("azure-value"),
        "a secret in a form that was refused": make("refused"),
        "the password of a proxy": make("proxy-password"),
        "the passphrase": make("passphrase"),
        "a password of the template": make("template"),
        "the secret of a webhook": make("webhook"),
        "what a task stumbled over": make("stumbling-task"),
        "what a request stumbled over": make("stumbling-request"),
    }
    installation = Installation(
        tmp_path_factory.mktemp("canaries"), keys=keys, redis_password=known["the password of Redis"]
    )
    found = lab.description()
    try:
        installation.start(
            CONNECT_TO=found["connect_to"],
            PROBE_CA_FILE=found["ca_file"],
            AZURE_EMULATOR=found["azure"]["url"],
            TEMPLATE_DIR=str(Path(found["ova"]).parent),
        )
        told = Story(installation, Browser(installation.url), Program(installation.url, ""), known)
        sign_in(told)
        refuse(told)
        try_vcenter(told, found)
        install(told, lab)
        stumble(told)
        read_everything(told)
        queue(told)
        yield told
    finally:
        installation.stop()


# --- the story --------------------------------------------------------------------------------------------------------


def sign_in(told: Story) -> None:
    """By the first link, which lets a password be set; wrongly, rightly, and with a second factor; and a token is made."""
    known, browser = told.secrets, told.browser
    pattern = re.compile(r"http://\S+/sign-in/once/\S+")
    link = wait_until(lambda: pattern.search(told.installation.shown("web")))[0]
    known["the first sign-in link"] = link.rstrip("/").rpartition("/")[2]
    path = "/sign-in/once/" + known["the first sign-in link"] + "/"
    browser.get(path, note=False)
    browser.post(path, {}, note=False)
    chosen = dict.fromkeys(("new_password1", "new_password2"), known["the password of a person"])
    browser.post("/account/password/new/", {**chosen, "new_password2": "another"})
    assert browser.post("/account/password/new/", chosen).status_code == 200
    browser.post("/sign-out/", {})
    for name in ("a wrong password of a person", "the password of a person"):
        browser.get("/sign-in/")
        browser.post("/sign-in/", {"username": "operator", "password": known[name]})
    known["the cookie of a session"] = browser.cookie("sessionid")
    shown = browser.get("/account/second-factor/app/", note=False).text
    app = "".join(text_in(r"((?:[A-Z2-7]{4} ){7}[A-Z2-7]{4})", shown).split())
    known["the secret of an authenticator app"] = app
    browser.post("/account/second-factor/app/", {"code": "000000"}, note=False)
    browser.post("/account/second-factor/app/", {"code": code_of(app)}, note=False)
    made = browser.post(
        "/account/tokens/", {"name": "canary", "scope": "admin", "expires_days": "5"}, note=False
    )
    known["an API token"] = text_in(r"(fht_[A-Za-z0-9_-]{20,})", made.text)
    told.program = Program(told.installation.url, known["an API token"])


def refuse(told: Story) -> None:
    """What is not taken is not kept either: forms that lack something, drafts, bodies of the API."""
    browser, program = told.browser, told.program
    refused = told.secrets["a secret in a form that was refused"]
    account = {"name": "lyon-azure", "how": "client_secret", "cloud": "public", "tenant": TENANT}
    assert browser.post("/azure-accounts/add/", {**account, "secret": refused}).status_code == 422
    value = told.secrets["the secret of an Azure account"]
    browser.post("/azure-accounts/add/", {**account, "client_id": CLIENT, "secret": value})
    # Pasted into the wrong field it goes back to who typed it, and to nobody else.
    wrong_field = {**account, "name": "x", "client_id": CLIENT, "tenant": refused, "secret": "x"}
    assert browser.post("/azure-accounts/add/", wrong_field, note=False).status_code == 422
    body = {"name": "essen-azure", "how": "client_secret", "secret": refused}
    assert program.ask("POST", "/azure-accounts/", json=body).status_code == 422
    assert program.ask("POST", "/azure-accounts/", data='{"secret": "' + refused).status_code in (400, 422)
    assert program.ask("GET", f"/tasks/?cursor={refused}").status_code in (400, 422)
    again = {"Idempotency-Key": "canary-1"}
    body |= {"name": "third", "tenant": TENANT, "client_id": CLIENT, "cloud": "public", "secret": value}
    for _time in range(2):
        program.ask("POST", "/azure-accounts/", json=body, headers=again)
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{told.secrets['a private key for SSH']}\n"
    linux = {"name": "lab-linux", "kind": "linux", "username": "root", "secret": key}
    assert program.ask("POST", "/credentials/", json=linux | {"kind": "unknown"}).status_code == 422
    assert program.ask("POST", "/credentials/", json=linux).status_code == 201
    # Nobody listens there: each delivery fails, and says why.
    webhook = {
        "name": "chat",
        "url": "https://127.0.0.1:1/hook",
        "secret": told.secrets["the secret of a webhook"],
    }
    assert program.ask("POST", "/webhooks/", json=webhook | {"url": "nowhere"}).status_code == 422
    for _time in range(2):
        again = {"Idempotency-Key": "canary-2"}
        assert program.ask("POST", "/webhooks/", json=webhook, headers=again).status_code == 201
    strange = Program(told.installation.url, "fht_" + refused)
    assert strange.ask("GET", "/deployments/").status_code == 401
    program.saw += strange.saw


def try_vcenter(told: Story, lab: dict[str, Any]) -> None:
    """At the page, with a wrong password and with the right one."""
    browser, program = told.browser, told.program
    browser.post("/deployments/new/", {"name": "lyon", "profile": "asr-classic"})
    lyon = deployment(told, "lyon")
    page = f"/deployments/{lyon}/steps/vcenter/"
    vcenter = lab["vcenter"]
    address = {"host": vcenter["host"], "port": str(vcenter["port"])}
    browser.post(page, {"action": "probe", **address})
    assert program.finished(lyon, "probe_vcenter")["state"] == "succeeded"
    browser.post(
        page, {"action": "trust", "sha256": vcenter["thumbprint_sha256"], "version": version(browser, page)}
    )
    username = vcenter["accounts"]["asr-operator"]["username"]
    for name, state in (("a wrong password of vCenter", "failed"), ("the password of vCenter", "succeeded")):
        typed = {"username": username, "password": told.secrets[name], "version": version(browser, page)}
        browser.post(page, {"action": "sign_in", **typed, "username": ""})
        browser.post(page, {"action": "sign_in", **typed})
        ended = program.finished(lyon, "sign_in_vcenter")
        assert ended["state"] == state, ended
        told.failed[name] = (ended["error"] or {"code": ""})["code"]
        browser.get(page)


def install(told: Story, lab: Lab) -> None:
    """A machine over WinRM, from the command line: refused, looked at, checked, installed."""
    known, installation, program = told.secrets, told.installation, told.program
    machine = lab.hosts["healthy"]
    assert isinstance(machine, WindowsHost)
    machine.accounts.change_password(machine.username, known["the password of Windows"])
    (installation.var / "installers" / INSTALLER).write_bytes(b"MZ" + bytes(1000))
    answers = yaml.safe_load(PHYSICAL.read_text("utf-8"))["answers"]
    key = installation.directory / "secrets" / "essen-vault.VaultCredentials"
    key.write_bytes(file_of(answers["vault"]).make())
    known["the registration key of the vault"] = canary(key.read_bytes())
    set_windows = ("credential", "set", "lab-windows", "--kind", "windows", "--username", machine.username)
    installation.manage(*set_windows, text=known["the password of Windows"] + "\n")
    apply = ("apply", str(PHYSICAL), "--trust", machine.thumbprint_sha256, "--vault-credentials", str(key))
    shown = installation.manage(*apply)
    told.program.saw.append(("apply", shown.encode()))
    essen = deployment(told, "essen-cs01")
    secret = {"username": "proxy", "secret": known["the password of a proxy"]}
    assert (
        program.ask("PUT", f"/deployments/{essen}/installation-secrets/proxy/", json=secret).status_code
        == 422
    )


def stumble(told: Story) -> None:
    """A task and a request that break with a secret in their hands."""
    known, browser = told.secrets, told.browser
    given = {
        "passphrase": known["the passphrase"],
        "template": json.dumps({"admin": known["a password of the template"]}),
        "wrong": known["a wrong password of Windows"],
        "no UTF-8": known["what a task stumbled over"],
        "no JSON": known["what a request stumbled over"],
    }
    told.installation.manage("shell", "-c", PLANT, text=json.dumps(given), REDIS_URL_FILE="")
    lyon = deployment(told, "lyon")
    browser.post(f"/deployments/{lyon}/steps/vcenter/", {"action": "refresh"})
    ended = told.program.finished(lyon, "sign_in_vcenter")
    told.failed["what a task stumbled over"] = ended["error"]["code"]
    broken = told.program.ask("GET", f"/deployments/{lyon}/template-passwords/")
    told.failed["what a request stumbled over"] = str(broken.status_code)
    ended = told.program.finished(deployment(told, "essen-cs01"), "collect_facts")
    told.failed["a wrong password of Windows"] = ended["error"]["code"]


def read_everything(told: Story) -> None:
    """Every page, every record of the console, every answer of the API, every file that is handed out."""
    lyon, essen = deployment(told, "lyon"), deployment(told, "essen-cs01")
    browser, program = told.browser, told.program
    seen: Counter[str] = Counter()
    visited: set[str] = set()
    waiting = ["/", "/console/", "/tasks/", "/account/", f"/deployments/{lyon}/", f"/deployments/{essen}/"]
    waiting += [f"/deployments/{essen}/answers.yaml", f"/deployments/{essen}/topology.json"]
    waiting += [
        f"/deployments/{essen}/checks/report.{form}" for form in ("html", "json", "junit", "markdown")
    ]
    while waiting:
        path = waiting.pop()
        path = path.partition("?")[0]
        shape = re.sub(r"/(?:[0-9a-f-]{36}|\d+|\w{64})(?=/|$)", "/…", path)
        # Two of a kind: of both deployments, and of what went well and what did not.
        if path in visited or seen[shape] == 2 or not reads(path):
            continue
        visited.add(path)
        seen[shape] += 1
        response = browser.get(path)
        if "html" in response.headers.get("Content-Type", ""):
            found = (html.unescape(one) for one in re.findall(r'href="([^"]+)"', response.text))
            here = response.url.removeprefix(told.installation.url)
            waiting += [
                one if one.startswith("/") else here.rpartition("/")[0] + "/" + one
                for one in found
                if "//" not in one and not one.startswith(("#", "?", "mailto:"))
            ]
    described = program.ask("GET", "/openapi.json").json()
    account = program.ask("GET", "/azure-accounts/").json()["items"][0]["id"]
    task = program.ask("GET", "/tasks/").json()["items"][0]["id"]
    named = {"account_id": account, "task_id": task, "profile": "asr-classic", "step": "vault", "number": "1"}
    for route, operations in described["paths"].items():
        if "get" not in operations or "installation-bundle" in route:
            continue
        filled = re.sub(r"{(\w+)}", lambda found: named.get(found[1], essen), route)
        program.ask("GET", filled.removeprefix("/api/v1"))
    program.saw.append(("metrics", browser.get("/metrics").content))


def reads(path: str) -> bool:
    """Some hundred pages are the same whatever the secrets: of those one each will do. What signs out is left alone."""
    if path.startswith(
        ("/static/", "/sign-out", "/i18n/", "/console/logout", "/requirements/", "/api/", "/sign-in")
    ):
        return False
    if re.search(r"^/console/.*(?:/history/|/add/|/delete/|/password/)$", path):
        return False
    return "/machines/" not in path or path.endswith("/machines/")


def queue(told: Story) -> None:
    """Nobody takes the last tasks: their messages are read from both brokers."""
    told.redis += told.installation.in_redis()
    told.installation.stop_worker()
    essen, lyon = deployment(told, "essen-cs01"), deployment(told, "lyon")
    for place, kind in ((essen, "preflight"), (lyon, "sign_in_vcenter")):
        told.program.ask("POST", f"/deployments/{place}/tasks/", json={"kind": kind})
    told.redis += told.installation.in_redis()


def deployment(told: Story, name: str) -> str:
    rows = told.program.ask("GET", "/deployments/").json()["items"]
    return str(next(row["id"] for row in rows if row["name"] == name))


def version(browser: Browser, page: str) -> str:
    found = re.search(r'name="version" value="([^"]*)"', browser.get(page).text)
    return found[1] if found else ""


def code_of(secret: str) -> str:
    """RFC 6238, as an authenticator app works it out."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


# --- what is found ----------------------------------------------------------------------------------------------------


def test_the_story_went_where_secrets_are_handled(story: Story) -> None:
    """Else nothing would be found because nothing was done."""
    assert story.failed == {
        "a wrong password of vCenter": "invalid_login",
        "a wrong password of Windows": "access_denied",
        "the password of vCenter": "",
        "what a task stumbled over": "internal",
        "what a request stumbled over": "500",
    }
    logs = b"".join(content for _place, content in story.installation.in_logs())
    for word in (b"task.crashed", b"JSONDecodeError", b"task.failed"):
        assert word in logs, word
    assert len(story.browser.saw) > 100
    assert len(story.program.saw) > 80
    assert all(len(secret) >= 16 for secret in story.secrets.values())
    assert len(story.secrets) > 20


def rows(database: Path) -> Iterator[tuple[str, bytes]]:
    """Every value of every table, with what it stands in."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for name in names:
            cursor = connection.execute(f'SELECT * FROM "{name}"')
            columns = [column[0] for column in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    yield f"{name}.{column}", value if isinstance(value, bytes) else str(value).encode()


def test_no_table_holds_a_secret(story: Story) -> None:
    found = list(rows(story.installation.var / "foothold.sqlite3"))
    assert len(found) > 3000
    assert leaks(story.secrets, found) == []


def test_what_is_sealed_is_sealed_with_the_newest_key(story: Story, settings: Any) -> None:
    path = story.installation.directory / "secrets" / "credential_keys"
    settings.CREDENTIAL_KEYS = path.read_text().split(",")
    sealed = [
        (place, content)
        for place, content in rows(story.installation.var / "foothold.sqlite3")
        if place.endswith((".sealed", ".sealed_key")) and content
    ]
    assert len(sealed) >= 8
    assert {position_of_key(content) for _place, content in sealed} == {0}


def test_no_file_holds_a_secret_neither_database_nor_broker_nor_what_is_temporary(story: Story) -> None:
    found = list(story.installation.in_files())
    places = [place for place, _content in found]
    assert any(place.startswith("var/broker/messages/") for place in places), places
    assert "var/foothold.sqlite3" in places
    assert leaks(story.secrets, found) == []


def test_no_log_holds_a_secret(story: Story) -> None:
    found = list(story.installation.in_logs())
    assert sum(len(content) for _place, content in found) > 50_000
    assert leaks(story.secrets, found) == []


def test_redis_holds_no_secret_neither_messages_nor_cache(story: Story) -> None:
    assert any(b"wizard.tasks.execute" in content for _place, content in story.redis)
    assert leaks(story.secrets, story.redis) == []


def test_no_page_shows_a_secret_not_even_one_that_was_typed(story: Story) -> None:
    assert leaks(story.secrets, story.browser.saw) == []
    assert any("/console/wizard/credential/" in place for place, _content in story.browser.saw)


def test_no_answer_of_the_api_holds_a_secret(story: Story) -> None:
    assert leaks(story.secrets, story.program.saw) == []
    assert any(place.endswith(" 500") for place, _content in story.program.saw)


def test_no_process_is_started_with_a_secret(story: Story) -> None:
    commands = [("a process", command) for command in story.installation.commands]
    assert any(b"FOOTHOLD_VAR" in command for _place, command in commands)
    assert any(b"credential\0set" in command for _place, command in commands)
    assert leaks(story.secrets, commands) == []


def test_each_search_would_have_found_what_is_there(story: Story) -> None:
    """The same searches, for something that is no secret and stands in each of these places."""
    harmless = {"a user": "lab-windows"}
    for places in (
        rows(story.installation.var / "foothold.sqlite3"),
        story.installation.in_files(),
        iter(story.browser.saw),
        iter(story.program.saw),
        (("a process", command) for command in story.installation.commands),
    ):
        assert leaks(harmless, places)
    queued = story.program.ask("GET", "/tasks/?state=queued").json()["items"]
    assert leaks({row["kind"]: row["id"] for row in queued}, story.redis)
    assert leaks({"an event": "task.crashed"}, story.installation.in_logs())
