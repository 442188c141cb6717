"""The certificate in a vault credentials file: PKCS#12 without a password, holding the private key (dossier 4.1)."""

from __future__ import annotations

import base64
import binascii
import re
import warnings
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from wizard.azure.vault_file_error import DOWNLOAD_AGAIN, VaultFileError
from wizard.text import Text, _

CLOCK_DIFFERENCE = timedelta(minutes=15)  # dossier 4.3: setup itself fails where the clock is further off
WEAKEST_BITS = 2048


def load(management_cert: str, *, now: datetime) -> x509.Certificate:
    """The certificate, after every check that can be made here. Raises VaultFileError."""
    content = _decoded(management_cert)
    try:
        certificate = _with_key(content)
        _check_usage(certificate)
        _check_time(certificate, now)
        certificate.subject.rfc4514_string()
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
        # The library reads the parts of a certificate when they are asked for, and complains only then.
        raise _bad_certificate() from None
    return certificate


def thumbprint(certificate: x509.Certificate) -> str:
    """SHA-1 as upper-case hex without colons: how Azure and Windows name certificates."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303 - a name, not a protection


def _decoded(management_cert: str) -> bytes:
    try:
        # Mail and editors break lines; white space is all that may be added.
        return base64.b64decode(re.sub(r"\s+", "", management_cert), validate=True)
    except (binascii.Error, ValueError):
        raise VaultFileError(
            Text(_("The certificate in the file is not Base64: the file was changed on its way.")),
            code="bad_base64",
        ) from None


def _with_key(content: bytes) -> x509.Certificate:
    certificates, key = _loaded(content)
    if not certificates:
        raise _bad_certificate()
    if key is None:
        raise VaultFileError(
            Text(
                _(
                    "The certificate in the file has no private key, without which no server can be registered."
                )
            ),
            code="no_private_key",
        )
    own = _public(key.public_key())
    # Containers may hold an issuer's certificate, too; the one that counts belongs to the key.
    certificate = next((one for one in certificates if _public(one.public_key()) == own), None)
    if certificate is None:
        raise VaultFileError(
            Text(_("The private key in the file does not belong to the certificate.")), code="key_mismatch"
        )
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < WEAKEST_BITS:
        raise VaultFileError(
            Text(
                _("The key in the file is too weak; RSA of %(bits)d bits or more was expected."),
                bits=WEAKEST_BITS,
            ),
            code="weak_key",
        )
    return certificate


def _loaded(content: bytes) -> tuple[list[x509.Certificate], PrivateKeyTypes | None]:
    """PKCS#12 first; where it is none, a certificate alone."""
    try:
        with warnings.catch_warnings():
            # Old files hold their keys in ways that the library is about to give up.
            warnings.simplefilter("ignore")
            key, certificate, others = pkcs12.load_key_and_certificates(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        try:
            return [x509.load_der_x509_certificate(content)], None
        except ValueError:
            raise _bad_certificate() from None
    return [*([] if certificate is None else [certificate]), *others], key


def _public(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined,no-any-return]


def _bad_certificate() -> VaultFileError:
    return VaultFileError(
        Text(_("The certificate in the file cannot be read.")), code="bad_certificate", remedy=DOWNLOAD_AGAIN
    )


def _check_usage(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        usage = x509.ExtendedKeyUsage([])
    if ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        raise VaultFileError(
            Text(
                _("The certificate in the file is not made for client authentication, which Azure demands.")
            ),
            code="wrong_usage",
        )


def _check_time(certificate: x509.Certificate, now: datetime) -> None:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now + CLOCK_DIFFERENCE < begins:
        raise VaultFileError(
            Text(_("The file is valid only from %(begins)s on."), begins=begins.isoformat()),
            code="not_yet_valid",
            remedy=Text(_("Set the clock of this server right: a file from the portal is valid at once.")),
        )
    if now - CLOCK_DIFFERENCE > ends:
        raise VaultFileError(
            Text(_("The file has expired on %(ends)s; it is valid for five days."), ends=ends.isoformat()),
            code="expired",
        )
