"""Nobody changes, adds or takes away an entry of the audit trail unseen, not even with a database client."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests.builders import make_deployment
from wizard.models import AuditEntry, AuditHead, AuditSeal, Deployment, IdempotencyRecord, Operator
from wizard.services import accounts, audit, audit_chain
from wizard.services.audit_verification import end_of_chain, verify
from wizard.tasks import reconcile
from wizard.text import Text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return make_deployment(operator)


def record(deployment: Deployment, actor: Operator, number: int = 1) -> AuditEntry:
    return audit.record(
        "test.done",
        subject=deployment,
        actor=actor,
        sentence=Text("%(who)s did the thing number %(number)s.", who=actor.username, number=number),
        after={"number": number, "share": 0.1},
    )


@pytest.fixture
def trail(deployment: Deployment, operator: Operator) -> list[AuditEntry]:
    """What a handful of requests recorded, one after the other, the deployment's beginning first."""
    for number in range(5):
        record(deployment, operator, number)
    return list(AuditEntry.objects.order_by("id"))


def sql(statement: str, *values: Any) -> None:
    """As somebody with a client of the database would, past every rule that is the program's or the schema's."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA foreign_keys = OFF")
        else:
            cursor.execute("SET session_replication_role = replica")
        try:
            cursor.execute(statement, values)
        finally:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA foreign_keys = ON")
            else:
                cursor.execute("SET session_replication_role = DEFAULT")


def test_what_is_recorded_is_sealed_with_its_commit(trail: list[AuditEntry]) -> None:
    seals = list(AuditSeal.objects.order_by("place"))
    assert [seal.place for seal in seals] == [1, 2, 3, 4, 5, 6]
    assert [seal.entry_id for seal in seals] == [entry.pk for entry in trail]
    found = verify()
    assert (found.holds, found.entries, found.pending, found.late) == (True, 6, 0, 0)
    assert (found.entries, found.digest) == end_of_chain()
    assert verify(head=seals[2].digest).holds


def test_what_is_taken_back_is_not_sealed_and_leaves_no_gap(
    deployment: Deployment, operator: Operator
) -> None:
    def record_in_vain(number: int) -> None:
        with transaction.atomic():
            record(deployment, operator, number)
            transaction.set_rollback(True)

    record_in_vain(0)
    with transaction.atomic():
        record_in_vain(1)
        record(deployment, operator, 2)
        record_in_vain(3)
        record(deployment, operator, 4)
    assert [seal.entry.sentence.values.get("number") for seal in AuditSeal.objects.order_by("place")] == [
        None,
        2,
        4,
    ]
    assert verify().holds


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("action", "test.undone"),
        ("sentence", '{"text": "Nobody did anything."}'),
        ("sentence", '{"no": "sentence"}'),
        ("subject", "another"),
        ("subject_id", "another"),
        ("before", '{"number": 1}'),
        ("after", '{"number": 2, "share": 0.10000001}'),
        ("at", "2026-01-01 00:00:00+00:00"),
        ("address", "192.0.2.1"),
        ("request_id", "another"),
        ("deployment_id", None),
        ("actor_id", None),
    ],
)
def test_a_changed_entry_is_named(trail: list[AuditEntry], column: str, value: Any) -> None:
    entry = trail[3]
    sql(f"UPDATE wizard_auditentry SET {column} = %s WHERE id = %s", value, entry.pk)
    broken = verify().broken
    assert broken is not None
    assert (broken.kind, broken.place, broken.entry_id) == ("changed", 4, entry.pk)
    assert f"entry {entry.pk}" in str(broken.text)


def test_an_entry_that_was_taken_out_is_named(trail: list[AuditEntry]) -> None:
    sql("DELETE FROM wizard_auditentry WHERE id = %s", trail[3].pk)
    for _with_its_seal in (False, True):
        broken = verify().broken
        assert broken is not None
        assert (broken.kind, broken.place) == ("missing", 4)
        assert f"behind entry {trail[2].pk}" in str(broken.text)
        sql("DELETE FROM wizard_auditseal WHERE place = 4")


def test_renumbering_does_not_hide_what_was_taken_out(trail: list[AuditEntry]) -> None:
    sql("DELETE FROM wizard_auditseal WHERE place = 4")
    sql("DELETE FROM wizard_auditentry WHERE id = %s", trail[3].pk)
    for place in (5, 6):
        sql("UPDATE wizard_auditseal SET place = %s WHERE place = %s", place - 1, place)
    broken = verify().broken
    assert broken is not None
    assert (broken.kind, broken.place) == ("changed", 4)


def test_the_end_cannot_be_cut_off(trail: list[AuditEntry], deployment: Deployment) -> None:
    _place, digest = end_of_chain()
    sql("DELETE FROM wizard_auditseal WHERE place > 4")
    sql("DELETE FROM wizard_auditentry WHERE id > %s", trail[3].pk)
    broken = verify().broken
    assert broken is not None
    assert (broken.kind, broken.place) == ("cut_off", 5)
    # Who sets back the end, too, is found out only by a digest that was kept elsewhere.
    last = AuditSeal.objects.get(place=4)
    sql("UPDATE wizard_audithead SET place = 4, digest = %s", last.digest)
    assert verify().holds
    broken = verify(head=digest).broken
    assert broken is not None
    assert broken.kind == "unknown_head"
    sql("DELETE FROM wizard_audithead")
    broken = verify().broken
    assert broken is not None
    assert broken.kind == "head"


@pytest.mark.parametrize("kept", [5, 0])
def test_an_end_whose_seals_were_left_behind_is_cut_off_all_the_same(
    trail: list[AuditEntry], kept: int
) -> None:
    count = len(trail)
    sql("DELETE FROM wizard_auditentry WHERE id > %s", trail[kept - 1].pk if kept else 0)
    assert AuditSeal.objects.count() == count
    broken = verify().broken
    assert broken is not None
    assert (broken.kind, broken.place) == ("cut_off", kept + 1)
    assert f"has {kept} places and was {count} long" in str(broken.text)


def test_an_entry_that_was_put_in_is_named_also_where_it_cannot_be_read(
    trail: list[AuditEntry], copied: Any
) -> None:
    copied(trail[-1].pk + 1000, 2)
    sql("UPDATE wizard_auditentry SET sentence = '{\"t\": 1}' WHERE id = %s", trail[-1].pk + 1000)
    broken = verify().broken
    assert broken is not None
    assert (broken.kind, broken.entry_id) == ("unsealed", trail[-1].pk + 1000)


@pytest.fixture
def copied(trail: list[AuditEntry]) -> Any:
    """Puts in a copy of an entry, with another id and time."""

    def put_in(entry_id: int, minutes_ago: float) -> None:
        columns = "actor_id, action, sentence, subject, subject_id, before, after, address, request_id"
        sql(
            f"INSERT INTO wizard_auditentry (id, at, {columns}) SELECT %s, %s, {columns} FROM wizard_auditentry "
            "WHERE id = %s",
            entry_id,
            timezone.now() - timedelta(minutes=minutes_ago),
            trail[3].pk,
        )

    return put_in


def test_an_entry_that_was_put_in_at_the_end_is_named(trail: list[AuditEntry], copied: Any) -> None:
    copied(trail[-1].pk + 1000, 2)
    broken = verify().broken
    assert broken is not None
    assert (broken.kind, broken.entry_id) == ("unsealed", trail[-1].pk + 1000)


def test_one_that_was_put_in_among_settled_ones_is_named(trail: list[AuditEntry], copied: Any) -> None:
    sql("UPDATE wizard_audithead SET swept_id = %s", trail[-1].pk + 10)
    copied(trail[-1].pk + 5, 0.1)
    assert audit_chain.sweep() == 0
    broken = verify().broken
    assert broken is not None
    assert (broken.kind, broken.entry_id) == ("inserted", trail[-1].pk + 5)


def test_one_that_bears_an_earlier_time_than_its_seal_is_counted(
    trail: list[AuditEntry], copied: Any
) -> None:
    """Foothold seals what it finds; that it was sealed late is what remains to be seen."""
    # The chain began two days ago; the copy says that it is of yesterday.
    long_ago = timezone.now() - timedelta(days=2)
    sql("DELETE FROM wizard_auditseal")
    sql("DELETE FROM wizard_audithead")
    sql("UPDATE wizard_auditentry SET at = %s", long_ago - timedelta(minutes=1))
    with time_machine.travel(long_ago, tick=False):
        audit_chain.sweep()
    copied(trail[-1].pk + 5, 24 * 60)
    assert audit_chain.sweep() == 1
    found = verify()
    assert (found.holds, found.late, found.first_late_id) == (True, 1, trail[-1].pk + 5)


def test_a_seal_of_somebody_elses_making_is_named(trail: list[AuditEntry], copied: Any) -> None:
    copied(trail[-1].pk + 5, 0)
    sql(
        "INSERT INTO wizard_auditseal (place, entry_id, digest, actor_name, sealed_at) VALUES (7, %s, %s, %s, %s)",
        trail[-1].pk + 5,
        "ab" * 32,
        "oskar",
        timezone.now(),
    )
    broken = verify().broken
    assert broken is not None
    assert (broken.kind, broken.place) == ("changed", 7)


def test_entries_of_versions_that_sealed_nothing_are_sealed_in_their_order(
    trail: list[AuditEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    sql("DELETE FROM wizard_auditseal")
    sql("DELETE FROM wizard_audithead")
    sql("UPDATE wizard_auditentry SET at = %s", timezone.now() - timedelta(days=3))
    broken = verify().broken
    assert broken is not None
    assert broken.kind == "unsealed"
    monkeypatch.setattr(audit_chain, "_AT_ONCE", 2)
    assert audit_chain.sweep() == 6
    found = verify()
    assert (found.holds, found.entries, found.late) == (True, 6, 0)
    assert AuditHead.objects.get().swept_id == trail[-1].pk
    assert audit_chain.sweep() == 0


def test_a_person_who_is_renamed_breaks_nothing(trail: list[AuditEntry], operator: Operator) -> None:
    Operator.objects.filter(pk=operator.pk).update(username="oscar")
    assert verify().holds
    assert set(AuditSeal.objects.values_list("actor_name", flat=True)) == {"oskar"}


def test_sealing_that_fails_breaks_no_request_and_is_made_up_for(
    deployment: Deployment, operator: Operator
) -> None:
    # Another seal stands where the next one would go.
    head = AuditHead.objects.get()
    sql("UPDATE wizard_audithead SET place = 0")
    record(deployment, operator)
    assert AuditEntry.objects.filter(seal=None).count() == 1
    sql("UPDATE wizard_audithead SET place = %s", head.place)
    assert audit_chain.sweep() == 1
    assert verify().holds


def test_several_who_record_at_once_make_one_chain(deployment: Deployment, operator: Operator) -> None:
    ready = threading.Barrier(4)
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            ready.wait(10)
            for number in range(15):
                with transaction.atomic():
                    # Audited work holds rows of its own while others seal.
                    Deployment.objects.select_for_update().get(pk=deployment.pk)
                    record(deployment, operator, worker * 100 + number)
                    record(deployment, operator, worker * 100 + number)
                if number % 5 == 0:
                    audit_chain.sweep()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    audit_chain.sweep()
    found = verify()
    assert (found.holds, found.entries, found.pending) == (True, 121, 0)


def test_whoever_records_does_not_wait_for_one_who_seals(deployment: Deployment, operator: Operator) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            AuditHead.objects.select_for_update().get()
            holding.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(10)
    entry = record(deployment, operator)
    assert not AuditSeal.objects.filter(entry=entry).exists()
    done.set()
    thread.join(20)
    assert audit_chain.sweep() == 1


@pytest.mark.parametrize("spoilt", ["evil\x1b[2Jname", "two\nlines", "turned\u202eround"])
def test_control_characters_do_not_come_into_the_trail(
    deployment: Deployment, operator: Operator, spoilt: str
) -> None:
    deployment.name = spoilt
    entry = audit.record(
        "test.done",
        subject=deployment,
        actor=operator,
        sentence=Text("%(name)s", name=spoilt, names=[spoilt]),
        after={spoilt: [spoilt]},
    )
    entry.refresh_from_db()
    for words in (entry.subject, str(entry.sentence), str(entry.after)):
        assert not any(sign in words for sign in "\x1b\u202e")
    assert "\n" not in entry.subject
    assert entry.deployment_id == deployment.pk


def test_half_a_character_does_not_come_into_the_trail(deployment: Deployment, operator: Operator) -> None:
    said = Text("%(words)s", words="a\ud800")
    entry = audit.record(
        "test.done", subject=deployment, actor=operator, sentence=said, after={"a\udc00": ["\ud83d"]}
    )
    entry.refresh_from_db()
    assert (str(entry.sentence), entry.after) == ("a\ufffd", {"a\ufffd": ["\ufffd"]})
    assert verify().holds


def test_an_end_that_was_taken_away_is_named_and_keeps_nothing_else_from_being_tidied(
    trail: list[AuditEntry], deployment: Deployment, operator: Operator
) -> None:
    user_token, _text = accounts.create_token(user=operator, actor=operator, name="old", scope="read")
    IdempotencyRecord.objects.create(
        token=user_token, key="old", fingerprint="f" * 64, expires_at=timezone.now() - timedelta(days=1)
    )
    sql("DELETE FROM wizard_audithead")
    record(deployment, operator)
    with pytest.raises(IntegrityError):
        reconcile()
    assert not IdempotencyRecord.objects.exists()
    broken = verify().broken
    assert broken is not None
    assert broken.kind == "head"
