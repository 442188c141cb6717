from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.topology import sites
from wizard.topology.digest import canonical_bytes, chain, verify
from wizard.topology.graph import Graph, TopologyError
from wizard.topology.plan import build_classic

texts = st.text(st.characters(exclude_categories=("Cs",)))
documents = st.dictionaries(
    texts,
    st.recursive(
        st.none() | st.booleans() | st.integers() | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=10,
    ),
    max_size=4,
)
Record = tuple[dict[str, Any], str | None, str]


def records(count: int) -> list[Record]:
    found: list[Record] = []
    previous: str | None = None
    for number in range(count):
        document = {"number": number, "name": f"site {number}"}
        digest = chain(document, previous)
        found.append((document, previous, digest))
        previous = digest
    return found


def test_the_bytes_are_sorted_tight_and_utf8() -> None:
    document = {"b": [1, True, None, "é\n"], "a": {"z": 0, "A": "\u2192"}}
    assert canonical_bytes(document) == '{"a":{"A":"→","z":0},"b":[1,true,null,"é\\n"]}'.encode()


@given(documents)
def test_the_bytes_do_not_depend_on_order_and_lose_nothing(document: dict[str, Any]) -> None:
    turned = dict(reversed(document.items()))
    assert canonical_bytes(turned) == canonical_bytes(document)
    assert json.loads(canonical_bytes(document)) == document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"a": {"b": [1, 2.0]}}, "$.a.b[1] is a float; expected text, a whole number, true, false or null."),
        ({"a": float("nan")}, "$.a is a float; expected text, a whole number, true, false or null."),
        ({"a": b"x"}, "$.a is a bytes; expected text, a whole number, true, false or null."),
        ({"a": {1: "x"}}, "The key 1 at $.a is not text."),
        ({"a": "\ud800"}, "The text at '$.a' cannot be written as UTF-8."),
        ({"\ud800": 1}, "The text at "),
    ],
)
def test_what_has_no_single_spelling_is_refused_with_its_place(
    document: dict[str, Any], message: str
) -> None:
    with pytest.raises(TopologyError) as caught:
        canonical_bytes(document)
    assert str(caught.value).startswith(message)


def test_a_seal_covers_the_document_and_the_seal_before() -> None:
    document = {"a": 1}
    first = hashlib.sha256(b'foothold topology 1\n\n{"a":1}').hexdigest()
    assert chain(document, None) == chain(document, "") == first
    assert (
        chain(document, first)
        == hashlib.sha256(f'foothold topology 1\n{first}\n{{"a":1}}'.encode()).hexdigest()
    )
    assert chain({"a": 2}, None) != first


def test_the_seal_of_a_graph_survives_being_stored() -> None:
    document = build_classic(sites.big()).to_json()
    stored = json.loads(json.dumps(document))
    assert chain(stored, None) == chain(document, None)
    assert chain(Graph.from_json(stored).to_json(), None) == chain(document, None)


def test_a_whole_chain_has_no_broken_record() -> None:
    assert verify([]) is None
    assert verify(records(5)) is None


@pytest.mark.parametrize("place", range(4))
def test_a_changed_document_is_found(place: int) -> None:
    chained = records(4)
    document, previous, digest = chained[place]
    chained[place] = ({**document, "name": "forged"}, previous, digest)
    assert verify(chained) == place


@pytest.mark.parametrize("place", range(3))
def test_a_record_that_was_changed_and_sealed_anew_breaks_the_next(place: int) -> None:
    chained = records(4)
    document, previous, _ = chained[place]
    forged = {**document, "name": "forged"}
    chained[place] = (forged, previous, chain(forged, previous))
    assert verify(chained) == place + 1


def test_a_removed_record_and_swapped_records_are_found() -> None:
    chained = records(4)
    assert verify(chained[1:]) == 0
    assert verify(chained[:2] + chained[3:]) == 2
    assert verify([chained[1], chained[0], *chained[2:]]) == 0


def test_a_document_that_cannot_be_sealed_counts_as_broken() -> None:
    chained = records(2)
    chained[1] = ({"size": 1.5}, chained[1][1], chained[1][2])
    assert verify(chained) == 1
