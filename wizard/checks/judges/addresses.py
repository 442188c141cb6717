"""The planned address of the machine and the port of replication data (asr-facts NET-01, NET-05, T09, C9)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _


@judge("static_address")
def judge_static_address(facts: Facts, params: Params) -> Verdict:
    """Facts identity.address, identity.netmask ("255.255.255.0" or "24") and identity.gateway, all text."""
    address, mask, gateway = facts["identity.address"], facts["identity.netmask"], facts["identity.gateway"]
    problem = find_problem(address, str(mask).removeprefix("/"), gateway)
    return Verdict(
        status="fail" if problem else "pass",
        summary=problem or Text(_("The static address, its mask and its gateway fit together.")),
        observed=Text(
            _("%(address)s, mask %(mask)s, gateway %(gateway)s"), address=address, mask=mask, gateway=gateway
        ),
        expected=Text(_("a static IPv4 address with a gateway in the same subnet")),
    )


@judge("data_port")
def judge_data_port(facts: Facts, params: Params) -> Verdict:
    """Fact identity.data_port; parameters usual, forbidden and misprint."""
    port = facts["identity.data_port"]
    status: VerdictStatus
    if port == params["forbidden"]:
        status = "fail"
        summary = Text(_("Port %(port)s belongs to the configuration server's own web site."), port=port)
    elif not 1 <= port <= 65535:
        status, summary = "fail", Text(_("%(port)s is not a port."), port=port)
    elif port == params["misprint"]:
        status = "warn"
        summary = Text(
            _("Port %(port)s is a known misprint in the documents; the usual port is %(usual)s."),
            port=port,
            usual=params["usual"],
        )
    else:
        status, summary = "pass", Text(_("Replication data arrives on port %(port)s."), port=port)
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("port %(port)s"), port=port),
        expected=Text(
            _("port %(usual)s, never %(forbidden)s"), usual=params["usual"], forbidden=params["forbidden"]
        ),
    )


def find_problem(address: str, mask: str, gateway: str) -> Text | None:
    """Why these three cannot be a machine's address, its mask ("255.255.255.0" or "24") and its way out."""
    try:
        own = IPv4Interface(f"{address}/{mask}")
        way_out = IPv4Address(gateway)
    except ValueError:
        return Text(_("The address, the mask or the gateway is not IPv4."))
    subnet = own.network
    if own.ip.is_unspecified or own.ip.is_loopback or own.ip.is_multicast or own.ip.is_reserved:
        return Text(_("%(address)s cannot be the address of a machine."), address=address)
    if own.ip.is_link_local:
        return Text(_("%(address)s is a link-local address, which no other subnet reaches."), address=address)
    if own.ip in (subnet.network_address, subnet.broadcast_address):
        return Text(
            _("%(address)s is the network or broadcast address of %(subnet)s."),
            address=address,
            subnet=str(subnet),
        )
    if way_out not in subnet:
        return Text(
            _("The gateway %(gateway)s is not in the subnet %(subnet)s."), gateway=gateway, subnet=str(subnet)
        )
    if way_out in (own.ip, subnet.network_address, subnet.broadcast_address):
        return Text(_("The gateway %(gateway)s is not another machine in the subnet."), gateway=gateway)
    return None
