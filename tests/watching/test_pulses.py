"""Who works in the background is heard of, and taken away when it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import InterfaceError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from tests.waiting import wait_until
from wizard import tasks
from wizard.models import Pulse
from wizard.services import pulses


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_heard_of_from_its_start_to_its_end() -> None:
    heartbeat = pulses.Heartbeat("worker1@host")
    heartbeat.start()
    wait_until(lambda: Pulse.objects.filter(name="worker1@host").exists())
    heartbeat.stop()
    assert not Pulse.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_row_of_one_that_took_its_name_stays() -> None:
    heartbeat = pulses.Heartbeat("worker1@host")
    heartbeat.start()
    wait_until(lambda: Pulse.objects.exists())
    Pulse.objects.update(started_at=timezone.now())
    heartbeat.stop()
    assert Pulse.objects.get().name == "worker1@host"


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_breaks_while_it_is_closed_costs_one_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    close = BaseDatabaseWrapper._close

    def broken(self: BaseDatabaseWrapper) -> None:
        close(self)
        closed.append(1)
        if len(closed) == 1:
            raise InterfaceError("connection already closed")

    monkeypatch.setattr(pulses, "EVERY_S", 0.02)
    monkeypatch.setattr(BaseDatabaseWrapper, "_close", broken)
    heartbeat = pulses.Heartbeat("worker1@host")
    heartbeat.start()
    wait_until(lambda: len(closed) > 2)
    heartbeat.stop()
    assert not Pulse.objects.exists()


@pytest.mark.django_db
def test_a_pulse_is_one_statement_once_it_is_known(django_assert_num_queries: object) -> None:
    pulses.note("worker", "worker1@host", started_at=timezone.now())
    first = Pulse.objects.get()
    with django_assert_num_queries(1):  # type: ignore[operator]
        pulses.note("worker", "worker1@host")
    again = Pulse.objects.get()
    assert again.seen_at > first.seen_at
    assert again.started_at == first.started_at


@pytest.mark.django_db(transaction=True)
def test_only_what_the_schedule_sends_tells_of_the_scheduler() -> None:
    tasks.reconcile()
    assert not Pulse.objects.exists()
    tasks.reconcile(from_schedule=True)
    assert Pulse.objects.get().part == "scheduler"


@pytest.mark.django_db
def test_what_was_silent_for_a_day_is_forgotten() -> None:
    for name, age in (("old", timedelta(hours=25)), ("young", timedelta(hours=23))):
        pulses.note("worker", name)
        Pulse.objects.filter(name=name).update(seen_at=timezone.now() - age)
    pulses.note_scheduler()
    assert set(Pulse.objects.values_list("name", flat=True)) == {"young", "beat"}
