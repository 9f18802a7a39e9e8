"""A company's sign-in on loopback that is strict: PKCE by S256, a nonce, the exact address back, a secret in the header and codes
that work once, or nothing. Made with Authlib; a test may let it lie."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import flask
import jwt
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from authlib.oidc.core.grants.util import create_half_hash
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.serving import make_server

#: How the company's sign-on is set where a test says nothing else.
SETTINGS = {
    "groups_claim": "groups",
    "proven_by": "email_verified",
    "second_factors": ["mfa"],
    "makes_people": True,
}
CLIENT, SECRET = "hingepoint", "kept between the two"
ADA = {"sub": "ada-1", "name": "Ada", "email": "ada@hinge.example", "email_verified": True, "amr": ["pwd"]}


class _Client(ClientMixin):
    """Hingepoint, as the provider knows it."""

    def __init__(self, provider: Strict):
        self.provider = provider

    def get_client_id(self):
        return CLIENT

    def get_default_redirect_uri(self):
        return None

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == self.provider.back

    def check_client_secret(self, client_secret):
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


class _Code(SimpleNamespace):
    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return None

    def get_acr(self):
        return None

    def get_amr(self):
        return None


@dataclass
class Strict:
    """``who`` signs in there next. ``lie`` changes the claims before they are signed, ``sign`` signs them (else by its own key),
    ``said`` is laid over its description."""

    back: str = "http://testserver/sign-in/company/back"
    who: dict[str, Any] = field(default_factory=lambda: dict(ADA))
    lie: Any = None
    sign: Any = None
    about: Any = None
    said: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    key: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    def __enter__(self):
        self.server = make_server("127.0.0.1", 0, _app(self), threaded=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.place = f"127.0.0.1:{self.server.server_port}"
        self.issuer = f"http://{self.place}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def signed(self, claims: dict[str, Any], **head) -> str:
        return jwt.encode(claims, self.key, "RS256", headers={"kid": "one"} | head)

    def keys(self) -> dict[str, Any]:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [key | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            **{
                name: f"{self.issuer}/{path}"
                for name, path in (
                    ("authorization_endpoint", "authorize"),
                    ("token_endpoint", "token"),
                    ("jwks_uri", "keys"),
                    ("userinfo_endpoint", "about"),
                    ("end_session_endpoint", "end"),
                )
            },
            "authorization_response_iss_parameter_supported": True,
        } | self.said

    def sent_back(self, address: str) -> str:
        """Open what the browser was sent to, sign in there, and return the address it is sent back to."""
        import httpx2

        answer = httpx2.get(address)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


def by_hand(claims: dict[str, Any], algorithm: str, secret: bytes = b"") -> str:
    """Return a token as no library would make it: unsigned, or by a secret that is none."""
    head = {"alg": algorithm, "typ": "JWT", "kid": "one"}
    parts = [_part(json.dumps(told).encode()) for told in (head, claims)]
    mac = hmac.digest(secret, ".".join(parts).encode(), "sha256") if secret else b""
    return ".".join([*parts, _part(mac)])


def _part(told: bytes) -> str:
    return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any]) -> str:
    return by_hand(claims, "none")


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def _app(provider: Strict) -> flask.Flask:
    app = flask.Flask("strict")
    client = _Client(provider)
    server = AuthorizationServer(
        app, query_client=lambda key: client if key == CLIENT else None, save_token=_keep
    )
    server.register_grant(_code_grant(provider), [_nonce(provider), CodeChallenge(required=True)])
    app.add_url_rule("/.well-known/openid-configuration", "description", lambda: provider.description())
    app.add_url_rule("/keys", "keys", lambda: provider.keys())
    app.add_url_rule("/token", "token", server.create_token_response, methods=["POST"])

    @app.get("/authorize")
    def authorize():
        provider.asked.append(flask.request.args.to_dict())
        grant = server.get_consent_grant(end_user=SimpleNamespace(**provider.who))
        answer = server.create_authorization_response(grant=grant, grant_user=SimpleNamespace(**provider.who))
        answer.headers["Location"] += f"&{urlencode({'iss': provider.issuer})}"
        return answer

    @app.get("/about")
    def about():
        return provider.about or provider.who

    return app


def _keep(token, request):
    """Access tokens are for the page about the person alone, which believes any."""


def _code_grant(provider: Strict) -> type:
    class CodeGrant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

        def save_authorization_code(self, code, request):
            data = request.payload.data
            provider.codes[code] = _Code(
                redirect_uri=data["redirect_uri"],
                scope=data["scope"],
                nonce=data.get("nonce"),
                code_challenge=data.get("code_challenge"),
                code_challenge_method=data.get("code_challenge_method"),
                who=vars(request.user),
            )

        def query_authorization_code(self, code, client):
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code):
            provider.codes = {
                key: one for key, one in provider.codes.items() if one is not authorization_code
            }

        def authenticate_user(self, authorization_code):
            return SimpleNamespace(**authorization_code.who)

    return CodeGrant


def _nonce(provider: Strict) -> OpenIDCode:
    class Signed(OpenIDCode):
        def exists_nonce(self, nonce, request):
            return any(one.nonce == nonce for one in provider.codes.values())

        def encode_id_token(self, token, request):
            """Sign as ever, or as a test has it."""
            code, now = request.authorization_code, int(time.time())
            claims = vars(request.user) | {
                "iss": provider.issuer,
                "aud": CLIENT,
                "iat": now,
                "exp": now + 300,
                "nonce": code.nonce,
                "at_hash": create_half_hash(token["access_token"], "RS256").decode(),
            }
            claims = provider.lie(claims) if provider.lie else claims
            return (provider.sign or provider.signed)(claims)

    return Signed(require_nonce=True)
