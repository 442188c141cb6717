from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.vsphere.conftest import authority as authority
from tests.vsphere_ova.archives import MF, contents, write_tar
from wizard.lab.certificates import Authority
from wizard.lab.ova import NAME, make_ova
from wizard.lab.ova_signature import AUTHORITY, PUBLISHER, Signed
from wizard.vsphere.errors import OvaInvalid
from wizard.vsphere.signature import Signature, verify_signature
from wizard.vsphere.template import open_template

CERT = f"{NAME}.cert"
NOW = datetime.now(UTC)


def signature_of(path: Path) -> Signature:
    with open_template(path) as template:
        assert template.signature is not None
        return template.signature


def signed(tmp_path: Path, by: Signed, *, digest: str = "sha256") -> Path:
    return make_ova(tmp_path / "signed.ova", file_mb=0.1, signed=by, manifest=digest)


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_a_signature_that_holds_is_described(tmp_path: Path, digest: str) -> None:
    found = signature_of(signed(tmp_path, "itself", digest=digest))
    assert (found.subject, found.issuer) == (f"CN={PUBLISHER}", f"CN={PUBLISHER}")
    assert (found.algorithm, found.self_signed) == (digest, True)
    assert found.not_before < NOW.isoformat() < found.not_after
    assert len(found.sha256) == 95
    remark, *more = map(str, found.remarks(NOW))
    assert "signed itself" in remark
    assert ["SHA-1" in other for other in more] == [True] * (digest == "sha1")
    assert Signature.from_json(found.to_json()) == found


def test_a_signer_whom_somebody_vouches_for_is_told_apart(tmp_path: Path) -> None:
    found = signature_of(signed(tmp_path, "authority"))
    assert not found.self_signed
    (remark,) = found.remarks(NOW)
    assert str(remark) == f"Whether CN={AUTHORITY} may be trusted to vouch for the signer is not known here."


def test_an_expired_certificate_is_a_remark_not_a_refusal(tmp_path: Path) -> None:
    found = signature_of(signed(tmp_path, "expired"))
    assert f"was valid until {found.not_after[:10]}" in str(found.remarks(NOW)[1])


def test_a_certificate_from_tomorrow_is_remarked(tmp_path: Path) -> None:
    found = signature_of(signed(tmp_path, "itself"))
    early = datetime.fromisoformat(found.not_before) - timedelta(days=1)
    assert f"is not valid before {found.not_before[:10]}" in str(found.remarks(early)[1])


def test_a_signature_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OvaInvalid, match="does not belong to this manifest") as caught:
        open_template(signed(tmp_path, "wrongly"))
    assert caught.value.reason == "signature_invalid"


def test_a_manifest_that_was_changed_after_signing_is_refused(tmp_path: Path) -> None:
    members = contents(signed(tmp_path, "itself"))
    changed = write_tar(tmp_path / "changed.ova", {**members, MF: members[MF] + b"\n"})
    with pytest.raises(OvaInvalid, match="one of them was changed"):
        open_template(changed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"A real template is signed; this one is not.\n", r"holds no line such as “SHA256\("),
        (b"SHA256(other.mf)= ab12\n", "it is that of another file, “other.mf”"),
        (f"SHA256({MF})= ab12\n".encode(), r"cannot be read \(ValueError\)"),
        (f"MD5({MF})= ab12\n".encode(), "holds no line"),
    ],
)
def test_a_certificate_file_that_is_none_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    members = contents(signed(tmp_path, "itself"))
    broken = write_tar(tmp_path / "broken.ova", {**members, CERT: content})
    with pytest.raises(OvaInvalid, match=message) as caught:
        open_template(broken)
    assert caught.value.reason == "signature_invalid"


def test_a_certificate_without_a_manifest_is_refused(tmp_path: Path) -> None:
    members = contents(signed(tmp_path, "itself"))
    del members[MF]
    with pytest.raises(OvaInvalid, match="no manifest that it could have signed"):
        open_template(write_tar(tmp_path / "bare.ova", members))


def test_keys_on_curves_sign_too(authority: Authority) -> None:
    pair = authority.issue("publisher", ("publisher.lab.test",))
    key = load_pem_private_key(pair.key.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    line = f"SHA256(a.mf)= {key.sign(b'the manifest', ec.ECDSA(hashes.SHA256())).hex()}\n"
    found = verify_signature(line.encode() + pair.certificate.read_bytes(), "a.mf", b"the manifest")
    assert "publisher.lab.test" in found.subject
    assert not found.self_signed
