"""What is believed of a token: signed by the provider's key, from it, for us, now, for this browser. And the words of addresses."""

from __future__ import annotations

import base64
import hashlib
import time
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hingepoint.connectors import oidc
from providers import CLIENT, SECRET, Strict, by_hand, unsigned

ISSUER, NONCE = "https://login.hinge.example", "of this browser"
US = oidc.Client(ISSUER, CLIENT, SECRET)
PROVIDER = Strict()
OTHER = rsa.generate_private_key(65537, 2048)


def claims(**differing) -> dict:
    now = int(time.time())
    told = {"iss": ISSUER, "sub": "ada-1", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": NONCE}
    return {name: one for name, one in (told | differing).items() if one is not None}


def checked(token: str, keys=None) -> dict:
    return oidc.checked(token, keys or PROVIDER.keys(), client=US, nonce=NONCE)


def not_believed(token: str, keys=None) -> None:
    with pytest.raises(oidc.ProviderProblem, match="not believed"):
        checked(token, keys)


@pytest.mark.parametrize(
    "differing", [{}, {"aud": [CLIENT]}, {"aud": [CLIENT, "else"], "azp": CLIENT}], ids=str
)
def test_a_token_for_us_is_believed(differing):
    assert checked(PROVIDER.signed(claims(**differing)))["sub"] == "ada-1"


def test_a_clock_may_be_wrong_by_a_minute():
    assert checked(PROVIDER.signed(claims(exp=int(time.time()) - 30)))


def test_one_key_without_a_name_and_elliptic_curves_are_taken():
    key = ec.generate_private_key(ec.SECP256R1())
    public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    assert checked(jwt.encode(claims(), key, "ES256"), {"keys": [public]})


@pytest.mark.parametrize(
    "differing",
    [
        {"iss": "https://login.elsewhere.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "somebody-else"},
        {"aud": None},
        {"aud": [CLIENT, "else"]},
        {"aud": [CLIENT, "else"], "azp": "else"},
        {"azp": "else"},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iat": 4_000_000_000, "exp": 4_000_000_300},
        {"iat": None},
        {"nbf": 4_000_000_000},
        {"nonce": "of another browser"},
        {"nonce": ""},
        {"nonce": None},
        {"sub": ""},
        {"sub": None},
    ],
    ids=str,
)
def test_a_claim_that_is_not_for_us_now_is_not_believed(differing):
    not_believed(PROVIDER.signed(claims(**differing)))


def public_text() -> bytes:
    return PROVIDER.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    "token",
    [
        unsigned(claims()),
        by_hand(claims(), "None"),
        by_hand(claims(), "HS256", SECRET.encode()),
        by_hand(claims(), "HS256", public_text()),
        by_hand(claims(), "RS256", public_text()),
        jwt.encode(claims(), OTHER, "RS256", headers={"kid": "one"}),
        jwt.encode(claims(), OTHER, "RS256", headers={"kid": "two"}),
        PROVIDER.signed(claims())[:-8],
        "not.a.token",
        "",
    ],
    ids=[
        "unsigned",
        "unsigned, spelt otherwise",
        "by our secret",
        "by the public key as a secret",
        "a secret called a key",
        "another key under the name",
        "a key nobody knows",
        "cut off",
        "no token",
        "nothing",
    ],
)
def test_what_the_providers_key_did_not_sign_is_not_believed(token):
    not_believed(token)


@pytest.mark.parametrize(
    "keys", [{}, {"keys": []}, [], None, {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}], ids=str
)
def test_without_a_key_nothing_is_believed(keys):
    with pytest.raises(oidc.ProviderProblem):
        oidc.checked(PROVIDER.signed(claims()), keys, client=US, nonce=NONCE)


def test_a_key_for_encrypting_signs_nothing():
    keys = PROVIDER.keys()
    keys["keys"][0]["use"] = "enc"
    not_believed(PROVIDER.signed(claims()), keys)


def test_the_challenge_is_the_digest_of_what_stays_here():
    """RFC 7636, appendix B."""
    told = oidc.Provider(ISSUER, f"{ISSUER}/go?tenant=1", "", "", "", f"{ISSUER}/end", True, True)
    journey = oidc.Journey("s", "n", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    asked = parse_qs(urlsplit(oidc.address_to_go_to(told, US, journey, back="https://us.example/back")).query)
    assert asked["code_challenge"] == ["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"]
    assert (asked["tenant"], asked["redirect_uri"]) == (["1"], ["https://us.example/back"])
    assert SECRET not in str(asked)
    assert "dBjf" not in str(asked)


def test_half_a_digest_is_as_the_specification_has_it():
    """OpenID Connect Core 1.0, 3.1.3.6: the left half of the digest of the access token."""
    left = hashlib.sha256(b"jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y").digest()[:16]
    half = base64.urlsafe_b64encode(left).rstrip(b"=").decode()
    assert half == "77QmUPtjPfzWtF2AnpK9RQ"  # its example (appendix A.3)
    oidc._require_bound({"at_hash": half}, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y")


def test_nothing_of_a_secret_is_shown_where_a_client_is_printed():
    assert SECRET not in repr(US)
    assert "verify" not in repr(oidc.Journey("s", "n", "verify"))
