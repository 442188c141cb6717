from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.checks.test_judges_template import descriptor
from wizard.checks.catalogue import load
from wizard.checks.judges import find_judge
from wizard.checks.verdict import Verdict
from wizard.text import Text


def decide(requirement_id: str, *facts: Any) -> Verdict:
    """Judge a row of the real catalogue on facts given in the order in which the row names them."""
    row = load("asr-classic").get(requirement_id)
    assert row is not None
    judge = find_judge(row.judge)
    assert judge is not None
    return judge(dict(zip(row.facts, facts, strict=True)), row.params)


def host(name: str = "esx1", **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "connected": True,
        "in_maintenance": False,
        "api_version": "8.0.2.0",
        "cpu_cores": 16,
        "memory_gb": 128.0,
        **changes,
    }


def store(**changes: Any) -> dict[str, Any]:
    return {
        "name": "LocalDS_0",
        "free_gb": 2000.0,
        "capacity_gb": 4000.0,
        "accessible": True,
        "maintenance_mode": "normal",
        "type": "VMFS",
        **changes,
    }


@pytest.mark.parametrize(
    ("free", "need", "status", "words"),
    [
        (2000.0, 1300.0, "pass", "has room"),
        (1300.0, 1300.0, "warn", "almost full: 0 GB of 4000 GB remain"),
        (1699.0, 1300.0, "warn", "almost full: 399 GB"),
        (1700.0, 1300.0, "pass", "has room"),
        (1299.0, 1300.0, "fail", "lacks 1 GB"),
    ],
)
def test_the_datastore_needs_room_and_a_tenth_to_spare(free: float, need: float, status: str, words: str):
    verdict = decide("PLC-01", store(free_gb=free), need)
    assert verdict.status == status
    assert words in str(verdict.summary)


@pytest.mark.parametrize(
    ("changes", "status", "observed"),
    [
        ({}, "pass", "accessible"),
        ({"maintenance_mode": False}, "pass", "accessible"),
        ({"maintenance_mode": "inMaintenance"}, "fail", "in maintenance mode"),
        ({"maintenance_mode": "enteringMaintenance"}, "fail", "in maintenance mode"),
        ({"maintenance_mode": True}, "fail", "in maintenance mode"),
        ({"accessible": False}, "fail", "not accessible"),
    ],
)
def test_the_datastore_must_be_in_service(changes: dict[str, Any], status: str, observed: str):
    verdict = decide("PLC-02", store(**changes))
    assert (verdict.status, str(verdict.observed)) == (status, observed)


@pytest.mark.parametrize(
    ("kind", "status"), [("VMFS", "pass"), ("vsan", "pass"), ("NFS", "fail"), ("NFS41", "fail")]
)
def test_failback_writes_to_vmfs_and_vsan_only(kind: str, status: str):
    assert decide("PLC-03", store(type=kind)).status == status


@pytest.mark.parametrize(
    ("hosts", "status", "observed"),
    [
        ([host(), host("esx2")], "pass", "usable hosts: 2 of 2"),
        ([host(), host("esx2", in_maintenance=True)], "warn", "usable hosts: 1 of 2"),
        ([host(connected=False), host("esx2", in_maintenance=True)], "fail", "usable hosts: 0 of 2"),
        ([], "fail", "usable hosts: 0 of 0"),
    ],
)
def test_one_usable_host_is_enough(hosts: list[dict[str, Any]], status: str, observed: str):
    verdict = decide("PLC-04", hosts)
    assert (verdict.status, str(verdict.observed)) == (status, observed)


def test_hosts_that_cannot_be_used_are_named_with_the_reason():
    hosts = [host("esx1", connected=False), host("esx2", in_maintenance=True), host("esx3")]
    assert [str(detail) for detail in decide("PLC-04", hosts).details] == [
        "esx1 is not connected to vCenter.",
        "esx2 is in maintenance mode.",
    ]


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        ([host()], "pass"),
        ([host(cpu_cores=8, memory_gb=16.0)], "pass"),
        ([host(cpu_cores=4)], "warn"),
        ([host(memory_gb=15.0)], "warn"),
        ([host(cpu_cores=3)], "fail"),
        ([host(in_maintenance=True), host("esx2", cpu_cores=3)], "fail"),
        ([host(cpu_cores=3), host("esx2")], "pass"),
    ],
)
def test_a_usable_host_must_be_large_enough(hosts: list[dict[str, Any]], status: str):
    assert decide("PLC-05", hosts, descriptor()).status == status


@pytest.mark.parametrize(("taken", "status"), [(False, "pass"), (True, "fail")])
def test_a_taken_name_fails(taken: bool, status: str):
    assert decide("PLC-06", taken).status == status


@pytest.mark.parametrize(("everywhere", "status"), [(True, "pass"), (False, "fail")])
def test_the_network_should_be_on_every_host(everywhere: bool, status: str):
    assert decide("PLC-07", {"name": "VM Network", "on_all_hosts": everywhere}).status == status


@pytest.mark.parametrize(
    ("version", "status"),
    [
        *((version, "pass") for version in ("6.5", "6.7.3", "7.0.3.0", "8.0.2.0")),
        *((version, "warn") for version in ("5.5", "6.0.0")),
        *((version, "fail") for version in ("5.1", "9.0.0.0", "80.0", "")),
    ],
)
def test_versions_are_held_against_the_matrix_of_2023_and_the_one_before(version: str, status: str):
    assert decide("PLC-08", [host(), host("esx2", api_version=version)]).status == status
    assert decide("SW-09", {"version": version, "api_version": version}).status == status


def test_hosts_of_another_version_are_named():
    verdict = decide("PLC-08", [host(), host("esx2", api_version="5.1")])
    assert [str(detail) for detail in verdict.details] == ["esx2 runs 5.1."]


@pytest.mark.parametrize(
    ("reached", "status"),
    [((True, True), "pass"), ((True, False), "warn"), ((False, False), "fail"), ((), "fail")],
)
def test_the_upload_needs_a_host_that_answers(reached: tuple[bool, ...], status: str):
    hosts = [
        {"name": f"esx{number}", "address": "10.0.0.1", "reached": one, "detail": Text("refused")}
        for number, one in enumerate(reached)
    ]
    verdict = decide("PLC-09", hosts)
    assert verdict.status == status
    assert len(verdict.details) == reached.count(False)


@pytest.mark.parametrize(
    ("chosen", "status"), [("eagerZeroedThick", "pass"), ("thick", "fail"), ("thin", "fail")]
)
def test_disks_should_be_zeroed_eagerly(chosen: str, status: str):
    assert decide("HW-09", chosen).status == status


@pytest.mark.parametrize(("reached", "status"), [(True, "pass"), (False, "fail")])
def test_vcenter_must_be_reached(reached: bool, status: str):
    seen = {"address": "vcenter.site.test", "port": 443, "reached": reached, "detail": Text("what was seen")}
    verdict = decide("NET-11", seen)
    assert verdict.status == status
    assert str(verdict.observed) == "what was seen"


@pytest.mark.parametrize(
    ("not_after", "matches", "status"),
    [
        ("2027-11-22T00:00:00+00:00", True, "pass"),
        ("2026-12-22T00:00:00+00:00", True, "pass"),
        ("2026-12-21T23:59:59+00:00", True, "warn"),
        ("2026-11-22T00:00:00+00:00", True, "warn"),
        ("2026-11-21T23:59:59+00:00", True, "fail"),
        ("2027-11-22T00:00:00+00:00", False, "warn"),
        ("2026-11-21T23:59:59+00:00", False, "fail"),
    ],
)
def test_a_certificate_warns_a_month_before_its_end(not_after: str, matches: bool, status: str):
    certificate = {"not_after": not_after, "matches_host": matches, "sha256": "AB:CD"}
    verdict = decide("VC-01", certificate, date(2026, 11, 22))
    assert verdict.status == status
    assert "AB:CD" in str(verdict.details[0])


@pytest.mark.parametrize(("signed_in", "status"), [(True, "pass"), (False, "fail")])
def test_the_account_must_sign_in(signed_in: bool, status: str):
    assert decide("VC-02", signed_in).status == status


@pytest.mark.parametrize("requirement_id", ["PV-28", "PV-FULL", "PV-OVA"])
def test_no_missing_privilege_passes(requirement_id: str):
    assert decide(requirement_id, []).status == "pass"


def test_missing_privileges_are_named_by_object_and_by_their_rows():
    gaps = [
        {"object": "DC0", "privilege_id": "Datastore.Browse", "name": "Browse datastore"},
        {"object": "DC0", "privilege_id": "VirtualMachine.Config.AddNewDisk", "name": "Add new disk"},
    ]
    verdict = decide("PV-FULL", gaps)
    assert verdict.status == "fail"
    assert [str(detail) for detail in verdict.details] == [
        "PV-02: “Browse datastore” (Datastore.Browse) on DC0",
        "PV-12: “Add new disk” (VirtualMachine.Config.AddNewDisk) on DC0",
    ]


def test_privileges_for_the_import_have_no_rows_and_are_named_all_the_same():
    gaps = [{"object": "Resources", "privilege_id": "VApp.Import", "name": "Import"}]
    (detail,) = decide("PV-OVA", gaps).details
    assert str(detail) == "“Import” (VApp.Import) on Resources"
