"""A device that holds passkeys, played: it makes keys and answers what it is asked, as a browser writes it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

PRESENT, VERIFIED, MADE = 0x01, 0x04, 0x40


@dataclass
class Device:
    """``flags``: that somebody was there, and that it was its person. ``origin``: which page it believes to be on."""

    origin: str = "http://testserver"
    host: str = "testserver"
    flags: int = PRESENT | VERIFIED
    number: bytes = b"key one"
    count: int = 0
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def makes(self, asked: dict[str, Any], **differing) -> str:
        """Return the answer to what a new key is asked with."""
        public = ES256.from_cryptography_key(self.key.public_key())
        data = AttestedCredentialData.create(Aaguid(b"\0" * 16), self.number, public)
        told = self._told("webauthn.create", asked, differing)
        seen = AuthenticatorData.create(self._place(differing), self.flags | MADE, self.count, bytes(data))
        whole = AttestationObject.create("none", seen, {})
        return self._written({"clientDataJSON": told, "attestationObject": bytes(whole)})

    def answers(self, asked: dict[str, Any], **differing) -> str:
        """Return the answer to what is asked when somebody signs in."""
        self.count += 1
        told = self._told("webauthn.get", asked, differing)
        seen = bytes(AuthenticatorData.create(self._place(differing), self.flags, self.count, b""))
        signed = self.key.sign(seen + hashlib.sha256(bytes(told)).digest(), ec.ECDSA(hashes.SHA256()))
        return self._written({"clientDataJSON": told, "authenticatorData": seen, "signature": signed})

    def _told(self, kind: str, asked: dict[str, Any], differing: dict[str, Any]) -> bytes:
        challenge = websafe_decode(differing.get("challenge", asked["challenge"]))
        return CollectedClientData.create(
            differing.get("kind", kind), challenge, differing.get("origin", self.origin)
        )

    def _place(self, differing: dict[str, Any]) -> bytes:
        return hashlib.sha256(differing.get("host", self.host).encode()).digest()

    def _written(self, response: dict[str, bytes]) -> str:
        number = websafe_encode(self.number)
        parts = {name: websafe_encode(bytes(value)) for name, value in response.items()}
        told = {"id": number, "rawId": number, "type": "public-key", "response": parts}
        return json.dumps(told | {"clientExtensionResults": {}})
