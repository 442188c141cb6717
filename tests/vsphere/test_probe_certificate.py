from __future__ import annotations

import datetime
import ssl

import pytest

from tests.vsphere.servers import LOOPBACK, answering, over_tls, serving
from wizard.lab.certificates import Authority
from wizard.vsphere.probe import probe
from wizard.wire.certificate import Certificate, read_certificate
from wizard.wire.fingerprint import algorithm_of, fingerprint, normalise

SHA256 = ":".join(["AB"] * 32)


def der_of(pem: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem[: pem.index("-----END CERTIFICATE-----") + 25])


@pytest.mark.parametrize(
    ("names", "host", "matches"),
    [
        (("vc.example.net",), "vc.example.net", True),
        (("vc.example.net",), "VC.Example.NET.", True),
        (("vc.example.net",), "other.example.net", False),
        (("*.example.net",), "vc.example.net", True),
        (("*.example.net",), "a.vc.example.net", False),
        (("*.example.net",), "example.net", False),
        (("10.0.0.5",), "10.0.0.5", True),
        (("10.0.0.5",), "10.0.0.6", False),
        (("*.0.0.5",), "10.0.0.5", False),
        (("a.example", "10.0.0.5", "vc.example.net"), "vc.example.net", True),
    ],
)
def test_a_certificate_matches_the_names_it_was_made_for(
    authority: Authority, names: tuple[str, ...], host: str, matches: bool
) -> None:
    der = der_of(authority.issue("matching", names).certificate.read_text())
    assert read_certificate(der, host=host).matches_host is matches


def test_a_certificate_is_read_with_issuer_validity_and_fingerprint(authority: Authority) -> None:
    pair = authority.issue("read", ("vc.example.net", "10.0.0.5"))
    certificate = read_certificate(der_of(pair.certificate.read_text()), host="vc.example.net")
    assert certificate.subject == "CN=vc.example.net,O=Foothold lab"
    assert certificate.issuer.startswith("CN=Foothold lab CA")
    assert certificate.names == ("vc.example.net", "10.0.0.5")
    assert certificate.sha256 == pair.sha256
    assert certificate.not_before < certificate.not_after
    assert certificate.not_after.tzinfo == datetime.UTC
    assert Certificate.from_json(certificate.to_json()) == certificate


def test_only_a_certificate_that_signed_itself_is_self_signed(authority: Authority) -> None:
    issued = der_of(authority.issue("issued", ("vc.example.net",)).certificate.read_text())
    root = der_of(authority.certificate.read_text())
    assert not read_certificate(issued, host="x").self_signed
    assert read_certificate(root, host="x").self_signed
    assert not read_certificate(root, host="x").matches_host


def test_an_expired_certificate_passes_with_advice(authority: Authority) -> None:
    end = datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC)
    pair = authority.issue("expired", (LOOPBACK,), not_after=end)
    with serving(over_tls(pair, answering("404 Not Found", b""))) as port:
        report = probe(LOOPBACK, port, timeout_s=3.0)
    assert report.layers[2].status == "pass"
    assert "expired on 2024-02-29" in str(report.layers[2].remedy)


@pytest.mark.parametrize("text", [SHA256, SHA256.lower(), "ab" * 32, " ".join(["ab"] * 32)])
def test_a_fingerprint_has_one_spelling(text: str) -> None:
    assert normalise(text, "sha256") == SHA256


@pytest.mark.parametrize("text", ["", "AB:CD", "zz" * 32, "ab" * 20, "ab" * 64, "ａｂ" * 32])
def test_what_is_no_sha256_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a SHA256 fingerprint of 64 hex digits"):
        normalise(text, "sha256")


def test_the_algorithm_of_a_fingerprint_shows_in_its_length() -> None:
    assert algorithm_of(fingerprint(b"x", "sha1")) == "sha1"
    assert algorithm_of(fingerprint(b"x")) == "sha256"
    with pytest.raises(ValueError, match="neither a SHA-1 nor a SHA-256"):
        algorithm_of("AB:CD")
