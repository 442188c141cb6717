"""A physical site in a browser: the facts over WinRM from the lab's Windows host, the installation there, the record."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Look, draw, prove
from tests.browser.site import Site
from tests.browser.test_journey import choose, field, heading, save
from tests.vault_files import file_of

pytestmark = [pytest.mark.browser, pytest.mark.vcenter, pytest.mark.xdist_group("browser")]

VAULT = {
    "subscription": "00000000-0000-0000-0000-000000000001",
    "resource_group": "rg-paris-dr",
    "vault": "paris-vault",
    "region": "francecentral",
}


def narrow(page: Page, name: str) -> None:
    """On a narrow screen nothing lies beside the page, whatever long names and commands there are."""
    page.set_viewport_size({"width": 400, "height": 800})
    draw(page, f"{name}-narrow")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400, name
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_physical_server_from_nothing_to_a_record(page: Page, site: Site, look: Look) -> None:
    host = next(entry for entry in site.lab["hosts"] if entry["scenario"] == "healthy")
    page.goto("/deployments/new/")
    field(page, "name").fill("paris-cs01")
    page.get_by_label("Classic: configuration server").check()
    page.get_by_role("button", name="Begin").click()

    heading(page, "Source and method")
    page.get_by_label("Physical servers").check()
    page.get_by_label("Configuration server").check()
    page.get_by_label("OVA template").check()
    # What the template makes is no question; for a manual installation it is one.
    expect(field(page, "runs_on")).to_have_count(0)
    page.get_by_label("Manual installation with Unified Setup").check()
    page.get_by_label("A physical server").check()
    expect(page.locator("#advice")).to_contain_text("DD05")
    look("physical-source")
    narrow(page, "physical-source")
    save(page)

    heading(page, "Capacity")
    field(page, "machines").fill("40")
    field(page, "daily_change_gb").fill("200")
    save(page)

    heading(page, "Network identity")
    field(page, "host_name").fill(host["name"].partition(".")[0])
    field(page, "dns_suffix").fill("lab.test")
    field(page, "address").fill("192.0.2.11")
    field(page, "netmask").fill("255.255.255.0")
    field(page, "gateway").fill("192.0.2.1")
    field(page, "dns").fill("127.0.0.1")
    field(page, "ntp").fill("127.0.0.1")
    save(page)

    heading(page, "Recovery Services vault")
    choose(page, "Azure cloud", "public")
    field(page, "subscription").fill("00000000-0000-0000-0000-000000000001")
    field(page, "resource_group").fill("rg-paris-dr")
    field(page, "vault").fill("paris-vault")
    field(page, "region").select_option("francecentral")
    field(page, "confirm_name").fill("paris-vault")
    save(page)

    heading(page, "Installation settings")
    field(page, "accept_third_party_license").check()
    look("physical-installation")
    save(page)

    heading(page, "Evidence from the machine")
    look("evidence-way")
    page.get_by_label("Over the network with WinRM").check()
    page.get_by_role("button", name="Go on this way").click()
    field(page, "host").fill(host["name"])
    look("evidence-address")
    page.get_by_role("button", name="Look at this machine").click()
    trust = page.get_by_role("button", name="Trust this certificate")
    expect(trust).to_be_visible()
    expect(page.get_by_text(host["thumbprint_sha256"]).first).to_be_visible()
    look("evidence-certificate")
    trust.click()
    field(page, "username").fill(host["username"])
    field(page, "password").fill(host["password"])
    look("evidence-account")
    page.get_by_role("button", name="Collect facts").click()
    expect(page.get_by_text("Operating system").first).to_be_visible()
    look("evidence-seen")
    narrow(page, "evidence-seen")
    page.get_by_role("link", name="Continue").first.click()

    heading(page, "Preflight checks")
    site.attest_all("paris-cs01")
    page.get_by_role("button", name="Run preflight").click()
    expect(page.get_by_text("Nothing blocks").first).to_be_visible()
    base = re.sub(r"(/deployments/[0-9a-f-]+).*", r"\1", page.url)
    page.goto(f"{base}/answers/")
    look("physical-answers")
    page.get_by_role("link", name=re.compile("Go on to the installation")).click()

    heading(page, "Install on the machine")
    look("install")
    name = f"paris-vault_{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}.VaultCredentials"
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "application/xml", "buffer": file_of(VAULT).make()}
    )
    page.get_by_role("button", name=re.compile("Keep it Vault credentials")).click()
    expect(page.get_by_text(name).first).to_be_visible()
    prove(page)
    with page.expect_download() as sent:
        page.get_by_role("button", name="Download the installation bundle").click()
    assert sent.value.suggested_filename == "Foothold-paris-cs01-cs.zip"
    page.locator("#step-P1 summary").click()
    page.locator("#step-P1 textarea").fill("Chosen in the portal.")
    page.locator("#step-P1").get_by_role("button", name=re.compile("Yes, confirm")).click()
    expect(page.locator("#step-P1")).to_contain_text("Chosen in the portal.")
    look("install-steps")
    narrow(page, "install-steps")
    field(page, "install-installer_path").fill("C:\\Temp")
    page.get_by_role("button", name=re.compile("^Install on")).click()
    expect(page.locator("#live-task")).to_be_visible()
    expect(page.get_by_text("its installation is verified")).to_be_visible()
    look("install-done")
    page.get_by_role("link", name="Continue").first.click()

    heading(page, "Review and record")
    look("physical-record")
    page.get_by_role("button", name="Record the topology").click()
    expect(page.get_by_text("The topology is recorded").first).to_be_visible()
    page.goto(f"{base}/")
    look("physical-home")
    page.get_by_role("link", name="What moving to the replication appliance would take").click()
    look("move")
    narrow(page, "move")


def test_the_facts_come_by_hand(page: Page, site: Site, look: Look) -> None:
    page.goto("/deployments/new/")
    field(page, "name").fill("nice-cs01")
    page.get_by_label("Classic: configuration server").check()
    page.get_by_role("button", name="Begin").click()
    heading(page, "Source and method")
    base = re.sub(r"(/deployments/[0-9a-f-]+).*", r"\1", page.url)
    page.get_by_label("VMware virtual machines").check()
    page.get_by_label("Physical servers").check()
    page.get_by_label("Manual installation with Unified Setup").check()
    save(page)
    heading(page, "Capacity")
    field(page, "machines").fill("40")
    field(page, "daily_change_gb").fill("200")
    page.get_by_label("Failback to this site").check()
    # The choice opens a further question, and what was typed stays.
    page.get_by_label("Linux machines return too").check()
    expect(field(page, "machines")).to_have_value("40")
    look("capacity-failback")
    save(page)
    page.goto(f"{base}/steps/network/")
    field(page, "host_name").fill("cs01")
    field(page, "address").fill("192.0.2.10")
    field(page, "netmask").fill("255.255.255.0")
    field(page, "gateway").fill("192.0.2.1")
    field(page, "dns").fill("127.0.0.1")
    save(page)
    page.goto(f"{base}/steps/evidence/")
    page.get_by_label("By hand: download the script").check()
    page.get_by_role("button", name="Go on this way").click()
    expect(page.get_by_text("these steps have to be answered")).to_be_visible()
    page.goto(f"{base}/steps/vault/")
    field(page, "subscription").fill("00000000-0000-0000-0000-000000000001")
    field(page, "resource_group").fill("rg-nice-dr")
    field(page, "vault").fill("nice-vault")
    field(page, "region").select_option("francecentral")
    field(page, "confirm_name").fill("nice-vault")
    save(page)
    page.goto(f"{base}/steps/evidence/")
    look("evidence-by-hand")
    narrow(page, "evidence-by-hand")
    with page.expect_download() as sent:
        page.get_by_role("button", name=re.compile("Download Collect-Facts.ps1")).click()
    assert sent.value.suggested_filename == "Collect-Facts-nice-cs01-cs.ps1"
    page.locator("input[name=cs-document]").set_input_files(
        {"name": "facts.json", "mimeType": "application/json", "buffer": b"{}"}
    )
    page.get_by_role("button", name=re.compile("Upload it Configuration server")).click()
    expect(page.locator("#error-summary")).to_be_focused()
    look("evidence-refused")
