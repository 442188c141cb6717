"""What the collectors on target machines reached: the configuration server, vCenter, ESXi hosts (asr-facts 3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wizard.checks.judges.vcenter import judge_vcenter_reach
from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _, verbatim

Peer = Mapping[str, Any]


@judge("peer_reach")
def judge_peer_reach(facts: Facts, params: Params) -> Verdict:
    """The one fact is reach.peers of a machine; parameter peer: a name, or the beginning of names ("esxi:")."""
    (peers,) = facts.values()
    return _judge(peers, params["peer"])


@judge("vcenter_reach_from_target")
def judge_vcenter_from_target(facts: Facts, params: Params) -> Verdict:
    """Fact vcenter.reach, hint host.reach.peers; parameter peer. Both ways are needed: this server signs in to
    vCenter during the setup, the machine that is set up does ever after. What it did not say is not known."""
    own = judge_vcenter_reach(facts, params)
    return own if own.status != "pass" else _judge(facts.get("host.reach.peers", ()), params["peer"])


def _judge(peers: Sequence[Peer], name: str) -> Verdict:
    asked = [item for item in peers if item["name"] == name or item["name"].startswith(f"{name}:")]
    closed = [item for item in asked if not item["tcp"] or item["tls"] is False]
    expected = Text(_("TCP and TLS from the machine itself"))
    if not asked:
        return Verdict(
            status="unknown",
            summary=Text(_("The machine did not try %(name)s; collect its facts again."), name=name),
            observed=Text(_("not tried")),
            expected=expected,
        )
    return Verdict(
        status="fail" if closed else "pass",
        summary=Text(_("The machine cannot reach %(spots)s."), spots=_spots(closed))
        if closed
        else Text(_("The machine reaches %(spots)s."), spots=_spots(asked)),
        observed=Text(_("%(reached)s of %(all)s reached"), reached=len(asked) - len(closed), all=len(asked)),
        expected=expected,
        details=tuple(
            Text(
                "%(spot)s: %(error)s",
                spot=_spots([item])[0],
                error=verbatim(item["error"])
                if item["error"]
                else Text(_("no TLS handshake"))
                if item["tcp"]
                else Text(_("no connection")),
            )
            for item in closed
        ),
    )


def _spots(peers: Sequence[Peer]) -> list[str]:
    return [f"{item['host']}:{item['port']}" for item in peers]
