"""Who signed a template: the certificate beside its manifest, and whether the signature holds.

Source: OVF 1.1 (DSP0243), 5.1: the file holds a line `SHA256(name.mf)= hex`, the signature of the manifest, and the
signer's certificate as PEM.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from wizard.text import Text, _
from wizard.vsphere.errors import OvaInvalid

_LINE = re.compile(r"(?P<algorithm>[A-Za-z0-9-]+)\s*\((?P<name>.+)\)\s*=\s*(?P<signature>[0-9A-Fa-f]+)")
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The certificate whose key signed the manifest; times are ISO 8601 in UTC, `sha256` is its fingerprint.

    Whether an authority vouches for the signer is not judged: a certificate that did not sign itself is one whose
    chain is unknown here.
    """

    subject: str
    issuer: str
    not_before: str
    not_after: str
    sha256: str
    algorithm: str
    self_signed: bool

    def remarks(self, now: datetime) -> tuple[Text, ...]:
        """What somebody should know who trusts this signature. The empty tuple never comes."""
        found = [
            Text(_("The certificate of the template signed itself: it proves nothing about its publisher."))
            if self.self_signed
            else Text(
                _("Whether %(issuer)s may be trusted to vouch for the signer is not known here."),
                issuer=self.issuer,
            )
        ]
        if self.algorithm == "sha1":
            found.append(
                Text(
                    _(
                        "The signature rests on SHA-1, for which two manifests of the same digest can be made: "
                        "it does not prove that nobody changed the template."
                    )
                )
            )
        if now > datetime.fromisoformat(self.not_after):
            found.append(
                Text(_("The certificate of the template was valid until %(date)s."), date=self.not_after[:10])
            )
        if now < datetime.fromisoformat(self.not_before):
            found.append(
                Text(
                    _("The certificate of the template is not valid before %(date)s."),
                    date=self.not_before[:10],
                )
            )
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """Shape: the fields by name."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(**stored)


def verify_signature(content: bytes, manifest_name: str, manifest: bytes) -> Signature:
    """Compare the signature in the `.cert` file with the manifest.

    Raises OvaInvalid with reason `signature_invalid` where it is none, is that of another file, or does not hold.
    """
    text = content.decode("utf-8-sig", errors="replace")
    match = next((m for line in text.splitlines() if (m := _LINE.fullmatch(line.strip()))), None)
    algorithm = match["algorithm"].lower().replace("-", "") if match else ""
    if match is None or algorithm not in _HASHES or len(match["signature"]) % 2:
        raise _invalid(
            Text(_("its certificate file holds no line such as “SHA256(%(name)s)= …”"), name=manifest_name)
        )
    if match["name"].strip().casefold() != manifest_name.casefold():
        raise _invalid(Text(_("it is that of another file, “%(name)s”"), name=match["name"].strip()))
    try:
        # The signer comes first; certificates of authorities may follow.
        certificate = x509.load_pem_x509_certificates(content)[0]
        _expect_valid(
            certificate, bytes.fromhex(match["signature"]), manifest, hash_algorithm=_HASHES[algorithm]()
        )
        return _described(certificate, algorithm)
    except InvalidSignature:
        raise _invalid(
            Text(_("it does not belong to this manifest and this certificate: one of them was changed"))
        ) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _invalid(
            Text(_("its certificate cannot be read (%(why)s)"), why=type(error).__name__)
        ) from None


def _expect_valid(
    certificate: x509.Certificate, signature: bytes, manifest: bytes, *, hash_algorithm: hashes.HashAlgorithm
) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, manifest, padding.PKCS1v15(), hash_algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, manifest, ec.ECDSA(hash_algorithm))
    else:
        raise UnsupportedAlgorithm("neither RSA nor ECDSA")


def _described(certificate: x509.Certificate, algorithm: str) -> Signature:
    return Signature(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc.astimezone(UTC).isoformat(),
        not_after=certificate.not_valid_after_utc.astimezone(UTC).isoformat(),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        algorithm=algorithm,
        self_signed=_signed_itself(certificate),
    )


def _signed_itself(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _invalid(why: Text) -> OvaInvalid:
    return OvaInvalid(
        Text(_("The signature of the template is not valid: %(why)s."), why=why),
        reason="signature_invalid",
        remedy=Text(_("Do not use this file. Get the template from its publisher again.")),
    )
