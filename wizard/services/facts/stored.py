"""Facts that are there already: what machines said of themselves when they were asked, and what people attested."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from wizard.checks.facts import FactSheet
from wizard.hosts.collector import Peer
from wizard.models import Deployment, HostFacts
from wizard.services import evidence
from wizard.services.answers import answers_in_play, primary_component
from wizard.services.attested import note_answers
from wizard.services.collector_scripts import peers_of
from wizard.text import Text, _

HOST = "host."
PEERS = "reach.peers"
LINUX = "mt_linux."


def note_stored(sheet: FactSheet, deployment: Deployment, wanted: Collection[str]) -> None:
    """Put the wanted facts of target machines and of people on the sheet, those that are not there with the reason."""
    answers = answers_in_play(deployment)
    if any(key.startswith(HOST) for key in wanted):
        peers = peers_of(deployment, answers, primary_component(deployment, answers))
        _note_host(sheet, HOST, evidence.of_the_machine(deployment), wanted, peers)
    if any(key.startswith(LINUX) for key in wanted):
        found = deployment.host_facts.filter(component="mt_linux").first()
        _note_host(sheet, LINUX, found, wanted, peers_of(deployment, answers, "mt_linux"))
    note_answers(sheet, deployment, wanted)


def _note_host(
    sheet: FactSheet, prefix: str, row: HostFacts | None, wanted: Collection[str], peers: tuple[Peer, ...]
) -> None:
    again = Text(_("Collect the facts of the machine, then run the checks again."))
    for name in sorted(wanted):
        if not name.startswith(prefix):
            continue
        if row is None:
            sheet.missing(name, Text(_("The machine has not said anything of itself yet.")), remedy=again)
            continue
        fact = row.facts.get(name.removeprefix(prefix))
        seen: dict[str, Any] = {"observed_from": row.host_name, "at": row.collected_at}
        if fact is None or "value" not in fact:
            reason = Text.from_json(fact["reason"]) if fact else Text(_("The collector did not ask for it."))
            sheet.missing(name, reason, **seen)
        elif name != prefix + PEERS:
            sheet.known(name, fact["value"], **seen)
        elif (tried := _of_today(fact["value"], peers)) is None:
            reason = Text(_("The answers name other machines than those that it was told to reach."))
            sheet.missing(name, reason, remedy=again, **seen)
        else:
            sheet.known(name, tried, **seen)


def _of_today(tried: list[dict[str, Any]], peers: tuple[Peer, ...]) -> list[dict[str, Any]] | None:
    """What was tried of the machines that the answers name today; None where that is not all of them."""
    wanted = {(peer.name, peer.host, peer.port) for peer in peers}
    found = {(item["name"], item["host"], item["port"]): item for item in tried}
    return [found[spot] for spot in found if spot in wanted] if wanted <= found.keys() else None
