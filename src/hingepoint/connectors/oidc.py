"""The company's sign-in by OpenID Connect: where it is, the address somebody is sent to, and reading what it says of them
when they come back (code flow with PKCE, state and nonce).

Everything is asked for through the checked exchange. Only https is asked, but where host and port were allowed. Nothing that the
provider says is believed before its signature, issuer, audience, times and nonce were checked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from hingepoint.connectors.exchange import Busy, CrmProblem, Exchange, NotSignedIn, Rejected

#: Signatures that are taken: each by a key of the provider's that we hold the public half of. Neither ``none`` nor any that a
#: shared secret makes.
SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
#: Clocks may go wrong by so many seconds.
LEEWAY_S = 60
SCOPE = "openid email profile"


class ProviderProblem(Exception):
    """The company's sign-in is not reached, not understood, or not believed; the message is for the person who signs in."""


@dataclass(frozen=True, slots=True)
class Client:
    """How we are known to a provider."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    scope: str = SCOPE
    allowed: Collection[str] = ()  # HOST:PORT that may be asked although not globally routable


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider says of itself: addresses, and whether it takes our secret in a header."""

    issuer: str
    authorize: str
    token: str
    keys: str
    about: str
    ending: str
    by_header: bool
    names_itself: bool


@dataclass(frozen=True, slots=True)
class Journey:
    """What one browser takes along to the provider and must bring back."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


def new_journey() -> Journey:
    return Journey(*(secrets.token_urlsafe(32) for _ in range(3)))


# ---- where it is ----


def discover(client: Client) -> Provider:
    """Return what the provider says of itself (OpenID Connect Discovery). Raises ProviderProblem."""
    address = f"{client.issuer.rstrip('/')}/.well-known/openid-configuration"
    said = _ask(client, "GET", address)
    if not isinstance(said, dict) or said.get("issuer") != client.issuer:
        raise ProviderProblem("The company's sign-in gives itself another name than the one in the settings.")
    named = {name: str(said.get(name) or "") for name in _ADDRESSES}
    for name, where in named.items():
        if where or name in _NEEDED:
            _require_safe(where, client.allowed)
    ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Provider(
        issuer=client.issuer,
        **{ours: named[theirs] for theirs, ours in _ADDRESSES.items()},
        by_header="client_secret_basic" in ways,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


_ADDRESSES = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "jwks_uri": "keys",
    "userinfo_endpoint": "about",
    "end_session_endpoint": "ending",
}
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def _require_safe(address: str, allowed: Collection[str]) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.netloc not in allowed:
        raise ProviderProblem("The company's sign-in names an address that is not encrypted. It is not used.")


def _ask(
    client: Client, method: str, address: str, *, but: tuple[type[CrmProblem], ...] = (), **sent: Any
) -> Any:
    """Return what is answered. Raises ProviderProblem, ``but`` not instead of those."""
    _require_safe(address, client.allowed)
    parts = urlsplit(address)
    exchange = Exchange(f"{parts.scheme}://{parts.netloc}", client.allowed)
    try:
        return exchange.ask(method, address, again=False, **sent).body
    except but:
        raise
    except Busy:
        raise ProviderProblem("The company's sign-in is busy. Try again in a minute.") from None
    except CrmProblem as problem:
        raise _not_now(problem) from None
    finally:
        exchange.close()


def _not_now(problem: CrmProblem) -> ProviderProblem:
    return ProviderProblem(_WORDS.format(str(problem).replace("The CRM", "It")))


_WORDS = "The company's sign-in cannot be used right now. {} Try again in a minute."


# ---- there and back ----


def address_to_go_to(
    provider: Provider, client: Client, journey: Journey, *, back: str, anew: bool = False
) -> str:
    """Return where the browser is sent: it comes back to ``back`` with a code. ``anew``: who is signed in there already shows
    once more who they are."""
    asked = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": back,
        "scope": client.scope,
        "state": journey.state,
        "nonce": journey.nonce,
        "code_challenge": _digest(journey.verifier, hashlib.sha256),
        "code_challenge_method": "S256",
        **({"prompt": "login"} if anew else {}),
    }
    return f"{provider.authorize}{'&' if '?' in provider.authorize else '?'}{urlencode(asked)}"


def _digest(text: str, algorithm: Any, *, half: bool = False) -> str:
    made = algorithm(text.encode()).digest()
    return base64.urlsafe_b64encode(made[: len(made) // 2] if half else made).rstrip(b"=").decode()


def address_to_end(provider: Provider, client: Client, *, back: str) -> str:
    """Return where one signs out of the provider too; empty where it has no such page."""
    told = urlencode({"client_id": client.client_id, "post_logout_redirect_uri": back})
    return f"{provider.ending}{'&' if '?' in provider.ending else '?'}{told}" if provider.ending else ""


def code_of(answer: Mapping[str, str], provider: Provider, journey: Journey) -> str:
    """Return the code that came back with the browser. Raises ProviderProblem where it is not the answer to ``journey``, comes
    from another provider (RFC 9207), or says what went wrong."""
    if not hmac.compare_digest(answer.get("state", "").encode(), journey.state.encode()):
        raise ProviderProblem("This sign-in was begun elsewhere or is over. Begin again.")
    named = answer.get("iss", "")
    if named != provider.issuer and (named or provider.names_itself):
        raise ProviderProblem("The answer comes from another sign-in than the company's. Begin again.")
    if answer.get("error") == "access_denied":
        raise ProviderProblem("The company's sign-in did not let you in. Ask who looks after it for access.")
    if "error" in answer or not answer.get("code"):
        raise ProviderProblem(BROKE_OFF)
    return answer["code"]


BROKE_OFF = "The company's sign-in broke off. Begin again."
NOT_TAKEN = "The company's sign-in does not take the client ID or the secret that the settings have: the secret may have run out. Ask who looks after Hingepoint for a new one."


def redeem(provider: Provider, client: Client, journey: Journey, *, code: str, back: str) -> dict[str, Any]:
    """Return what the provider says of who came with ``code``, checked. Raises ProviderProblem."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": journey.verifier,
    }
    headers = {}
    if provider.by_header:
        named = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(named.encode()).decode()}"
    else:
        form |= {"client_id": client.client_id, "client_secret": client.secret}
    said = _redeemed(provider, client, form, headers)
    if not isinstance(said, dict) or not isinstance(said.get("id_token"), str):
        raise ProviderProblem("The company's sign-in answered without saying who you are. Begin again.")
    claims = checked(said["id_token"], _ask(client, "GET", provider.keys), client=client, nonce=journey.nonce)
    return _told_besides(provider, client, claims, said.get("access_token"))


def _redeemed(provider: Provider, client: Client, form: dict[str, str], headers: dict[str, str]) -> Any:
    """Return what is given for a code; who refuses it says whether ours is the wrong secret or theirs the wrong code (RFC 6749, 5.2)."""
    try:
        return _ask(client, "POST", provider.token, form=form, headers=headers, but=(NotSignedIn, Rejected))
    except NotSignedIn:
        raise ProviderProblem(NOT_TAKEN) from None
    except Rejected as problem:
        error = problem.said.get("error") if isinstance(problem.said, dict) else None
        if words := {"invalid_client": NOT_TAKEN, "invalid_grant": BROKE_OFF}.get(str(error)):
            raise ProviderProblem(words) from None
        raise _not_now(problem) from None


def _told_besides(provider: Provider, client: Client, claims: dict[str, Any], token: Any) -> dict[str, Any]:
    """Return claims with what the provider tells on its other page: of the same person, and never over what was signed."""
    _require_bound(claims, token)
    if not provider.about or not isinstance(token, str):
        return claims
    more = _ask(client, "GET", provider.about, headers={"Authorization": f"Bearer {token}"})
    if not isinstance(more, dict) or more.get("sub") != claims["sub"]:
        raise ProviderProblem("The company's sign-in tells of somebody else than it signed for. Begin again.")
    return {**more, **claims}


def _require_bound(claims: Mapping[str, Any], token: Any) -> None:
    """Where the signed part names the access token, it must be the one that came (``at_hash``)."""
    if isinstance(token, str) and (named := claims.get("at_hash")) is not None:
        made = {_digest(token, kind, half=True) for kind in (hashlib.sha256, hashlib.sha384, hashlib.sha512)}
        if named not in made:
            raise ProviderProblem(NOT_BELIEVED)


NOT_BELIEVED = "What the company's sign-in says could not be checked, so it is not believed. Begin again; if it happens twice, ask who looks after it."


def checked(token: str, keys: Any, *, client: Client, nonce: str) -> dict[str, Any]:
    """Return the claims of a signed token: from this issuer, for us alone, now, and for this browser. Raises ProviderProblem."""
    import jwt

    try:
        claims = _signed_claims(token, keys, client)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        raise ProviderProblem(NOT_BELIEVED) from None
    meant = claims.get("azp", client.client_id) == client.client_id
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    fresh = hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode())
    if not fresh or not meant or (several and "azp" not in claims) or not claims["sub"]:
        raise ProviderProblem(NOT_BELIEVED)
    return claims


def _signed_claims(token: str, keys: Any, client: Client) -> dict[str, Any]:
    import jwt

    head = jwt.get_unverified_header(token)
    if head.get("alg") not in SIGNED_BY:
        raise ValueError("not signed by a key of its own")
    fitting = [
        key
        for key in jwt.PyJWKSet.from_dict(keys).keys
        if head.get("kid") in (None, key.key_id) and key.public_key_use in (None, "sig")
    ]
    if len(fitting) != 1:
        raise ValueError("no such key")
    return jwt.decode(
        token,
        fitting[0].key,
        algorithms=[head["alg"]],
        audience=client.client_id,
        issuer=client.issuer,
        leeway=LEEWAY_S,
        options={"require": ["iss", "sub", "aud", "exp", "iat"]},
    )
