"""One look at everything that some requirements rest on: remote parts side by side, then what is stored."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace

from django.conf import settings

from wizard.checks.endpoints import endpoints
from wizard.checks.engine import Collector, FactSheet, gather
from wizard.checks.network_collectors import NetworkPlan, network_collectors
from wizard.checks.requirement import Requirement
from wizard.models import Deployment
from wizard.services import evidence
from wizard.services.answers import Answers, answers_in_play
from wizard.services.facts.answered import answer_facts, fqdn
from wizard.services.facts.stored import note_stored
from wizard.services.facts.vcenter_visit import VCenterVisit
from wizard.services.tasks.progress import Progress
from wizard.services.vcenter_access import address_book
from wizard.text import Text, _

BEGIN_PERCENT = 5


def observe(progress: Progress, chosen: Iterable[Requirement], *, upto: int) -> FactSheet:
    """The facts that these requirements rest on. Takes the task from BEGIN_PERCENT to `upto` percent."""
    progress.phase(Text(_("Gathering facts")), BEGIN_PERCENT)
    deployment = progress.task.deployment
    wanted = {fact for row in chosen for fact in (*row.facts, *row.hints)}
    with ExitStack() as stack:
        collectors = _needed(collectors_for(answers_in_play(deployment), deployment, stack), wanted)
        done = 0

        def note(collector: Collector, ok: bool) -> None:
            nonlocal done
            done += 1
            title = Text(collector.name)
            name = Text(_("%(name)s: looked at."), name=title)
            failed = Text(_("%(name)s: could not be looked at."), name=title)
            (progress.info if ok else progress.warning)(name if ok else failed)
            progress.percent(BEGIN_PERCENT + (upto - BEGIN_PERCENT) * done / len(collectors))

        sheet = gather(collectors, should_stop=progress.should_stop, on_done=note)
    note_stored(sheet, deployment, wanted)
    return sheet


def collectors_for(answers: Answers, deployment: Deployment, stack: ExitStack) -> list[Collector]:
    """The collectors of a deployment whose question steps are complete; `answers` are those in play.

    `stack` closes the vCenter session.
    """
    here = platform.node() or "localhost"
    answered = answer_facts(answers, deployment)
    found = [
        Collector(
            name=_("Answers"),
            provides=tuple(answered),
            collect=lambda known: answered,
            deadline_s=10,
            observed_from="Foothold",
        )
    ]
    if "vcenter" in answers:
        visit = VCenterVisit(answers, deployment, stack, evidence.own_machine(deployment))
        found += visit.collectors(here)
    found += [
        replace(collector, observed_from=here)
        for collector in network_collectors(_network_plan(answers, deployment))
    ]
    return found


def _network_plan(answers: Answers, deployment: Deployment) -> NetworkPlan:
    network, vcenter = answers["network"], answers.get("vcenter")
    return NetworkPlan(
        fqdn=fqdn(network),
        address=network["address"],
        dns_servers=tuple(network["dns"]),
        ntp_servers=tuple(network["ntp"]),
        proxy=network["proxy"],
        vcenter=(vcenter["host"], vcenter["port"]) if vcenter else None,
        hosts=evidence.host_addresses(deployment, answers),
        endpoints=endpoints(deployment.profile, answers["vault"]["cloud"], answers["source"]["method"]),
        book=address_book(),
        ca_file=settings.PROBE_CA_FILE or None,
    )


def _needed(collectors: list[Collector], wanted: set[str]) -> list[Collector]:
    """Those that bring a wanted fact, and those that these must follow."""
    by_name = {collector.name: collector for collector in collectors}
    names = {collector.name for collector in collectors if wanted.intersection(collector.provides)}
    waiting = list(names)
    while waiting:
        for before in by_name[waiting.pop()].after:
            if before not in names:
                names.add(before)
                waiting.append(before)
    return [collector for collector in collectors if collector.name in names]
