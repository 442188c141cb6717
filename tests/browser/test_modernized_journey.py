"""The replication appliance from its template in a browser, from nothing to a recorded topology."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look
from tests.browser.site import Site
from tests.browser.test_journey import choose, field, heading, save
from tests.browser.test_physical_journey import narrow
from wizard.lab.ova import APPLIANCE

pytestmark = [pytest.mark.browser, pytest.mark.vcenter, pytest.mark.xdist_group("browser")]


def test_a_replication_appliance_from_nothing_to_a_record(page: Page, site: Site, look: Look) -> None:
    page.goto("/deployments/new/")
    field(page, "name").fill("oslo-ra01")
    page.get_by_label("Modernized: replication appliance").check()
    page.get_by_role("button", name="Begin").click()

    heading(page, "Source and method")
    page.get_by_label("VMware virtual machines").check()
    page.get_by_label("OVA template").check()
    expect(page.locator("#advice")).to_contain_text("DD15")
    look("modernized-source")
    save(page)

    heading(page, "Capacity")
    field(page, "machines").fill("120")
    field(page, "daily_change_gb").fill("700")
    page.get_by_role("button", name="Save and show what this needs").click()
    look("modernized-capacity")
    save(page)

    heading(page, "vCenter Server")
    vcenter = site.lab["vcenter"]
    field(page, "host").fill(vcenter["host"])
    field(page, "port").fill(str(vcenter["port"]))
    page.get_by_role("button", name="Look at this server").click()
    trust = page.get_by_role("button", name="Trust this certificate")
    expect(trust).to_be_visible()
    trust.click()
    login = vcenter["accounts"]["asr-operator"]
    field(page, "username").fill(login["username"])
    field(page, "password").fill(login["password"])
    page.get_by_role("button", name="Sign in once").click()
    expect(page.get_by_role("heading", name="4. Privileges")).to_be_visible()
    page.get_by_role("link", name="Continue").first.click()

    heading(page, "Placement")
    field(page, "datacenter").select_option("DC0")
    field(page, "compute").select_option("DC0_C0")
    field(page, "datastore").select_option("LocalDS_0")
    field(page, "network").select_option("VM Network")
    save(page)

    heading(page, "OVA template")
    field(page, "file").select_option(f"{APPLIANCE['name']}.ova")
    page.get_by_role("button", name="Inspect it").click()
    accept = page.get_by_label("I accept the licence terms")
    expect(accept).to_be_visible()
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
    save(page)

    heading(page, "Recovery Services vault")
    choose(page, "Azure cloud", "public")
    field(page, "subscription").fill("00000000-0000-0000-0000-000000000001")
    field(page, "resource_group").fill("rg-oslo-dr")
    field(page, "vault").fill("oslo-vault")
    field(page, "region").select_option("norwayeast")
    field(page, "exclusive").check()
    field(page, "confirm_name").fill("oslo-vault")
    look("modernized-vault")
    narrow(page, "modernized-vault")
    save(page)

    heading(page, "Replication appliance")
    field(page, "friendly_name").fill("Oslo 1")
    look("modernized-appliance")
    save(page)

    heading(page, "Preflight checks")
    site.attest_all("oslo-ra01")
    page.get_by_role("button", name="Run preflight").click()
    expect(page.get_by_text("Nothing blocks").first).to_be_visible()
    base = re.sub(r"(/deployments/[0-9a-f-]+).*", r"\1", page.url)
    page.goto(f"{base}/answers/")
    look("modernized-answers")
    page.get_by_role("link", name=re.compile("^Go on to the plan")).click()
    page.get_by_role("button", name="Make the plan").click()
    expect(page.locator("#plan-sha256")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Approve and deploy")).click()
    heading(page, "Register vCenter Server")
    page.get_by_role("button", name=re.compile("^Register")).click()
    heading(page, "Review and record")
    look("modernized-record")
    page.get_by_role("button", name="Record the topology").click()
    expect(page.get_by_text("The topology is recorded").first).to_be_visible()
    page.goto(f"{base}/")
    look("modernized-home")
    page.goto("/")
    look("deployments")
