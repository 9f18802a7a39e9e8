"""Secrets of connections, sealed with a key that is not in the database.

The key is made of the installation's secret key, which lies beside the database and in no backup: a database
alone opens nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from hingepoint.records.errors import Refused


class KeyIsAnother(Refused):
    """The secrets were sealed with another key than this installation has now."""


def seal(secrets: Mapping[str, str]) -> str:
    return _keys().encrypt(json.dumps(dict(secrets)).encode()).decode()


def unseal(sealed: str) -> dict[str, str]:
    """Return sealed secrets. Raises KeyIsAnother."""
    if not sealed:
        return {}
    try:
        return json.loads(_keys().decrypt(sealed.encode()))
    except InvalidToken:
        raise KeyIsAnother(
            "The token cannot be read: the secret key of this installation is another than when it was given."
            " Give the token once more."
        ) from None


def _keys() -> MultiFernet:
    """Return the key of now, and those of before, which still open."""
    return MultiFernet([_key(str(each)) for each in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"hingepoint connections").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
