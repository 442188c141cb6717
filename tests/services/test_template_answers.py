"""What is answered to a template is judged by what is inside it; its passwords are sealed and in no answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from tests import asking_template, stories
from tests.asking_template import PASSWORD, answers
from wizard.models import AuditEntry, Deployment, DeploymentState, InstallationSecret, Operator
from wizard.services import (
    answer_files,
    deployment_plan,
    deployments,
    import_answers,
    template_contents,
    template_passwords,
)
from wizard.services.errors import Conflict, Invalid, NotAllowed
from wizard.services.facts.answered import answer_facts
from wizard.vsphere.ovf import OvfDescriptor

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking(operator: Operator) -> Deployment:
    deployment = stories.answered(operator, "placement")
    asking_template.inspect(deployment, operator)
    return deployment


def give(deployment: Deployment, actor: Operator, **passwords: str) -> None:
    template_passwords.give(
        deployment, {key.replace("_", "."): value for key, value in passwords.items()}, actor=actor
    )


def wrong(deployment: Deployment, actor: Operator, **changed: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        deployments.answer(deployment, "template", answers(**changed), actor=actor)
    return {error.path: str(error.message) for error in refused.value.errors}


@pytest.mark.parametrize(
    ("changed", "path", "message"),
    [
        (
            {"deployment_option": "huge"},
            "deployment_option",
            "The template has no deployment option “huge”; it has: small, large.",
        ),
        (
            {"properties": {"site": "lyon", "port": "70000"}},
            "properties.port",
            "The value must not be above 1024.",
        ),
        (
            {"properties": {"site": "lyon", "telemetry": "maybe"}},
            "properties.telemetry",
            "“maybe” is neither true nor false.",
        ),
        (
            {"properties": {"site": "lyon", "zone": "rome"}},
            "properties.zone",
            "“rome” cannot be chosen. The template offers: lyon, paris.",
        ),
        (
            {"properties": {"site": "lyon", "build": "8"}},
            "properties.build",
            "The template has no property “build” that may be set; it has: port, telemetry, zone, hostname, site, "
            "admin.password, join.password.",
        ),
        (
            {"properties": {}},
            "properties.site",
            "The template has no value of its own for this property. Give one.",
        ),
    ],
)
def test_what_the_template_does_not_take_is_refused_at_its_field(
    asking: Deployment, operator: Operator, changed: dict[str, Any], path: str, message: str
) -> None:
    give(asking, operator, admin_password=PASSWORD)
    assert wrong(asking, operator, **changed) == {path: message}
    deployments.answer(asking, "template", answers(), actor=operator)


def test_a_template_without_options_takes_none(operator: Operator) -> None:
    plain = stories.answered(operator, "template")
    data = {**stories.ANSWERS["template"], "deployment_option": "small"}
    with pytest.raises(Invalid) as refused:
        deployments.answer(plain, "template", data, actor=operator)
    (error,) = refused.value.errors
    assert str(error.message) == "The template offers no deployment options. Leave this empty."


def test_properties_of_a_template_that_nobody_looked_into_are_neither_taken_nor_kept(
    operator: Operator,
) -> None:
    draft = stories.answered(operator, "placement")
    assert wrong(draft, operator, properties={"site": PASSWORD}) == {
        "properties": "What may be set is not known yet. Inspect the template first, then give its properties."
    }
    assert deployments.form_of(draft, "template")[0]["properties"] == {}
    assert stored_anywhere(PASSWORD) == []


def test_a_password_that_is_needed_is_asked_for_and_stands_nowhere_in_plain(
    asking: Deployment, operator: Operator
) -> None:
    assert wrong(asking, operator) == {
        "passwords.admin.password": "The template has no value of its own for this property. Give one."
    }
    assert list(wrong(asking, operator, properties={"site": "lyon", "admin.password": PASSWORD})) == [
        "properties.admin.password",
        "passwords.admin.password",
    ]
    give(asking, operator, admin_password=PASSWORD)
    deployments.answer(asking, "template", answers(), actor=operator)
    assert stored_anywhere(PASSWORD) == []
    assert PASSWORD not in answer_files.export(asking)[0]
    states = {state.key: state for state in template_passwords.states(asking)}
    assert {key: (state.required, state.given) for key, state in states.items()} == {
        "admin.password": (True, True),
        "join.password": (False, False),
    }
    assert states["admin.password"].given_by == "oskar"
    entry = AuditEntry.objects.get(action="template.passwords_given")
    assert entry.after == {"template": "asr-9.62", "set": ["admin.password"]}


def test_the_import_gets_the_passwords_and_the_option(asking: Deployment, operator: Operator) -> None:
    give(asking, operator, admin_password=PASSWORD)
    deployments.answer(asking, "template", answers(), actor=operator)
    deployments.answer(asking, "network", stories.ANSWERS["network"], actor=operator)
    found = deployments.answers_of(asking)
    task = asking.tasks.get(kind="inspect_template")
    plan = import_answers.import_plan(
        found,
        OvfDescriptor.from_json(task.result["descriptor"]),
        passwords=template_contents.passwords_of(asking, found["template"]),
    )
    assert plan.deployment_option == "small"
    assert plan.properties == {"site": "lyon", "hostname": "cs01", "admin.password": PASSWORD}


@pytest.mark.parametrize(
    ("option", "hardware"), [("small", (4, 8192)), ("large", (8, 16384)), ("", (8, 16384))]
)
def test_preflight_judges_the_hardware_of_the_option_that_was_chosen(
    operator: Operator, option: str, hardware: tuple[int, int]
) -> None:
    asking = stories.answered(operator, "vault")
    asking_template.inspect(asking, operator)
    give(asking, operator, admin_password=PASSWORD)
    deployments.answer(asking, "template", answers(deployment_option=option), actor=operator)
    found = answer_facts(deployments.answers_of(asking), asking)["template.descriptor"]
    assert (found["cpu_count"], found["memory_mb"]) == hardware


@pytest.mark.parametrize(
    ("passwords", "path", "message"),
    [
        ({"admin.password": "short"}, "passwords.admin.password", "The value has 5 characters; at least 12"),
        ({"site": PASSWORD}, "passwords.site", "no property of this name that is a password"),
        ({"nothing": PASSWORD}, "passwords.nothing", "it has: admin.password, join.password"),
    ],
)
def test_a_password_that_does_not_fit_is_refused_and_not_kept(
    asking: Deployment, operator: Operator, passwords: dict[str, str], path: str, message: str
) -> None:
    with pytest.raises(Invalid) as refused:
        template_passwords.give(asking, passwords, actor=operator)
    (error,) = refused.value.errors
    assert error.path == path
    assert message in str(error.message)
    assert not InstallationSecret.objects.exists()


def test_an_empty_password_takes_back_the_one_before(asking: Deployment, operator: Operator) -> None:
    give(asking, operator, admin_password=PASSWORD, join_password="j")
    give(asking, operator, join_password="")
    assert template_contents.passwords_of(asking, asking_template.WHERE) == {"admin.password": PASSWORD}


def test_the_passwords_of_one_template_are_not_those_of_another(
    asking: Deployment, operator: Operator
) -> None:
    give(asking, operator, admin_password=PASSWORD)
    assert template_contents.passwords_of(asking, {"source": "folder", "file": "other.ova"}) == {}
    assert template_contents.passwords_of(asking, {}) == {}


def test_another_password_undoes_preflight_and_plan(operator: Operator) -> None:
    asking = stories.answered(operator, "vault")
    asking_template.inspect(asking, operator)
    give(asking, operator, admin_password=PASSWORD)
    deployments.answer(asking, "template", answers(), actor=operator)
    stories.check(asking, operator)
    stories.plan(asking, operator)
    give(asking, operator, admin_password=PASSWORD)
    assert deployment_plan.current(asking) is not None
    give(asking, operator, admin_password=PASSWORD + "!")
    asking.refresh_from_db()
    assert asking.state == DeploymentState.DRAFT
    assert deployment_plan.current(asking) is None


def test_nobody_gives_passwords_who_may_only_look_or_once_it_is_deployed(
    asking: Deployment, operator: Operator, viewer: Operator
) -> None:
    with pytest.raises(NotAllowed):
        give(asking, viewer, admin_password=PASSWORD)
    deployed = stories.answered(operator, "deployed")
    with pytest.raises(Conflict) as closed:
        give(deployed, operator, admin_password=PASSWORD)
    assert closed.value.code == "already_deployed"


def test_a_password_sealed_with_a_lost_key_is_asked_for_again(
    asking: Deployment, operator: Operator, settings: Any
) -> None:
    give(asking, operator, admin_password=PASSWORD)
    settings.CREDENTIAL_KEYS = ["MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA="]
    assert [state.given for state in template_passwords.states(asking)] == [False, False]


def stored_anywhere(word: str) -> list[str]:
    """The tables that hold this word in a row, sealed ones excepted."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            if any(word in str(row) for row in cursor.fetchall()):
                found.append(table)
    return found
