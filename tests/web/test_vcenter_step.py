from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import stories
from tests.web.pages import read, step_url
from wizard.models import Credential, Deployment, Operator, Task
from wizard.services import deployments

ACCOUNT = {"action": "sign_in", "username": "asr@vsphere.local", "password": stories.PASSWORD}


@pytest.fixture
def draft(operator: Operator) -> Deployment:
    return stories.answered(operator, "capacity")


@pytest.fixture
def trusted(draft: Deployment, operator: Operator) -> Deployment:
    """Looked at, and its certificate confirmed."""
    stories.probe(draft, operator)
    deployments.keep_draft(
        draft, "vcenter", {**stories.ADDRESS, "thumbprint_sha256": stories.SHA256}, actor=operator
    )
    return draft


def post(client: Client, deployment: Deployment, **data: Any) -> Any:
    return client.post(step_url(deployment, "vcenter"), data)


@pytest.mark.parametrize("state", ["succeeded", "failed"])
def test_what_came_of_the_last_work_is_one_place_that_takes_the_focus(
    working: Client, trusted: Deployment, operator: Operator, state: str
) -> None:
    def place() -> dict[str, str]:
        page = read(working.get(step_url(trusted, "vcenter")))
        (found,) = [attributes for _tag, attributes in page.elements if attributes.get("id") == "outcome"]
        assert found["tabindex"] == "-1"
        return found

    assert place()["aria-labelledby"] == "stage-layers"
    working.post(step_url(trusted, "vcenter"), ACCOUNT)
    task = trusted.tasks.get(kind="sign_in_vcenter")
    assert place()["aria-labelledby"] == "stage-live"
    Task.objects.filter(pk=task.pk).update(state=state, finished_at=task.queued_at, result={})
    assert place()["aria-labelledby"] == "stage-account"


def test_what_is_wrong_takes_the_focus_from_the_place_in_the_address(
    working: Client, trusted: Deployment, operator: Operator
) -> None:
    answer = post(working, trusted, action="sign_in", username="", password="")
    assert answer.status_code == 422
    page = read(answer)
    (summary,) = page.all("div", id="error-summary")
    assert "autofocus" in summary
    places = {attributes.get("id") for _tag, attributes in page.elements}
    assert not places & {"outcome", "account"}


def test_who_trusts_a_certificate_goes_on_at_the_account(
    working: Client, draft: Deployment, operator: Operator
) -> None:
    stories.probe(draft, operator)
    deployments.keep_draft(draft, "vcenter", stories.ADDRESS, actor=operator)
    answer = post(working, draft, action="trust", sha256=stories.SHA256)
    assert answer["Location"] == step_url(draft, "vcenter") + "#account"
    (place,) = read(working.get(step_url(draft, "vcenter"))).all("span", id="account")
    assert place["tabindex"] == "-1"


def test_an_address_is_looked_at_in_the_background(working: Client, draft: Deployment) -> None:
    answer = post(working, draft, action="probe", host="https://vcenter.lab.test:8443/sdk", port="443")
    assert answer["Location"] == step_url(draft, "vcenter") + "#outcome"
    task = draft.tasks.get(kind="probe_vcenter")
    assert task.inputs == {"host": "vcenter.lab.test", "port": 8443}
    page = read(working.get(step_url(draft, "vcenter")))
    assert page.value_of("host") == "vcenter.lab.test"
    assert page.value_of("port") == "8443"
    (live,) = page.all("div", id="live-task")
    assert live["hx-get"].startswith(f"/tasks/{task.pk}/progress/")


def test_an_address_that_is_none_is_refused_at_its_field(working: Client, draft: Deployment) -> None:
    answer = post(working, draft, action="probe", host="not a host", port="99999")
    assert answer.status_code == 422
    page = read(answer)
    assert page.value_of("host") == "not a host"
    assert page.value_of("port") == "99999"
    assert page.all("input", name="host")[0]["aria-invalid"] == "true"
    assert page.all("input", name="port")[0]["aria-invalid"] == "true"
    assert not draft.tasks.exclude(state="succeeded").exists()


def test_a_second_click_finds_the_look_that_is_under_way(working: Client, draft: Deployment) -> None:
    for _ in range(2):
        answer = post(working, draft, action="probe", host="vcenter.lab.test", port="443")
        assert answer.status_code == 302
    assert draft.tasks.filter(kind="probe_vcenter").count() == 1


def test_what_a_failed_look_found_is_shown_layer_by_layer(
    working: Client, draft: Deployment, operator: Operator
) -> None:
    deployments.keep_draft(draft, "vcenter", stories.ADDRESS, actor=operator)
    task = stories.running(draft, "probe_vcenter", operator, inputs=stories.ADDRESS)
    stories.tell(task, "The name has an address.", layer="dns")
    event = stories.tell(task, "Nothing listens there.", layer="tcp")
    event.level = "warning"
    event.save()
    stories.tell(task, "Not looked at.", layer="tls")
    Task.objects.filter(pk=task.pk).update(
        state="failed",
        error={
            "code": "unreachable",
            "message": {"text": "Nothing listens there."},
            "remedy": {"text": "Ask."},
        },
    )
    words = read(working.get(step_url(draft, "vcenter"))).words
    assert "Name (DNS) Passed The name has an address." in words
    assert "Connection (TCP) Action needed Nothing listens there." in words
    assert "Encryption (TLS) Skipped Not looked at." in words
    assert "Trust this certificate" not in words


def test_the_certificate_is_shown_before_anybody_trusts_it(
    working: Client, draft: Deployment, operator: Operator
) -> None:
    stories.probe(draft, operator)
    deployments.keep_draft(draft, "vcenter", stories.ADDRESS, actor=operator)
    page = read(working.get(step_url(draft, "vcenter")))
    for fact in (stories.SHA256, "CN=Lab CA", "VMware vCenter Server 8.0.3", stories.INSTANCE):
        assert fact in page.words
    assert "Trust this certificate" in page.words
    assert not page.all("input", name="password")


def test_trust_pins_the_certificate_that_was_shown(
    working: Client, draft: Deployment, operator: Operator
) -> None:
    stories.probe(draft, operator)
    deployments.keep_draft(draft, "vcenter", stories.ADDRESS, actor=operator)
    version = read(working.get(step_url(draft, "vcenter"))).all("input", name="version")[0]["value"]
    answer = post(working, draft, action="trust", sha256=stories.SHA256, version=version)
    assert answer.status_code == 302
    assert deployments.form_of(draft, "vcenter")[0]["thumbprint_sha256"] == stories.SHA256
    page = read(working.get(step_url(draft, "vcenter")))
    assert "Same as pinned" in page.words
    assert page.all("input", name="password")


def test_trust_in_a_certificate_that_was_not_shown_is_refused(
    working: Client, draft: Deployment, operator: Operator
) -> None:
    stories.probe(draft, operator)
    deployments.keep_draft(draft, "vcenter", stories.ADDRESS, actor=operator)
    answer = post(working, draft, action="trust", sha256=stories.OTHER_SHA256)
    assert answer.status_code == 409
    assert "thumbprint_sha256" not in deployments.form_of(draft, "vcenter")[0]


def test_a_certificate_that_changed_is_shown_beside_the_pinned_one_and_takes_no_password(
    working: Client, trusted: Deployment, operator: Operator
) -> None:
    stories.probe(trusted, operator, sha256=stories.OTHER_SHA256)
    page = read(working.get(step_url(trusted, "vcenter")))
    assert stories.SHA256 in page.words
    assert stories.OTHER_SHA256 in page.words
    assert "The certificate is not the one that was confirmed" in page.words
    assert not page.all("input", name="password")


def test_another_address_takes_the_trust_away(working: Client, trusted: Deployment) -> None:
    post(working, trusted, action="probe", host="other.lab.test", port="443")
    assert deployments.form_of(trusted, "vcenter")[0] == {"host": "other.lab.test", "port": 443}


def test_the_account_is_kept_sealed_and_tried(working: Client, trusted: Deployment) -> None:
    answer = post(working, trusted, **ACCOUNT)
    assert answer.status_code == 302
    credential = Credential.objects.get(name=f"{trusted.name}-vcenter")
    assert credential.username == "asr@vsphere.local"
    assert credential.reveal() == stories.PASSWORD
    task = trusted.tasks.get(kind="sign_in_vcenter")
    assert task.inputs["credential"] == credential.name
    assert stories.PASSWORD not in str(task.inputs)
    assert stories.PASSWORD not in str(deployments.form_of(trusted, "vcenter"))
    assert stories.PASSWORD not in working.get(step_url(trusted, "vcenter")).content.decode()


def test_an_account_without_name_and_password_is_refused_at_both_fields(
    working: Client, trusted: Deployment
) -> None:
    answer = post(working, trusted, action="sign_in", username=" ", password="")
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("input", name="username")[0]["aria-invalid"] == "true"
    assert page.all("input", name="password")[0]["aria-invalid"] == "true"
    assert not trusted.tasks.filter(kind="sign_in_vcenter").exists()


def test_a_refused_account_keeps_its_user_name_and_gives_the_password_to_nobody(
    working: Client, trusted: Deployment
) -> None:
    answer = post(working, trusted, action="sign_in", username="", password=stories.PASSWORD)
    assert answer.status_code == 422
    assert stories.PASSWORD not in answer.content.decode()
    answer = post(working, trusted, action="sign_in", username="typed@lab", password="")
    assert read(answer).value_of("username") == "typed@lab"


def test_an_account_that_was_entered_before_can_be_chosen(
    working: Client, trusted: Deployment, operator: Operator
) -> None:
    known = stories.sign_in(stories.answered(operator, "capacity"), operator)
    page = read(working.get(step_url(trusted, "vcenter")))
    assert page.all("option", value=known.name)
    assert post(working, trusted, action="sign_in", account=known.name).status_code == 302
    assert trusted.tasks.get(kind="sign_in_vcenter").inputs["credential"] == known.name


def test_an_account_that_is_gone_is_refused_at_its_field(
    working: Client, trusted: Deployment, operator: Operator
) -> None:
    stories.sign_in(stories.answered(operator, "capacity"), operator)
    answer = post(working, trusted, action="sign_in", account="gone")
    assert answer.status_code == 422
    assert "There is no account of that name any more." in read(answer).words


def test_a_rejected_password_is_not_sent_again_until_it_is_entered_anew(
    working: Client, trusted: Deployment, operator: Operator
) -> None:
    credential = stories.sign_in(trusted, operator)
    inputs = {**stories.ADDRESS, "thumbprint_sha256": stories.SHA256, "credential": credential.name}
    deployments.keep_draft(trusted, "vcenter", inputs, actor=operator)
    Credential.objects.filter(pk=credential.pk).update(standing=Credential.Standing.REJECTED)
    stories.failed(
        trusted, "sign_in_vcenter", operator, "invalid_login", "The password was refused.", inputs=inputs
    )

    page = read(working.get(step_url(trusted, "vcenter")))
    assert "The password was refused." in page.words
    assert "This password is not sent again" in page.words
    refused = post(working, trusted, action="refresh")
    assert refused.status_code == 409
    assert trusted.tasks.filter(kind="sign_in_vcenter", state="queued").count() == 0

    assert post(working, trusted, **ACCOUNT).status_code == 302
    assert trusted.tasks.filter(kind="sign_in_vcenter", state="queued").count() == 1


def test_the_privileges_that_are_missing_are_named_with_their_object(
    working: Client, operator: Operator
) -> None:
    done = stories.answered(operator, "vcenter")
    words = read(working.get(step_url(done, "vcenter"))).words
    assert "Discovery only All there" in words
    assert "Full 1 missing" in words
    assert "DC1 Create snapshot VirtualMachine.State.CreateSnapshot" in words
    assert "VSPHERE.LOCAL\\asr" in words


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (-0.04, "Less than a second away"),
        (61.4, "61 s ahead of this server's"),
        (-300.0, "300 s behind this server's"),
    ],
)
def test_the_clock_of_vcenter_is_compared_in_words(
    working: Client, operator: Operator, offset: float, words: str
) -> None:
    done = stories.answered(operator, "vcenter")
    task = done.tasks.get(kind="sign_in_vcenter")
    Task.objects.filter(pk=task.pk).update(result=task.result | {"clock_offset_s": offset})
    assert words in read(working.get(step_url(done, "vcenter"))).words


def test_the_inventory_is_read_again_on_request(working: Client, operator: Operator) -> None:
    done = stories.answered(operator, "vcenter")
    assert post(working, done, action="refresh").status_code == 302
    assert done.tasks.filter(kind="sign_in_vcenter", state="queued").count() == 1


def test_two_operators_at_the_same_vcenter_step_do_not_overwrite_each_other(
    working: Client, trusted: Deployment, operator: Operator
) -> None:
    seen = read(working.get(step_url(trusted, "vcenter"))).all("input", name="version")[0]["value"]
    deployments.keep_draft(trusted, "vcenter", {**stories.ADDRESS, "host": "theirs.lab.test"}, actor=operator)
    answer = post(working, trusted, action="probe", host="mine.lab.test", port="443", version=seen)
    assert answer.status_code == 409
    assert read(answer).value_of("host") == "mine.lab.test"
    assert deployments.form_of(trusted, "vcenter")[0]["host"] == "theirs.lab.test"
    assert not trusted.tasks.filter(kind="probe_vcenter", state="queued").exists()
