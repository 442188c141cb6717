from __future__ import annotations

from typing import Any

import pytest

from tests.checks.target import judged, schannel

OLD_TLS_OFF = {"crypto.schannel": schannel(tls10=0)}
LOCKED = {"iis.fastcgi": {"installed": True, "locked": True}}


@pytest.mark.parametrize(
    "requirement_id",
    [
        *(f"POL-{number:02}" for number in range(1, 7)),
        *(f"IIS-{number:02}" for number in range(1, 5)),
        *(f"SEC-{number:02}" for number in range(1, 6)),
    ],
)
def test_a_healthy_machine_passes(requirement_id: str):
    assert judged(requirement_id).status == "pass"


@pytest.mark.parametrize(
    ("requirement_id", "changes", "status", "observed"),
    [
        ("POL-01", {"policy.disable_registry_tools": 0}, "pass", "disable_registry_tools = 0"),
        ("POL-01", {"policy.disable_registry_tools": 1}, "fail", "disable_registry_tools = 1"),
        ("POL-02", {"policy.disable_cmd": 2}, "fail", "disable_cmd = 2"),
        ("POL-03", {"policy.use_trusted_handlers": 3}, "fail", "use_trusted_handlers = 3"),
        ("POL-03", {"policy.use_trusted_handlers": 2}, "pass", "use_trusted_handlers = 2"),
        ("POL-04", {"policy.execution_policies": {}}, "pass", "RemoteSigned"),
        ("POL-04", {"policy.execution_policies": {"Process": "Restricted"}}, "pass", "RemoteSigned"),
        ("POL-04", {"policy.execution_policies": {"LocalMachine": "Restricted"}}, "fail", "Restricted"),
        (
            "POL-04",
            {"policy.execution_policies": {"MachinePolicy": "AllSigned", "LocalMachine": "Bypass"}},
            "fail",
            "AllSigned",
        ),
        (
            "POL-04",
            {"policy.execution_policies": {"CurrentUser": "Unrestricted", "LocalMachine": "Restricted"}},
            "pass",
            "Unrestricted",
        ),
        (
            "POL-05",
            {"policy.script_execution": {"enable_scripts": 0, "execution_policy": None}},
            "fail",
            "enable_scripts = 0",
        ),
        (
            "POL-05",
            {"policy.script_execution": {"enable_scripts": 1, "execution_policy": "AllSigned"}},
            "fail",
            "enable_scripts = 1, execution_policy = AllSigned",
        ),
        (
            "POL-05",
            {"policy.script_execution": {"enable_scripts": 1, "execution_policy": "RemoteSigned"}},
            "pass",
            "enable_scripts = 1, execution_policy = RemoteSigned",
        ),
        ("POL-06", {"policy.user_disable_cmd": 1}, "warn", "user_disable_cmd = 1"),
        ("IIS-01", {"iis.sites": [{"name": "Shop", "state": "Stopped", "bindings": []}]}, "fail", "Shop"),
        (
            "IIS-02",
            {"network.listeners": [{"port": 443, "address": "0.0.0.0", "process": "httpd"}]},
            "fail",
            "0.0.0.0:443 httpd",
        ),
        ("IIS-03", {"iis.anonymous": False}, "fail", "not allowed"),
        ("IIS-03", {"iis.anonymous": True}, "pass", "allowed"),
        ("IIS-04", LOCKED, "fail", "locked"),
        ("IIS-04", {"iis.fastcgi": {"installed": True, "locked": None}}, "pass", "installed"),
        ("SEC-01", {"crypto.fips_documented": 1}, "fail", "fipsalgorithmpolicy: 1; Enabled: 0"),
        ("SEC-01", {"crypto.fips_enabled": 1}, "fail", "fipsalgorithmpolicy: not set; Enabled: 1"),
        ("SEC-02", OLD_TLS_OFF, "pass", "TLS 1.0: off; TLS 1.2: on"),
        ("SEC-02", {"crypto.schannel": schannel(tls10=0, tls12=0)}, "fail", "TLS 1.0: off; TLS 1.2: off"),
        ("SEC-02", {"crypto.schannel": schannel(tls10=0, off=1)}, "fail", "TLS 1.0: off; TLS 1.2: off"),
        ("SEC-02", {"crypto.schannel": schannel(tls12=0)}, "pass", "TLS 1.0: on; TLS 1.2: off"),
        ("SEC-03", OLD_TLS_OFF, "pass", "release 394802"),
        ("SEC-03", {**OLD_TLS_OFF, "software.dotnet_release": 379893}, "fail", "release 379893"),
        ("SEC-03", {**OLD_TLS_OFF, "software.dotnet_release": None}, "fail", "release not set"),
        ("SEC-03", {"software.dotnet_release": 379893}, "pass", "release 379893"),
        ("SEC-04", OLD_TLS_OFF, "fail", "64 bit: not set; 32 bit: not set"),
        ("SEC-04", {**OLD_TLS_OFF, "crypto.strong_crypto": {"native": 1, "wow64": 0}}, "fail", "64 bit: 1; 32 bit: 0"),
        ("SEC-04", {**OLD_TLS_OFF, "crypto.strong_crypto": {"native": 1, "wow64": 1}}, "pass", "64 bit: 1; 32 bit: 1"),
        ("SEC-05", OLD_TLS_OFF, "warn", "TLS 1.0: off; TLS 1.2: on"),
    ],
)  # fmt: skip
def test_another_machine_is_told_what_differs(
    requirement_id: str, changes: dict[str, Any], status: str, observed: str
):
    finding = judged(requirement_id, changes)
    assert (finding.status, str(finding.observed)) == (status, observed)
    assert bool(finding.remedy) is (status != "pass")


@pytest.mark.parametrize(
    ("requirement_id", "changes", "status"),
    [
        ("IIS-03", {}, "pass"),
        ("IIS-03", {"iis.anonymous": False}, "warn"),
        ("IIS-03", {"iis.anonymous": None}, "warn"),
        ("IIS-04", {}, "pass"),
        ("IIS-04", LOCKED, "fail"),
        ("IIS-04", {"iis.fastcgi": {"installed": False, "locked": None}}, "fail"),
        ("IIS-05", {}, "pass"),
    ],
)
def test_after_setup_the_web_server_must_be_there(requirement_id: str, changes: dict[str, Any], status: str):
    assert judged(requirement_id, changes, phase="after").status == status


@pytest.mark.parametrize(
    ("not_after", "status", "observed"),
    [
        ("2027-01-22T00:00:00+00:00", "pass", "valid until 2027-01-22, 61 days"),
        ("2027-01-21T00:00:00+00:00", "warn", "valid until 2027-01-21, 60 days"),
        ("2026-11-22T23:00:00Z", "warn", "valid until 2026-11-22, 0 days"),
        ("2026-11-21T23:00:00Z", "fail", "valid until 2026-11-21, -1 days"),
    ],
)
def test_the_days_of_the_certificate_count(not_after: str, status: str, observed: str):
    certificate = {"subject": "CN=Scout", "thumbprint": "AB12", "not_after": not_after}
    finding = judged("SEC-06", {"certificates.bound_443": certificate}, phase="after")
    assert (finding.status, str(finding.observed)) == (status, observed)
    assert [str(detail) for detail in finding.details] == ["CN=Scout, AB12"]


def test_a_web_site_without_certificate_fails():
    assert judged("SEC-06", {"certificates.bound_443": None}, phase="after").status == "fail"
