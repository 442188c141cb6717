from __future__ import annotations

from typing import Any

import pytest

from tests.checks.target import SERVICES, judged, program, service

MYSQL_8 = {"software.installed": [program("MySQL Server 8.0", "8.0.33")]}
MYSQL_57 = {"software.installed": [program("mysql server 5.7", "5.7.20")]}
NOTHING = {"software.installed": []}
OLD = {"site_recovery.products": [program("Configuration Server", "9.13.4500.1")]}


@pytest.mark.parametrize(
    ("requirement_id", "changes", "phase", "status"),
    [
        ("SW-01", {}, "before", "pass"),
        ("SW-01", MYSQL_57, "before", "pass"),
        ("SW-01", MYSQL_8, "before", "fail"),
        ("SW-01", {}, "after", "pass"),
        ("SW-01", NOTHING, "after", "fail"),
        ("SW-02", {}, "after", "pass"),
        ("SW-02", {"software.installed": [program("MySQL Server 5.7", "5.7.44")]}, "after", "warn"),
        ("SW-02", NOTHING, "after", "warn"),
        ("SW-03", {}, "before", "fail"),
        ("SW-03", MYSQL_57, "before", "pass"),
        ("SW-03", {}, "after", "pass"),
        ("SW-05", {}, "before", "pass"),
        ("SW-05", OLD, "before", "fail"),
        ("SW-05", {**OLD, "software.vmware_modules": ["VMware.VimAutomation.Core"]}, "before", "pass"),
        ("SW-05", {"site_recovery.products": [program("Configuration Server", "")]}, "before", "pass"),
        ("SW-07", {}, "before", "pass"),
        ("SW-07", OLD, "before", "unknown"),
        ("SW-16", {}, "after", "pass"),
        ("SW-16", {"site_recovery.passphrase_file": False}, "after", "fail"),
        ("SVC-02", {}, "after", "pass"),
        ("SVC-02", {"site_recovery.products": []}, "after", "fail"),
        ("SVC-02", {"site_recovery.products": [program("A", "9.57.1"), program("B", "9.56.2")]}, "after", "warn"),
    ],
)  # fmt: skip
def test_software_is_judged_before_and_after_setup(
    requirement_id: str, changes: dict[str, Any], phase: str, status: str
):
    finding = judged(requirement_id, changes, phase=phase)
    assert finding.status == status, finding.summary
    assert bool(finding.remedy) is (status != "pass")


@pytest.mark.parametrize(
    ("way", "words"), [("download", "downloads"), ("staged", "was placed on the machine")]
)
def test_where_mysql_comes_from_is_told(way: str, words: str):
    (detail,) = judged("SW-01", {"installation.mysql": way}).details
    assert words in str(detail)


def without(name: str) -> dict[str, Any]:
    return {"services.states": [service(item) for item in SERVICES if item != name]}


def instead(name: str, state: str, start_mode: str = "Auto") -> dict[str, Any]:
    return {
        "services.states": [
            service(item, state, start_mode) if item == name else service(item) for item in SERVICES
        ]
    }


@pytest.mark.parametrize(
    ("changes", "component", "status"),
    [
        ({}, "cs", "pass"),
        (without("dra"), "cs", "fail"),
        (without("MySQL57"), "cs", "fail"),
        (without("dra"), "ps_scaleout", "pass"),
        (without("cxprocessserver"), "ps_scaleout", "fail"),
        (instead("tmansvc", "Stopped"), "cs", "fail"),
        (instead("tmansvc", "Running", "Manual"), "cs", "warn"),
        (instead("obengine", "Running", "Manual"), "cs", "pass"),
        (instead("LogUpload", "Running", "Auto (Delayed)"), "cs", "pass"),
        ({"services.states": []}, "cs", "fail"),
    ],
)
def test_the_services_of_the_component_must_run(changes: dict[str, Any], component: str, status: str):
    assert judged("SVC-01", changes, phase="after", component=component).status == status


def test_a_service_is_known_by_the_name_that_windows_displays():
    states = [{**service(name), "name": f"svc{number}"} for number, name in enumerate(SERVICES)]
    assert judged("SVC-01", {"services.states": states}, phase="after").status == "pass"


def test_a_missing_service_and_a_stopped_one_are_named():
    states = [service(name) for name in SERVICES if name not in ("dra", "svagents")]
    finding = judged("SVC-01", {"services.states": [*states, service("dra", "Stopped")]}, phase="after")
    assert [str(item) for item in finding.details] == ["svagents is not installed", "dra is stopped"]
    assert str(finding.observed) == "10 of 12 run"


BROAD = ["C:\\", "D:\\Program Files (x86)"]


@pytest.mark.parametrize(
    ("exclusions", "status"),
    [
        (BROAD, "pass"),
        (["c:/*", "d:\\program files (x86)\\microsoft azure site recovery\\"], "pass"),
        (["C:\\"], "warn"),
        ([], "warn"),
        ([""], "warn"),
        (["C:\\ProgramData\\AS", *BROAD[1:]], "warn"),
    ],
)
def test_exclusions_of_defender_cover_what_is_below_them(exclusions: list[str], status: str):
    changes = {"antivirus.defender": {"enabled": True, "exclusions": exclusions}}
    assert judged("SW-11", changes).status == status


def test_the_folders_that_defender_scans_are_named():
    exclusions = ["C:\\Program Files", "%ProgramData%\\ASR", "%ProgramData%\\ASRLogs", *BROAD[1:]]
    finding = judged(
        "SW-11", {"antivirus.defender": {"enabled": True, "exclusions": exclusions}}, component="ps_scaleout"
    )
    assert [str(detail) for detail in finding.details] == [
        "C:\\ProgramData\\ASRSetupLogs",
        "C:\\ProgramData\\LogUploadServiceLogs",
        "C:\\ProgramData\\Microsoft Azure Site Recovery",
    ]


def test_defender_that_is_off_scans_nothing():
    assert judged("SW-11", {"antivirus.defender": {"enabled": False, "exclusions": []}}).status == "pass"


def test_the_data_disk_of_an_appliance_is_excluded_as_a_whole():
    where = {"profile": "asr-modernized", "component": "appliance"}
    changes = {"antivirus.defender": {"enabled": True, "exclusions": ["C:\\"]}}
    (detail,) = judged("SW-11", changes, **where).details
    assert str(detail) == "E:\\"
