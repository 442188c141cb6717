"""A passkey as a device makes it, without the device: answers to the challenges of `navigator.credentials`, on ES256."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

_PRESENT = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


@dataclass(kw_only=True)
class SoftwarePasskey:
    """`origin` is where the browser says it was asked, `host` for whom the key is."""

    origin: str
    host: str
    id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def made(self, challenge: str) -> dict[str, Any]:
        public = ES256.from_cryptography_key(self.key.public_key())
        data = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        known = AuthenticatorData.create(self._for_whom(), _PRESENT | AuthenticatorData.FLAG.AT, 0, data)
        return self._answer(
            {
                "clientDataJSON": websafe_encode(self._asked("webauthn.create", challenge)),
                "attestationObject": websafe_encode(bytes(AttestationObject.create("none", known, {}))),
            }
        )

    def used(self, challenge: str) -> dict[str, Any]:
        asked = self._asked("webauthn.get", challenge)
        known = bytes(AuthenticatorData.create(self._for_whom(), _PRESENT, 1))
        signature = self.key.sign(known + hashlib.sha256(asked).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": websafe_encode(asked),
                "authenticatorData": websafe_encode(known),
                "signature": websafe_encode(signature),
            }
        )

    def _for_whom(self) -> bytes:
        return hashlib.sha256(self.host.encode()).digest()

    def _asked(self, what: str, challenge: str) -> bytes:
        return json.dumps({"type": what, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        name = websafe_encode(self.id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}
