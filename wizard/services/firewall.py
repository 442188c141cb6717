"""The firewall matrix of a deployment: every rule that it needs, and that Foothold needs for it, with the last verdict of what
proves it."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import get_language

from wizard.checks.endpoints import DEFAULT_PORTS, Endpoint, endpoints
from wizard.models import CheckStatus, Deployment, Operator
from wizard.services import own_connections, results
from wizard.services.answers import answers_in_play, circumstances_of
from wizard.services.permissions import require
from wizard.services.sites import planned_graph
from wizard.topology import firewall, firewall_html
from wizard.topology.firewall import EndpointNeed, FirewallRule
from wizard.topology.own_connections import own_rules


def rules_of(deployment: Deployment, *, actor: Operator, handed_on: bool = False) -> tuple[FirewallRule, ...]:
    """The rules, each once; see `own_connections.connections_of`. Raises Conflict `not_ready` before the questions that they rest on are answered."""
    require(actor, "firewall.see", deployment)
    graph = planned_graph(deployment)
    answers = answers_in_play(deployment)
    network, installation = answers["network"], answers.get("installation", {})
    held = circumstances_of(deployment, answers)
    there = endpoints(deployment.profile, answers["vault"]["cloud"], answers["source"]["method"])
    there = tuple(item for item in there if held.issuperset(item.when))
    needed = firewall.firewall_rules(
        graph,
        endpoints=tuple(_need(item) for item in there),
        ntp=tuple(network["ntp"]),
        dns=tuple(network["dns"]),
        proxy=network["proxy"],
        mysql_download="cs" in held and installation.get("mysql", "download") == "download",
    )
    own = own_connections.connections_of(deployment, answers, graph, there, actor=actor, handed_on=handed_on)
    return firewall.in_order((*needed, *own_rules(own)))


def verdicts_of(deployment: Deployment) -> dict[str, str]:
    """The newest status of each requirement; what was judged after the installation goes before what was judged earlier."""
    return {
        row.requirement_id: row.status
        for phase in ("before", "after")
        for row in results.latest_results(deployment, "before" if phase == "before" else "after")
    }


def as_csv(deployment: Deployment, *, actor: Operator, handed_on: bool = False) -> str:
    rules = rules_of(deployment, actor=actor, handed_on=handed_on)
    return firewall.as_csv(rules, verdicts_of(deployment))


def as_html(deployment: Deployment, *, actor: Operator, handed_on: bool = False) -> str:
    """A page of its own, in the reader's language."""
    return firewall_html.as_html(
        rules_of(deployment, actor=actor, handed_on=handed_on),
        verdicts_of(deployment),
        name=deployment.name,
        words={status.value: str(status.label) for status in CheckStatus},
        at=timezone.now(),
        language=get_language() or "en",
    )


def _need(item: Endpoint) -> EndpointNeed:
    return EndpointNeed(
        id=item.row,
        pattern=item.pattern,
        port=DEFAULT_PORTS[item.protocol],
        protocol="UDP" if item.protocol == "ntp" else "TCP",
        needed_by=item.needed_by,
        purpose=item.purpose,
    )
