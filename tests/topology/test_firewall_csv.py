from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.topology import sites
from wizard.text import Text, verbatim
from wizard.topology.firewall import End, FirewallRule, as_csv, firewall_rules, verdict_of
from wizard.topology.plan import build_classic


def rule(*proofs: str, name: str = "LYON-CS01") -> FirewallRule:
    return FirewallRule(
        id="E06",
        source=End(name=verbatim(name), address="10.0.0.1"),
        target=End(name=verbatim("b"), address=None),
        protocol="TCP",
        port="443",
        direction="out",
        why=Text("Control, and more"),
        proved_by=proofs,
    )


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_the_table_has_a_header_and_a_line_for_each_rule() -> None:
    text = as_csv([rule("NET-08")], {"NET-08": "pass"})
    assert text == (
        "Rule,From,From address,To,To address,Protocol,Port,Direction,Why,"
        "Needed by,Known from,Proved by,Last verdict\r\n"
        'E06,LYON-CS01,10.0.0.1,b,,TCP,443,Out,"Control, and more",Site Recovery,,NET-08,pass\r\n'
    )


def test_a_whole_site_can_be_read_back() -> None:
    rules = firewall_rules(build_classic(sites.big()))
    lines = read(as_csv(rules, {}))
    assert len(lines) == len(rules) + 1
    assert {len(line) for line in lines} == {13}


@pytest.mark.parametrize(
    ("proofs", "verdicts", "expected"),
    [
        (("A", "B"), {"A": "pass", "B": "fail"}, "fail"),
        (("A", "B"), {"A": "pass", "B": "warn"}, "warn"),
        (("A", "B"), {"A": "pass"}, "unknown"),
        (("A", "B"), {"A": "fail"}, "fail"),
        (("A", "B"), {"A": "pass", "B": "skipped"}, "pass"),
        (("A",), {"A": "skipped"}, "skipped"),
        (("A",), {"A": "a status of tomorrow"}, "unknown"),
        ((), {"A": "pass"}, ""),
    ],
)
def test_the_verdict_is_the_worst_of_the_proofs_and_a_missing_one_is_unknown(
    proofs: tuple[str, ...], verdicts: dict[str, str], expected: str
) -> None:
    assert verdict_of(rule(*proofs), verdicts) == expected


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_no_name_is_a_formula_and_every_name_comes_back(name: str) -> None:
    cell = read(as_csv([rule(name=name)], {}))[1][1]
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert cell.replace("'", "") == name.replace("'", "")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_what_looks_like_a_formula_begins_with_an_apostrophe(name: str) -> None:
    assert read(as_csv([rule(name=name)], {}))[1][1] == f"'{name}"


@pytest.mark.parametrize("separator", ["\t", "\r", "\n"])
def test_what_may_be_a_separator_has_one_before_and_behind_it(separator: str) -> None:
    assert read(as_csv([rule(name=f"{separator}=1")], {}))[1][1] == f"'{separator}'=1"


def test_the_table_speaks_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"Why": "Varför", "Out": "Ut"}
    monkeypatch.setattr("wizard.text._translate", lambda template: words.get(template, template))
    header, line = read(as_csv([rule()], {}))
    assert (header[8], line[7]) == ("Varför", "Ut")
