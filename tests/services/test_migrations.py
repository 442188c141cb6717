"""What the release before kept is there after the upgrade, and means the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from wizard.models import AuditEntry, Waiver

pytestmark = pytest.mark.django_db(transaction=True)

NEWEST = "newest"
MigrateTo = Callable[[str], Any]


@pytest.fixture
def migrate_to() -> Iterator[MigrateTo]:
    """Take the tables to a migration, and give back the models of that time. After the test they are as they are today."""
    newest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "wizard"]

    def go(name: str) -> Any:
        target = newest if name == NEWEST else [("wizard", name)]
        MigrationExecutor(connection).migrate(target)
        return MigrationExecutor(connection).loader.project_state(target).apps

    yield go
    MigrationExecutor(connection).migrate(newest)


def test_waivers_that_one_person_granted_stay_in_force(migrate_to: MigrateTo) -> None:
    before = migrate_to("0001_initial")
    granted = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    person = before.get_model("wizard", "Operator").objects.create(username="oskar", role="operator")
    deployment = before.get_model("wizard", "Deployment").objects.create(
        name="lyon", profile="asr-classic", created_by=person
    )
    waiver = before.get_model("wizard", "Waiver").objects.create(
        deployment=deployment,
        requirement_id="URL-04",
        reason="Known.",
        until=date(2100, 1, 1),
        granted_by=person,
    )
    before.get_model("wizard", "Waiver").objects.filter(pk=waiver.pk).update(granted_at=granted)

    migrate_to(NEWEST)
    row = Waiver.objects.get(pk=waiver.pk)
    assert (row.asked_by.username, row.asked_at) == ("oskar", granted)
    assert (row.approved_by_id, row.approved_at) == (person.pk, granted)
    assert row.in_force
    assert (row.reason, row.until) == ("Known.", date(2100, 1, 1))


def test_entries_of_the_audit_trail_are_given_to_the_deployment_that_they_are_about(
    migrate_to: MigrateTo,
) -> None:
    before = migrate_to("0013_browser_sessions")
    person = before.get_model("wizard", "Operator").objects.create(username="oskar", role="operator")
    deployment = before.get_model("wizard", "Deployment").objects.create(
        name="lyon", profile="asr-classic", created_by=person
    )
    task = before.get_model("wizard", "Task").objects.create(
        deployment=deployment, kind="preflight", changing=True, requested_by=person
    )
    entries = before.get_model("wizard", "AuditEntry").objects
    told = [
        entries.create(actor=person, action="test.done", subject="it", subject_id=str(subject)).pk
        for subject in (deployment.pk, task.pk, person.pk, "00000000-0000-0000-0000-000000000001")
    ]

    migrate_to(NEWEST)
    found = [AuditEntry.objects.get(pk=pk).deployment_id for pk in told]
    assert found == [deployment.pk, deployment.pk, None, None]
