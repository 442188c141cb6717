"""A password is stored sealed and shown to nobody: not in a row, not in a message, not in a log, not on the broker."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from tests.services.conftest import Begin
from tests.walk import TEMPLATE, Walk
from wizard.models import AuditEntry, Credential, StepAnswer, Task
from wizard.services import answer_files, credentials, deployments, preflight, topology
from wizard.services.errors import Invalid

pytestmark = pytest.mark.vcenter

WRONG = "canary-of-a-wrong-password"


def everything_stored() -> Iterator[tuple[str, str]]:
    """Every value of every row of every table, with where it stands."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    raw = (
                        bytes(value).decode("latin-1")
                        if isinstance(value, bytes | memoryview)
                        else str(value)
                    )
                    yield f"{table}.{column}", raw


def where_it_stands(word: str) -> list[str]:
    return [place for place, value in everything_stored() if word in value]


def test_after_a_whole_run_no_password_stands_anywhere_nor_is_handed_out(
    begin: Begin, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """From nothing to a recorded topology, with everything on the way that speaks of accounts."""
    caplog.set_level(logging.DEBUG)
    walk = begin("lyon").to("capacity")
    walk.trust(password=WRONG)
    walk.failed("sign_in_vcenter")
    walk.trust()
    other = walk.vcenter.other_certificate()
    walk.control.present_certificate(other.certificate, other.key)
    walk.failed("sign_in_vcenter")
    walk.control.present_certificate(walk.vcenter.pair.certificate, walk.vcenter.pair.key)
    walk.to("checked")
    walk.control.add_fault("PowerOnVM_Task", "InsufficientResourcesFault", message="full", count=1)
    walk.failed("deploy_ova")
    walk.to("recorded")
    walk.done("discover_machines")

    said = caplog.text + "".join(capfd.readouterr())
    messages = [path.read_bytes() for path in django_settings.BROKER_DIR.rglob("*") if path.is_file()]
    handed_out = [
        *(answer_files.export(walk.deployment, form)[0] for form in ("yaml", "json")),
        *(preflight.export(walk.deployment, form)[0] for form in preflight.REPORT_FORMATS),
        *(str(topology.export(walk.deployment, form)[0]) for form in topology.EXPORT_FORMATS),
    ]
    password = walk.vcenter.account("asr-operator").password
    for secret in (password, WRONG):
        assert where_it_stands(secret) == []
        assert secret not in said
        assert not any(secret.encode() in message for message in messages)
        assert not any(secret in text for text in handed_out)
    assert where_it_stands("asr-operator@vsphere.local"), "the search finds what is there"
    assert "task.failed" in said
    assert messages
    assert len(handed_out) == 11
    assert walk.credential in handed_out[0], "the account is there by its name"
    assert Credential.objects.get(name=walk.credential).reveal() == password


def test_two_sealings_of_one_password_do_not_look_alike(walk: Walk) -> None:
    walk.enter_password()
    first = bytes(Credential.objects.get(name=walk.credential).sealed)
    walk.enter_password()
    assert bytes(Credential.objects.get(name=walk.credential).sealed) != first


def test_lists_of_accounts_do_not_even_read_the_secret(walk: Walk) -> None:
    walk.enter_password()
    (row,) = credentials.of_kind(Credential.Kind.VCENTER, walk.deployment)
    assert "sealed" in row.get_deferred_fields()
    assert "sealed" not in repr(row)


def test_a_password_that_a_template_asks_for_is_kept_nowhere(walk: Walk) -> None:
    walk.to("placement")
    walk.make_template()
    task = walk.done("inspect_template", file=TEMPLATE)
    assert task.result is not None
    property_ = task.result["descriptor"]["properties"][0]
    property_ |= {"type": "password", "user_configurable": True}
    Task.objects.filter(pk=task.pk).update(result=task.result)
    properties: dict[str, Any] = {property_["key"]: "canary-of-a-property"}
    with pytest.raises(Invalid) as refused:
        walk.answer("template", properties=properties)
    (error,) = refused.value.errors
    assert error.path == f"properties.{property_['key']}"
    assert "is a password, which answers do not hold" in str(error.message)
    assert "give it on the template step's page" in str(error.message)
    assert deployments.form_of(walk.deployment, "template")[0]["properties"] == {}
    assert where_it_stands("canary-of-a-property") == []
    walk.answer("template", properties={})
    assert StepAnswer.objects.get(step="template").data is not None
    assert AuditEntry.objects.filter(action="deployment.answered").exists()
