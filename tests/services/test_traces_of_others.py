"""What was done for no deployment yet leaves traces, too: they name nothing of a team to whoever is not in it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment, make_operator
from wizard.checks.judges.host_system import judge_no_clone
from wizard.models import Component, Credential, Deployment, Operator, SignInAccount, Team, VCenter
from wizard.services import audit, audit_trail, deployments, exports, login_budget, results, tasks
from wizard.services.discovery.own_machines import own_machines
from wizard.services.errors import NotAllowed
from wizard.services.facts.answered import recorded_machines
from wizard.services.visibility import rows_for
from wizard.text import Text

SAME = "4211c6e2-0000-4000-8000-0000000000aa"

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def others() -> Team:
    team = Team.objects.create(name="Oslo")
    team.members.add(
        make_operator("otto", Operator.Role.OPERATOR), make_operator("olga", Operator.Role.REVIEWER)
    )
    return team


@pytest.fixture
def rita() -> Operator:
    """Reviews for another team."""
    rita = make_operator("rita", Operator.Role.REVIEWER)
    Team.objects.create(name="Lyon").members.add(rita)
    return rita


def credential(name: str, team: Team | None, address: str = "") -> Credential:
    row = Credential(name=name, kind="vcenter", username="asr", address=address, team=team)
    row.created_by = Operator.objects.get(username="otto")
    row.hold("a password")
    row.save()
    return row


def vcenter(host: str, account: Credential) -> VCenter:
    now = timezone.now()
    return VCenter.objects.create(
        friendly_name=host,
        host=host,
        port=443,
        thumbprint_sha256="AA",
        instance_uuid=f"uuid-{host}",
        credential=account,
        discovered_at=now,
    )


def accounts_for(person: str) -> set[str]:
    actor = Operator.objects.get(username=person)
    return set(rows_for(actor, SignInAccount.objects.all()).values_list("host", flat=True))


def test_an_account_at_a_vcenter_is_named_to_the_team_of_that_vcenter_alone(
    others: Team, rita: Operator
) -> None:
    # Entered with capitals; accounts are counted without.
    vcenter("VC-Oslo.lab.test", credential("registered", others))
    # Signed in to and not registered yet.
    credential("bound", others, address="new-oslo.lab.test:8443")
    SignInAccount.objects.create(host="vc-oslo.lab.test", port=443, username="asr")
    SignInAccount.objects.create(host="new-oslo.lab.test", port=8443, username="asr")
    # Nobody says any more whose it was.
    SignInAccount.objects.create(host="gone.lab.test", port=443, username="asr")
    make_operator("ada", Operator.Role.ADMIN)
    assert accounts_for("rita") == set()
    assert accounts_for("olga") == {"vc-oslo.lab.test", "new-oslo.lab.test"}
    assert accounts_for("ada") == {"vc-oslo.lab.test", "new-oslo.lab.test", "gone.lab.test"}


def test_an_account_at_everybodys_vcenter_is_named_to_everybody(others: Team, rita: Operator) -> None:
    vcenter("vc.lab.test", credential("common", None))
    SignInAccount.objects.create(host="vc.lab.test", port=443, username="asr")
    assert accounts_for("rita") == {"vc.lab.test"} == accounts_for("olga")


def test_that_passwords_may_be_tried_again_is_told_to_the_team_alone(others: Team, rita: Operator) -> None:
    ada = make_operator("ada", Operator.Role.ADMIN)
    vcenter("vc-oslo.lab.test", credential("registered", others))
    row = SignInAccount.objects.create(
        host="vc-oslo.lab.test", port=443, username="asr", failed_in_a_row=3, last_failed_at=timezone.now()
    )
    assert login_budget.forget_refusals(row.pk, actor=ada)
    assert told(rita) == set()
    assert told("olga") == {"sign_in_account.cleared"} == told(ada)


def test_what_somebody_looked_at_or_for_is_told_to_their_colleagues_alone(
    others: Team, rita: Operator
) -> None:
    otto, nina = Operator.objects.get(username="otto"), make_operator("nina", Operator.Role.OPERATOR)
    ada = make_operator("ada", Operator.Role.ADMIN)
    seen(otto, "vc-oslo.lab.test")
    exports.note_export(what="machine", form="csv", rows=1, filters={"q": "oslo-db"}, actor=otto)
    assert told(rita) == set()
    assert told("olga") == {"vcenter.probed", "records.exported"} == told(ada)
    # Who is in no team does nothing that is a team's.
    seen(nina, "vc.lab.test")
    assert told(rita) == {"vcenter.probed"}
    # Where a person is in several teams, each entry stands once.
    Team.objects.get(name="Lyon").members.add(otto, Operator.objects.get(username="olga"))
    assert len(list(audit_trail.visible_entries(Operator.objects.get(username="olga")))) == 3
    assert told(rita) == {"vcenter.probed", "records.exported"}


def seen(person: Operator, address: str) -> None:
    audit.record(
        "vcenter.probed",
        subject=person,
        actor=person,
        sentence=Text("%(who)s looked at %(address)s.", who=person.username, address=address),
    )


def told(person: Operator | str) -> set[str]:
    actor = Operator.objects.get(username=str(person))
    return set(audit_trail.visible_entries(actor).values_list("action", flat=True))


def test_a_clone_is_told_of_without_the_name_of_a_deployment_of_others(others: Team, rita: Operator) -> None:
    """Also a vault and a vCenter may be shared: what is theirs there is told to be somebody's, and no more."""
    lyon = Team.objects.get(name="Lyon")
    otto = Operator.objects.get(username="otto")
    mine = make_deployment(otto, "mine")
    theirs = make_deployment(otto, "hidden-oslo")
    mine.team, theirs.team = lyon, others
    mine.save()
    theirs.save()
    uuid = "4213c0de-0000-4000-8000-000000000001"
    Component.objects.create(
        deployment=theirs,
        key="cs:hidden",
        kind="cs",
        name="hidden-cs",
        zone="site",
        attributes={"bios_uuid": uuid},
    )
    shared = vcenter("vc.lab.test", credential("common", None))
    shared.deployments.set([mine, theirs])
    assert recorded_machines(mine) == {uuid: ""}
    assert set(own_machines(shared).values()) == {""}
    verdict = judge_no_clone({"host.identity.bios_uuid": uuid, "topology.bios_uuids": {uuid: ""}}, {})
    assert str(verdict.summary).startswith(
        "“a deployment that you do not see” has a machine with the same UUID"
    )
    # To their own, and of everybody's, it is named.
    shared.deployments.set([theirs])
    assert set(own_machines(shared).values()) == {"hidden-cs (hidden-oslo)"}
    theirs.team = None
    theirs.save()
    shared.deployments.set([mine, theirs])
    assert recorded_machines(mine) == {uuid: "hidden-oslo"}
    assert set(own_machines(shared).values()) == {"hidden-cs (hidden-oslo)"}


def test_what_was_given_to_another_team_meanwhile_is_out_of_reach(others: Team) -> None:
    """Read when it was everybody's, used when it is not: the row that is held says whose it is."""
    nina = make_operator("nina", Operator.Role.ADMIN)
    held = make_deployment(nina, "lyon")
    Operator.objects.filter(pk=nina.pk).update(role=Operator.Role.OPERATOR)
    nina.refresh_from_db()
    Deployment.objects.filter(pk=held.pk).update(team=others)
    assert held.team_id is None
    with pytest.raises(NotAllowed):
        tasks.launch("test_count", deployment=held, actor=nina)
    held.team = None
    with pytest.raises(NotAllowed):
        deployments.answer(
            held, "capacity", {"machines": 120, "daily_change_gb": 700}, actor=nina, keep_invalid=False
        )
    assert not held.tasks.exists()
    assert not held.steps.exists()


def test_a_name_that_was_kept_in_a_result_is_told_only_as_long_as_its_readers_see_it(
    others: Team, operator: Operator
) -> None:
    deployment = stories.answered(operator, "checked")
    other = make_deployment(operator, "hidden-oslo")
    row = deployment.checks.get(requirement_id="TPL-01")
    verdict = judge_no_clone(
        {"host.identity.bios_uuid": SAME, "topology.bios_uuids": {SAME: "hidden-oslo"}}, {}
    )
    row.requirement_id, row.status, row.summary = "OS-10", "fail", verdict.summary
    row.save()

    def told() -> str:
        found = {one.requirement_id: one for one in results.latest_results(deployment)}
        return str(found["OS-10"].summary)

    assert "hidden-oslo" in told()
    assert "hidden-oslo" in results.export(deployment, "json")[0]
    Deployment.objects.filter(pk=other.pk).update(team=others)
    assert told().startswith("“a deployment that you do not see” has a machine with the same UUID")
    assert "hidden-oslo" not in results.export(deployment, "json")[0]
    Deployment.objects.filter(pk=deployment.pk).update(team=others)
    deployment.refresh_from_db()
    assert "hidden-oslo" in told()
