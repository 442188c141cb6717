"""The main job in a browser: from nothing to a recorded topology, every page looked at."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Look
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.vcenter, pytest.mark.xdist_group("browser")]


def save(page: Page) -> None:
    page.get_by_role("button", name="Save and continue").click()


def field(page: Page, name: str) -> Locator:
    return page.locator(f"main [name='{name}']:not([type=hidden])")


def choose(page: Page, label: str, value: str) -> None:
    """A choice, whether it is shown as a list or as radio buttons."""
    select = page.locator("select").and_(page.get_by_label(label))
    if select.count():
        select.select_option(value)
    else:
        page.get_by_role("group", name=label).locator(f"input[value={value}]").check()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_from_nothing_to_a_recorded_topology(page: Page, site: Site, look: Look) -> None:
    page.goto("/")
    look("deployments-empty")
    page.get_by_role("link", name=re.compile("deployment", re.I)).and_(
        page.locator('main a[href$="/new/"]')
    ).first.click()
    look("new-deployment")
    field(page, "name").fill("lyon-cs01")
    page.get_by_label("Classic: configuration server").check()
    page.get_by_role("button", name="Begin").click()

    heading(page, "Source and method")
    look("source")
    page.get_by_label("VMware virtual machines").check()
    page.get_by_label("OVA template").check()
    save(page)

    heading(page, "Capacity")
    field(page, "machines").fill("120")
    field(page, "daily_change_gb").fill("700")
    page.get_by_role("button", name="Save and show what this needs").click()
    look("capacity")
    save(page)

    heading(page, "vCenter Server")
    vcenter = site.lab["vcenter"]
    field(page, "host").fill(vcenter["host"])
    field(page, "port").fill(str(vcenter["port"]))
    look("vcenter-address")
    page.get_by_role("button", name="Look at this server").click()
    trust = page.get_by_role("button", name="Trust this certificate")
    expect(trust).to_be_visible()
    expect(page.get_by_text(vcenter["thumbprint_sha256"]).first).to_be_visible()
    look("vcenter-certificate")
    trust.click()
    login = vcenter["accounts"]["asr-operator"]
    field(page, "username").fill(login["username"])
    field(page, "password").fill(login["password"])
    page.get_by_role("button", name="Sign in once").click()
    expect(page.get_by_role("heading", name="4. Privileges")).to_be_visible()
    look("vcenter-signed-in")
    page.get_by_role("link", name="Continue").first.click()

    heading(page, "Placement")
    field(page, "datacenter").select_option("DC0")
    field(page, "compute").select_option("DC0_C0")
    field(page, "datastore").select_option("LocalDS_0")
    field(page, "network").select_option("VM Network")
    look("placement")
    save(page)

    heading(page, "OVA template")
    look("template-choice")
    field(page, "file").select_option("asr-configuration-server-lab.ova")
    page.get_by_role("button", name="Inspect it").click()
    accept = page.get_by_label("I accept the licence terms")
    expect(accept).to_be_visible()
    look("template-contents")
    page.get_by_label("Network 1").select_option("VM Network")
    accept.check()
    save(page)

    heading(page, "Network identity")
    field(page, "host_name").fill("cs01")
    field(page, "dns_suffix").fill("lab.test")
    field(page, "address").fill("192.0.2.10")
    field(page, "netmask").fill("255.255.255.0")
    field(page, "gateway").fill("192.0.2.1")
    field(page, "dns").fill("127.0.0.1")
    field(page, "ntp").fill("127.0.0.1")
    look("network")
    save(page)

    heading(page, "Recovery Services vault")
    choose(page, "Azure cloud", "public")
    field(page, "subscription").fill("00000000-0000-0000-0000-000000000001")
    field(page, "resource_group").fill("rg-lyon-dr")
    field(page, "vault").fill("lyon-vault")
    field(page, "region").select_option("francecentral")
    field(page, "confirm_name").fill("lyon-vault")
    look("vault")
    save(page)

    heading(page, "Preflight checks")
    look("preflight")
    site.attest_all("lyon-cs01")
    page.get_by_role("button", name="Run preflight").click()
    expect(page.get_by_text("Nothing blocks").first).to_be_visible()
    look("preflight-done")
    page.get_by_role("link", name=re.compile("results|findings", re.I)).first.click()
    look("checks")

    page.goto(page.url.split("/checks")[0] + "/answers/")
    look("check-answers")
    page.get_by_role("link", name=re.compile("^Go on to the plan")).click()
    heading(page, "Deploy the virtual machine")
    page.get_by_role("button", name="Make the plan").click()
    expect(page.locator("#plan-sha256")).to_be_visible()
    look("deploy-plan")
    # Long enough to be looked at while it goes on.
    site.control("/guests", {"delay_s": 12, "silent": False, "address": ""})
    page.get_by_role("button", name=re.compile("^Approve and deploy")).click()
    expect(page.locator("#live-task")).to_be_visible()
    look("deploy-live")
    site.control("/guests", {"delay_s": 1, "silent": False, "address": ""})
    heading(page, "Register vCenter Server")
    look("register")
    page.get_by_role("button", name=re.compile("^Register")).click()
    heading(page, "Review and record")
    look("record")
    page.get_by_role("button", name="Record the topology").click()
    expect(page.get_by_text("The topology is recorded").first).to_be_visible()
    base = re.sub(r"(/deployments/[0-9a-f-]+).*", r"\1", page.url)

    for name in ("", "topology/", "machines/", "snapshots/", "tasks/", "checks/"):
        page.goto(f"{base}/{name}")
        look(f"recorded-{name.strip('/') or 'home'}")
    # Another journey may have deployed into the same vCenter before.
    assert {lease["state"] for lease in site.control("/leases")} == {"complete"}
