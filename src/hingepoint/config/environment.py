"""Every setting that an installation can make, read from the environment (HINGEPOINT_…).

The manual's settings page is generated from this class: a field's description is its documentation.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hingepoint.records.people import Role


class Environment(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HINGEPOINT_", env_file=".env", extra="ignore", hide_input_in_errors=True
    )

    data_dir: Path = Field(
        Path("data"), description="Folder for the SQLite database, uploaded files and the secret key."
    )
    database_url: str = Field(
        "",
        description="Database address, such as postgres://user:password@host:5432/hingepoint. "
        "Empty: SQLite in the data folder.",
    )
    secret_key: str = Field(
        "", description="Key that signs sessions and links. Empty: made once and kept in the data folder."
    )
    secrets_key: str = Field(
        "",
        description="Key that encrypts secrets in the database, such as those of second factors; at least 32 characters. Several, with "
        "commas between: the first encrypts, each of them reads. Empty: made once and kept as secrets.key in the data folder. "
        "A backup does not hold it: keep it elsewhere too.",
    )
    debug: bool = Field(False, description="Show errors in the browser. Never on a shared machine.")
    allowed_hosts: list[str] = Field(
        ["localhost", "127.0.0.1", "[::1]"],
        description="Host names this installation answers to (JSON list).",
    )
    https: bool = Field(
        False, description="The installation is reached by https: secure cookies and strict transport."
    )
    behind_proxy: bool = Field(
        False, description="A reverse proxy sets X-Forwarded-Proto; believe it. Never without such a proxy."
    )
    trusted_proxies: list[str] = Field(
        [],
        description="Addresses or networks of the reverse proxies before this installation (JSON list). What "
        "they say in X-Forwarded-For is believed: limits of sign-in and of customers' links then count each "
        "visitor by their own address. Empty: the header is ignored, and all who come by a proxy count as one.",
    )
    company: str = Field("", description="Name of the company, shown at the top of every page.")
    time_zone: str = Field("UTC", description="The company's time zone; dates without a zone are read in it.")
    currency: str = Field(
        "EUR", description="The company's currency (ISO 4217); amounts without one are in it."
    )
    fiscal_year_begins: int = Field(
        1, ge=1, le=12, description="First month of the company's fiscal year, 1 to 12: quarters follow it."
    )
    idle_hours: int = Field(72, ge=1, description="Hours without a page after which a browser is signed out.")
    sign_in_days: int = Field(
        30, ge=1, description="Days after which everybody signs in again, however busy the browser was."
    )
    security_contact: str = Field(
        "",
        description="To whom somebody writes who found a hole in this installation: mailto:security@example.com, or a page by "
        "https. Shown at /.well-known/security.txt. Empty: there is no such page.",
    )
    backup_key: str = Field(
        "",
        description="Key with which hingepoint backup encrypts and hingepoint restore opens, at least 32 characters. Keep it "
        "where the backups are not. Empty: backups are not encrypted.",
    )
    second_factor_for: list[Role] = Field(
        [],
        description='Roles that must sign in with a code of an authenticator app too, such as ["analyst", "sponsor"] (JSON list). '
        "Everybody else may. Who must and has none yet sets it up at their next page.",
    )
    sign_on_issuer: str = Field(
        "",
        description="Where people sign in with the company's account by OpenID Connect: the address of the issuer, exactly as the "
        "provider names itself, such as https://login.example.com/realms/company. Empty: what the page under People says.",
    )
    sign_on_client_id: str = Field("", description="By what the provider knows Hingepoint (its client ID).")
    sign_on_client_secret: str = Field(
        "", description="The secret that the provider made for Hingepoint.", repr=False
    )
    audit_anchors: Path | None = Field(
        None,
        description="File to which every night adds the length and the digest of the audit trail, best on another "
        "machine: who rewrites the whole trail is then found by hingepoint audit verify. Empty: none.",
    )
    limits_wider: float = Field(
        1,
        ge=0,
        description="How much wider the limits are within which one person, or one program, may ask: 2 lets each ask twice as often, "
        "0 lifts them, for measuring.",
    )
    upload_limit_mb: int = Field(500, ge=1, description="Largest file that can be uploaded, in megabytes.")
    demo: bool = Field(
        False,
        description="Offer the persona switcher. Only for the demo company: it signs in without a password.",
    )
    allow_outbound: list[str] = Field(
        [],
        description="HOST:PORT addresses inside the own network that outgoing requests, such as webhooks, may reach (JSON list). "
        "All others there are refused.",
    )
    mail_server: str = Field(
        "",
        description="Mail server that sends invitations: smtp://user:password@mail.example.com:587 (it must offer "
        "STARTTLS), smtps://user:password@mail.example.com:465 (TLS from the start), or smtp+plain://localhost:25 "
        "(not encrypted, for a relay on the same machine). Empty: nothing is mailed, links are copied or printed.",
    )
    mail_from: str = Field(
        "",
        description="Sender of these mails, such as Hingepoint <hingepoint@example.com>. Needed with a mail server.",
    )
    address: str = Field(
        "",
        description="Address at which people open this installation, such as https://hingepoint.example.com. Links in the "
        "mail of a day and those written into a CRM begin with it; without it no such mail is sent.",
    )
    server_timing: bool = Field(
        False,
        description="Each answer says in its header Server-Timing how long it took, how much of that the database, and "
        "how many statements it cost. Browsers show it among the network requests.",
    )
    slow_query_ms: int = Field(
        0,
        ge=0,
        description="Log statements of pages that take at least so many milliseconds, without their values. 0: none.",
    )
    log_level: str = Field("INFO", description="How much is logged: DEBUG, INFO, WARNING or ERROR.")
    log_format: Literal["text", "json"] = Field(
        "text",
        description="text, or json: an object a line, for programs that collect logs. Times are in UTC.",
    )
    forbidden_words: list[str] = Field(
        [],
        description="Words of your company that a password may not be made of: products, places, names "
        "(JSON list). Its name and the names of this server are refused by themselves.",
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is not a known time zone; expected a name such as Europe/Paris")
        return value

    @field_validator("currency")
    @classmethod
    def _currency_code(cls, value: str) -> str:
        if not (len(value) == 3 and value.isascii() and value.isalpha()):
            raise ValueError("is not a currency code; expected three letters such as EUR")
        return value.upper()

    @field_validator("security_contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        if value and not re.fullmatch(r"(mailto:[^\s@]+@[^\s@]+|https://\S+)", value):
            raise ValueError(
                "is no contact; expected such as mailto:security@example.com or https://example.com/security"
            )
        return value

    @field_validator("secrets_key")
    @classmethod
    def _long_keys(cls, value: str) -> str:
        if any(len(key) < 32 for key in _keys_of(value)):
            raise ValueError(
                "holds a key that is too short; expected at least 32 characters, as of: openssl rand -base64 48"
            )
        return value

    @field_validator("allow_outbound")
    @classmethod
    def _addresses(cls, values: list[str]) -> list[str]:
        for value in values:
            host, _, port = value.rpartition(":")
            if not (host and port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
                raise ValueError(f"{value!r} is not an address; expected HOST:PORT such as crm.local:8443")
        return values

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, values: list[str]) -> list[str]:
        for value in values:
            try:
                ipaddress.ip_network(value)
            except ValueError:
                raise ValueError(
                    f"{value!r} is not an address or network; expected such as 127.0.0.1 or 172.16.0.0/12"
                ) from None
        return values

    @field_validator("address")
    @classmethod
    def _address_of_pages(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in ("http", "https"):
            raise ValueError("is no address; expected such as https://hingepoint.example.com")
        return value.rstrip("/")

    @field_validator("mail_server")
    @classmethod
    def _mail_address(cls, value: str) -> str:
        if value:
            read_mail_server(value)
        return value

    @model_validator(mode="after")
    def _sender_of_mail(self) -> Environment:
        if self.mail_server and "@" not in self.mail_from:
            raise ValueError(
                "HINGEPOINT_MAIL_SERVER needs HINGEPOINT_MAIL_FROM: the address that mails come from"
            )
        return self

    @model_validator(mode="after")
    def _whole_sign_on(self) -> Environment:
        if self.sign_on_issuer and not (self.sign_on_client_id and self.sign_on_client_secret):
            raise ValueError(
                "HINGEPOINT_SIGN_ON_ISSUER needs HINGEPOINT_SIGN_ON_CLIENT_ID and HINGEPOINT_SIGN_ON_CLIENT_SECRET"
            )
        return self

    def effective_secret_key(self) -> str:
        """Return the configured key, or the one kept in the data folder, making it on first use."""
        return self.secret_key or kept_secret(self.data_dir / "secret.key")

    def effective_secrets_keys(self) -> list[str]:
        """Return the keys that encrypt secrets, the one for new secrets first; made and kept in the data folder on first use."""
        return _keys_of(self.secrets_key) or [kept_secret(self.data_dir / "secrets.key")]


def _keys_of(value: str) -> list[str]:
    return [key.strip() for key in value.split(",") if key.strip()]


@dataclass(frozen=True, slots=True)
class MailServer:
    """How the mail server is reached; ``starttls`` or ``tls`` from the start, or neither."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    tls: bool = False


#: How a mail server is spoken to -> its usual port, STARTTLS, TLS from the start.
_MAIL_SCHEMES = {"smtp": (587, True, False), "smtps": (465, False, True), "smtp+plain": (25, False, False)}


def read_mail_server(address: str) -> MailServer:
    """Return the mail server of an address. Raises ValueError."""
    parts = urlsplit(address)
    if parts.scheme not in _MAIL_SCHEMES or not parts.hostname or parts.path.strip("/"):
        raise ValueError("is no mail server; expected such as smtp://user:password@mail.example.com:587")
    usual, starttls, tls = _MAIL_SCHEMES[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(parts.hostname, parts.port or usual, user, password, starttls, tls)


def kept_secret(path: Path) -> str:
    """Return the secret in ``path``; write a fresh one, readable by its owner only, if there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass  # another process was first
    return path.read_text()
