"""The story from its beginning to its end; it is told once, and everything that came of it is searched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet

from tests.secrets.breaking import reveal, stumble
from tests.secrets.giving import give_for_installations, refuse
from tests.secrets.installation import Installation
from tests.secrets.people import sign_in
from tests.secrets.reading import read_api, read_pages
from tests.secrets.searching import Secret
from tests.secrets.story import Story, make
from tests.secrets.visitors import Browser, Program
from tests.secrets.working import ask_linux, hand_over, install, try_vcenter
from tests.web import oidc_provider
from wizard.lab.run import Lab


@contextmanager
def told_of(lab: Lab, directory: Path) -> Iterator[Story]:
    """Its installation runs while the block lasts, but for the worker."""
    known = secrets_of(lab)
    keys = {
        "SECRET_KEY": make("signing") * 2,
        "CREDENTIAL_KEYS": f"{Fernet.generate_key().decode()},{Fernet.generate_key().decode()}",
        "OIDC_CLIENT_SECRET": str(known["the secret at the provider"]),
    }
    known["SECRET_KEY"] = keys["SECRET_KEY"]
    for number, key in enumerate(keys["CREDENTIAL_KEYS"].split(",")):
        known[f"CREDENTIAL_KEYS {number}"] = key
    installation = Installation(
        directory,
        keys=keys,
        redis_password=str(known["the password of Redis"]),
        database_password=str(known["the password of the database"]),
    )
    found = lab.description()
    with oidc_provider.running() as provider:
        provider.secret = str(known["the secret at the provider"])
        provider.access_token = str(known["an access token of the provider"])
        told = Story(
            installation=installation,
            lab=lab,
            provider=provider,
            browser=Browser(installation.url),
            program=Program(installation.url, ""),
            keys=keys["CREDENTIAL_KEYS"].split(","),
            secrets=known,
            hooks={name: make("hook") for name in ("the path of a webhook", "the key of a webhook")},
        )
        try:
            installation.start(
                CONNECT_TO=found["connect_to"],
                PROBE_CA_FILE=found["ca_file"],
                AZURE_EMULATOR=found["azure"]["url"],
                TEMPLATE_DIR=str(Path(found["ova"]).parent),
                OIDC_ISSUER=provider.issuer,
                OIDC_CLIENT_ID=oidc_provider.CLIENT,
                # Groups are asked for with the access token.
                OIDC_ROLE_CLAIM="groups",
            )
            tell(told)
            yield told
        finally:
            installation.stop()


def tell(told: Story) -> None:
    sign_in(told)
    if told.whole:
        # Only now, as each one that starts before makes a first link.
        told.installation.start_debugging()
    refuse(told)
    try_vcenter(told)
    give_for_installations(told)
    install(told)
    ask_linux(told)
    hand_over(told)
    stumble(told)
    read_api(told)
    if told.whole:
        read_pages(told)
    reveal(told)
    queue(told)


def queue(told: Story) -> None:
    """Nobody takes the last tasks: their messages are read from both brokers."""
    told.redis += told.installation.in_redis()
    told.installation.stop_worker()
    for name, kind in (("essen-cs01", "preflight"), ("lyon", "sign_in_vcenter")):
        place = told.program.deployment(name)
        told.program.ask("POST", f"/deployments/{place}/tasks/", json={"kind": kind})
    told.redis += told.installation.in_redis()


def secrets_of(lab: Lab) -> dict[str, Secret]:
    """What is known before anything happened."""
    assert lab.vcenter is not None
    made = {
        "the password of Redis": "redis",
        "the password of a person": "person",
        "a wrong password of a person": "mistyped",
        "a wrong password of vCenter": "wrong-vcenter",
        "the password of Windows": "windows",
        "a wrong password of Windows": "wrong-windows",
        "the password of Linux": "linux",
        "a wrong password of Linux": "wrong-linux",
        "a private key for SSH": "ssh",
        "the secret of an Azure account": "azure-value",
        "the password of a private key": "key-password",
        "a secret in a form that was refused": "refused",
        "the password of a proxy": "proxy-password",
        "a passphrase before this one": "old-passphrase",
        "a passphrase that was refused": "no-passphrase",
        "the passphrase": "passphrase",
        "a password of the template": "template",
        "the password of a bundle": "bundle",
        "the secret of a webhook": "webhook",
        "the secret at the provider": "client",
        "an access token of the provider": "access",
        "a password in an answer file": "answers",
        "what a task stumbled over": "stumbling-task",
        "what a request stumbled over": "stumbling-request",
        "what a page stumbled over": "stumbling-page",
        "what was typed before a crash": "typed",
    }
    known: dict[str, Secret] = {name: make(word) for name, word in made.items()}
    known["the password of vCenter"] = lab.vcenter.account("asr-operator").password
    # A server that trusts whoever comes from this machine takes any; where there is none, nobody is told of it.
    known["the password of the database"] = make("database")
    return known
