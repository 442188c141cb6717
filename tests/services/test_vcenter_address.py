"""An address is looked at before anybody trusts it: what is wrong with it is told by layer, and nobody signs in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.walk import Walk
from wizard.lab.run import Lab
from wizard.models import Task
from wizard.services import deployments
from wizard.services.errors import Invalid

pytestmark = pytest.mark.vcenter

LOOPBACK = "127.0.0.1"


def lines(task: Task) -> list[tuple[str, str]]:
    """What each layer showed, in order."""
    return [(event.level, str(event.message)) for event in task.events.all() if "layer" in event.data]


def test_a_vcenter_is_shown_layer_by_layer_with_its_certificate_and_version(walk: Walk) -> None:
    task = walk.done("probe_vcenter", host=walk.vcenter.name, port=443)
    assert task.result is not None
    assert [layer["name"] for layer in task.result["layers"]] == ["dns", "tcp", "tls", "soap"]
    assert {layer["status"] for layer in task.result["layers"]} == {"pass"}
    assert task.result["certificate"]["sha256"] == walk.vcenter.thumbprint_sha256
    assert task.result["certificate"]["matches_host"]
    assert task.result["about"]["version"] == "8.0.2"
    assert task.result["about"]["instance_uuid"]
    assert walk.control.logins() == {}


def test_a_port_at_which_nothing_listens_is_unreachable(walk: Walk) -> None:
    failure = walk.failed("probe_vcenter", host=LOOPBACK, port=1)
    assert failure.code == "unreachable"
    assert failure.message == "127.0.0.1:1 refused the connection: nothing listens on that port."
    assert "443 by default" in failure.remedy
    assert [level for level, _line in lines(failure.task)] == ["info", "warning", "info", "info"]
    assert lines(failure.task)[2][1] == "Not looked at, as the layer below failed."


def test_a_name_that_nobody_knows_is_unreachable(walk: Walk, settings: Any) -> None:
    settings.CONNECT_TO += ",lost.lab.test:443:no such name:443"
    failure = walk.failed("probe_vcenter", host="lost.lab.test", port=443)
    assert failure.code == "unreachable"
    assert "no such name" in failure.message
    assert lines(failure.task)[0][0] == "warning"


def test_a_port_that_does_not_speak_tls_is_told_as_such(walk: Walk) -> None:
    failure = walk.failed("probe_vcenter", host=LOOPBACK, port=walk.vcenter.control_port)
    assert failure.code == "tls_failed"
    assert "answers, but not in TLS: perhaps this is a plain HTTP port" in failure.message
    assert "443 by default" in failure.remedy


def test_a_web_server_that_is_no_vcenter_is_told_as_such(walk: Walk, lab_network: Lab) -> None:
    port = lab_network.description()["front"]["port"]
    failure = walk.failed("probe_vcenter", host=LOOPBACK, port=port)
    assert failure.code == "not_vsphere"
    assert failure.message == (
        f"127.0.0.1:{port} is a web server (it answered 403), but it does not speak the vSphere API."
    )
    assert "Enter the address of vCenter Server itself" in failure.remedy


@pytest.mark.parametrize(
    ("inputs", "field", "message"),
    [
        ({}, "host", "An answer is missing here."),
        ({"host": "vcenter..lab"}, "host", "vcenter..lab"),
        ({"host": "10.0.0.256"}, "host", "10.0.0.256"),
        ({"host": "http://vcenter.lab.test"}, "host", "does not begin with https://"),
        ({"host": "admin@vcenter.lab.test"}, "host", "contains a user name"),
        ({"host": "vcenter.lab.test", "port": 65536}, "port", "65535"),
        ({"host": "vcenter.lab.test", "port": "https"}, "port", "is not a whole number"),
    ],
)
def test_what_is_no_address_is_refused_at_its_field(
    walk: Walk, inputs: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(Invalid) as refused:
        walk.launch("probe_vcenter", **inputs)
    (error,) = refused.value.errors
    assert error.path == field
    assert message in str(error.message)
    assert not Task.objects.exists()


def test_without_inputs_the_address_that_was_typed_is_looked_at(walk: Walk) -> None:
    typed = {"host": "https://vcenter.lab.test:443/sdk"}
    deployments.keep_draft(walk.deployment, "vcenter", typed, actor=walk.operator)
    assert walk.done("probe_vcenter").inputs == {"host": "vcenter.lab.test", "port": 443}
