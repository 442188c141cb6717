from __future__ import annotations

import json
from typing import Any

import pytest

from tests.planning.eligibility_machines import controller, disk, machine
from wizard.planning.component_finding import ComponentFinding, worst
from wizard.planning.master_target import RULES, judge
from wizard.planning.master_target_facts import Datastore, Host, MasterTarget, MasterTargetAnswers

LINUX = {"guest_id": "rhel8_64Guest", "guest_full_name": "Red Hat Enterprise Linux 8 (64-bit)"}


def answers(**fields: Any) -> MasterTargetAnswers:
    defaults: dict[str, Any] = {
        "returning_families": ("windows",),
        "returning_disks": 20,
        "covers_versions": True,
        "original_datastores": ("LocalDS_0",),
        "raw_device_mappings": False,
        "retention_volume": "R:",
        "retention_gb": 600.0,
        "retention_file_system": "NTFS",
        "retention_alone": True,
        "storage_drs_excluded": True,
        "own_template": True,
        "licensed_esxi": True,
        "prepared": True,
        "protects_2008r2_physical": False,
    }
    return MasterTargetAnswers(**defaults | fields)


def target(
    vm: dict[str, Any] | None = None, said: dict[str, Any] | None = None, **fields: Any
) -> MasterTarget:
    """A Windows master target that breaks no rule, but for what is given."""
    row = machine(**{"name": "mt01", "extra_config": {"disk.EnableUUID": "TRUE"}} | (vm or {}))
    defaults: dict[str, Any] = {
        "name": "mt01",
        "family": "windows",
        "machine": row,
        "host": Host(name="esx1", datastores=[Datastore(name="LocalDS_0", type="VMFS")]),
        "newer_than": (),
        "version": "9.57.1",
        "answers": answers(**said or {}),
    }
    return MasterTarget(**defaults | fields)


def linux(
    vm: dict[str, Any] | None = None, said: dict[str, Any] | None = None, **fields: Any
) -> MasterTarget:
    told = {
        "returning_families": ("linux",),
        "retention_volume": "/mnt/retention",
        "retention_gb": 1024.0,
        "retention_file_system": "ext4",
    }
    return target({**LINUX, **(vm or {})}, {**told, **(said or {})}, family="linux", **fields)


def line(rule: str, of: MasterTarget) -> ComponentFinding:
    return next(finding for finding in judge(of) if finding.rule == rule)


def test_every_rule_of_the_facts_says_something_in_their_order() -> None:
    expected = [f"MT-{number:02}" for number in range(1, 23)]
    assert list(RULES) == expected
    for one in (target(), linux(), MasterTarget(name="mt01", family="windows")):
        assert [finding.rule for finding in judge(one)] == expected


@pytest.mark.parametrize(("of", "own", "other"), [(target, "R: with NTFS", "ext4"), (linux, "ext4", "NTFS")])
def test_the_remedy_for_a_retention_volume_is_that_of_the_family(of: Any, own: str, other: str) -> None:
    remedy = str(line("MT-14", of(said={"retention_alone": False})).remedy)
    assert own in remedy
    assert other not in remedy


@pytest.mark.parametrize("sound", [target(), linux()])
def test_a_sound_master_target_breaks_no_rule(sound: MasterTarget) -> None:
    assert worst(judge(sound)) == "info"


def test_what_nobody_told_is_unknown_and_never_passes() -> None:
    found = {finding.rule: finding.status for finding in judge(MasterTarget(name="mt01", family="linux"))}
    told_by_nobody = {"MT-01", "MT-03", "MT-04", "MT-05", "MT-06", "MT-07", "MT-08", "MT-09", "MT-10"}
    told_by_nobody |= {"MT-11", "MT-12", "MT-13", "MT-14", "MT-15", "MT-16", "MT-18"}
    assert {rule for rule, status in found.items() if status == "unknown"} == told_by_nobody
    assert "block" not in found.values()


@pytest.mark.parametrize(
    ("rule", "status", "broken", "words"),
    [
        ("MT-01", "block", target(vm=LINUX), "Red Hat"),
        ("MT-01", "block", target(said={"returning_families": ("windows", "linux")}), "another family"),
        ("MT-01", "block", target(said={"covers_versions": False}), "older"),
        ("MT-01", "unknown", target(said={"covers_versions": None}), "not known"),
        ("MT-02", "pass", target(cs_physical=True), "physical"),
        ("MT-02", "pass", target(said={"returning_disks": 61}), "61 disks"),
        ("MT-02", "info", target(), "unless"),
        ("MT-03", "block", target(physical=True), "physical machine"),
        ("MT-03", "block", target(vm={"is_template": True}), "template"),
        ("MT-04", "block", target(newer_than=("cs01 9.56.0",)), "cs01 9.56.0"),
        ("MT-04", "unknown", target(newer_than=None), "not known"),
        ("MT-05", "pass", target(said={"returning_disks": 59}), "59"),
        ("MT-05", "block", target(said={"returning_disks": 60}), "more than 60"),
        ("MT-05", "block", target(vm={"disks": (disk(), disk(unit=1))}, said={"returning_disks": 59}), "of its own: 2,"),
        ("MT-06", "block", target(vm={"snapshot_count": 2}), "2"),
        ("MT-07", "block", target(vm={"controllers": (controller(kind="pvscsi"),)}), "pvscsi"),
        ("MT-07", "block", target(vm={"controllers": (controller(), controller(1001, kind="nvme"))}), "nvme"),
        ("MT-07", "pass", target(vm={"controllers": (controller(), controller(200, kind="ide"))}), "LSI"),
        ("MT-07", "unknown", target(vm={"controllers": ()}), "no disk controller"),
        ("MT-08", "block", target(vm={"extra_config": {}}), "EnableUUID"),
        ("MT-08", "block", target(vm={"extra_config": {"disk.EnableUUID": "FALSE"}}), "EnableUUID"),
        ("MT-08", "pass", target(vm={"extra_config": {"disk.enableuuid": "true"}}), "set"),
        ("MT-09", "block", target(vm={"tools_status": "guestToolsNotRunning"}), "Tools"),
        ("MT-09", "unknown", target(vm={"power_state": "poweredOff"}), "not running"),
        ("MT-10", "block", target(host=Host(name="esx1", datastores=[Datastore(name="n", type="NFS41")])), "NFS"),
        (
            "MT-10",
            "block",
            target(host=Host(name="esx1", datastores=[Datastore(name="v", type="VMFS", accessible=False)])),
            "esx1",
        ),
        ("MT-10", "pass", target(host=Host(name="esx1", datastores=[Datastore(name="v", type="vsan")])), "v"),
        ("MT-10", "unknown", target(host=Host(name="esx1")), "not known"),
        ("MT-11", "block", target(said={"original_datastores": ("LocalDS_0", "gold")}), "gold"),
        ("MT-11", "pass", target(said={"original_datastores": ("gold",), "location": "alternate"}), "another place"),
        ("MT-12", "warn", target(said={"storage_drs_excluded": False}), "Storage DRS"),
        ("MT-13", "block", target(twins=("web01",)), "web01"),
        ("MT-13", "block", target(said={"own_template": False}), "template"),
        ("MT-14", "block", target(said={"retention_file_system": "FAT32"}), "FAT32"),
        ("MT-14", "block", target(said={"retention_volume": "C:"}), "C:"),
        ("MT-14", "block", target(said={"retention_alone": False}), "Something else"),
        ("MT-14", "block", target(said={"retention_gb": 0.0}), "no size"),
        ("MT-14", "unknown", target(said={"retention_alone": None}), "R:"),
        ("MT-15", "warn", target(said={"retention_gb": 599.5}), "599.5"),
        ("MT-15", "warn", linux(said={"retention_gb": 600.0}), "1024"),
        ("MT-16", "block", target(said={"licensed_esxi": False}), "free"),
        ("MT-17", "info", target(said={"location": "alternate"}), "New virtual machines"),
        (
            "MT-17",
            "block",
            target(said={"location": "alternate", "raw_device_mappings": True}),
            "raw device",
        ),
        ("MT-18", "block", linux(said={"prepared": False}), "not prepared"),
        ("MT-18", "pass", target(said={"prepared": False}), "Linux"),
        ("MT-19", "info", linux(), "DHCP"),
        ("MT-20", "info", target(), "15 minutes"),
        ("MT-21", "block", target(said={"protects_2008r2_physical": True}), "2008 R2"),
        ("MT-21", "unknown", target(said={"protects_2008r2_physical": None}), "2008 R2"),
        ("MT-22", "info", target(), "95226"),
    ],
)  # fmt: skip
def test_each_rule_says_what_is_wrong_and_what_to_do(
    rule: str, status: str, broken: MasterTarget, words: str
) -> None:
    found = line(rule, broken)
    assert found.status == status, str(found.text)
    assert words in str(found.text)
    if status in ("block", "warn", "unknown"):
        assert str(found.remedy)


def test_findings_survive_being_stored() -> None:
    for finding in judge(linux(vm={"snapshot_count": 1})):
        assert ComponentFinding.from_json(json.loads(json.dumps(finding.to_json()))) == finding
