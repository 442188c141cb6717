"""The audit trail tells a reviewer of what belongs to their teams and to everybody, and of nothing that is another team's."""

from __future__ import annotations

import pytest

from tests.builders import make_operator
from tests.services.azure import add_account
from wizard.models import AuditSeal, Credential, Operator, Team, Webhook
from wizard.services import audit, audit_chain, audit_trail, teams
from wizard.services.audit_trail import visible_entries
from wizard.services.visibility import rows_for
from wizard.text import Text

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def reviewer(db: None) -> Operator:
    return make_operator("rita", Operator.Role.REVIEWER)


def note(subject: Team | Credential | Webhook, action: str, actor: Operator) -> None:
    audit.record(action, subject=subject, actor=actor, sentence=Text("%(what)s.", what=str(subject)))


def told(reader: Operator) -> set[str]:
    return set(visible_entries(reader).values_list("subject", flat=True))


def test_what_is_another_teams_is_in_no_audit_trail_but_an_administrators(
    operator: Operator, reviewer: Operator, admin: Operator
) -> None:
    mine, theirs = teams.create(name="Lyon", actor=admin), teams.create(name="Oslo", actor=admin)
    mine.members.add(reviewer)
    for team, name in ((mine, "lyon"), (theirs, "oslo"), (None, "all")):
        account = Credential.objects.create(
            name=f"{name}-vcenter", kind="vcenter", username="asr", sealed=b"", created_by=operator, team=team
        )
        note(account, "credential.stored", operator)
        hook = Webhook.objects.create(
            name=f"{name}-hook", url="https://hooks.lab.test", sealed=b"", created_by=operator, team=team
        )
        note(hook, "webhook.added", operator)
        azure = add_account(admin, name=f"{name}-azure")
        type(azure).objects.filter(pk=azure.pk).update(team=team)
    gone = Team.objects.create(name="Gone")
    note(gone, "team.renamed", admin)
    gone.delete()
    audit_chain.sweep()
    assert {"Lyon", "lyon-vcenter", "lyon-hook", "lyon-azure", "all-vcenter", "all-azure"} <= told(reviewer)
    hidden = {"Oslo", "oslo-vcenter", "oslo-hook", "oslo-azure", "all-hook", "Gone"}
    assert not hidden & told(reviewer)
    assert hidden <= told(admin)
    sealed = rows_for(reviewer, AuditSeal.objects.all()).values_list("entry__subject", flat=True)
    assert set(sealed) == told(reviewer)
    pieces = "".join(audit_trail.export(visible_entries(reviewer), "json"))
    assert "lyon-vcenter" in pieces
    assert "oslo" not in pieces.lower()
