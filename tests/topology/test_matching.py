"""Which entry of a vault is a vCenter that is recorded here, where both may call it by address or name."""

from __future__ import annotations

import pytest

from wizard.topology.graph import Node
from wizard.topology.matching import pairs, vcenter_known_by
from wizard.topology.observed import ObservedComponent


@pytest.mark.parametrize(
    ("seen_name", "seen_address", "expected"),
    [
        ("other", "VC.lab.test.", "address"),
        ("vc.lab.test", "192.0.2.5", "full_name"),
        ("VC.LAB.TEST.", "vc2.lab.test", "full_name"),
        ("production", "192.0.2.5", "friendly_name"),
        (" Production ", "", "friendly_name"),
        ("vc", "192.0.2.5", None),
        ("vc.other.test", "192.0.2.5", None),
        ("", "", None),
    ],
)
def test_a_vcenter_that_has_a_name_here_is_known(
    seen_name: str, seen_address: str, expected: str | None
) -> None:
    found = vcenter_known_by(
        host="vc.lab.test", friendly_name="production", seen_address=seen_address, seen_name=seen_name
    )
    assert found == expected


@pytest.mark.parametrize(
    ("seen_name", "seen_address", "expected"),
    [
        ("other", "192.0.2.5", "address"),
        ("other", "vc.lab.test", "full_name"),
        ("other", "192.0.2.6", None),
    ],
)
def test_a_vcenter_that_has_an_address_here_is_known(
    seen_name: str, seen_address: str, expected: str | None
) -> None:
    found = vcenter_known_by(
        host="192.0.2.5", friendly_name="vc.lab.test", seen_address=seen_address, seen_name=seen_name
    )
    assert found == expected


def test_a_recorded_vcenter_is_the_entry_of_its_address_and_not_that_of_its_name() -> None:
    nodes = (
        Node(
            key="vcenter:production", kind="vcenter", name="production", address="vc.a.test", zone="vsphere"
        ),
        Node(key="vcenter:vc", kind="vcenter", name="vc", address="vc.b.test", zone="vsphere"),
    )
    seen = (
        ObservedComponent(key="1", kind="vcenter", name="vc.a.test", address="192.0.2.5"),
        ObservedComponent(key="2", kind="vcenter", name="production", address="vc.b.test"),
    )
    assert [(node.name, one.key) for node, one in pairs(nodes, seen)] == [("production", "1"), ("vc", "2")]
