"""What the scope of a token and the role of its person allow: the smaller of the two."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from tests.api.client import Api, ok, problem, token_of
from tests.builders import make_deployment
from wizard.models import Deployment, Operator, Task
from wizard.services import tasks

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

Call = Callable[[Api, Deployment, Task], object]

READS: dict[str, Call] = {
    "list deployments": lambda api, d, t: api.get("deployments/"),
    "one deployment": lambda api, d, t: api.get(f"deployments/{d.pk}/"),
    "one step": lambda api, d, t: api.get(f"deployments/{d.pk}/steps/source/"),
    "checks": lambda api, d, t: api.get(f"deployments/{d.pk}/checks/"),
    "packs": lambda api, d, t: api.get(f"deployments/{d.pk}/packs/"),
    "conflicts": lambda api, d, t: api.get("conflicts/"),
    "answer file": lambda api, d, t: api.get(f"deployments/{d.pk}/answers"),
    "facts": lambda api, d, t: api.get(f"deployments/{d.pk}/facts/"),
    "attestations": lambda api, d, t: api.get(f"deployments/{d.pk}/attestations/"),
    "waivers": lambda api, d, t: api.get(f"deployments/{d.pk}/waivers/"),
    "secrets' standing": lambda api, d, t: api.get(f"deployments/{d.pk}/installation-secrets/"),
    "template's passwords": lambda api, d, t: api.get(f"deployments/{d.pk}/template-passwords/"),
    "expiry": lambda api, d, t: api.get(f"deployments/{d.pk}/expiry"),
    "profiles": lambda api, d, t: api.get("profiles/"),
    "one profile": lambda api, d, t: api.get("profiles/asr-classic/"),
    "catalogue": lambda api, d, t: api.get("profiles/asr-classic/requirements/"),
    "list tasks": lambda api, d, t: api.get("tasks/"),
    "one task": lambda api, d, t: api.get(f"tasks/{t.pk}/"),
    "events": lambda api, d, t: api.get(f"tasks/{t.pk}/events/"),
}
CHANGES: dict[str, tuple[Call, int]] = {
    "begin": (lambda api, d, t: api.post("deployments/", {"name": "x1", "profile": "asr-classic"}), 201),
    "rename": (lambda api, d, t: api.patch(f"deployments/{d.pk}/", {"name": "x2"}, d.revision), 200),
    "answer": (
        lambda api, d, t: api.put(
            f"deployments/{d.pk}/steps/source/", {"protects": ["vmware"], "method": "ova"}, d.revision
        ),
        200,
    ),
    "start": (lambda api, d, t: api.post(f"deployments/{d.pk}/tasks/", {"kind": "test_refuse"}), 202),
    "cancel": (lambda api, d, t: api.post(f"tasks/{t.pk}/cancel/"), 202),
    "retry": (lambda api, d, t: api.post(f"tasks/{t.pk}/retry/"), 409),
    "attest": (
        lambda api, d, t: api.put(f"deployments/{d.pk}/attestations/LIFE-02/", {"answer": "yes"}),
        200,
    ),
    "take an answer back": (lambda api, d, t: api.delete(f"deployments/{d.pk}/attestations/LIFE-02/"), 404),
    "prove an answer": (
        lambda api, d, t: api.send("PUT", f"deployments/{d.pk}/attestations/LIFE-02/file", b""),
        422,
    ),
    "waive": (
        lambda api, d, t: api.put(
            f"deployments/{d.pk}/waivers/TPL-04/", {"reason": "Known.", "until": str(timezone.localdate())}
        ),
        200,
    ),
    "take a waiver back": (lambda api, d, t: api.delete(f"deployments/{d.pk}/waivers/TPL-04/"), 404),
    "take a script": (
        lambda api, d, t: api.send("POST", f"deployments/{d.pk}/facts/collector", query={"component": "cs"}),
        422,
    ),
    "bring facts": (lambda api, d, t: api.post(f"deployments/{d.pk}/facts/", {}), 422),
    "take the bundle": (lambda api, d, t: api.get(f"deployments/{d.pk}/installation-bundle"), 409),
    "give a secret": (
        lambda api, d, t: api.put(f"deployments/{d.pk}/installation-secrets/proxy/", {"secret": "x"}),
        422,
    ),
    "give a template's password": (
        lambda api, d, t: api.put(f"deployments/{d.pk}/template-passwords/", {"passwords": {"x": "y"}}),
        422,
    ),
    "give a key": (
        lambda api, d, t: api.send(
            "PUT", f"deployments/{d.pk}/installation-secrets/vault_credentials/file", b""
        ),
        422,
    ),
    "confirm a step": (lambda api, d, t: api.put(f"deployments/{d.pk}/manual-steps/P1/", {}), 409),
    "take a step back": (lambda api, d, t: api.delete(f"deployments/{d.pk}/manual-steps/P1/"), 404),
    "forget a secret": (
        lambda api, d, t: api.delete(f"deployments/{d.pk}/installation-secrets/proxy/"),
        404,
    ),
    "take a pack": (lambda api, d, t: api.get(f"deployments/{d.pk}/packs/{t.pk}/file"), 404),
    "confirm an end": (
        lambda api, d, t: api.put(f"deployments/{d.pk}/decommission/steps/gone_from_vault/", {}),
        409,
    ),
    "take that back": (
        lambda api, d, t: api.delete(f"deployments/{d.pk}/decommission/steps/gone_from_vault/"),
        409,
    ),
    "end a deployment": (
        lambda api, d, t: api.send(
            "POST",
            f"deployments/{d.pk}/decommission/finish/",
            {"name": d.name},
            headers={"If-Match": f'"{d.revision}"'},
        ),
        409,
    ),
    "delete": (lambda api, d, t: api.delete(f"deployments/{make_deployment(d.created_by).pk}/"), 204),
}
REVIEWS: dict[str, tuple[Call, int]] = {
    "approve a waiver": (lambda api, d, t: api.post(f"deployments/{d.pk}/waivers/TPL-04/approve/"), 404),
}
PEOPLE = ("viewer", "operator", "reviewer", "admin")
SCOPES = ("read", "operate", "admin")
# Who may not; everything else is for operators.
MAY_NOT = {
    **dict.fromkeys(REVIEWS, (Operator.Role.VIEWER, Operator.Role.OPERATOR)),
    # Operators take their own requests back, reviewers refuse those of others.
    "take a waiver back": (Operator.Role.VIEWER,),
}


@pytest.fixture
def task(deployment: Deployment, operator: Operator) -> Task:
    return tasks.launch("test_count", deployment=deployment, actor=operator)


@pytest.fixture(params=PEOPLE)
def person(request: pytest.FixtureRequest) -> Operator:
    found: Operator = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", READS)
def test_everybody_reads(person: Operator, scope: str, name: str, deployment: Deployment, task: Task) -> None:
    response = READS[name](Api(token_of(person, scope)), deployment, task)
    assert response.status_code == 200  # type: ignore[attr-defined]


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", [*CHANGES, *REVIEWS])
def test_changes_need_both_the_scope_and_the_role(
    person: Operator, scope: str, name: str, deployment: Deployment, task: Task
) -> None:
    call, good = (CHANGES | REVIEWS)[name]
    before = Deployment.objects.filter(pk=deployment.pk).values_list("name", "revision").get()
    response = call(Api(token_of(person, scope)), deployment, task)
    if scope == "read":
        body = problem(response, 403, "scope_too_small")
        assert body["detail"] == "This token's scope is “read”; “operate” is needed."
    elif person.role in MAY_NOT.get(name, (Operator.Role.VIEWER, Operator.Role.REVIEWER)):
        problem(response, 403, "not_allowed")
    else:
        assert response.status_code == good  # type: ignore[attr-defined]
        return
    assert Deployment.objects.filter(pk=deployment.pk).values_list("name", "revision").get() == before
    task.refresh_from_db()
    assert not task.cancel_requested


def test_a_role_that_was_taken_away_counts_at_once(operator: Operator, deployment: Deployment) -> None:
    api = Api(token_of(operator, "operate"))
    ok(api.patch(f"deployments/{deployment.pk}/", {"name": "first"}, 1))
    Operator.objects.update(role=Operator.Role.VIEWER)
    problem(api.patch(f"deployments/{deployment.pk}/", {"name": "second"}, 2), 403, "not_allowed")
