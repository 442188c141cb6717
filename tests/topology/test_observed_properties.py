"""Whatever a vault answers: it is read, nothing is lost, and order says nothing."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.topology import vault_documents as docs
from tests.topology.vault_documents import ARRAYS, NOW
from wizard.topology.digest import chain
from wizard.topology.drift import Difference, differences
from wizard.topology.graph import KINDS, Graph
from wizard.topology.health import HealthState, judge
from wizard.topology.observed import Observed, graph_of, observe
from wizard.topology.plan import build_classic
from wizard.topology.transitions import Transitions, changes, items_of

from tests.topology import sites  # isort: skip

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["21%", "0001-01-01T00:00:00", "9999-12-31T23:59:59.9999999", "Normal", "VMware", "\ud800"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
# What failed is told at once: shrinking a whole vault takes longer than reading the seed's.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
IDS = ("a-1", "A-1", "b-2", "c-3", "#", "", None, 7)
NAMES = ("LYON-CS01", "lyon-cs01.corp.example", "PS", "", None, 5, {"x": 1})
ADDRESSES = ("10.20.0.11", "10.80.0.4", "fe80::1", "", None, "nowhere")
KINDS_OF_FABRIC = ("VMware", "vmware", "InMageRcm", "VMwareV2", "HyperVSite", None)


class Maker:
    """Documents by chance, with odd values in any field. Chance is one number, so that failures shrink at once."""

    def __init__(self, seed: int, odd: list[Any]) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.odd = odd

    def __repr__(self) -> str:
        return f"Maker({self.seed}, {self.odd!r})"

    def spoiled(self, whole: docs.Document) -> docs.Document:
        """Some fields replaced by anything, or gone."""
        record = dict(whole)
        for name in self.chance.sample(sorted(record), k=min(len(record), self.chance.randint(0, 4))):
            if self.chance.random() < 0.6:
                record[name] = self.chance.choice(self.odd)
            else:
                del record[name]
        return record

    def some(self, most: int) -> range:
        return range(self.chance.randint(0, most))

    def fabric(self, number: int) -> docs.Document:
        pick = self.chance.choice
        kind = pick(KINDS_OF_FABRIC)
        if kind == "InMageRcm":
            arrays = {
                array: [docs.part(array, pick(IDS)) | {"name": pick(NAMES)} for _n in self.some(3)]
                for array in ARRAYS
            }
            details = docs.modern_details(**arrays)
        else:
            servers = [docs.process_server(pick(IDS), pick(NAMES), pick(ADDRESSES)) for _n in self.some(4)]
            targets = [docs.master_target(pick(IDS), pick(NAMES), pick(ADDRESSES)) for _n in self.some(4)]
            details = docs.classic_details(
                processServers=[self.spoiled(one) for one in servers],
                masterTargetServers=[self.spoiled(one) for one in targets],
            )
        one = docs.fabric(self.spoiled(details) | {"instanceType": kind})
        return one | {"id": f"{docs.FABRIC_ID}{number}", "name": f"f{number}"}

    def vault(self) -> docs.Document:
        pick, some = self.chance.choice, self.some
        names = ("f0", "f1", "F1", "gone")
        return {
            "vault": self.spoiled(docs.classic()["vault"]),
            "fabrics": [self.fabric(number) for number in some(3)],
            "providers": {pick(names): [docs.provider(), self.spoiled(docs.provider())]},
            "vcenters": {pick(names): [self.spoiled(docs.vcenter(str(number))) for number in some(3)]},
            "protected_items": [
                pick((docs.to_azure, docs.home))(number, pick(("a-1", "B-2", "gone"))) for number in some(5)
            ],
            "appliances": [{"id": pick(IDS), "name": "n"} for _n in some(2)],
            "vault_health": pick(self.odd),
            "skipped": [{"part": pick(NAMES), "text": {"text": "x"}} for _n in some(2)],
            "read_at": pick(self.odd),
        }


makers = st.builds(Maker, st.integers(0, 2**32), st.lists(anything, min_size=2, max_size=5))


# Lists of records; what stands in other lists, such as addresses, has an order of its own.
RECORDS = {
    "fabrics", "protected_items", "appliances", "skipped", "processServers", "masterTargetServers", "runAsAccounts",
    "healthErrors", "validationErrors", "retentionVolumes", "dataStores", *ARRAYS, "f0", "f1", "F1", "gone",
}  # fmt: skip


def shuffled(value: Any, chance: random.Random, name: str = "") -> Any:
    """The same records and fields in another order."""
    if isinstance(value, dict):
        pairs = [(field, shuffled(inner, chance, field)) for field, inner in value.items()]
        chance.shuffle(pairs)
        return dict(pairs)
    if isinstance(value, list) and name in RECORDS:
        entries = [shuffled(entry, chance) for entry in value]
        chance.shuffle(entries)
        return entries
    return value


def listed(documents: docs.Document) -> int:
    """How many components the service lists: each record of a fabric, server, part (of any sort) or vCenter."""
    count = 0
    for one in documents["fabrics"]:
        details = one["properties"]["customDetails"]
        match str(details.get("instanceType")).casefold():
            case "vmware":
                arrays = [details.get("processServers"), details.get("masterTargetServers")]
            case "inmagercm":
                parts = {name: value for name, value in details.items() if isinstance(value, list)}
                arrays = [value for name, value in parts.items() if name in ARRAYS or has_ids(name, value)]
            case _:
                arrays = []
        count += 1 + sum(
            isinstance(entry, dict) for array in arrays if isinstance(array, list) for entry in array
        )
    return count + sum(len(entries) for entries in documents["vcenters"].values())


def has_ids(name: str, value: list[Any]) -> bool:
    """Agents of machines are no parts of a site."""
    return name != "agentDetails" and all(isinstance(entry, dict) and entry.get("id") for entry in value)


@settings(max_examples=60, deadline=None, phases=PHASES)
@given(makers, st.integers(0, 2**32))
def test_any_vault_is_read_without_losing_a_component(maker: Maker, order: int) -> None:
    documents = maker.vault()
    observed = observe(
        documents, now=NOW, corrections={"a-1": "ps_failback"}, azure_networks=["10.80.0.0/16", "x"]
    )
    keys = [component.key for component in observed.components]
    assert len(keys) == len(set(keys))
    # What the mapping makes itself is not listed: the vault, appliances, sums of machines, vCenters known by id alone.
    made = [one for one in observed.components if one.kind in ("vault", "appliance", "mobility")]
    named = [one for one in observed.of_kind("vcenter") if one.reasons]
    assert len(observed.components) - len(made) - len(named) == listed(documents)
    for component in observed.components:
        assert component.kind in (*KINDS, "unknown")
        assert component.part_of is None or component.part_of in keys
        assert component.certainty == "certain" or component.reasons
    for link in observed.links:
        assert link.source in keys
        assert link.target in keys or link.state == "dangling"
    stored = observed.to_json()
    assert Observed.from_json(json.loads(json.dumps(stored))) == observed
    json.dumps(stored, ensure_ascii=False, allow_nan=False).encode()
    assert "\x00" not in json.dumps(stored, ensure_ascii=False)
    assert chain(observed.worth_keeping(), None)
    graph_of(observed)
    again = observe(
        shuffled(documents, random.Random(order)),
        now=NOW,
        corrections={"a-1": "ps_failback"},
        azure_networks=["10.80.0.0/16", "x"],
    )
    assert again == observed


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(makers, makers)
def test_any_two_looks_can_be_judged_and_compared(before: Maker, after: Maker) -> None:
    recorded = build_classic(sites.big())
    looks = []
    for documents in (before.vault(), after.vault()):
        observed = observe(documents, now=NOW)
        states = judge(observed, NOW + timedelta(hours=1))
        found = differences(recorded, observed)
        assert len({state.key for state in states}) == len(states)
        assert (
            tuple(HealthState.from_json(json.loads(json.dumps(state.to_json()))) for state in states)
            == states
        )
        assert tuple(Difference.from_json(json.loads(json.dumps(one.to_json()))) for one in found) == found
        for one in (*states, *found):
            assert str(one.remedy)
            assert "%(" not in str(one.sentence if isinstance(one, HealthState) else one.text)
        looks.append(items_of(states, found, observed.findings))
    told = changes(*looks)
    assert Transitions.from_json(json.loads(json.dumps(told.to_json()))) == told
    assert not changes(looks[1], looks[1]).began
    keys = {item.key for item in looks[1] if item.severity in ("warning", "critical")}
    assert {item.key for item in (*told.began, *told.worsened)} <= keys


@settings(max_examples=60, deadline=None, phases=PHASES)
@given(
    anything
    | st.dictionaries(st.sampled_from(["vault", "fabrics", "providers", "vcenters", "skipped"]), anything)
)
def test_whatever_is_no_document_at_all_gives_an_empty_picture(documents: Any) -> None:
    observed = observe(documents, now=NOW)
    assert observed.components[0].kind == "vault" or observed.of_kind("vault")
    judge(observed, NOW)
    differences(Graph(), observed, documents if isinstance(documents, dict) else None)
