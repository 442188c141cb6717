"""Every fact that a requirement rests on has a source, on every path, in both phases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from tests import stories
from tests.services.machines import answer_of, by_hand, hear, script_for
from tests.services.test_paths import PROCESS_SERVER, modernized
from wizard.checks.facts import FactSheet, Known, Missing
from wizard.models import Component, Deployment, Operator
from wizard.services import deployments, host_facts, preflight
from wizard.services.answers import answers_in_play
from wizard.services.facts import collectors_for
from wizard.services.facts.stored import note_stored

pytestmark = pytest.mark.django_db

STORED = ("host.", "mt_linux.", "attested.")
BOTH_WAYS_HOME = {"failback": True, "linux_failback": True}


def _process_server(actor: Operator) -> Deployment:
    return by_hand(actor, **PROCESS_SERVER)


def _with_failback(actor: Operator) -> Deployment:
    proxy = {"proxy": "http://proxy.lab.test:3128"}
    return by_hand(actor, capacity=BOTH_WAYS_HOME, network=proxy, vault={"private_endpoints": True})


@pytest.mark.parametrize(
    "path",
    [stories.answered, by_hand, _process_server, _with_failback, modernized],
    ids=lambda path: path.__name__,
)
@pytest.mark.parametrize("phase", ["before", "after"])
def test_every_fact_has_a_source(
    operator: Operator, path: Callable[[Operator], Deployment], phase: Any
) -> None:
    deployment = path(operator)
    with ExitStack() as stack:
        collectors = collectors_for(answers_in_play(deployment), deployment, stack)
    provided = {fact for collector in collectors for fact in collector.provides}
    rows = preflight.requirements_for(deployment, phase)
    assert len(rows) > 10
    homeless = {
        (row.id, fact)
        for row in rows
        for fact in row.facts
        if fact not in provided and not fact.startswith(STORED)
    }
    assert homeless == set()


def test_what_the_machine_said_is_known_with_its_time_and_place_and_the_rest_with_its_reason(
    operator: Operator,
) -> None:
    deployment = by_hand(operator)
    with time_machine.travel(timezone.now() - timedelta(hours=30), tick=False):
        row = hear(
            deployment, operator, facts={"os.build": {"value": 17763}, "os.caption": {"error": "no WMI"}}
        )
    sheet = FactSheet()
    note_stored(sheet, deployment, {"host.os.build", "host.os.caption", "mt_linux.os.kernel", "today"})
    known, reason, silent = (
        sheet.get(key) for key in ("host.os.build", "host.os.caption", "mt_linux.os.kernel")
    )
    assert isinstance(known, Known)
    assert (known.value, known.observed_from, known.at) == (17763, "cs01", row.collected_at)
    assert isinstance(reason, Missing)
    assert "no WMI" in str(reason.reason)
    assert isinstance(silent, Missing)
    assert "has not said anything" in str(silent.reason)
    assert "today" not in sheet


def test_machines_of_other_deployments_are_known_by_their_uuid(operator: Operator) -> None:
    other = stories.answered(operator, "recorded", name="oslo")
    Component.objects.filter(deployment=other, kind="cs").update(attributes={"bios_uuid": "4C4C-ABCD"})
    deployment = by_hand(operator)
    with ExitStack() as stack:
        (answered, *_others) = collectors_for(answers_in_play(deployment), deployment, stack)
    assert answered.collect({})["topology.bios_uuids"] == {"4c4c-abcd": "oslo"}


def test_what_it_reached_when_the_answers_named_another_machine_is_not_known(operator: Operator) -> None:
    deployment = by_hand(operator, **PROCESS_SERVER)
    server = PROCESS_SERVER["installation"]["cs_address"]
    tried = {"name": "cs", "host": server, "port": 443, "tcp": True, "tls": True, "error": None}
    other = {**tried, "name": "vcenter", "host": "vcenter.lab.test"}
    script = script_for(deployment, operator, "ps_scaleout")
    data = answer_of(script, facts={"reach.peers": {"value": [tried, other]}})
    host_facts.receive(deployment, data, actor=operator)
    assert peers_on_sheet(deployment) == [tried], "what nobody names any more is left out"

    moved = {**deployments.answers_of(deployment)["installation"], "cs_address": "192.0.2.99"}
    deployments.answer(deployment, "installation", moved, actor=operator)
    fact = peers_on_sheet(deployment)
    assert isinstance(fact, Missing)
    assert "Collect the facts" in str(fact.remedy)


def peers_on_sheet(deployment: Deployment) -> Any:
    sheet = FactSheet()
    note_stored(sheet, deployment, {"host.reach.peers"})
    fact = sheet.get("host.reach.peers")
    return fact.value if isinstance(fact, Known) else fact
