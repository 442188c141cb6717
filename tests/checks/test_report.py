from __future__ import annotations

import json
from datetime import timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from tests.checks.builders import NOW, make_finding
from wizard.checks.report import Answered, Report, as_html, as_json, as_junit, as_markdown
from wizard.text import Text

EVIL = 'a|b <script>alert("x")</script> *bold* [l](http://e)\x00\x1b\nnext'


def make_report() -> Report:
    remedy = Text("Choose another name.")
    findings = [
        make_finding(requirement_id="A-01"),
        make_finding(
            requirement_id="A-02",
            status="fail",
            remedy=remedy,
            summary=Text("A machine of that name exists."),
            observed=Text("%(seen)s", seen=EVIL),
            details=(Text("%(seen)s", seen=EVIL),),
        ),
        make_finding(requirement_id="B-01", category="time", status="unknown", remedy=remedy),
        make_finding(requirement_id="B-02", category="time", status="skipped", remedy=remedy),
        make_finding(requirement_id="B-03", category="time", severity="warn", status="warn", remedy=remedy),
        make_finding(requirement_id="B-04", category="time", waivable=True, status="fail", remedy=remedy),
    ]
    return Report(
        deployment="lyon <cs01>",
        profile="asr-classic",
        generated_at=NOW,
        findings=findings,
        waivers={"B-04": "New firewall on Monday"},
    )


def test_json_holds_everything_and_the_decision():
    document = json.loads(as_json(make_report()))
    assert document["deployment"] == "lyon <cs01>"
    assert document["generated_at"] == "2026-11-22T09:30:00+00:00"
    assert document["blocked"] is True
    assert document["blocking"] == ["A-02", "B-01", "B-02"]
    assert document["waived"] == ["B-04"]
    assert document["counts"] == {"pass": 1, "warn": 1, "fail": 2, "unknown": 1, "skipped": 1}
    failed = document["findings"][1]
    assert failed["observed"] == EVIL
    assert failed["remedy"] == "Choose another name."
    assert document["findings"][5]["waived"] == "New firewall on Monday"
    assert failed["waived"] is None


def test_junit_counts_agree_with_its_cases():
    root = ElementTree.fromstring(as_junit(make_report()))
    assert root.tag == "testsuites"
    assert [suite.get("name") for suite in root] == ["placement", "time"]
    for suite in root:
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
        assert suite.get("errors") == str(len(suite.findall("testcase/error")))
        assert suite.get("skipped") == str(len(suite.findall("testcase/skipped")))
        for case in suite:
            assert case.get("classname") == f"preflight.{suite.get('name')}"
            assert float(case.get("time", "")) == 0.25


@pytest.mark.parametrize(
    ("requirement_id", "children"),
    [
        ("A-01", []),
        ("A-02", ["failure"]),
        ("B-01", ["error"]),
        ("B-02", ["skipped"]),
        ("B-03", ["system-out"]),
        ("B-04", ["skipped"]),
    ],
)
def test_junit_tells_a_pipeline_what_each_status_means(requirement_id: str, children: list[str]):
    root = ElementTree.fromstring(as_junit(make_report()))
    (case,) = (case for case in root.iter("testcase") if case.get("name", "").startswith(requirement_id))
    assert [child.tag for child in case] == children


def test_junit_says_why_something_was_waived():
    root = ElementTree.fromstring(as_junit(make_report()))
    assert "New firewall on Monday" in [element.get("message") for element in root.iter("skipped")]


def test_markdown_keeps_one_line_per_row_and_shows_strange_text_as_it_is():
    text = as_markdown(make_report())
    rows = [line for line in text.splitlines() if line.startswith("| A-02")]
    assert len(rows) == 1
    assert rows[0].count(" | ") == 3
    assert "a\\|b \\<script\\>" in rows[0]
    assert "In the way: A-02, B-01, B-02." in text
    assert "## A-02 The name is free" in text
    assert "## A-01" not in text
    assert "**vSphere administrator:** Choose another name." in text
    assert "Accepted: New firewall on Monday" in text


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_needs_nothing_else_and_runs_nothing():
    page = Page()
    page.feed(as_html(make_report(), language="de"))
    assert page.open == []
    assert "script" not in page.tags
    assert not {"style", "src", "onclick", "onload"} & {name for name, _ in page.attributes}
    assert ("lang", "de") in page.attributes
    assert not {"link", "img"} & set(page.tags)
    assert page.tags.count("tr") == 7
    words = "".join(page.words)
    assert 'alert("x")' in words
    assert "\x00" not in words
    assert "lyon <cs01>" in words
    assert "Action needed (accepted)" in words


def test_a_report_in_which_nothing_stands_in_the_way_says_so():
    report = Report(
        deployment="lyon", profile="asr-classic", generated_at=NOW, findings=[make_finding()], waivers={}
    )
    assert "Nothing stands in the way. Warnings: 0." in as_markdown(report)
    assert json.loads(as_json(report))["blocked"] is False
    assert ElementTree.fromstring(as_junit(report)).findall(".//failure") == []


def make_answered_report() -> Report:
    return Report(
        deployment="lyon",
        profile="asr-classic",
        generated_at=NOW,
        findings=[
            make_finding(
                requirement_id="HW-04", status="warn", severity="warn", at=NOW - timedelta(hours=25)
            ),
            make_finding(requirement_id="HW-01", at=NOW - timedelta(hours=2)),
            make_finding(
                requirement_id="AZ-01", owner="azure", at=NOW - timedelta(days=30), observed_from="x"
            ),
        ],
        waivers={},
        answers={
            "AZ-01": Answered(
                by="anna", at=NOW - timedelta(days=30), note="Ticket <7>", file_name="rights.png"
            )
        },
    )


def test_the_page_tells_from_where_and_when_and_that_it_is_old():
    page = Page()
    page.feed(as_html(make_answered_report()))
    words = "".join(page.words)
    assert "Seen from vcenter.site.test at 2026-11-21 08:30 UTC, more than a day ago." in words
    assert "Seen from vcenter.site.test at 2026-11-22 07:30 UTC." in words
    assert "Answered by anna at 2026-10-23 09:30 UTC." in words
    assert "Note: Ticket <7>" in words
    assert "File: rights.png" in words


def test_the_page_links_each_requirement_to_its_source():
    page = Page()
    page.feed(as_html(make_answered_report()))
    links = [value for name, value in page.attributes if name == "href"]
    assert len(links) == 3
    assert all(link and link.startswith("https://learn.microsoft.com/azure/site-recovery/") for link in links)
    assert "Source: physical-azure-set-up-source.md, 2019-07" in "".join(page.words)


def test_a_printed_page_repeats_its_head_keeps_rows_whole_and_spells_links_out():
    text = as_html(make_answered_report())
    style = text[text.index("@media print") : text.index("</style>")]
    assert "thead { display: table-header-group; }" in style
    assert "tr { break-inside: avoid; }" in style
    assert "attr(href)" in style
    assert "@page" in text


def test_json_tells_age_source_and_answer():
    old, fresh, said = json.loads(as_json(make_answered_report()))["findings"]
    assert (old["old"], old["age_seconds"], old["answer"]) == (True, 25 * 3600, None)
    assert old["source"]["conflict"] == "C12"
    assert fresh["old"] is False
    assert said["old"] is False
    assert said["answer"] == {
        "by": "anna",
        "at": "2026-10-23T09:30:00+00:00",
        "note": "Ticket <7>",
        "file_name": "rights.png",
    }


def test_markdown_tells_age_and_source_of_what_is_open_and_every_answer():
    text = as_markdown(make_answered_report())
    assert "Seen from vcenter.site.test at 2026-11-21 08:30 UTC, more than a day ago." in text
    assert "](https://learn.microsoft.com/azure/site-recovery/" in text
    assert (
        "- AZ-01 The name is free: free. Answered by anna at 2026-10-23 09:30 UTC. Note: Ticket \\<7\\>"
        in text
    )


def test_junit_tells_who_answered_even_where_all_is_well():
    root = ElementTree.fromstring(as_junit(make_answered_report()))
    told = {case.get("name", ""): case.findtext("system-out") or "" for case in root.iter("testcase")}
    assert "more than a day ago" in told["HW-04 The name is free"]
    assert told["HW-01 The name is free"] == ""
    assert "Answered by anna" in told["AZ-01 The name is free"]


def test_a_report_of_an_unknown_profile_has_no_sources():
    report = Report(
        deployment="lyon", profile="asr-imaginary", generated_at=NOW, findings=[make_finding()], waivers={}
    )
    assert json.loads(as_json(report))["findings"][0]["source"] is None
