"""Hand-over packs: what is in them, that they are signed, that others can verify them, and that no secret is in any byte."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import threading
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from django.db import connection
from django.utils import timezone, translation

from tests import stories
from tests.builders import make_deployment
from tests.services.machines import by_hand, hear
from tests.tools import program
from wizard.journey.answer_file import parse
from wizard.models import (
    AuditEntry,
    AuditSeal,
    AzureAccount,
    Credential,
    Deployment,
    HandOverPack,
    InstallationSecret,
    Operator,
    SigningKey,
    TaskState,
    VaultObservation,
)
from wizard.models.sealing import unseal
from wizard.services import (
    accounts,
    audit_verification,
    credentials,
    hand_over,
    hand_over_key,
    installation_secrets,
    tasks,
)
from wizard.services.errors import NotAllowed, NotFound
from wizard.services.hand_over_archive import MANIFEST, PUBLIC_KEY, SIGNATURE, pem_of
from wizard.services.webhooks import registry
from wizard.services.webhooks.registry import WebhookWish
from wizard.topology.graph import Graph

pytestmark = pytest.mark.django_db


def make(deployment: Deployment, actor: Operator, **inputs: Any) -> HandOverPack:
    task = tasks.launch("make_hand_over_pack", deployment=deployment, actor=actor, inputs=inputs)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    assert task.state == TaskState.SUCCEEDED, task.error
    assert task.result is not None
    return HandOverPack.objects.get(pk=task.result["pack"])


def unpacked(pack: HandOverPack) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(bytes(pack.content))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def look_at_vault(deployment: Deployment) -> VaultObservation:
    now = timezone.now()
    return VaultObservation.objects.create(
        deployment=deployment,
        number=1,
        document={"components": [{"key": "cs:1", "name": "LYON-CS01"}]},
        differences=[],
        health=[],
        severity="ok",
        digest="0" * 64,
        first_seen_at=now,
        last_seen_at=now,
    )


def test_the_pack_of_a_recorded_deployment_holds_every_part(operator: Operator) -> None:
    deployment = stories.answered(operator, "recorded", name="lyon-cs01")
    look_at_vault(deployment)
    accounts.create_token(user=operator, actor=operator, name="of-oskar", scope="read", expires_days=30)
    pack = make(deployment, operator)
    files = unpacked(pack)
    assert set(files) == {
        "report/preflight.html", "report/preflight.json", "topology/topology.svg", "topology/topology.json",
        "topology/topology.mmd", "firewall/firewall.csv", "firewall/firewall.html", "calendar.ics", "answers.yaml",
        "task-sheets.md", "observation.json", "audit.jsonl", "README.txt", PUBLIC_KEY, MANIFEST, SIGNATURE,
    }  # fmt: skip
    newest = deployment.snapshots.first()
    assert newest is not None
    assert Graph.from_json(json.loads(files["topology/topology.json"])) == Graph.from_json(newest.document)
    assert parse(files["answers.yaml"].decode()).name == "lyon-cs01"
    assert json.loads(files["observation.json"])["document"]["components"][0]["name"] == "LYON-CS01"
    events = icalendar.Calendar.from_ical(files["calendar.ics"].decode()).walk("VEVENT")
    assert {event["categories"].to_ical().decode() for event in events} == {
        "evaluation_licence",
        "web_certificate",
    }, "what ends, without the tokens of the one who made the pack"
    assert b"of-oskar" not in files["calendar.ics"]
    assert files["topology/topology.svg"].startswith(b"<svg")
    assert b"<table>" in files["firewall/firewall.html"]
    assert "report/verification.html" in files["README.txt"].decode(), (
        "what is not there is named, with the reason"
    )
    assert "nothing was judged yet" in files["README.txt"].decode()
    assert (pack.size, pack.sha256) == (len(pack.content), hashlib.sha256(pack.content).hexdigest())


def test_the_firewall_matrix_of_a_pack_names_the_webhooks_of_its_deployment_alone(
    operator: Operator, admin: Operator
) -> None:
    """Whoever may take the pack need not be an administrator, as the one who made it was."""
    deployment = stories.answered(operator, name="lyon-cs01")
    for host, of in (("own.lab.test", deployment.pk), ("general.lab.test", None)):
        wish = WebhookWish(
            name=host,
            url=f"https://{host}/hook",
            events=(),
            secret="long enough for a webhook",
            deployment=of,
        )
        registry.create(wish, actor=admin)
    files = unpacked(make(deployment, admin))
    for name in ("firewall/firewall.csv", "firewall/firewall.html"):
        assert b"own.lab.test" in files[name]
        assert b"general.lab.test" not in files[name]


def test_the_audit_extract_speaks_of_this_deployment_alone(operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed", name="lyon-cs01")
    other = stories.answered(operator, "checked", name="essen-cs01")
    launched = tasks.launch("preflight", deployment=other, actor=operator)
    first = make(deployment, operator)
    entries = [json.loads(line) for line in unpacked(make(deployment, operator))["audit.jsonl"].splitlines()]
    assert [entry["id"] for entry in entries] == sorted(entry["id"] for entry in entries)
    assert {"deployment.created", "deployment.answered", "task.requested", "hand_over.made"} <= {
        entry["action"] for entry in entries
    }
    assert {str(deployment.pk), str(first.pk)} <= {entry["subject_id"] for entry in entries}
    assert not any("essen" in json.dumps(entry) or str(launched.pk) in json.dumps(entry) for entry in entries)
    assert not any({"address", "request_id"} & entry.keys() for entry in entries)


def test_the_audit_extract_has_what_belongs_to_the_deployment_under_whatever_number(
    operator: Operator,
) -> None:
    deployment = make_deployment(operator)
    server = stories.enter_server(deployment, operator)
    entries = [json.loads(line) for line in unpacked(make(deployment, operator))["audit.jsonl"].splitlines()]
    (told,) = [entry for entry in entries if entry["action"].startswith("physical_server.")]
    assert told["subject_id"] == str(server.pk)


@pytest.mark.django_db(transaction=True)
def test_the_audit_extract_names_the_place_and_digest_of_each_entry_in_the_chain(operator: Operator) -> None:
    pack = make(make_deployment(operator), operator)
    entries = [json.loads(line) for line in unpacked(pack)["audit.jsonl"].splitlines()]
    seals = dict(AuditSeal.objects.values_list("entry_id", "digest"))
    sealed = [entry for entry in entries if entry["place"] is not None]
    assert len(sealed) >= 2
    assert all(entry["digest"] == seals[entry["id"]] for entry in sealed)
    assert audit_verification.verify().holds


def test_a_draft_of_which_little_is_known_can_be_handed_over_too(operator: Operator) -> None:
    files = unpacked(make(make_deployment(operator), operator))
    assert set(files) == {
        "calendar.ics",
        "answers.yaml",
        "audit.jsonl",
        "README.txt",
        PUBLIC_KEY,
        MANIFEST,
        SIGNATURE,
    }
    assert "There is nothing to draw yet." in files["README.txt"].decode()


# --- secrets ----------------------------------------------------------------------------------------------------------


def every_secret(operator: Operator, deployment: Deployment) -> list[str]:
    """Markers wherever a secret can stand, and everything that is sealed in any table, as it reads unsealed."""
    certificate = "-----BEGIN PRIVATE KEY-----\ncanary-azure-certificate\n-----END PRIVATE KEY-----"
    for kind, secret in (
        ("windows", "canary-windows-1"),
        ("linux", "canary-linux-2"),
        ("proxy", "canary-proxy-3"),
        ("vcenter", "canary-vcenter-4"),
        ("azure_service_principal", "canary-azure-secret-5"),
    ):
        credentials.keep(name=f"{kind}-x", kind=kind, username="somebody", secret=secret, actor=operator)
    credentials.keep(
        name="azure-pem", kind="azure_service_principal", username="x", secret=certificate, actor=operator
    )
    for name, how in (("azure_service_principal-x", "client_secret"), ("azure-pem", "client_certificate")):
        AzureAccount.objects.create(
            name=name,
            how=how,
            tenant="t",
            client_id="c",
            created_by=operator,
            credential=Credential.objects.get(name=name),
        )
    for kind_ in InstallationSecret.Kind.values:
        row = InstallationSecret(
            deployment=deployment, kind=kind_, label=f"of {kind_}", ends_at=timezone.now() + timedelta(days=3)
        )
        row.hold(f"canary-installation-{kind_}".encode())
        row.save()
    _row, token = accounts.create_token(user=operator, actor=operator, name="t", scope="read")
    found = [token, operator.password, operator.password.rpartition("$")[2]]
    hand_over_key.signing_key()
    places = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                if column.name.startswith("sealed"):
                    places.append(table)
                    name, quote = column.name, connection.ops.quote_name
                    cursor.execute(f"SELECT {quote(name)} FROM {quote(table)}")
                    sealed = [bytes(value) for (value,) in cursor.fetchall()]
                    found += [value.decode() for value in sealed] + [unseal(value) for value in sealed]
    assert len(places) >= 4, "credentials, secrets of the installation, keys of collectors, the signing key"
    found += [row.reveal().decode() for row in InstallationSecret.objects.all()]
    found.append(hand_over_key.signing_key().private_key().decode("latin-1"))
    return found


def test_no_secret_is_in_any_byte_of_the_unpacked_pack(operator: Operator) -> None:
    deployment = by_hand(operator, "lyon")
    hear(deployment, operator)
    installation_secrets.mysql_credentials(deployment)
    deployment.installation_secrets.all().delete()
    stories.check(deployment, operator)
    look_at_vault(deployment)
    secrets = every_secret(operator, deployment)
    assert sum("canary" in secret for secret in secrets) >= 11
    pack = make(deployment, operator)
    whole = {**unpacked(pack), "the zip itself": bytes(pack.content)}
    assert b"windows-x" not in whole["answers.yaml"], "this deployment names no account"
    for secret in secrets:
        raw = secret.encode("utf-8", "surrogateescape")
        for form in (
            raw,
            base64.b64encode(raw).rstrip(b"="),
            raw.hex().encode(),
            json.dumps(secret)[1:-1].encode(),
        ):
            assert not [name for name, content in whole.items() if form in content], (secret[:12], form[:12])
    assert any(b"Windows" in content for content in whole.values()), "the search finds what is there"


# --- the signature ----------------------------------------------------------------------------------------------------


def test_sha256sum_and_openssl_verify_an_unpacked_pack(operator: Operator, tmp_path: Path) -> None:
    pack = make(stories.answered(operator, "checked"), operator)
    for name, content in unpacked(pack).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    sums = [program("sha256sum", "coreutils"), "-c", "--strict", MANIFEST]
    checked = subprocess.run(sums, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert checked.stdout.count(": OK") == len(unpacked(pack)) - 2
    command = [
        program("openssl", "openssl"), "pkeyutl", "-verify", "-pubin", "-inkey", PUBLIC_KEY, "-rawin",
        "-in", MANIFEST, "-sigfile", SIGNATURE,
    ]  # fmt: skip
    assert " ".join(command[1:]) in (tmp_path / "README.txt").read_text(), (
        "the command that the pack itself names"
    )
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / MANIFEST).write_bytes((tmp_path / MANIFEST).read_bytes() + b"\n")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    assert (tmp_path / SIGNATURE).read_bytes().hex() == pack.signature
    assert (tmp_path / PUBLIC_KEY).read_bytes() == pem_of(bytes.fromhex(pack.public_key))


def test_what_was_made_here_verifies_here(operator: Operator, tmp_path: Path) -> None:
    pack = make(stories.answered(operator, "checked"), operator)
    path = tmp_path / pack.file_name
    path.write_bytes(pack.content)
    found = hand_over.verify(path)
    assert found.public_key == pack.public_key == SigningKey.objects.get().public_key
    assert {name for name, _size in found.files} == unpacked(pack).keys() - {MANIFEST, SIGNATURE}


@pytest.mark.django_db(transaction=True)
def test_of_many_who_need_the_key_at_once_all_get_the_same(transactional_db: None) -> None:
    barrier, found = threading.Barrier(4), []

    def ask() -> None:
        try:
            barrier.wait(10)
            found.append(hand_over_key.signing_key().public_key)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert set(found) == {SigningKey.objects.get().public_key}


# --- keeping and taking -----------------------------------------------------------------------------------------------


def test_the_newest_ten_of_a_deployment_are_kept(operator: Operator) -> None:
    deployment, other = make_deployment(operator), make_deployment(operator)
    alien = make(other, operator)
    made = [make(deployment, operator) for _number in range(hand_over.KEPT + 2)]
    assert [pack.pk for pack in hand_over.packs_of(deployment)] == [pack.pk for pack in reversed(made[2:])]
    assert hand_over.packs_of(other).get() == alien
    assert "content" in hand_over.packs_of(deployment)[0].get_deferred_fields()


def test_who_takes_a_pack_is_written_down(operator: Operator, viewer: Operator) -> None:
    deployment, other = make_deployment(operator), make_deployment(operator)
    pack = make(deployment, operator)
    assert bytes(hand_over.take(deployment, pack.pk, actor=operator).content) == bytes(pack.content)
    entry = AuditEntry.objects.get(action="hand_over.taken")
    assert (entry.actor, entry.subject_id) == (operator, str(pack.pk))
    with pytest.raises(NotFound, match="the newest 10 are kept"):
        hand_over.take(other, pack.pk, actor=operator)
    with pytest.raises(NotAllowed):
        hand_over.take(deployment, pack.pk, actor=viewer)
    assert AuditEntry.objects.filter(action="hand_over.taken").count() == 1


def test_a_pack_speaks_the_language_of_the_one_who_asks(operator: Operator) -> None:
    deployment = stories.answered(operator, "checked")
    with translation.override("fr"):
        task = tasks.launch("make_hand_over_pack", deployment=deployment, actor=operator)
    assert task.inputs == {"language": "fr"}
    tasks.execute(task.pk, "test")
    assert b'<html lang="fr">' in unpacked(HandOverPack.objects.get())["report/preflight.html"]
    make(deployment, operator, language="xx")
    assert tasks.visible_tasks(operator).first().inputs == {"language": "en"}  # type: ignore[union-attr]
