"""Graphs that nobody would build: any kind anywhere, any name, any link."""

from __future__ import annotations

from hypothesis import strategies as st

from wizard.text import Text
from wizard.topology.edges import EDGES
from wizard.topology.graph import KINDS, ZONES, Graph, Link, Node

names = st.one_of(
    st.text(max_size=80),
    st.from_regex(r"[a-z][a-z0-9-]{0,62}", fullmatch=True),
    st.just("W" * 63),
    st.just("機械" * 20),
)
ports = st.sampled_from(["443", "139, 445", "49152–65535", "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13", ""])


@st.composite
def graphs(draw: st.DrawFn, *, most_nodes: int = 14, most_links: int = 24) -> Graph:
    count = draw(st.integers(0, most_nodes))
    nodes = []
    for number in range(count):
        attributes: dict[str, str | int | bool | None] = {}
        if draw(st.booleans()):
            attributes["machine"] = draw(st.sampled_from(["a", "b", "x" * 63]))
        if draw(st.booleans()):
            attributes["vcenter"] = f"k{draw(st.integers(0, count - 1))}"
        if draw(st.booleans()):
            attributes |= {"version": draw(names), "data_port": 9443, "region": "somewhere", "count": 7}
        nodes.append(
            Node(
                key=f"k{number}",
                kind=draw(st.sampled_from(KINDS)),
                name=draw(names),
                address=draw(st.none() | names),
                zone=draw(st.sampled_from(ZONES)),
                attributes=attributes,
            )
        )
    ends = st.integers(0, count - 1) if count else st.nothing()
    wanted = draw(
        st.lists(
            st.tuples(st.sampled_from([*EDGES, "X99", "a very long row"]), ends, ends),
            max_size=most_links if count else 0,
            unique=True,
        )
    )
    links = tuple(
        Link(
            id=row,
            source=f"k{source}",
            target=f"k{target}",
            protocol=draw(st.sampled_from(["TCP", "UDP"])),
            port=draw(ports),
            purpose=Text("%(words)s", words=draw(names)),
            changeable=False,
            basis="E",
        )
        for row, source, target in wanted
    )
    return Graph(tuple(nodes), links)
