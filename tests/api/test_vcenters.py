"""Registered vCenters, and a look at one that nobody trusts yet, at real far ends on this machine."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests import stories
from tests.api.client import Api, ok, problem, token_of
from tests.builders import make_operator
from tests.vsphere.servers import answering, over_tls, saying, serving
from wizard.lab.certificates import Authority, KeyPair
from wizard.lab.vcenter import LabVCenter
from wizard.models import AuditEntry, Operator, Team
from wizard.services import vcenter_probe

pytestmark = pytest.mark.django_db


def probe(api: Api, host: str, port: int) -> Any:
    return api.post("vcenters/probe/", {"host": host, "port": port})


@pytest.mark.vcenter
def test_a_look_shows_certificate_and_version(api: Api, vcenter: LabVCenter, settings: Any) -> None:
    settings.CONNECT_TO = ""
    found = ok(probe(api, "127.0.0.1", vcenter.port))
    assert (found["host"], found["port"]) == ("127.0.0.1", vcenter.port)
    assert found["certificate"]["sha256"].count(":") == 31
    assert found["about"]["api_type"] == "VirtualCenter"
    assert found["about"]["version"]
    assert [(layer["name"], layer["status"]) for layer in found["layers"]] == [
        ("dns", "pass"),
        ("tcp", "pass"),
        ("tls", "pass"),
        ("soap", "pass"),
    ]
    entry = AuditEntry.objects.get(action="vcenter.probed")
    assert str(entry.sentence) == f"oskar looked at 127.0.0.1:{vcenter.port}."


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return Authority(tmp_path_factory.mktemp("authority")).issue("loopback", ("127.0.0.1",))


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port: int = closed.getsockname()[1]
    return port


def test_where_nothing_listens_it_is_unreachable(api: Api, closed_port: int) -> None:
    body = problem(probe(api, "127.0.0.1", closed_port), 502, "unreachable")
    assert str(closed_port) in body["detail"]


def test_what_speaks_no_tls_has_failed_there(api: Api) -> None:
    with serving(saying(b"220 mail.example.net ESMTP\r\n")) as port:
        problem(probe(api, "127.0.0.1", port), 502, "tls_failed")


def test_another_web_server_is_no_vsphere(api: Api, pair: KeyPair) -> None:
    with serving(over_tls(pair, answering("404 Not Found", b"nothing"))) as port:
        body = problem(probe(api, "127.0.0.1", port), 502, "not_vsphere")
    assert "answers under /sdk" in body["remedy"]


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "not a host", ""])
def test_where_this_server_does_not_go_it_is_refused(api: Api, host: str) -> None:
    body = problem(probe(api, host, 443), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == ["host"]
    assert not AuditEntry.objects.filter(action="vcenter.probed").exists()


def test_this_machine_is_refused_where_settings_say_so(api: Api, closed_port: int, settings: Any) -> None:
    settings.ALLOW_LOOPBACK_TARGETS = False
    body = problem(probe(api, "127.0.0.1", 443), 422, "invalid")
    assert body["errors"][0]["code"] == "destination_refused"


def test_a_name_that_leads_to_this_machine_is_refused_when_it_is_connected_to(
    api: Api, settings: Any
) -> None:
    settings.ALLOW_LOOPBACK_TARGETS = False
    body = problem(probe(api, "localhost", 443), 422, "invalid")
    assert [(error["path"], error["code"]) for error in body["errors"]] == [("host", "destination_refused")]


def test_few_look_at_once(api: Api, closed_port: int) -> None:
    places = [vcenter_probe._places.acquire(blocking=False) for _ in range(vcenter_probe.MOST_AT_ONCE)]
    assert all(places)
    try:
        response = probe(api, "127.0.0.1", closed_port)
        problem(response, 503, "too_many_probes")
        assert response["Retry-After"] == "5"
    finally:
        for _ in places:
            vcenter_probe._places.release()
    problem(probe(api, "127.0.0.1", closed_port), 502, "unreachable")


def test_only_who_may_operate_looks(viewer: Operator, reviewer: Operator, operator: Operator) -> None:
    for person in (viewer, reviewer):
        problem(probe(Api(token_of(person, "operate")), "127.0.0.1", 443), 403, "not_allowed")
    problem(probe(Api(token_of(operator, "read")), "127.0.0.1", 443), 403, "scope_too_small")


def test_registered_vcenters_are_listed_with_who_uses_them(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, name="lyon-cs01")
    vcenter = stories.register_only(deployment, operator)
    (row,) = ok(api.get("vcenters/"))["items"]
    assert row == ok(api.get(f"vcenters/{vcenter.pk}/"))
    assert (row["id"], row["deployments"]) == (str(vcenter.pk), [str(deployment.pk)])
    assert row["credential"] == vcenter.credential.name
    assert len(ok(api.get("vcenters/", deployment=str(deployment.pk)))["items"]) == 1
    assert ok(api.get("vcenters/", deployment=str(vcenter.pk)))["items"] == []
    problem(api.get(f"vcenters/{deployment.pk}/"), 404, "not_found")


def test_vcenters_of_other_teams_are_not_there(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, name="lyon-cs01")
    vcenter = stories.register_only(deployment, operator)
    deployment.team = Team.objects.create(name="Lyon")
    deployment.save()
    olga = Api(token_of(make_operator("olga", Operator.Role.OPERATOR), "operate"))
    assert ok(olga.get("vcenters/"))["items"] == []
    problem(olga.get(f"vcenters/{vcenter.pk}/"), 404, "not_found")


def test_a_team_s_vcenter_stays_its_own_when_no_deployment_uses_it_any_more(
    api: Api, operator: Operator
) -> None:
    vcenter = stories.register_only(stories.answered(operator, name="lyon-cs01"), operator)
    stories.grow(vcenter, 1)
    vcenter.deployments.clear()
    olga = Api(token_of(make_operator("olga", Operator.Role.OPERATOR), "operate"))
    assert len(ok(olga.get("vcenters/"))["items"]) == 1
    team = Team.objects.create(name="Lyon")
    team.members.add(operator)
    vcenter.credential.team = team
    vcenter.credential.save()
    assert ok(olga.get("vcenters/"))["items"] == ok(olga.get("machines/"))["items"] == []
    problem(olga.get(f"vcenters/{vcenter.pk}/"), 404, "not_found")
    assert len(ok(api.get("vcenters/"))["items"]) == 1
    assert ok(api.get("machines/"))["items"]
