"""Ports on which the machine that is set up listens: free before, answering after (asr-facts NET-04, NET-05)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wizard.checks.judges.addresses import judge_data_port
from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _

Listener = Mapping[str, Any]


@judge("host_port_free")
def judge_port_free(facts: Facts, params: Params) -> Verdict:
    """Fact host.network.listeners; parameter port."""
    return _free(facts["host.network.listeners"], params["port"])


@judge("host_port_answers")
def judge_port_answers(facts: Facts, params: Params) -> Verdict:
    """Fact host.network.listeners; parameter port."""
    return _answers(facts["host.network.listeners"], params["port"])


@judge("data_port_free")
def judge_data_port_free(facts: Facts, params: Params) -> Verdict:
    """Facts identity.data_port, host.network.listeners; parameters as of data_port."""
    planned = judge_data_port(facts, params)
    free = _free(facts["host.network.listeners"], facts["identity.data_port"])
    return planned if planned.status != "pass" and free.status == "pass" else free


@judge("data_port_answers")
def judge_data_port_answers(facts: Facts, params: Params) -> Verdict:
    """Facts identity.data_port, host.network.listeners; parameters as of data_port."""
    return _answers(facts["host.network.listeners"], facts["identity.data_port"])


def _free(listeners: Sequence[Listener], port: int) -> Verdict:
    taken = [item for item in listeners if item["port"] == port]
    names = sorted({item["process"] for item in taken if item["process"]})
    return Verdict(
        status="fail" if taken else "pass",
        summary=Text(_("Port %(port)s is free on the machine."), port=port)
        if not taken
        else Text(_("Port %(port)s is taken by %(names)s."), port=port, names=names)
        if names
        else Text(_("Port %(port)s is taken."), port=port),
        observed=_tell(taken),
        expected=Text(_("nothing listens on port %(port)s"), port=port),
    )


def _answers(listeners: Sequence[Listener], port: int) -> Verdict:
    ready = [item for item in listeners if item["port"] == port and not _is_loopback(item["address"])]
    return Verdict(
        status="pass" if ready else "fail",
        summary=Text(_("The machine listens on port %(port)s."), port=port)
        if ready
        else Text(_("Nothing on the machine listens on port %(port)s for others."), port=port),
        observed=_tell([item for item in listeners if item["port"] == port]),
        expected=Text(_("a service listens on port %(port)s"), port=port),
    )


def _tell(listeners: Sequence[Listener]) -> Text:
    told = [f"{item['address']}:{item['port']} {item['process']}".strip() for item in listeners]
    return Text("%(listeners)s", listeners=told) if told else Text(_("nothing listens"))


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address.strip("[]") == "::1"
