"""The computer name and its records in DNS (asr-facts OS-08 and NET-12)."""

from __future__ import annotations

import re

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", re.ASCII)


@judge("host_name")
def judge_host_name(facts: Facts, params: Params) -> Verdict:
    """Fact identity.host_name; parameter longest."""
    name, longest = facts["identity.host_name"], params["longest"]
    if len(name) > longest:
        status: VerdictStatus = "fail"
        summary = Text(
            _("“%(name)s” has %(length)s characters; Windows takes %(longest)s."),
            name=name,
            length=len(name),
            longest=longest,
        )
    elif not _LABEL.fullmatch(name) or name.isdigit():
        status = "fail"
        summary = Text(_("“%(name)s” is not a computer name that Windows and DNS both take."), name=name)
    else:
        status, summary = "pass", Text(_("“%(name)s” can be the computer name."), name=name)
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("%(name)s, length %(length)s"), name=name, length=len(name)),
        expected=Text(
            _("at most %(longest)s characters: letters, digits and hyphens, not digits alone"),
            longest=longest,
        ),
    )


@judge("dns_records")
def judge_dns_records(facts: Facts, params: Params) -> Verdict:
    """Facts dns.forward {name, addresses, error}, dns.reverse {address, names, error}, identity.address,
    identity.fqdn. A name without domain is compared by its first label."""
    forward, reverse = facts["dns.forward"], facts["dns.reverse"]
    address, name = facts["identity.address"], facts["identity.fqdn"]
    details = []
    if address not in forward["addresses"]:
        details.append(
            forward["error"]
            or Text(
                _("%(name)s leads to %(found)s instead of %(address)s."),
                name=name,
                found=forward["addresses"],
                address=address,
            )
        )
    if not any(_same_host(name, found) for found in reverse["names"]):
        details.append(
            reverse["error"]
            or Text(
                _("%(address)s leads back to %(found)s instead of %(name)s."),
                address=address,
                found=reverse["names"],
                name=name,
            )
        )
    return Verdict(
        status="fail" if details else "pass",
        summary=Text(_("DNS does not lead from the name to the address and back."))
        if details
        else Text(_("DNS leads from the name to the address and back.")),
        observed=Text(
            _("name: %(addresses)s; address: %(names)s"),
            addresses=forward["addresses"] or Text(_("nothing")),
            names=reverse["names"] or Text(_("nothing")),
        ),
        expected=Text(_("%(name)s to %(address)s and back"), name=name, address=address),
        details=tuple(details),
    )


def _same_host(planned: str, found: str) -> bool:
    planned, found = planned.lower().rstrip("."), found.lower().rstrip(".")
    return found == planned if "." in planned else found.split(".")[0] == planned
