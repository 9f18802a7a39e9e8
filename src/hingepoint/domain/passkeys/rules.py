"""What a passkey must prove: that it is meant for this address, answers what was asked just now, and was opened by its person's face,
finger or number (so it counts as two factors)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

MOST_PASSKEYS = 20
#: A question that was asked longer ago is not answered any more.
WAITS = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Place:
    """Where passkeys are for: the name of the host, and the whole origin that the browser says."""

    host: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Proven:
    """What a device showed: the number of its key, what checks its signatures, and how often it signed."""

    key: str
    credential: str
    count: int


def _server(place: Place) -> Fido2Server:
    them = PublicKeyCredentialRpEntity(name=place.name, id=place.host)
    return Fido2Server(them, verify_origin=lambda origin: origin == place.origin)


def question_for_new(
    place: Place, *, number: int, account: str, name: str, known: list[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the browser is asked to make a key with, and what is remembered until it answers."""
    them = PublicKeyCredentialUserEntity(name=account, id=f"person {number}".encode(), display_name=name)
    asked, state = _server(place).register_begin(
        them,
        [_credential(one) for one in known],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(asked), dict(state)


def new_key(place: Place, state: dict[str, Any], answer: Any) -> Proven:
    """Return the key that a device made. Raises ValueError where it did not show what it must."""
    given = RegistrationResponse.from_dict(answer)
    made = _server(place).register_complete(state, given).credential_data
    if made is None:
        raise ValueError("no key")
    return Proven(websafe_encode(made.credential_id), websafe_encode(bytes(made)), 0)


def question(place: Place) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the browser is asked when somebody signs in: any of their keys, whoever they are."""
    asked, state = _server(place).authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return dict(asked), dict(state)


def key_of(answer: Any) -> str:
    """Return the number of the key that answered. Raises ValueError."""
    return websafe_encode(AuthenticationResponse.from_dict(answer).raw_id)


def proven(place: Place, state: dict[str, Any], answer: Any, credential: str, *, count: int) -> int:
    """Return how often the key signed now. Raises ValueError for a wrong answer, and for a key that counted further before: it was
    copied."""
    given = AuthenticationResponse.from_dict(answer)
    _server(place).authenticate_complete(state, [_credential(credential)], given)
    now = given.response.authenticator_data.counter
    if (now or count) and now <= count:
        raise ValueError("it counted further before")
    return now


def _credential(kept: str) -> AttestedCredentialData:
    return AttestedCredentialData(websafe_decode(kept))
