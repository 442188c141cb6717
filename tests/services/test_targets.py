"""What this server would not connect to is said at the field, and no task is started for it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import make_deployment
from tests.services.machines import by_hand
from tests.walk import ANSWERS
from wizard.models import Deployment, Operator, Task
from wizard.services import deployments, tasks
from wizard.services.errors import Invalid

pytestmark = pytest.mark.django_db

METADATA = "169.254.169.254"


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return make_deployment(operator)


def refused(start: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        start()
    return [(error.path, error.code) for error in caught.value.errors]


@pytest.mark.parametrize(
    ("host", "port", "field"),
    [("100.100.100.200", 443, "host"), ("168.63.129.16", 443, "host"), ("10.0.0.1", 6379, "port")],
)
def test_a_vcenter_is_looked_at_only_where_one_may_be(
    deployment: Deployment, operator: Operator, host: str, port: int, field: str
) -> None:
    inputs = {"host": host, "port": port}

    def start() -> Task:
        return tasks.launch("probe_vcenter", deployment=deployment, actor=operator, inputs=inputs)

    assert refused(start) == [(field, "destination_refused")]
    assert not Task.objects.exists()


def test_a_port_is_opened_by_the_settings(deployment: Deployment, operator: Operator, settings: Any) -> None:
    settings.ALLOW_LOOPBACK_TARGETS = False
    inputs = {"host": "vc.example.net", "port": 10_443}

    def start() -> Task:
        return tasks.launch("probe_vcenter", deployment=deployment, actor=operator, inputs=inputs)

    assert refused(start) == [("port", "destination_refused")]
    settings.PROBE_PORTS = [10_443]
    assert start().inputs == inputs


def test_an_answer_that_names_this_machine_is_refused_in_production(
    deployment: Deployment, operator: Operator, settings: Any
) -> None:
    settings.ALLOW_LOOPBACK_TARGETS = False
    given = {"host": "127.0.0.1", "port": 443, "thumbprint_sha256": ":".join(["AB"] * 32)}
    assert refused(lambda: deployments.answer(deployment, "vcenter", given, actor=operator)) == [
        ("host", "destination_refused")
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"proxy": "http://100.100.100.200:3128"}, "proxy"),
        ({"proxy": "http://proxy.example.net:25"}, "proxy"),
        ({"dns": ["100.100.100.200"]}, "dns"),
        ({"ntp": ["168.63.129.16"]}, "ntp"),
    ],
)
def test_the_network_step_judges_proxies_name_servers_and_time_servers(
    deployment: Deployment, operator: Operator, settings: Any, changes: dict[str, Any], field: str
) -> None:
    settings.ALLOW_LOOPBACK_TARGETS = False
    given = {**ANSWERS["network"], "dns": ["10.0.0.53"], "ntp": ["10.0.0.123"], **changes}
    found = refused(lambda: deployments.answer(deployment, "network", given, actor=operator))
    assert found == [(field, "destination_refused")]


def test_a_template_is_fetched_from_no_metadata_service(deployment: Deployment, operator: Operator) -> None:
    inputs = {"source": "url", "url": f"http://{METADATA}/latest.ova", "sha256": "0" * 64}

    def start() -> Task:
        return tasks.launch("inspect_template", deployment=deployment, actor=operator, inputs=inputs)

    assert refused(start) == [("url", "destination_refused")]


def test_a_machine_is_asked_on_the_ports_of_remote_management_alone(operator: Operator) -> None:
    deployment = by_hand(operator)

    def start(**inputs: Any) -> Task:
        return tasks.launch("probe_host", deployment=deployment, actor=operator, inputs=inputs)

    for inputs, field in (
        ({"host": "10.0.0.1", "port": 5432, "transport": "https"}, "port"),
        ({"host": "10.0.0.1", "port": 5986, "transport": "ssh"}, None),
        ({"host": "100.100.100.200", "transport": "https"}, "host"),
    ):
        expected = [(field or "port", "destination_refused")]
        assert refused(lambda inputs=inputs: start(**inputs)) == expected
