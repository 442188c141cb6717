"""Tasks and requests that break with a secret in their hands; and what is sealed, to be looked for in the clear."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import yaml
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from tests.management.commands import PHYSICAL
from tests.secrets.giving import CLIENT, TENANT
from tests.secrets.searching import Secret
from tests.secrets.story import Story

# Several commands in one process, which takes longer to start than any of them; what each says comes back, with its exit code.
COMMANDS: Final = """
import contextlib, io, json, sys
from django.core.management import call_command
given = json.load(sys.stdin)
said = []
for command, typed in given["commands"]:
    out, code = io.StringIO(), 0
    sys.stdin = io.StringIO(typed)
    try:
        with contextlib.redirect_stdout(out):
            call_command(*command)
    except SystemExit as end:
        code = end.code
    said.append([out.getvalue(), code])
"""

# So deep that nothing but a crash comes of reading it as JSON: what is merely damaged is named, and nobody stumbles.
BOTTOMLESS: Final = "[" * 100_000

# What cannot be brought about through a door in a moment: a further secret of an installation, and three that make
# whoever opens them stumble, in a task, in a request and in a page. It knows no Redis, so that its message lies in the broker of files
# for good; the worker hears of the task when the schedule looks after those that nobody took.
PLANT: Final = """
from wizard.models import Credential, Deployment, InstallationSecret, Operator
from wizard.models.sealing import _ring
from wizard.services import credentials, deployments, tasks
from django.conf import settings
admin = Operator.objects.get(username="operator")
essen = Deployment.objects.get(name="essen-cs01")
lyon = Deployment.objects.get(name="lyon")
for deployment, name in ((essen, "template"), (lyon, "no JSON")):
    row = InstallationSecret(deployment=deployment, kind="template", given_by=admin, label="asr.ova")
    row.hold(given[name].encode())
    row.save()
proxy = InstallationSecret.objects.get(deployment__name="nantes-ps", kind="proxy")
proxy.hold(given["no account"].encode())
proxy.save()
deployments.keep_draft(lyon, "template", {"source": "folder", "file": "asr.ova"}, actor=admin)
credentials.keep(
    name="lab-windows", kind="windows", username="administrator", secret=given["wrong"], actor=admin
)
tasks.launch("collect_facts", deployment=essen, actor=admin)
ring = _ring(tuple(settings.CREDENTIAL_KEYS))
Credential.objects.filter(name="lyon-vcenter").update(sealed=ring.encrypt(given["no UTF-8"].encode() + b"\\xff"))
print("said:" + json.dumps(said))
"""

# What Fernet writes, on its own or within something else.
_SEALED: Final = re.compile(rb"gAAAA[A-Za-z0-9_-]{60,}={0,2}")
_SHORTEST: Final = 12
_LONGEST: Final = 120
_WINDOW: Final = 48


def at_the_terminal(told: Story, given: dict[str, Any]) -> None:
    """Commands take secrets from files and from standard input; what they refuse they do not repeat. Then what is `given` is
    planted."""
    installation = told.installation
    typed = told.known("a password in an answer file")
    wrong = yaml.safe_load(PHYSICAL.read_text("utf-8"))
    wrong["answers"]["evidence"] |= {"password": typed}
    folder = installation.directory / "secrets"
    unknown, broken = folder / "unknown-field.yaml", folder / "no-yaml.yaml"
    unknown.write_text(yaml.safe_dump(wrong))
    broken.write_text(f"foothold: 1\nname: essen\nanswers:\n  evidence:\n    password: '{typed}\n  : [")
    bundle = installation.directory / "bundle.zip"
    account = ("azure_account", "set", "terminal", "--how", "client_secret", "--tenant", TENANT)
    commands = [
        (("token", "create", "operator", "--name", "cli", "--scope", "read"), ""),
        (("apply", str(unknown)), ""),
        (("apply", str(broken)), ""),
        (("bundle", "metz-cs", str(bundle), "--encrypt"), f"{told.known('the password of a bundle')}\n"),
        ((*account, "--client-id", CLIENT), told.known("the secret of an Azure account")),
    ]
    shown = installation.manage(
        *("shell", "-c", COMMANDS + PLANT),
        text=json.dumps({**given, "commands": commands}),
        # Else its message would not stay in the broker of files.
        REDIS_URL_FILE="",
    )
    (token, *said) = json.loads(shown.partition("said:")[2])
    told.secrets["an API token of the terminal"] = token[0].strip()
    assert [code for _text, code in said] == [2, 2, 0, 0], said
    told.program.saw += [("what a command said", text.encode()) for text, _code in said]
    told.handed_out["the bundle from the terminal"] = bundle.read_bytes()


def stumble(told: Story) -> None:
    """Where the inside is shown to whoever asks, too."""
    known, browser, program = told.secrets, told.browser, told.program
    given = {
        "template": json.dumps({"admin": known["a password of the template"]}),
        "wrong": known["a wrong password of Windows"],
        "no UTF-8": known["what a task stumbled over"],
        "no JSON": BOTTOMLESS + known["what a request stumbled over"],
        "no account": BOTTOMLESS + known["what a page stumbled over"],
    }
    at_the_terminal(told, given)
    lyon = program.deployment("lyon")
    browser.post(f"/deployments/{lyon}/steps/vcenter/", {"action": "refresh"})
    ended = program.finished(lyon, "sign_in_vcenter")
    told.failed["what a task stumbled over"] = ended["error"]["code"]
    places = {"": ""}
    if told.whole:
        told.installation.wait_for_debugging()
        places[" where its inside is shown"] = told.installation.debug_url
    page = f"/deployments/{program.deployment('nantes-ps')}/steps/install/"
    bundle = {"action": "bundle", "bundle-password": known["what was typed before a crash"]}
    for where, at in places.items():
        broken = program.ask("GET", f"/deployments/{lyon}/template-passwords/", at=at)
        told.failed[f"what a request stumbled over{where}"] = str(broken.status_code)
        broken = browser.post(page, bundle, at=at)
        told.failed[f"what a page stumbled over{where}"] = str(broken.status_code)
        broken = browser.get("/nowhere/", at=at)
        told.failed[f"no such page{where}"] = str(broken.status_code)
    ended = program.finished(program.deployment("essen-cs01"), "collect_facts")
    told.failed["a wrong password of Windows"] = ended["error"]["code"]


def reveal(told: Story) -> None:
    """What is sealed becomes known, so that none of it may stand anywhere in the clear; also what no test has given, such as
    passwords that were made here."""
    keys = [Fernet(key) for key in told.keys]
    columns: Counter[str] = Counter()
    for place, content in told.installation.database.rows():
        for token in _SEALED.findall(content):
            try:
                opened = MultiFernet(keys).decrypt(token)
            except InvalidToken:
                # What a program may ask for again is sealed with a key of its own.
                assert place == "wizard_idempotencyrecord.body", place
                continue
            columns[place] += 1
            told.secrets.update(_parts(f"sealed in {place}, {columns[place]}", opened))
    assert columns.keys() >= {
        "wizard_credential.sealed",
        "wizard_installationsecret.sealed",
        "wizard_signingkey.sealed",
        "wizard_webhook.sealed",
        "wizard_collectorissue.sealed_key",
        "mfa_authenticator.data",
    }, columns


def _parts(name: str, raw: bytes) -> Iterator[tuple[str, Secret]]:
    """The values of JSON one by one; of what is long some pieces of its middle."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        yield name, raw
        return
    try:
        values = list(_leaves(json.loads(text)))
    except ValueError:
        values = [text]
    for number, value in enumerate(values):
        if len(value) > _LONGEST:
            for part in (1, 2, 3):
                start = len(value) * part // 4
                yield f"{name}, value {number}, part {part}", value[start : start + _WINDOW]
        elif len(value) >= _SHORTEST:
            yield f"{name}, value {number}", value


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value
