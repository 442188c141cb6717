"""The documents in `documents/`: machines as documentation describes them, read as a collector would send them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.hosts.signing import DOCUMENTS, KEY, document, signed
from wizard.hosts.document import HostDocument, Observed, Unobserved, read
from wizard.hosts.schema import TABLES

NAMES = sorted(path.stem for path in DOCUMENTS.glob("*.json"))


def taken(name: str) -> HostDocument:
    found = read(signed(document(name)))
    found.verify(KEY)
    return found


def value(name: str, key: str) -> Any:
    seen = taken(name).facts[key]
    assert isinstance(seen, Observed), seen
    return seen.value


def test_every_kind_of_machine_has_its_document():
    assert (
        sorted(
            [
                "2012r2",
                "2016",
                "2019",
                "2022",
                "broken-wmi",
                "core",
                "domain-controller",
                "german",
                "linux-mt",
                "linux-too-new",
            ]
        )
        == NAMES
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_document_has_every_key_of_its_schema_and_no_other(name: str):
    body = document(name)
    assert set(body["facts"]) == set(TABLES[body["collector"]])


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_the_shape_of_the_schema(name: str):
    """What is unobserved was said to be so by the machine, and is no misfit; what is observed came through whole."""
    body = document(name)
    for key, seen in taken(name).facts.items():
        reported = body["facts"][key]
        if isinstance(seen, Observed):
            assert seen.value == reported["value"], key
        else:
            assert reported["error"] in str(seen.reason), key


@pytest.mark.parametrize(
    "name", ["2012r2", "2016", "2019", "2022", "domain-controller", "german", "linux-mt"]
)
def test_a_machine_in_order_says_everything(name: str):
    assert [key for key, seen in taken(name).facts.items() if isinstance(seen, Unobserved)] == []


@pytest.mark.parametrize(
    ("name", "build"),
    [("2012r2", 9600), ("2016", 14393), ("2019", 17763), ("2022", 20348), ("core", 14393)],
)
def test_the_builds_are_those_of_the_versions(name: str, build: int):
    assert value(name, "os.build") == build


def test_a_broken_wmi_costs_its_own_facts_and_no_other():
    facts = taken("broken-wmi").facts
    lost = {key for key, seen in facts.items() if isinstance(seen, Unobserved)}
    assert "hardware.memory_bytes" in lost
    assert {"os.build", "policy.disable_cmd", "reach.endpoints", "time.ntp", "site_recovery.products"} <= (
        set(facts) - lost
    )
    assert taken("broken-wmi").machine_id is None


def test_what_sets_the_machines_apart_is_in_their_documents():
    assert value("domain-controller", "identity.domain_role") == 5
    assert "AD-Domain-Services" in value("domain-controller", "roles.installed")
    assert value("core", "os.installation_type") == "Server Core"
    assert (value("german", "os.system_locale"), value("german", "os.install_language")) == ("de-DE", "0407")
    assert value("2012r2", "os.powershell_version") == "4.0"
    assert value("linux-mt", "os.release")["version_id"] == "16.04"
    assert value("linux-too-new", "os.release")["version_id"] == "20.04"
    assert value("linux-too-new", "hardware.mounts")[0]["lvm"] is True
