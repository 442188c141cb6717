from __future__ import annotations

import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.web.pages import read
from wizard.models import CheckResult, Deployment, DeploymentState, Operator, Waiver
from wizard.services import preflight

TODAY = timezone.localdate().isoformat()


@pytest.fixture
def failing(operator: Operator) -> Deployment:
    draft = stories.answered(operator, "vault")
    stories.check(draft, operator, failing=("TPL-01",))
    return draft


def url(deployment: Deployment, rest: str = "") -> str:
    return f"/deployments/{deployment.pk}/checks/{rest}"


def shown(client: Client, address: str) -> list[str]:
    page = read(client.get(address))
    return [
        line["id"].removeprefix("check-")
        for line in page.all("li")
        if line.get("id", "").startswith("check-")
    ]


def test_every_result_is_shown_with_its_evidence_grouped_by_category(
    working: Client, failing: Deployment
) -> None:
    page = read(working.get(url(failing)))
    assert shown(working, url(failing)) == ["TPL-01", "TPL-02", "LIFE-01"]
    for part in (
        "Template",
        "Azure",
        "seen",
        "wanted",
        "Mend TPL-01.",
        "A detail of TPL-01.",
        "from this server",
        "0.25 s",
    ):
        assert part in page.words, part
    assert "1 finding blocks the deployment TPL-01" in page.words


def test_every_result_says_why_it_matters_and_links_to_the_official_page(
    working: Client, failing: Deployment
) -> None:
    rules = {row.id: row for row in preflight.requirements_for(failing)}
    for address, name in ((url(failing), "TPL-01"), (url(failing, "LIFE-01/waiver/"), "LIFE-01")):
        page = read(working.get(address))
        assert str(rules[name].why) in page.words
        assert page.all("a", href=rules[name].link)


def test_results_are_filtered_by_status_and_by_who_can_mend_them(
    working: Client, failing: Deployment
) -> None:
    assert shown(working, url(failing) + "?status=fail") == ["TPL-01"]
    assert shown(working, url(failing) + "?owner=azure") == ["LIFE-01"]
    assert shown(working, url(failing) + "?owner=azure&status=fail") == []
    assert "Nothing matches" in read(working.get(url(failing) + "?owner=azure&status=fail")).words
    assert len(shown(working, url(failing) + "?status=nonsense")) == 3


@pytest.mark.parametrize(
    ("query", "data", "expected"),
    [
        ("", {}, {}),
        ("?only=TPL-02", {}, {"only": ["TPL-02"]}),
        ("", {"only": "failed"}, {"only": ["LIFE-01", "TPL-01"]}),
    ],
)
def test_checks_run_again_all_or_one_or_what_did_not_pass(
    working: Client, failing: Deployment, query: str, data: dict[str, str], expected: dict[str, list[str]]
) -> None:
    answer = working.post(url(failing, "run/") + query, data)
    assert answer["Location"] == url(failing)
    assert failing.tasks.get(kind="preflight", state="queued").inputs == expected
    assert read(working.get(url(failing))).all("div", id="live-task")


def test_a_check_that_is_not_there_cannot_run(working: Client, failing: Deployment) -> None:
    answer = working.post(url(failing, "run/?only=NOPE-1"), follow=True)
    assert "These are not requirements of this deployment: NOPE-1." in read(answer).words


def test_a_waiver_has_a_reason_and_an_end_and_a_person(working: Client, failing: Deployment) -> None:
    page = read(working.get(url(failing)))
    assert page.all("a", href=url(failing, "LIFE-01/waiver/"))
    assert not page.all("a", href=url(failing, "TPL-01/waiver/"))
    answer = working.post(
        url(failing, "LIFE-01/waiver/"), {"reason": "Rebuilt for an old vault.", "until": TODAY}, follow=True
    )
    assert "LIFE-01 is waived." in read(answer).words
    assert f"Accepted by oskar until {TODAY}: Rebuilt for an old vault." in read(answer).words
    assert Waiver.objects.get().asked_by.username == "oskar"


@pytest.mark.parametrize(
    ("reason", "until", "field"),
    [
        ("", TODAY, "reason"),
        ("Because.", "soon", "until"),
        ("Because.", "2020-01-01", "until"),
        ("Because.", "", "until"),
    ],
)
def test_a_waiver_without_reason_or_with_a_bad_day_is_refused_at_its_field(
    working: Client, failing: Deployment, reason: str, until: str, field: str
) -> None:
    answer = working.post(url(failing, "LIFE-01/waiver/"), {"reason": reason, "until": until})
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("a", href=f"#id_{field}")
    assert page.value_of("until") == until
    assert not Waiver.objects.exists()


def test_what_may_not_be_waived_says_so(working: Client, failing: Deployment) -> None:
    answer = working.post(url(failing, "TPL-01/waiver/"), {"reason": "Because.", "until": TODAY})
    assert answer.status_code == 422
    assert "TPL-01 cannot be waived" in read(answer).words


def test_a_waiver_is_taken_back(working: Client, failing: Deployment, operator: Operator) -> None:
    Waiver.objects.create(
        deployment=failing, requirement_id="LIFE-01", reason="Old.", until=TODAY, asked_by=operator
    )
    answer = working.post(url(failing, "LIFE-01/waiver/remove/"), follow=True)
    assert "The waiver of LIFE-01 is taken back." in read(answer).words
    assert not Waiver.objects.exists()
    assert working.post(url(failing, "LIFE-01/waiver/remove/")).status_code == 404


def test_a_waiver_whose_day_has_passed_is_not_shown_as_accepted(
    working: Client, failing: Deployment, operator: Operator
) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    Waiver.objects.create(
        deployment=failing, requirement_id="LIFE-01", reason="Old.", until=yesterday, asked_by=operator
    )
    assert "Accepted by" not in read(working.get(url(failing))).words


def test_reports_are_downloads_that_other_programs_read(working: Client, failing: Deployment) -> None:
    endings = {"json": "json", "junit": "xml", "markdown": "md", "html": "html"}
    texts = {}
    for form, ending in endings.items():
        answer = working.get(url(failing, f"report.{form}"))
        assert answer.status_code == 200
        assert answer["Content-Disposition"] == f'attachment; filename="{failing.name}-preflight.{ending}"'
        texts[form] = answer.content.decode()
        assert "TPL-01" in texts[form], form
    assert json.loads(texts["json"])
    assert ElementTree.fromstring(texts["junit"]).tag in ("testsuites", "testsuite")


def test_a_report_in_a_form_that_is_not_there_is_not_found(working: Client, failing: Deployment) -> None:
    assert working.get(url(failing, "report.pdf")).status_code == 404


def test_before_the_first_run_the_page_leads_to_it(working: Client, operator: Operator) -> None:
    draft = stories.answered(operator, "vault")
    page = read(working.get(url(draft)))
    assert page.all("a", href=f"/deployments/{draft.pk}/steps/preflight/")
    assert working.get(url(draft, "report.json")).status_code == 404
    assert working.get(url(draft, "TPL-01/waiver/")).status_code == 404


def test_after_deployment_checks_run_again_and_are_not_said_to_block_it(
    working: Client, operator: Operator
) -> None:
    deployed = stories.answered(operator, "recorded")
    assert deployed.state == DeploymentState.RECORDED
    page = read(working.get(url(deployed)))
    assert len(shown(working, url(deployed))) == CheckResult.objects.filter(deployment=deployed).count()
    assert "No finding needs action" in page.words
    assert not page.all("a", href=url(deployed, "LIFE-01/waiver/"))
    assert "Run preflight again" in read(working.get(f"/deployments/{deployed.pk}/steps/preflight/")).words
    working.post(url(deployed, "run/"))
    assert deployed.tasks.filter(kind="preflight", state="queued").count() == 1
    deployed.refresh_from_db()
    assert deployed.state == DeploymentState.RECORDED
    again = stories.answered(operator, "recorded")
    stories.check(again, operator, failing=("TPL-01",))
    words = read(working.get(url(again))).words
    assert "1 finding needs action" in words
    assert "blocks the deployment" not in words
