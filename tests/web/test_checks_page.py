from __future__ import annotations

import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.services import machines
from tests.web.pages import QUESTION, read
from tests.web.results import add_result, verified
from wizard.models import CheckResult, Credential, Deployment, DeploymentState, Operator, StepAnswer
from wizard.services import credentials, explanations, preflight


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
    assert page.all("a", href="#check-TPL-01")
    # From the pages that only say go or no-go, the way leads to the same place.
    step = read(working.get(f"/deployments/{failing.pk}/steps/preflight/"))
    assert step.all("a", href=f"{url(failing)}#check-TPL-01")


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


def test_reports_are_downloads_that_other_programs_read(working: Client, failing: Deployment) -> None:
    endings = {"json": "json", "junit": "xml", "markdown": "md", "html": "html", "sarif": "sarif"}
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


def test_the_report_of_the_verification_has_a_name_of_its_own(working: Client, operator: Operator) -> None:
    deployed = stories.answered(operator, "deployed")
    assert working.get(url(deployed, "report.json?phase=after")).status_code == 404
    verified(deployed, operator, "HW-01")
    answer = working.get(url(deployed, "report.json?phase=after"))
    assert answer["Content-Disposition"] == f'attachment; filename="{deployed.name}-verification.json"'
    assert [row["requirement_id"] for row in json.loads(answer.content)["findings"]] == ["HW-01"]


def test_what_the_verification_found_has_a_section_with_a_run_of_its_own(
    working: Client, looking: Client, operator: Operator
) -> None:
    draft = stories.answered(operator, "checked")
    assert not read(working.get(url(draft))).all("form", action=url(draft, "verify/"))
    deployed = stories.answered(operator, "deployed")
    page = read(working.get(url(deployed)))
    assert page.all("form", action=url(deployed, "verify/"))
    assert "Nobody has looked at the machine since it was set up." in page.words
    verified(deployed, operator, "HW-01")
    assert shown(working, url(deployed) + "?phase=after") == ["HW-01"]
    assert "HW-01" not in shown(working, url(deployed) + "?phase=before")
    assert not read(looking.get(url(deployed))).all("form", action=url(deployed, "verify/"))


def test_results_are_filtered_by_how_they_are_settled(working: Client, failing: Deployment) -> None:
    add_result(failing, QUESTION)
    assert shown(working, url(failing) + "?kind=attested") == [QUESTION]
    assert QUESTION not in shown(working, url(failing) + "?kind=probe")
    listed = read(working.get(url(failing) + "?kind=listed"))
    assert str(explanations.not_checked(failing)[0].unchecked) in listed.words
    assert not shown(working, url(failing) + "?kind=listed")


def test_what_nobody_checks_is_listed_with_the_reason(working: Client, failing: Deployment) -> None:
    page = read(working.get(url(failing)))
    rows = explanations.not_checked(failing)
    assert rows
    for row in rows:
        assert str(row.unchecked) in page.words
        assert page.all("a", href=f"/requirements/asr-classic/{row.id}/")
    assert str(rows[0].unchecked) not in read(working.get(url(failing) + "?status=fail")).words


def test_every_id_leads_to_the_page_of_its_requirement(working: Client, failing: Deployment) -> None:
    page = read(working.get(url(failing)))
    for name in ("TPL-01", "TPL-02", "LIFE-01"):
        assert page.all("a", href=f"/requirements/asr-classic/{name}/")


def test_results_of_long_ago_say_so(working: Client, failing: Deployment) -> None:
    assert "more than a day ago" not in read(working.get(url(failing))).words
    CheckResult.objects.filter(requirement_id="TPL-01").update(
        observed_at=timezone.now() - timedelta(days=2, hours=1)
    )
    words = read(working.get(url(failing))).words
    assert "1 result rests on what was seen more than a day ago Run the checks again" in words
    assert "2 days, 1 hour ago" in words.replace("\xa0", " ")


@pytest.fixture
def by_hand(operator: Operator) -> Deployment:
    """A physical server whose facts were seen two days ago."""
    deployment = machines.by_hand(operator)
    stories.check(deployment, operator)
    CheckResult.objects.filter(deployment=deployment).update(observed_at=timezone.now() - timedelta(days=2))
    return deployment


def test_old_facts_of_a_machine_that_is_out_of_reach_are_collected_in_its_step(
    working: Client, by_hand: Deployment
) -> None:
    page = read(working.get(url(by_hand)))
    assert page.all("a", href=f"/deployments/{by_hand.pk}/steps/evidence/")
    assert not page.all("form", action=url(by_hand, "collect/"))


def test_old_facts_of_a_machine_within_reach_are_collected_again_with_one_click(
    working: Client, looking: Client, by_hand: Deployment, operator: Operator
) -> None:
    credentials.keep(
        name="cs01-admin", kind=Credential.Kind.WINDOWS, username="admin", secret="s", actor=operator
    )
    evidence = {
        **{"way": "winrm", "host": "cs01.lab.test", "port": 5986, "transport": "https"},
        **{"auth": "ntlm", "credential": "cs01-admin", "thumbprint_sha256": stories.SHA256},
    }
    StepAnswer.objects.filter(deployment=by_hand, step="evidence").update(data=evidence)
    assert not read(looking.get(url(by_hand))).all("form", action=url(by_hand, "collect/"))
    assert looking.post(url(by_hand, "collect/")).status_code == 403
    assert read(working.get(url(by_hand))).all("form", action=url(by_hand, "collect/"))

    answer = working.post(url(by_hand, "collect/"), follow=True)

    task = by_hand.tasks.get(kind="collect_facts")
    assert task.inputs["host"] == "cs01.lab.test"
    page = read(answer)
    assert page.all("div", id="live-task")


def test_a_machine_that_was_set_up_by_hand_is_verified_once_preflight_lets_it(
    working: Client, by_hand: Deployment
) -> None:
    assert read(working.get(url(by_hand))).all("form", action=url(by_hand, "verify/"))
    by_hand.refresh_from_db()
    refused = read(working.post(url(by_hand, "verify/"), follow=True))
    assert "facts of the machine that were collected after the installation" in refused.words
    assert not by_hand.tasks.filter(kind="verify_installation").exists()
    Deployment.objects.filter(pk=by_hand.pk).update(state=DeploymentState.DRAFT)
    assert not read(working.get(url(by_hand))).all("form", action=url(by_hand, "verify/"))
