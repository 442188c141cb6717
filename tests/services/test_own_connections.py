"""What Foothold itself opens is in the firewall matrix as far as answers, settings and webhooks ask for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from tests import stories
from tests.builders import make_operator
from tests.services.machines import by_hand
from wizard.models import Addition, AzureAccount, Deployment, Operator, StepAnswer, Team
from wizard.services import additions, firewall
from wizard.services.webhooks import registry
from wizard.services.webhooks.registry import WebhookWish

HOOK = "a secret of a webhook, long enough for it"


@pytest.fixture(autouse=True)
def no_proxy_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def own(deployment: Deployment, actor: Operator) -> dict[str, set[tuple[str | None, str, str]]]:
    """By id: far end, port, direction."""
    found: dict[str, set[tuple[str | None, str, str]]] = {}
    for rule in firewall.rules_of(deployment, actor=actor):
        assert rule.id.startswith("FH-") == (rule.needed_by == "foothold")
        if rule.needed_by == "foothold":
            found.setdefault(rule.id, set()).add((rule.target.address, rule.port, rule.direction))
    return found


def changed(deployment: Deployment, step: str, **answers: Any) -> Deployment:
    """As if that had been answered: what the far ends make of it is not what is asked here."""
    row, _new = StepAnswer.objects.get_or_create(deployment=deployment, step=step)
    row.data = {**(row.data or {}), **answers}
    row.save()
    return Deployment.objects.get(pk=deployment.pk)


def webhook(actor: Operator, host: str, **of: Any) -> None:
    wish = WebhookWish(name=host, url=f"https://{host}/hook?token=t", events=(), secret=HOOK, **of)
    registry.create(wish, actor=actor)


def test_a_deployment_from_a_template_goes_to_vcenter_and_to_each_host(operator: Operator) -> None:
    found = own(stories.answered(operator), operator)
    assert found["FH-VCENTER"] == {("vcenter.lab.test", "443", "between")}
    assert len(found["FH-ESXI"]) > 1
    assert {port for _host, port, _direction in found["FH-ESXI"]} == {"443"}
    assert not {"FH-WINRM", "FH-SSH", "FH-TEMPLATE", "FH-ARM", "FH-LOGIN", "FH-OIDC", "FH-WEBHOOK"} & set(
        found
    )


def test_a_template_at_a_url_is_fetched_from_there(operator: Operator) -> None:
    url = "https://files.lab.test:8443/asr.ova"
    deployment = changed(stories.answered(operator), "template", source="url", url=url)
    assert own(deployment, operator)["FH-TEMPLATE"] == {("files.lab.test", "8443", "between")}


@pytest.mark.parametrize("port", [5985, 5986])
def test_winrm_goes_to_the_address_and_port_of_the_evidence_step(operator: Operator, port: int) -> None:
    deployment = by_hand(operator)
    assert "FH-WINRM" not in own(deployment, operator)
    deployment = changed(deployment, "evidence", way="winrm", host="cs01.lab.test", port=port)
    assert own(deployment, operator)["FH-WINRM"] == {("cs01.lab.test", str(port), "in")}


def test_ssh_goes_to_the_linux_master_target_where_one_is_planned_or_was_looked_at(
    operator: Operator,
) -> None:
    deployment = stories.answered(operator)
    deployment = changed(deployment, "capacity", failback=True, linux_failback=True)
    assert {port for _host, port, _direction in own(deployment, operator)["FH-SSH"]} == {"22"}
    for port in (22, 2222):
        inputs = {"host": "mt01.lab.test", "port": port, "transport": "ssh"}
        stories.succeeded(deployment, "probe_host", operator, inputs=inputs, result={})
        assert own(deployment, operator)["FH-SSH"] == {("mt01.lab.test", str(port), "between")}


@pytest.mark.parametrize(
    ("cloud", "login", "manager"),
    [
        ("public", "login.microsoftonline.com", "management.azure.com"),
        ("us_government", "login.microsoftonline.us", "management.usgovcloudapi.net"),
        ("china", "login.chinacloudapi.cn", "management.chinacloudapi.cn"),
    ],
)
def test_azure_is_asked_where_the_cloud_of_the_vault_is_managed(
    operator: Operator, settings: Any, cloud: str, login: str, manager: str
) -> None:
    settings.AZURE_EMULATOR = ""
    deployment = changed(stories.answered(operator), "vault", cloud=cloud, account="lyon")
    found = own(deployment, operator)
    assert found["FH-LOGIN"] == {(login, "443", "between")}
    assert found["FH-ARM"] == {(manager, "443", "between")}
    AzureAccount.objects.create(name="lyon", how="managed_identity", cloud=cloud, created_by=operator)
    assert "FH-LOGIN" not in own(deployment, operator)


def test_through_a_proxy_of_this_server_the_proxy_is_the_far_end(
    operator: Operator, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.AZURE_EMULATOR = ""
    settings.OIDC_ISSUER = "https://login.lab.test/realm"
    deployment = changed(stories.answered(operator), "vault", account="lyon")
    assert own(deployment, operator)["FH-OIDC"] == {("login.lab.test", "443", "between")}
    monkeypatch.setenv("HTTPS_PROXY", "http://user:canary@proxy.lab.test:3128")
    monkeypatch.setenv("NO_PROXY", "lab.test")
    found = own(deployment, operator)
    assert found["FH-ARM"] == found["FH-LOGIN"] == {("proxy.lab.test", "3128", "between")}
    assert found["FH-OIDC"] == {("login.lab.test", "443", "between")}
    assert "canary" not in firewall.as_csv(deployment, actor=operator)


def test_preflight_asks_what_the_network_step_names_and_what_the_machine_needs(operator: Operator) -> None:
    deployment = stories.answered(operator)
    found = own(deployment, operator)
    assert found["FH-DNS"] == {("192.0.2.2", "53", "between")}
    assert {port for _host, port, _direction in found["FH-NTP"]} == {"123"}
    assert ("login.microsoftonline.com", "443", "between") in found["FH-URL"]
    assert not any("*" in str(host) for host, _port, _direction in found["FH-URL"])
    deployment = changed(deployment, "network", proxy="http://proxy.lab.test:3128")
    found = own(deployment, operator)
    assert found["FH-PROXY"] == {("proxy.lab.test", "3128", "between")}
    assert {port for _host, port, _direction in found.get("FH-URL", set())} <= {"123"}


def test_the_configuration_server_is_tried_for_further_components_until_they_are_removed(
    operator: Operator,
) -> None:
    deployment = stories.answered(operator, "recorded")
    assert "FH-CS" not in own(deployment, operator)
    server = {"name": "PS01", "address": "192.0.2.21", "size": "M", "runs_on": "physical"}
    additions.plan(deployment, "ps_scaleout", server, actor=operator)
    assert own(deployment, operator)["FH-CS"] == {("192.0.2.10", "443", "in"), ("192.0.2.10", "9443", "in")}
    Addition.objects.update(removed_at=timezone.now())
    assert "FH-CS" not in own(deployment, operator)


def test_a_provider_on_this_machine_is_asked_without_the_proxy(
    operator: Operator, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:8180/realm"
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.lab.test:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.lab.test:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert own(stories.answered(operator), operator)["FH-OIDC"] == {("127.0.0.1", "8180", "between")}


def test_webhooks_are_told_to_those_who_may_see_them(
    operator: Operator, admin: Operator, viewer: Operator
) -> None:
    deployment = stories.answered(operator)
    webhook(operator, "chat.lab.test", deployment=deployment.pk)
    webhook(admin, "all.lab.test")
    webhook(admin, "lyon.lab.test", team=Team.objects.create(name="Lyon").pk)
    other = stories.answered(make_operator("olga", Operator.Role.OPERATOR), "source", name="oslo")
    webhook(admin, "oslo.lab.test", deployment=other.pk)

    def hosts(actor: Operator) -> set[str | None]:
        return {host for host, _port, _direction in own(deployment, actor).get("FH-WEBHOOK", set())}

    assert hosts(admin) == {"chat.lab.test", "all.lab.test"}
    assert hosts(operator) == {"chat.lab.test"}
    assert hosts(viewer) == set()
    assert "token=t" not in firewall.as_csv(deployment, actor=admin)
