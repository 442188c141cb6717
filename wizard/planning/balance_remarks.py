"""What else to know of a plan that balances process servers: what was left out, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wizard.planning.carrying import Carried, Carrier
from wizard.text import Text, _

# More names than that help nobody.
_NAMES_MOST: Final = 20


def remarks(
    servers: Sequence[Carrier],
    machines: Sequence[Carried],
    emptied: frozenset[str],
    staying: frozenset[tuple[str, str]],
) -> tuple[Text, ...]:
    """`emptied`: the ids of servers that are to carry nothing; `staying`: server and group of the groups that cannot move."""
    return (*_left_out(servers, machines), *_what_stays(servers, machines, emptied, staying))


# --- inside -----------------------------------------------------------------------------------------------------------


def _left_out(servers: Sequence[Carrier], machines: Sequence[Carried]) -> list[Text]:
    texts: list[Text] = []
    known = {server.id: server for server in servers}
    lost = sorted({machine.name for machine in machines if machine.server not in known})
    if lost:
        text = _("These machines name a process server that is not there, and are left alone: %(names)s.")
        texts.append(Text(text, names=lost))
    without = [server.name for server in servers if server.row is None and server.kind != "ps_failback"]
    if without:
        text = _("How much these can carry is not known, so they give and take nothing: %(names)s.")
        texts.append(Text(text, names=without))
    critical = [server.name for server in servers if server.health == "critical"]
    if critical:
        text = _("These are critical and take no machines: %(names)s.")
        texts.append(Text(text, names=critical))
    # Groups of two configuration servers may have one name.
    groups: dict[tuple[str, str], set[str]] = {}
    for machine in machines:
        if machine.group and machine.server in known:
            groups.setdefault((known[machine.server].site, machine.group), set()).add(machine.server)
    split = sorted({group for (_site, group), homes in groups.items() if len(homes) > 1})
    if split:
        text = _("These replication groups are spread over several process servers already: %(names)s.")
        texts.append(Text(text, names=split))
    if any(machine.assumed for machine in machines):
        texts.append(
            Text(
                _(
                    "Some changes are shares of a total, not measured: look at the load again once the machines have moved."
                )
            )
        )
    return texts


def _what_stays(
    servers: Sequence[Carrier],
    machines: Sequence[Carried],
    emptied: frozenset[str],
    staying: frozenset[tuple[str, str]],
) -> list[Text]:
    texts: list[Text] = []
    if strangers := sorted(emptied - {server.id for server in servers}):
        text = _("There is no such server to be emptied: %(ids)s.")
        texts.append(Text(text, ids=strangers))
    if held := sorted(machine.name for machine in machines if machine.held):
        texts.append(
            Text.counted(
                "The vault names no run-as account for %(count)s machine, without which it cannot move to another appliance. "
                "Set one for it in the portal, then plan anew: %(names)s.",
                "The vault names no run-as account for %(count)s machines, without which they cannot move to another appliance. "
                "Set one for them in the portal, then plan anew: %(names)s.",
                "count",
                count=len(held),
                names=held[:_NAMES_MOST],
            )
        )
    if staying:
        text = _(
            "These replication groups stay whole where they are, as a machine of each cannot move: %(names)s."
        )
        texts.append(Text(text, names=sorted({group for _server, group in staying})[:_NAMES_MOST]))
    return texts
