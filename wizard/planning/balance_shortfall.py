"""Why moves do not bring every process server within its limits, and what would."""

from __future__ import annotations

from math import ceil

from wizard.planning.balance_state import NOISE_GB, State
from wizard.planning.carrying import Carrier
from wizard.planning.quoting import amount
from wizard.text import Text, _


def why_not(state: State, emptied: frozenset[str]) -> list[Text]:
    """For each server that carries too much still: by how much, and the cause. Each sentence once."""
    texts = []
    for server_id in state.overloaded():
        server, (too_many, too_much) = state.servers[server_id], state.excess(server_id)
        if server_id in emptied:
            text = Text.counted(
                "%(name)s cannot be emptied: %(machines)s machine with %(change)s GB a day stays.",
                "%(name)s cannot be emptied: %(machines)s machines with %(change)s GB a day stay.",
                "machines",
                name=server.name,
                machines=too_many,
                change=amount(too_much),
            )
        else:
            text = Text.counted(
                "%(name)s stays beyond its limits by %(machines)s machine and %(change)s GB a day.",
                "%(name)s stays beyond its limits by %(machines)s machines and %(change)s GB a day.",
                "machines",
                name=server.name,
                machines=too_many,
                change=amount(too_much),
            )
        texts.append(text)
        texts.append(_cause(state, server))
    return list(dict.fromkeys(texts))


def _cause(state: State, server: Carrier) -> Text:
    peers = [peer for peer in state.servers.values() if peer.site == server.site and peer.row is not None]
    open_ = [peer for peer in peers if peer.health != "critical" and peer.id not in state.emptied]
    others = [peer for peer in open_ if peer.id != server.id]
    if not others:
        return Text(
            _(
                "No other process server of the same configuration server may take machines: add one, or bring those "
                "that are critical back."
            )
        )
    staying = [peer for peer in peers if peer.id not in state.emptied]
    too_many = sum(state.machines[peer.id] for peer in peers) - sum(
        state.limits(peer.id)[0] for peer in staying
    )
    too_much = sum(state.change[peer.id] for peer in peers) - sum(
        state.limits(peer.id)[1] for peer in staying
    )
    if too_many > 0 or too_much > NOISE_GB:
        largest = max((peer.row for peer in peers if peer.row), key=lambda row: row.most_change_gb)
        count = max(
            1, ceil(too_many / largest.most_machines), ceil(max(0.0, too_much) / largest.most_change_gb)
        )
        return Text.counted(
            "All of them together carry too little: %(machines)s machine or %(change)s GB a day too much. "
            "Further servers needed: %(count)s at least.",
            "All of them together carry too little: %(machines)s machines or %(change)s GB a day too much. "
            "Further servers needed: %(count)s at least.",
            "machines",
            machines=max(0, too_many),
            change=amount(max(0.0, too_much)),
            count=count,
        )
    return Text(
        _(
            "There is room, but not where it would be needed: what is left fits on no other server as a whole. Give a "
            "server more room, add one, or make replication groups smaller."
        )
    )
