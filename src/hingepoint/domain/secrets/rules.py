"""Sealing a secret and opening it again.

A column of ``SealedField`` holds what ``seal`` made; ``unseal`` reads it where the secret is used, and nowhere else. The key is the
setting HINGEPOINT_SECRETS_KEY, or the file secrets.key of the data folder. Of several, the first seals and each of them opens, so
that a key can be changed while people work (``hingepoint secrets renew``).
"""

from __future__ import annotations

import base64
from typing import Any

from django.conf import settings
from django.db import models

from hingepoint.records.errors import Refused


class WrongKey(Refused):
    """A secret of the database was sealed with a key that is not here, or was altered."""

    def __init__(self) -> None:
        super().__init__(
            "This secret was encrypted with another key. Put that key into HINGEPOINT_SECRETS_KEY, after a comma, "
            "or back into the file secrets.key of the data folder; without it, enter the secret anew."
        )


class SealedField(models.TextField):
    """A column that holds a sealed secret. It neither seals nor opens by itself: most who read the row need no secret."""

    def deconstruct(self) -> Any:
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.TextField", arguments, options  # migrations know no code of ours

    @property
    def purpose(self) -> str:
        """What tells this column from others: a secret copied into another column does not open there."""
        return str(self)


def sealed_fields(models_known: Any) -> list[SealedField]:
    """Return every column of these models that holds secrets."""
    return [one for model in models_known for one in model._meta.local_fields if isinstance(one, SealedField)]


def seal(secret: str, *, purpose: str) -> str:
    """Return ``secret`` encrypted and signed (AES-128-CBC and HMAC-SHA-256, as Fernet has them) for one ``purpose``."""
    return _box(purpose).encrypt(secret.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return the secret. Raises WrongKey."""
    from cryptography.fernet import InvalidToken

    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise WrongKey from None


def sealed_anew(sealed: str, *, purpose: str) -> str:
    """Return the same secret under the first key. Raises WrongKey."""
    return seal(unseal(sealed, purpose=purpose), purpose=purpose)


def _box(purpose: str) -> Any:
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet(
        [Fernet(_derived(key, purpose)) for key in settings.ENVIRONMENT.effective_secrets_keys()]
    )


def _derived(key: str, purpose: str) -> bytes:
    """Return the key of one purpose (HKDF, RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    made = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"hingepoint {purpose}".encode())
    return base64.urlsafe_b64encode(made.derive(key.encode()))
