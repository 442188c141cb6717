"""Staff with each role, and a site with something in every table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.test import Client
from django.utils import timezone

from tests import stories, vault_stories
from tests.builders import make_operator
from tests.chromium import launch_args
from tests.services.azure import add_account
from wizard.models import (
    Addition,
    ApiToken,
    Approval,
    Attestation,
    AuditEntry,
    AuditHead,
    AuditSeal,
    CollectorIssue,
    DecommissionStep,
    Deployment,
    HostFacts,
    IdempotencyRecord,
    InstallationSecret,
    InventoryObject,
    ManualStepConfirmation,
    Operator,
    ProtectableItem,
    Pulse,
    SignInAccount,
    SignInLink,
    Team,
    VaultObservation,
    VaultWatch,
    Waiver,
    Webhook,
    WebhookDelivery,
)
from wizard.services import accounts, tasks

COLLECTOR_KEY = bytes.fromhex("ca" * 32)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return launch_args(browser_type_launch_args)


@pytest.fixture
def reviewer(db: None) -> Operator:
    """Whose console it is: without a leave of anybody's."""
    return make_operator("rita", Operator.Role.REVIEWER)


@pytest.fixture
def reading(reviewer: Operator) -> Client:
    return signed_in(reviewer)


@pytest.fixture
def deciding(admin: Operator) -> Client:
    return signed_in(admin)


def signed_in(user: Operator) -> Client:
    client = Client()
    client.force_login(user)
    return client


def hand_over(deployment: Deployment, actor: Operator) -> None:
    """A pack that somebody made, and a step of taking the deployment out of service."""
    task = tasks.launch("make_hand_over_pack", deployment=deployment, actor=actor)
    tasks.execute(task.pk, "test")
    DecommissionStep.objects.create(
        deployment=deployment, subject="", step="replication_disabled", note="CHG-1", confirmed_by=actor
    )


def operations(deployment: Deployment, actor: Operator, token: ApiToken) -> None:
    """A request for approval, a team, a worker, a webhook and what it was told, an answer to a request, a sealed entry."""
    Approval.objects.create(
        deployment=deployment,
        digest="d" * 64,
        answers={"name": deployment.name},
        note="Ready.",
        asked_by=actor,
    )
    Team.objects.create(name=f"team-{deployment.name}").members.add(actor)
    now = timezone.now()
    Pulse.objects.create(part="worker", name=f"worker@{deployment.name}", started_at=now, seen_at=now)
    hook = Webhook(name=f"hook-{deployment.name}", url="https://hooks.lab.test/in", created_by=actor)
    hook.hold("canary-webhook-secret")
    hook.save()
    WebhookDelivery.objects.create(
        webhook=hook, event="task.failed", payload={"deployment": deployment.name, "marker": "told-payload"}
    )
    IdempotencyRecord.objects.create(
        token=token,
        key=f"key-{deployment.name}",
        fingerprint="f" * 64,
        status=201,
        body=b"canary-answer-body",
        expires_at=now + timedelta(hours=1),
    )
    if not AuditSeal.objects.exists():
        AuditHead.objects.get_or_create(pk=1)
    entry = AuditEntry.objects.filter(seal=None).first()
    if entry is not None:
        place = AuditSeal.objects.count() + 1
        AuditSeal.objects.create(place=place, entry=entry, digest=f"{place:064x}", sealed_at=now)


def furnish(actor: Operator, number: int = 1) -> None:
    """One more row in every table of the console."""
    deployment = stories.answered(actor, "recorded")
    stories.failed(deployment, "discover_machines", actor, "unreachable", "vCenter does not answer.")
    token, _text = accounts.create_token(
        user=actor, actor=actor, name=f"token-{deployment.name}", scope="operate"
    )
    operations(deployment, actor, token)
    SignInLink.objects.create(
        user=actor, token_hash=f"{deployment.pk.hex:0>64}", expires_at=timezone.now() + timedelta(hours=1)
    )
    Waiver.objects.create(
        deployment=deployment,
        requirement_id="TPL-02",
        reason="Known.",
        until=timezone.localdate(),
        asked_by=actor,
        approved_by=actor,
        approved_at=timezone.now(),
    )
    Attestation.objects.create(
        deployment=deployment,
        requirement_id="OPS-01",
        answer="yes",
        note="Seen.",
        file=b"canary-file-content",
        file_name="evidence.txt",
        answered_by=actor,
        answered_at=timezone.now(),
    )
    InventoryObject.objects.create(
        vcenter=deployment.vcenters.get(),
        type="Folder",
        moid=f"group-{deployment.pk.hex}",
        name="Workloads",
        seen_at=timezone.now(),
    )
    SignInAccount.objects.create(
        host="vcenter.lab.test", port=443, username=f"{deployment.name}@vsphere.local"
    )
    issue = CollectorIssue(
        nonce=deployment.pk.hex,
        deployment=deployment,
        component="cs",
        language="powershell",
        issued_by=actor,
        expires_at=timezone.now() + timedelta(days=7),
    )
    issue.hold(COLLECTOR_KEY)
    issue.save()
    HostFacts.objects.create(
        deployment=deployment,
        component="cs",
        issue=issue,
        way="upload",
        host_name="cs01",
        collected_at=timezone.now(),
        facts={"os.build": {"value": 17763}, "os.caption": {"reason": {"text": "WMI is broken."}}},
        digest="d" * 64,
        received_by=actor,
    )
    VaultWatch.objects.get_or_create(deployment=deployment)
    hand_over(deployment, actor)
    vault_stories.notice(deployment)
    VaultObservation.objects.create(
        deployment=deployment,
        number=1,
        document={"version": 1},
        severity="warning",
        digest="d" * 64,
        first_seen_at=timezone.now(),
        last_seen_at=timezone.now(),
    )
    account = add_account(actor, name=f"azure-{deployment.name}")
    ProtectableItem.objects.create(
        deployment=deployment,
        name=str(account.pk),
        friendly_name="app-000",
        machine=deployment.vcenters.get().machines.first(),
        seen_at=timezone.now(),
    )
    secret = InstallationSecret(deployment=deployment, kind="passphrase", given_by=actor)
    secret.hold(b"canary-passphrase")
    secret.save()
    ManualStepConfirmation.objects.create(deployment=deployment, step="P1", confirmed_by=actor)
    Addition.objects.create(deployment=deployment, kind="mt_linux", name="mt-linux", created_by=actor)
    at = timezone.now()
    AccessAttempt.objects.create(
        username=f"mallory-{deployment.name}",
        attempt_time=at,
        ip_address="192.0.2.66",
        failures_since_start=3,
        get_data="",
        post_data="canary-post-data",
        user_agent="",
        path_info="/sign-in/",
    )
    AccessLog.objects.create(
        username="rita", attempt_time=at, ip_address="192.0.2.1", session_hash="canary-session"
    )
