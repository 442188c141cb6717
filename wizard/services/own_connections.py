"""What Foothold itself opens for one deployment, for its firewall matrix: from answers, settings and webhooks.

Each function says when its connections are opened, and asks the same place that the work asks, so that the two agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from django.conf import settings
from django.db.models import Q

from wizard.azure.clouds import CLOUDS
from wizard.checks.endpoints import DEFAULT_PORTS, Endpoint
from wizard.journey import base as journey
from wizard.models import AzureAccount, Deployment, Operator, Webhook
from wizard.services import evidence
from wizard.services.answers import Answers, circumstances_of, components_of
from wizard.services.applicable import requirements_for
from wizard.services.webhooks import registry
from wizard.text import Text, _, verbatim
from wizard.topology.firewall_rule import End
from wizard.topology.graph import Graph
from wizard.topology.own_connections import OwnConnection, OwnId
from wizard.wire.post import Target, UnusableUrl

_HTTPS: Final = 443
_SSH: Final = 22
_DEFAULT_PORTS: Final = {"http": 80, "https": _HTTPS}


def connections_of(
    deployment: Deployment,
    answers: Answers,
    graph: Graph,
    endpoints: tuple[Endpoint, ...],
    *,
    actor: Operator,
    handed_on: bool = False,
) -> Iterator[OwnConnection]:
    """Those that these answers, in play, ask for. `endpoints` are the addresses in Azure that the machine needs.

    Of webhooks only those are told that `actor` may see: where one sends to is nobody else's business. `handed_on` is for what
    others read whom nobody asks then: there it is only those of this very deployment.
    """
    yield from _vsphere(deployment, answers, graph)
    yield from _machines(deployment, answers, graph)
    yield from _azure(deployment, answers)
    yield from _preflight(deployment, answers, endpoints)
    yield from _webhooks(deployment, actor, handed_on=handed_on)
    if settings.OIDC_ISSUER:
        known_from = Text(_("Setting %(name)s"), name="OIDC_ISSUER")
        yield _to_url("FH-OIDC", settings.OIDC_ISSUER, known_from)


# --- inside -----------------------------------------------------------------------------------------------------------


def _vsphere(deployment: Deployment, answers: Answers, graph: Graph) -> Iterator[OwnConnection]:
    held = circumstances_of(deployment, answers)
    if "vcenter" in answers:
        host, port = answers["vcenter"]["host"], answers["vcenter"]["port"]
        target = End(name=verbatim(host), address=host)
        yield OwnConnection(
            id="FH-VCENTER", target=target, port=port, known_from=_step(deployment, "vcenter")
        )
        for end in _hosts(deployment, answers, graph):
            # The lease names an https:// address without a port as a rule; 902 is what replication uses.
            yield OwnConnection(
                id="FH-ESXI",
                target=end,
                port=_HTTPS,
                known_from=_step(deployment, "vcenter"),
                only_tried="ova" not in held,
            )
    template = answers.get("template", {})
    if template.get("source") == "url":
        parts = urlsplit(template["url"])
        yield OwnConnection(
            id="FH-TEMPLATE",
            target=End(name=verbatim(parts.hostname or ""), address=parts.hostname),
            port=parts.port or _DEFAULT_PORTS.get(parts.scheme, _HTTPS),
            known_from=_step(deployment, "template"),
        )


def _hosts(deployment: Deployment, answers: Answers, graph: Graph) -> list[End]:
    """The ESXi hosts in play; drawn are the same ones, once the vCenter is registered."""
    drawn = [End(name=node.label, address=node.address) for node in graph.nodes_of("esxi")]
    return drawn or [
        End(name=verbatim(name), address=address)
        for name, address in evidence.host_addresses(deployment, answers)
    ]


def _machines(deployment: Deployment, answers: Answers, graph: Graph) -> Iterator[OwnConnection]:
    network = answers["network"]
    own = End(name=verbatim(network["host_name"]), address=network["address"])
    reached = answers.get("evidence", {})
    if reached.get("way") == "winrm":
        target = End(name=own.name, address=reached["host"])
        known_from = _step(deployment, "evidence")
        yield OwnConnection(
            id="FH-WINRM", target=target, port=reached["port"], known_from=known_from, into_machine=True
        )
    if "mt_linux" in components_of(deployment, answers):
        yield from _by_ssh(deployment, graph)
    if deployment.additions.filter(removed_at=None).exists():
        for port in (_HTTPS, network["data_port"]):
            yield OwnConnection(
                id="FH-CS",
                target=own,
                port=port,
                known_from=Text(_("Further components")),
                into_machine=True,
            )


def _by_ssh(deployment: Deployment, graph: Graph) -> Iterator[OwnConnection]:
    """To where somebody had the machine looked at; before that, to where one is planned."""
    looked = evidence.newest(deployment, "probe_host", {"transport": "ssh"})
    if looked is not None:
        host, port = looked.inputs["host"], looked.inputs["port"]
        target = End(name=verbatim(host), address=host)
        yield OwnConnection(id="FH-SSH", target=target, port=port, known_from=_step(deployment, "evidence"))
        return
    for node in graph.nodes_of("mt_linux"):
        target = End(name=node.label, address=node.address)
        yield OwnConnection(id="FH-SSH", target=target, port=_SSH, known_from=_step(deployment, "capacity"))


def _azure(deployment: Deployment, answers: Answers) -> Iterator[OwnConnection]:
    vault = answers["vault"]
    if not vault.get("account") or settings.AZURE_EMULATOR:
        return
    cloud = CLOUDS[vault["cloud"]]
    # A managed identity gets its tokens from the machine that Foothold runs on.
    managed = AzureAccount.objects.filter(name=vault["account"], how="managed_identity").exists()
    if not managed:
        yield _to_url("FH-LOGIN", f"https://{cloud.authority}/", _step(deployment, "vault"))
    yield _to_url("FH-ARM", cloud.resource_manager, _step(deployment, "vault"))


def _preflight(
    deployment: Deployment, answers: Answers, endpoints: tuple[Endpoint, ...]
) -> Iterator[OwnConnection]:
    """What is tried from here in order to judge, and not on the machine itself."""
    wanted = {fact for row in requirements_for(deployment) for fact in (*row.facts, *row.hints)}
    network, known_from = answers["network"], _step(deployment, "network")
    for server in network["dns"]:
        target = End(name=Text(_("DNS server")), address=server)
        yield OwnConnection(id="FH-DNS", target=target, protocol="UDP, TCP", port=53, known_from=known_from)
    if "ntp.offsets" in wanted:
        for server in network["ntp"]:
            target = End(name=Text(_("Time server")), address=server)
            yield OwnConnection(id="FH-NTP", target=target, protocol="UDP", port=123, known_from=known_from)
    if network["proxy"] and wanted & {"proxy.reach", "urls.reach"}:
        yield _to_address("FH-PROXY", network["proxy"], known_from)
    if "urls.reach" not in wanted:
        return
    for item in endpoints:
        # Time servers are asked without a proxy; below some patterns nothing is known that could be tried.
        if not item.probe_host or (network["proxy"] and item.protocol != "ntp"):
            continue
        yield OwnConnection(
            id="FH-URL",
            target=End(name=verbatim(item.probe_host), address=item.probe_host),
            protocol="UDP" if item.protocol == "ntp" else "TCP",
            port=DEFAULT_PORTS[item.protocol],
            known_from=_step(deployment, "vault"),
        )


def _webhooks(deployment: Deployment, actor: Operator, *, handed_on: bool) -> Iterator[OwnConnection]:
    aimed = Q(deployment=deployment.pk)
    if not handed_on:
        # Those of everybody, and of its team where it has one.
        aimed |= Q(deployment=None) & (Q(team=None) | Q(team=deployment.team_id))
    row: Webhook
    for row in registry.visible_webhooks(actor).filter(aimed, active=True):
        try:
            target = Target.parse(row.url)
        except UnusableUrl:
            continue
        yield OwnConnection(
            id="FH-WEBHOOK",
            target=End(name=verbatim(target.host), address=target.host),
            port=target.port,
            known_from=Text(_("Webhook %(name)s"), name=row.name),
        )


def _to_url(id: OwnId, url: str, known_from: Text) -> OwnConnection:
    """To a web server, or to the proxy by which this server reaches it (HTTPS_PROXY, NO_PROXY), as Azure's SDK and the sign-in
    go. Without TLS there is only a provider on this machine, which is asked directly."""
    parts = urlsplit(url)
    proxies = getproxies_environment()
    proxy = proxies.get("https") or proxies.get("all")
    if proxy and parts.scheme == "https" and not proxy_bypass(parts.hostname or ""):
        through = Text(_("%(known)s; through the proxy of this server"), known=known_from)
        return _to_address(id, proxy, through)
    return _to_address(id, url, known_from)


def _to_address(id: OwnId, url: str, known_from: Text) -> OwnConnection:
    parts = urlsplit(url if "//" in url else f"//{url}")
    host = parts.hostname or ""
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 80)
    return OwnConnection(
        id=id, target=End(name=verbatim(host), address=host), port=port, known_from=known_from
    )


def _step(deployment: Deployment, step: str) -> Text:
    return Text(_("Step “%(step)s”"), step=Text(journey.step(deployment.profile, step).title))
