from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given, settings

from tests.topology import sites
from tests.topology.graphs import graphs
from wizard.text import Text
from wizard.topology.appliance_plan import build_appliance
from wizard.topology.exports import dot, link_rows, mermaid, tree
from wizard.topology.graph import Graph
from wizard.topology.plan import build_classic

HOSTILE = 'a"b<script>#1;|]\n\\x'


def hostile() -> Graph:
    return build_classic(replace(sites.minimal(), vault=replace(sites.VAULT, name=HOSTILE)))


def test_the_table_has_one_row_for_each_link() -> None:
    graph = build_classic(sites.big())
    rows = link_rows(graph)
    assert [(row["id"], row["from_key"], row["to_key"]) for row in rows] == [
        (link.id, link.source, link.target) for link in graph.links
    ]
    first = rows[0]
    assert (first["from"], str(first["from_kind"])) == ("Failed over", "Mobility service")
    assert (first["to"], str(first["to_kind"])) == ("LYON-CS01", "Configuration server")
    assert (first["protocol"], first["port"], first["changeable"], first["basis"]) == (
        "TCP",
        "443",
        False,
        "D",
    )
    assert isinstance(first["purpose"], Text)


def test_the_table_says_which_side_opens_the_connection() -> None:
    directions = {
        (row["id"], row["from"]): str(row["direction"]) for row in link_rows(build_classic(sites.big()))
    }
    assert directions["E01", "Lyon Windows"] == "Within the site"
    assert directions["E01", "Failed over"] == "From Azure to the site"
    assert directions["E03", "LYON-CS01"] == "From the site to Azure"
    assert directions["E06", "LYON-CS01"] == "On the same machine"
    assert directions["E06", "LYON-PS01"] == "Within the site"
    assert directions["E16", "Failed over"] == "Within Azure"


def test_mermaid_holds_zones_components_and_links() -> None:
    text = mermaid(build_classic(sites.minimal()))
    assert text.startswith("flowchart LR\n")
    assert (
        '  subgraph site["Site servers"]\n    n6["Configuration server<br/>LYON-CS01<br/>10.20.0.11"]\n'
        in text
    )
    assert '  n7 -->|"E08 TCP 135<br/>E09 TCP 139, 445<br/>E10 TCP 49152–65535"| n1\n' in text
    assert text.count("subgraph") == text.count("  end\n") == 4


def test_mermaid_writes_signs_with_a_meaning_as_numbers() -> None:
    assert '["Recovery Services vault<br/>a#34;b#60;script#62;#35;1#59;#124;#93; #92;x"]' in mermaid(
        hostile()
    )


def test_dot_holds_clusters_components_and_links() -> None:
    text = dot(build_classic(sites.minimal()))
    assert '  subgraph cluster_azure {\n    label="Azure";\n' in text
    assert '    n6 [label="Configuration server\\nLYON-CS01\\n10.20.0.11"];\n' in text
    assert '  n1 -> n7 [label="E02 TCP 9443"];\n' in text


def test_dot_escapes_quotes_and_backslashes() -> None:
    assert '[label="Recovery Services vault\\na\\"b<script>#1;|] \\\\x"];' in dot(hostile())


@given(graphs())
@settings(deadline=None, max_examples=60)
def test_no_name_breaks_out_of_its_label(graph: Graph) -> None:
    node = r'    n\d+ \[label="(?:[^"\\]|\\.)*"\];'
    link = r'  n\d+ -> n\d+ \[label="(?:[^"\\]|\\.)*"\];'
    frame = r'digraph topology \{|  rankdir=LR;|  node \[shape=box\];|  subgraph \w+ \{|    label="[^"]*";|  \}|\}'
    assert all(re.fullmatch(f"{node}|{link}|{frame}", line) for line in dot(graph).splitlines())
    box, arrow = r'    n\d+\["[^"\[\]|]*"\]', r'  n\d+ -->\|"[^"\[\]|]*"\| n\d+'
    frame = r'flowchart LR|  subgraph \w+\["[^"]*"\]|  end'
    assert all(re.fullmatch(f"{box}|{arrow}|{frame}", line) for line in mermaid(graph).splitlines())


@given(graphs())
@settings(deadline=None, max_examples=60)
def test_every_component_is_one_line_of_the_tree(graph: Graph) -> None:
    lines = tree(graph).splitlines()
    assert all(line.isprintable() for line in lines)
    components = [line for line in lines if re.match("^[│ ├└─]*[A-Za-z- ]+: ", line) and " → " not in line]
    framed = [line for line in components if "On one machine:" in line]
    assert len(components) - len(framed) >= len(graph.nodes)


def test_the_tree_reads_like_the_site() -> None:
    site = replace(sites.minimal(), esxi_hosts=sites.minimal().esxi_hosts[:2])
    assert (
        tree(build_classic(site))
        == """\
Protected machines
└─ Mobility service: Protected machines · Machines: 120, Windows
   ├─ E01 TCP 443 → Configuration server LYON-CS01
   └─ E02 TCP 9443 → Process server LYON-CS01
vSphere
└─ vCenter Server: lyon-vcenter · vcenter.corp.example · Version 8.0.3
   ├─ ESXi host: esx1.corp.example · 10.20.1.1
   └─ ESXi host: esx2.corp.example · 10.20.1.2
Site servers
└─ On one machine: LYON-CS01
   ├─ Process server: LYON-CS01 · 10.20.0.11 · Data port 9443 · Version 9.57.6920.1
   │  ├─ E04 TCP 443 → lyoncache01
   │  ├─ E05 TCP 443 → lyon-vcenter
   │  ├─ E06 TCP 443 → Configuration server LYON-CS01
   │  ├─ E08 TCP 135 → Protected machines
   │  ├─ E09 TCP 139, 445 → Protected machines
   │  └─ E10 TCP 49152–65535 → Protected machines
   ├─ Configuration server: LYON-CS01 · 10.20.0.11 · Version 9.57.6920.1
   │  ├─ E03 TCP 443 → lyon-recovery
   │  └─ E05 TCP 443 → lyon-vcenter
   └─ Windows master target: LYON-CS01 · 10.20.0.11 · Version 9.57.6920.1
      ├─ E07 TCP 443 → Configuration server LYON-CS01
      └─ E19 TCP 443, 902 → esx1.corp.example, esx2.corp.example
Azure
├─ Cache storage account: lyoncache01 · francecentral
└─ Recovery Services vault: lyon-recovery · francecentral
"""
    )


def test_the_parts_of_an_appliance_are_in_every_export() -> None:
    graph = build_appliance(replace(sites.modernized(), esxi_hosts=()))
    assert "Replication service<br/>LYON-ASR01<br/>10.20.0.41" in mermaid(graph)
    assert 'label="Discovery service\\nLYON-ASR01\\n10.20.0.41"' in dot(graph)
    assert (
        "   ├─ Discovery service: LYON-ASR01 · 10.20.0.41\n"
        "   │  ├─ M03 TCP 443 → lyon-recovery\n"
        "   │  └─ M04 TCP 443 → lyon-vcenter\n"
    ) in tree(graph)
    assert {(row["id"], str(row["to_kind"])) for row in link_rows(graph) if row["id"] in ("M01", "M02")} == {
        ("M01", "Proxy server"),
        ("M02", "Process server"),
    }


def test_machines_that_nobody_named_are_told_in_the_language_of_the_moment(monkeypatch) -> None:
    graph = build_appliance(sites.modernized())
    words = {"Protected machines": "Skyddade maskiner"}
    monkeypatch.setattr("wizard.text._translate", lambda template: words.get(template, template))
    assert {row["from"] for row in link_rows(graph) if row["id"] == "M02"} == {"Skyddade maskiner"}
    for text in (mermaid(graph), dot(graph), tree(graph)):
        assert "Skyddade maskiner" in text
        assert "Protected machines" not in text


def test_a_name_that_somebody_chose_is_never_translated(monkeypatch) -> None:
    graph = build_classic(replace(sites.minimal(), vault=replace(sites.VAULT, name="Protected machines")))
    monkeypatch.setattr("wizard.text._translate", lambda template: template.replace("machines", "maskiner"))
    assert {row["to"] for row in link_rows(graph) if row["id"] == "E03"} == {"Protected machines"}
