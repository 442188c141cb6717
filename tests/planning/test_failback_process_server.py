from __future__ import annotations

import json
from typing import Any

import pytest

from wizard.planning.failback_process_server import FailbackPlan, findings, openings, steps


def plan(**fields: Any) -> FailbackPlan:
    defaults: dict[str, Any] = {
        "name": "ps-az1",
        "network": "vnet-lyon",
        "address": "10.8.0.4",
        "networks": ("vnet-lyon",),
        "path": "vpn",
        "cs_name": "cs01",
        "cs_address": "10.0.0.5",
        "cs_reachable": True,
        "master_targets": ("10.0.0.9",),
        "cores_free": 8,
        "passphrase": True,
    }
    return FailbackPlan(**defaults | fields)


def test_a_plan_that_has_everything_finds_nothing() -> None:
    assert findings(plan()) == ()


@pytest.mark.parametrize(
    ("fields", "rule", "status", "words"),
    [
        ({"path": "none"}, "FP-01", "block", "VPN"),
        ({"path": "unknown"}, "FP-01", "unknown", "not said"),
        ({"path": "private_peering"}, "FP-01", "info", "carry failback"),
        ({"cs_reachable": False}, "FP-02", "block", "10.0.0.5"),
        ({"cs_reachable": None}, "FP-02", "unknown", "443"),
        ({"cores_free": 7}, "FP-03", "block", "region: 7;"),
        ({"cores_free": None}, "FP-03", "unknown", "Standard_A8_v2"),
        ({"passphrase": False}, "FP-04", "block", "passphrase"),
        ({"passphrase": None}, "FP-04", "unknown", "passphrase"),
        ({"network": "", "networks": ()}, "FP-05", "block", "virtual network"),
        ({"served": ("VNET-Lyon",)}, "FP-05", "warn", "already"),
        ({"networks": ("vnet-lyon", "vnet-paris")}, "FP-05", "warn", "vnet-paris"),
        ({"data_port": 443}, "FP-06", "block", "443"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(
    fields: dict[str, Any], rule: str, status: str, words: str
) -> None:
    found = findings(plan(**fields))
    assert [(line.rule, line.status) for line in found] == [(rule, status)]
    assert words in str(found[0].text)
    assert str(found[0].remedy)


def test_the_openings_follow_the_way_of_the_data() -> None:
    rows = openings(plan(data_port=9444, master_targets=("10.0.0.9", "10.0.0.10")))
    assert [(row.edge, row.source, row.target, row.port) for row in rows] == [
        ("E16", "vnet-lyon", "10.8.0.4", "9444"),
        ("E17", "10.8.0.4", "10.0.0.5", "443"),
        ("E18", "10.8.0.4", "10.0.0.9", "9444"),
        ("E18", "10.8.0.4", "10.0.0.10", "9444"),
        ("E04", "10.8.0.4", "Storage, AzureSiteRecovery, AzureActiveDirectory", "443"),
    ]
    assert len({row.name for row in rows}) == len(rows)
    json.dumps([row.to_json() for row in rows])


def test_without_a_master_target_of_its_own_the_data_goes_to_the_configuration_server() -> None:
    assert [row.target for row in openings(plan(master_targets=())) if row.edge == "E18"] == ["10.0.0.5"]


def test_the_guide_names_size_server_and_address() -> None:
    said = " ".join(str(step) for step in steps(plan()))
    for words in ("Standard_A8_v2", "cs01", "vnet-lyon", "ps-az1", "10.8.0.4", "10.0.0.5", "remove it"):
        assert words in said
