"""Names as the machines themselves resolve them (asr-facts NET-12, NET-13, NET-14, NET-17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from wizard.checks.judges.names import judge_dns_records
from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _, verbatim


@judge("dns_from_target")
def judge_dns_from_target(facts: Facts, params: Params) -> Verdict:
    """Facts host.reach.dns {name, addresses, error}, identity.address, identity.fqdn: the same rule as for this
    server, on what the machine itself was told. Its own address is in the list as a name."""
    found, address, name = facts["host.reach.dns"], facts["identity.address"], facts["identity.fqdn"]
    forward, reverse = _answer(found, name), _answer(found, address)
    return judge_dns_records(
        {
            "dns.forward": {
                "name": name,
                "addresses": forward["addresses"] if forward else [],
                "error": _why(forward, name),
            },
            "dns.reverse": {
                "address": address,
                "names": reverse["addresses"] if reverse else [],
                "error": _why(reverse, address),
            },
            "identity.address": address,
            "identity.fqdn": name,
        },
        params,
    )


@judge("appliance_name")
def judge_appliance_name(facts: Facts, params: Params) -> Verdict:
    """Facts appliance.connectivity ("fqdn" or "ip"), dns.forward, identity.address, identity.fqdn."""
    address, name = facts["identity.address"], facts["identity.fqdn"]
    found = facts["dns.forward"]["addresses"]
    if facts["appliance.connectivity"] != "fqdn":
        return Verdict(
            status="pass",
            summary=Text(_("Protected machines find the appliance by its address.")),
            observed=Text("%(address)s", address=address),
            expected=Text("%(address)s", address=address),
        )
    right = "." in name and found == [address]
    return Verdict(
        status="pass" if right else "fail",
        summary=Text(_("DNS leads from %(name)s to the appliance and nowhere else."), name=name)
        if right
        else Text(_("%(name)s has no domain, so other machines cannot find it."), name=name)
        if "." not in name
        else Text(_("DNS does not lead from %(name)s to the appliance alone."), name=name),
        observed=Text("%(addresses)s", addresses=found) if found else Text(_("nothing")),
        expected=Text("%(address)s", address=address),
    )


@judge("connectivity_mode")
def judge_connectivity_mode(facts: Facts, params: Params) -> Verdict:
    """Facts appliance.connectivity and appliance.several_subnets (asr-facts NET-14)."""
    by_name, several = facts["appliance.connectivity"] == "fqdn", facts["appliance.several_subnets"]
    right = by_name or not several
    return Verdict(
        status="pass" if right else "fail",
        summary=Text(_("The way of finding the appliance suits the subnets of the machines."))
        if right
        else Text(_("Machines in several subnets must find the appliance by its name, not by its address.")),
        observed=Text(_("by name")) if by_name else Text(_("by address")),
        expected=Text(_("by name")) if several else Text(_("by name or by address")),
    )


@judge("hosts_file")
def judge_hosts_file(facts: Facts, params: Params) -> Verdict:
    """Facts mt_linux.network.hosts_file [{name, addresses}], mt_linux.network.addresses and
    mt_linux.identity.computer_name: the own name leads to every address of the machine (asr-facts NET-17)."""
    name = facts["mt_linux.identity.computer_name"]
    own = [item for item in facts["mt_linux.network.addresses"] if not _is_local(item)]
    mapped = {
        address
        for entry in facts["mt_linux.network.hosts_file"]
        if entry["name"].lower() in (name.lower(), name.lower().split(".")[0])
        for address in entry["addresses"]
    }
    lacking = [address for address in own if address not in mapped]
    right = bool(own) and not lacking
    return Verdict(
        status="pass" if right else "fail",
        summary=Text(_("The hosts file leads from %(name)s to every address of the machine."), name=name)
        if right
        else Text(
            _("The hosts file does not lead from %(name)s to %(addresses)s."), name=name, addresses=lacking
        )
        if lacking
        else Text(_("The machine has no address in a network.")),
        observed=Text("%(addresses)s", addresses=sorted(mapped)) if mapped else Text(_("nothing")),
        expected=Text("%(addresses)s", addresses=own) if own else Text(_("an address")),
    )


def _answer(found: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    wanted = name.lower().rstrip(".")
    for item in found:
        if item["name"].lower().rstrip(".") == wanted:
            return item
    return None


def _why(answer: Mapping[str, Any] | None, name: str) -> Text | None:
    if answer is None:
        return Text(_("%(name)s is not among the machine's own names and addresses."), name=name)
    if answer["error"]:
        return verbatim(answer["error"])
    if not answer["addresses"]:
        return Text(_("The machine found nothing for %(name)s."), name=name)
    return None


def _is_local(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return True
    # What the documents mean are IPv4 addresses: replication knows no others.
    return found.version != 4 or found.is_loopback or found.is_link_local
