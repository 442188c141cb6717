"""Notices are told on transitions only: what begins, what worsens, what ends; never what stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from tests import vault_stories
from tests.vault_stories import SERVER, look
from wizard.lab.arm import LabAzure
from wizard.models import AuditEntry, Deployment, DeploymentState, Notice, Operator, Severity
from wizard.services.errors import NotAllowed, NotFound
from wizard.services.vault_observation import account, notices
from wizard.text import Text
from wizard.topology.transitions import Item, ItemSeverity

pytestmark = pytest.mark.django_db

MINUTE = 60


@pytest.fixture
def deployment(azure: LabAzure, operator: Operator) -> Deployment:
    found = vault_stories.watched(operator, "registered")
    vault_stories.set_up(azure)
    return found


def item(key: str, severity: ItemSeverity = "warning", words: str = "It is slow.") -> Item:
    return Item(key=key, severity=severity, sentence=Text(words), remedy=Text("Mend it."))


def settle(deployment: Deployment, *items: Item) -> None:
    notices.settle(deployment.pk, items, timezone.now())


def test_a_heartbeat_that_is_lost_and_back_gives_exactly_one_notice(
    deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    look(deployment, operator)
    before = set(Notice.objects.values_list("pk", flat=True))
    azure.control.set_server(SERVER, heartbeat=20 * MINUTE)
    for _time in range(3):
        look(deployment, operator)
    # Three roles stand on that machine; its silence is one thing.
    (row,) = Notice.objects.exclude(pk__in=before).filter(key__endswith="heartbeat")
    assert (row.severity, row.ended_at) == (Severity.CRITICAL, None)
    assert SERVER in str(row.sentence)
    assert str(row.remedy)
    assert notices.open_critical(deployment) >= 1

    azure.control.set_server(SERVER, heartbeat=True)
    for _time in range(2):
        look(deployment, operator)
    row.refresh_from_db()
    assert row.ended_at is not None
    assert Notice.objects.filter(key__endswith="heartbeat").count() == 1
    assert notices.open_critical(deployment) == 0


def test_a_server_that_was_unwell_from_the_beginning_is_told_once(
    deployment: Deployment, operator: Operator, azure: LabAzure
) -> None:
    azure.control.set_server(SERVER, cpuLoad="97", cpuLoadStatus="Critical")
    for _time in range(2):
        look(deployment, operator)
    keys = list(Notice.objects.filter(ended_at=None).values_list("key", flat=True))
    assert [key for key in keys if "cpu" in key]
    assert len(keys) == len(set(keys))


def test_what_worsens_is_the_same_notice_to_be_seen_anew(deployment: Deployment, operator: Operator) -> None:
    settle(deployment, item("disk"))
    row = notices.mark_seen(deployment, Notice.objects.get().pk, actor=operator)
    began = row.began_at
    settle(deployment, item("disk", "critical", "It is full."))
    row = Notice.objects.get()
    assert (row.severity, str(row.sentence), row.began_at) == (Severity.CRITICAL, "It is full.", began)
    assert (row.seen_by, row.seen_at) == (None, None)


def test_what_gets_better_but_not_well_stays_open_and_seen(
    deployment: Deployment, operator: Operator
) -> None:
    settle(deployment, item("disk", "critical"))
    notices.mark_seen(deployment, Notice.objects.get().pk, actor=operator)
    settle(deployment, item("disk", "warning"))
    row = Notice.objects.get()
    assert (row.severity, row.ended_at) == (Severity.WARNING, None)
    assert row.seen_by == operator


def test_what_nobody_can_tell_at_the_moment_is_not_over(deployment: Deployment) -> None:
    settle(deployment, item("disk"))
    settle(deployment, item("disk", "unknown"), item("other", "unknown"))
    assert Notice.objects.get().ended_at is None
    settle(deployment)
    assert Notice.objects.get().ended_at is not None


def test_what_comes_again_long_after_it_ended_is_another_notice(deployment: Deployment) -> None:
    settle(deployment, item("disk"))
    settle(deployment)
    Notice.objects.update(ended_at=timezone.now() - notices.BACK_WITHIN - timedelta(seconds=1))
    settle(deployment, item("disk"))
    assert Notice.objects.count() == 2
    assert Notice.objects.filter(ended_at=None).count() == 1


def test_what_swings_about_its_threshold_is_one_notice_seen_once(
    deployment: Deployment, operator: Operator
) -> None:
    settle(deployment, item("cpu", words="81 %"))
    notices.mark_seen(deployment, Notice.objects.get().pk, actor=operator)
    for percent in ("82 %", "83 %"):
        settle(deployment, item("cpu", "ok"))
        assert Notice.objects.get().ended_at is not None
        settle(deployment, item("cpu", words=percent))
    row = Notice.objects.get()
    assert (row.ended_at, row.seen_by, str(row.sentence)) == (None, operator, "83 %")


def test_what_comes_back_worse_is_to_be_seen_anew(deployment: Deployment, operator: Operator) -> None:
    settle(deployment, item("cpu"))
    notices.mark_seen(deployment, Notice.objects.get().pk, actor=operator)
    settle(deployment)
    settle(deployment, item("cpu", "critical"))
    row = Notice.objects.get()
    assert (row.ended_at, row.severity, row.seen_by) == (None, Severity.CRITICAL, None)


def test_a_vault_that_answers_now_and_then_is_one_notice(deployment: Deployment) -> None:
    for _time in range(3):
        notices.begin_failing(deployment.pk, Text("No answer."), Text("Wait."), timezone.now())
        assert Notice.objects.get().ended_at is None
        settle(deployment)
        assert Notice.objects.get().ended_at is not None


def test_who_marks_it_as_seen_in_the_midst_of_a_look_is_not_forgotten(
    deployment: Deployment, operator: Operator
) -> None:
    settle(deployment, item("disk"))
    number = Notice.objects.get().pk

    class Told(list[Item]):
        """What a look told; somebody is on the page while it is being kept."""

        def __iter__(self) -> Iterator[Item]:
            notices.mark_seen(deployment, number, actor=operator)
            return super().__iter__()

    notices.settle(deployment.pk, Told([item("disk", words="It is slower.")]), timezone.now())
    row = Notice.objects.get()
    assert (row.seen_by, str(row.sentence)) == (operator, "It is slower.")


def test_who_lets_the_vault_be_asked_no_more_is_not_told_that_it_fails(
    deployment: Deployment, operator: Operator
) -> None:
    notices.begin_failing(deployment.pk, Text("No answer."), Text("Wait."), timezone.now())
    account.choose(deployment, "", actor=operator)
    assert Notice.objects.get(key=notices.LOOKING).ended_at is not None


def test_long_keys_that_begin_alike_stay_apart(deployment: Deployment) -> None:
    long = "x" * 400
    for _time in range(2):
        settle(deployment, item(f"{long}a"), item(f"{long}b"))
    assert Notice.objects.count() == 2
    settle(deployment, item(f"{long}b"))
    assert Notice.objects.filter(ended_at=None).count() == 1


def test_the_first_who_saw_it_is_kept_and_written_down(
    deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    settle(deployment, item("disk"))
    row = notices.mark_seen(deployment, Notice.objects.get().pk, actor=operator)
    again = notices.mark_seen(deployment, row.pk, actor=admin)
    assert (again.seen_by, again.seen_at) == (operator, row.seen_at)
    assert AuditEntry.objects.filter(action="notice.seen").count() == 1


def test_a_notice_of_another_deployment_is_not_there(
    deployment: Deployment, operator: Operator, viewer: Operator
) -> None:
    other = vault_stories.watched(operator, "deployed")
    settle(other, item("disk"))
    number = Notice.objects.get().pk
    with pytest.raises(NotFound):
        notices.mark_seen(deployment, number, actor=operator)
    with pytest.raises(NotAllowed):
        notices.mark_seen(other, number, actor=viewer)


def test_what_was_taken_out_of_service_counts_no_more(deployment: Deployment) -> None:
    settle(deployment, item("disk", "critical"))
    assert notices.open_critical(deployment) == 1
    deployment.state = DeploymentState.DECOMMISSIONED
    deployment.save()
    assert notices.open_critical(deployment) == 0
