"""The network adapters of the machine that is set up, as its collector saw them (asr-facts NET-01 to 03, 07)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from wizard.checks.judges.addresses import find_problem
from wizard.checks.judges.template_contents import count_adapters
from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _

Adapter = Mapping[str, Any]


@judge("host_static_address")
def judge_static_address(facts: Facts, params: Params) -> Verdict:
    """Facts identity.address, identity.netmask, identity.gateway as planned, and host.network.adapters."""
    address, adapters = facts["identity.address"], facts["host.network.adapters"]
    own = next((item for item in adapters if address in _addresses(item)), None)
    problem = find_problem(
        address, str(facts["identity.netmask"]).removeprefix("/"), facts["identity.gateway"]
    )
    if problem is None and own is None:
        problem = Text(_("No network adapter of the machine has the address %(address)s."), address=address)
    if problem is None and own is not None and own["dhcp"]:
        problem = Text(
            _("The address %(address)s of “%(adapter)s” comes from DHCP."),
            address=address,
            adapter=own["name"],
        )
    return Verdict(
        status="fail" if problem else "pass",
        summary=problem or Text(_("The machine has the static address %(address)s."), address=address),
        observed=_tell_addresses(adapters),
        expected=Text(_("%(address)s, not from DHCP"), address=address),
    )


@judge("host_adapter_type")
def judge_adapter_type(facts: Facts, params: Params) -> Verdict:
    """Fact host.network.adapters; parameter wanted, a part of the driver's name."""
    adapters = _physical(facts["host.network.adapters"])
    wanted = params["wanted"]
    others = [item["description"] for item in adapters if wanted.lower() not in item["description"].lower()]
    if not adapters:
        summary = Text(_("The machine has no network adapter."))
    elif others:
        summary = Text(_("The machine has another network adapter than %(wanted)s."), wanted=wanted.upper())
    else:
        summary = Text(_("Every network adapter is a %(wanted)s."), wanted=wanted.upper())
    return Verdict(
        status="fail" if others or not adapters else "pass",
        summary=summary,
        observed=Text("%(types)s", types=[item["description"] for item in adapters])
        if adapters
        else Text(_("no network adapter")),
        expected=Text("%(wanted)s", wanted=wanted.upper()),
    )


@judge("host_adapter_count")
def judge_adapter_count(facts: Facts, params: Params) -> Verdict:
    """Fact host.network.adapters: those with an address; parameter most (asr-facts NET-03, C5)."""
    found = sum(1 for item in _physical(facts["host.network.adapters"]) if item["ipv4"])
    wrong = Text(_("The machine has %(found)s network adapters with an address."), found=found)
    return count_adapters(found, params["most"], wrong=wrong)


@judge("host_ipv4")
def judge_ipv4(facts: Facts, params: Params) -> Verdict:
    """Fact host.network.adapters: a physical one has an IPv4 address that others can reach (asr-facts NET-07)."""
    adapters = _physical(facts["host.network.adapters"])
    right = any(_is_for_others(address) for item in adapters for address in _addresses(item))
    return Verdict(
        status="pass" if right else "fail",
        summary=Text(_("A network adapter has an IPv4 address."))
        if right
        else Text(_("No network adapter has an IPv4 address that other machines can reach.")),
        observed=_tell_addresses(adapters),
        expected=Text(_("an IPv4 address on a physical or virtual adapter")),
    )


def _physical(adapters: Sequence[Adapter]) -> list[Adapter]:
    return [item for item in adapters if item["physical"]]


def _addresses(adapter: Adapter) -> list[str]:
    return [item["address"] for item in adapter["ipv4"]]


def _is_for_others(address: str) -> bool:
    try:
        return not ip_address(address).is_link_local
    except ValueError:
        return False


def _tell_addresses(adapters: Sequence[Adapter]) -> Text:
    told = [f"{address} ({item['name']})" for item in adapters for address in _addresses(item)]
    return Text("%(addresses)s", addresses=told) if told else Text(_("no IPv4 address"))
