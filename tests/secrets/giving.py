"""Secrets are given through pages, the API and the command line: taken, and refused."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.management.commands import PHYSICAL
from tests.secrets.searching import Secret
from tests.secrets.story import Story
from tests.secrets.visitors import Program
from tests.services.azure import certificate_and_key
from tests.vault_files import file_of

TENANT, CLIENT = str(UUID(int=0xC0FFEE)), str(UUID(int=0xBEEF))
PROXY = "http://proxy.lab.test:3128"


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
    assert program.ask("POST", "/azure-accounts/", data=f'{{"secret": "{refused!s}').status_code in (400, 422)
    assert program.ask("GET", f"/tasks/?cursor={refused!s}").status_code in (400, 422)
    again = {"Idempotency-Key": "canary-1"}
    body |= {"name": "third", "tenant": TENANT, "client_id": CLIENT, "cloud": "public", "secret": value}
    for _time in range(2):
        program.ask("POST", "/azure-accounts/", json=body, headers=again)
    give_certificate(told)
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{told.secrets['a private key for SSH']!s}\n"
    linux = {"name": "pasted-key", "kind": "linux", "username": "root", "secret": key}
    assert program.ask("POST", "/credentials/", json=linux | {"kind": "unknown"}).status_code == 422
    assert program.ask("POST", "/credentials/", json=linux).status_code == 201
    give_webhooks(told)
    strange = Program(told.installation.url, f"fht_{refused!s}")
    assert strange.ask("GET", "/deployments/").status_code == 401
    program.saw += strange.saw


def give_certificate(told: Story) -> None:
    """With its private key: one that is not the right one, one that a password closes, and one that signs in."""
    account = {"how": "client_certificate", "cloud": "public", "tenant": TENANT, "client_id": CLIENT}
    password = told.known("the password of a private key")
    for name, key in (("", new_key()), ("another ", new_key())):
        told.secrets |= parts_of(key, f"the {name}private key of an Azure account")
        pem = certificate_and_key(key=key)
        if name:
            wrong = certificate_and_key(key=key, password=password.encode())
            body = {**account, "name": "essen-certificate", "secret": wrong}
            assert told.program.ask("POST", "/azure-accounts/", json=body).status_code == 422
            body["secret"] = pem
            assert told.program.ask("POST", "/azure-accounts/", json=body).status_code == 201
        else:
            # By the page, with half of the other's.
            form = {**account, "name": "lyon-certificate", "secret": pem.partition("-----BEGIN PRIV")[2]}
            assert told.browser.post("/azure-accounts/add/", form).status_code == 422
            told.browser.post("/azure-accounts/add/", {**form, "secret": pem})
    names = [row["name"] for row in told.program.ask("GET", "/azure-accounts/").json()["items"]]
    assert {"lyon-certificate", "essen-certificate"} <= set(names)


def give_webhooks(told: Story) -> None:
    """Nobody listens there: each delivery fails, and says why. Chat services put what opens them into the address."""
    program = told.program
    url = f"https://127.0.0.1:1/hook/{told.hooks['the path of a webhook']!s}?key={told.hooks['the key of a webhook']!s}"
    webhook = {"name": "chat", "url": url, "secret": told.secrets["the secret of a webhook"]}
    refused = told.secrets["a secret in a form that was refused"]
    for wrong in ("nowhere", f"https://hook:{refused!s}@127.0.0.1:1/", f"https://127.0.0.1:1/#{refused!s}"):
        assert program.ask("POST", "/webhooks/", json=webhook | {"url": wrong}).status_code == 422
    for _time in range(2):
        again = {"Idempotency-Key": "canary-2"}
        made = program.ask("POST", "/webhooks/", json=webhook, headers=again)
        assert made.status_code == 201
    rotated = told.browser.post(f"/webhooks/{made.json()['id']}/secret/", {}, note=False)
    assert rotated.status_code == 200


def give_for_installations(told: Story) -> None:
    """What a process server behind a proxy and a configuration server need, by page and API; and their bundles."""
    browser, program = told.browser, told.program
    answers = yaml.safe_load(PHYSICAL.read_text("utf-8"))["answers"]
    nantes = begin(told, "nantes-ps", answers, behind_proxy=True)
    page = f"/deployments/{nantes}/steps/install/"
    path = f"/deployments/{nantes}/installation-secrets"
    wrong = {
        "action": "give_passphrase",
        "passphrase-passphrase": f'{told.known("a passphrase that was refused")}"',
    }
    assert browser.post(page, wrong).status_code == 422
    for name in ("a passphrase before this one", "the passphrase"):
        given = {"action": "give_passphrase", "passphrase-passphrase": told.secrets[name]}
        assert browser.post(page, given).status_code == 200
    body = {"username": "proxy", "secret": told.secrets["the password of a proxy"]}
    assert program.ask("PUT", f"{path}/passphrase/", json={**body, "secret": ""}).status_code == 422
    assert program.ask("PUT", f"{path}/proxy/", json=body).status_code == 200
    metz = begin(told, "metz-cs", answers)
    key = file_of(answers["vault"]).make()
    told.secrets |= parts_of_vault_key(key, "another registration key of the vault")
    file = {"file": ("metz.VaultCredentials", key, "text/xml")}
    path = f"/deployments/{metz}/installation-secrets/vault_credentials/file"
    assert program.ask("PUT", path, files=file).status_code == 200
    broken = {"file": ("metz.VaultCredentials", key[:-200], "text/xml")}
    assert program.ask("PUT", path, files=broken).status_code == 422
    password = told.secrets["the password of a bundle"]
    header = {"Foothold-Bundle-Password": password}
    bundle = program.ask("GET", f"/deployments/{metz}/installation-bundle", headers=header)
    told.handed_out["the bundle of a configuration server"] = bundle.content
    form = {"action": "bundle", "bundle-password": password}
    told.handed_out["the bundle of a process server"] = browser.post(page, form).content


def begin(told: Story, name: str, answers: dict[str, dict[str, Any]], *, behind_proxy: bool = False) -> str:
    """A deployment by hand: of a process server that goes by a proxy, or of a configuration server that fails back to Linux."""
    program = told.program
    assert (
        program.ask("POST", "/deployments/", json={"name": name, "profile": "asr-classic"}).status_code == 201
    )
    found = program.deployment(name)
    changes: dict[str, dict[str, Any]] = (
        {
            "source": {"component": "ps_scaleout"},
            "network": {"proxy": PROXY},
            "installation": {"cs_address": "192.0.2.20"},
        }
        if behind_proxy
        else {"capacity": {"failback": True, "linux_failback": True}}
    )
    for step in ("source", "capacity", "network", "vault", "installation"):
        program.answer(found, step, {**answers[step], **changes.get(step, {})})
    return found


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def parts_of(key: rsa.RSAPrivateKey, name: str) -> dict[str, Secret]:
    """Of what is secret in it: however it is written down, one of these stands there."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    numbers = key.private_numbers()
    lines = pem.splitlines()
    found: dict[str, Secret] = {f"{name}: {part}": lines[part] for part in (8, len(lines) // 2, -3)}
    for part in ("d", "p", "q"):
        found[f"{name}: {part}"] = getattr(numbers, part).to_bytes(256, "big")[-96:-48]
        found[f"{name}: {part} as a number"] = str(getattr(numbers, part))
    return found


def parts_of_vault_key(content: bytes, name: str) -> dict[str, Secret]:
    """The certificate with its key, as text and as what it stands for."""
    encoded = "".join(content.decode().partition("<ManagementCert>")[2].partition("<")[0].split())
    raw = base64.b64decode(encoded)
    middle = len(raw) // 2
    return {f"{name}, as text": encoded[:60], f"{name}, as bytes": raw[middle : middle + 48]}
