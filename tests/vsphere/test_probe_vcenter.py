"""The probe in front of a vCenter that answers."""

from __future__ import annotations

import json

import pytest

from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.probe import ProbeReport, probe

pytestmark = pytest.mark.vcenter


def test_a_vcenter_passes_all_layers_and_nobody_signs_in(vcenter: LabVCenter) -> None:
    report = probe(vcenter.name, 443, book=vcenter.book)
    assert [(layer.name, layer.status) for layer in report.layers] == [
        ("dns", "pass"),
        ("tcp", "pass"),
        ("tls", "pass"),
        ("soap", "pass"),
    ]
    assert report.ok
    assert not any(layer.remedy for layer in report.layers)
    assert report.certificate is not None
    assert report.certificate.sha256 == vcenter.thumbprint_sha256
    assert report.certificate.matches_host
    assert not report.certificate.self_signed
    assert report.about is not None
    assert report.about.api_type == "VirtualCenter"
    assert report.about.is_vcenter
    assert report.about.version == "8.0.2"
    assert report.about.instance_uuid == "5f1c3c60-6f1e-4c0e-9a70-f007401d0001"
    assert vcenter.control.logins() == {}
    assert vcenter.control.sessions() == []


def test_a_full_report_survives_being_stored(vcenter: LabVCenter) -> None:
    report = probe(vcenter.name, 443, book=vcenter.book)
    assert ProbeReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_a_certificate_for_another_name_passes_with_advice(vcenter: LabVCenter) -> None:
    report = probe(
        "127.0.0.2", vcenter.port, book=vcenter.book.parse(f":{vcenter.port}:127.0.0.1:{vcenter.port}")
    )
    assert report.ok
    assert report.certificate is not None
    assert not report.certificate.matches_host
    assert "The certificate was made for vcenter.lab.test" in str(report.layers[2].remedy)


def test_a_vcenter_that_is_away_ends_at_tcp(vcenter: LabVCenter) -> None:
    vcenter.control.set_gone(True)
    report = probe(vcenter.name, 443, book=vcenter.book, timeout_s=3.0)
    assert not report.ok
    assert report.layers[-1].status == "skipped"
