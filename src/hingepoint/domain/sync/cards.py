"""Addresses of cards: each opens the card of one deal until a day, to whoever reads the CRM's record.

An address carries the connection, the deal and the day under a signature with a key of the connection's own, so that no list of
addresses is kept and all end when the key does. Where a key is renewed, the one before holds on while the records get new addresses.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core import signing

from hingepoint.domain.secrets import rules
from hingepoint.domain.secrets.rules import WrongKey
from hingepoint.domain.sync.models import Connection
from hingepoint.records.errors import Hidden

#: How long an address holds; it is written anew so long before its end.
LASTS = dt.timedelta(days=120)
AHEAD = dt.timedelta(days=30)
#: How long the key before goes on.
GRACE = dt.timedelta(days=7)
#: Hosts that may show the cards of one connection.
MOST_HOSTS = 10

_PURPOSE = str(Connection._meta.get_field("card_keys"))
_HOST = re.compile(
    r"(\*\.(?=.*\.))?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?(:\d{1,5})?"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key and the last day on which it opens; None while it signs."""

    key: str
    until: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What an address says: whose card, and until when."""

    connection: Connection
    deal_id: int
    until: dt.date


def keys_of(connection: Connection) -> list[Key]:
    """Return the keys of a connection, the one that signs first. Raises WrongKey."""
    if not connection.card_keys:
        return []
    kept = json.loads(rules.unseal(connection.card_keys, purpose=_PURPOSE))
    return [Key(key, dt.date.fromisoformat(until) if until else None) for key, until in kept]


def sealed(keys: Sequence[Key]) -> str:
    kept = [(each.key, each.until.isoformat() if each.until else "") for each in keys]
    return rules.seal(json.dumps(kept), purpose=_PURPOSE)


def with_new_key(connection: Connection, *, today: dt.date, at_once: bool) -> list[Key]:
    """Return the keys with a new first one; the one before it opens for a while, unless all addresses end at once."""
    before = [] if at_once else keys_of(connection)[:1]
    return [Key(secrets.token_urlsafe(32)), *(Key(each.key, today + GRACE) for each in before)]


def sign(connection: Connection, deal_id: int, *, until: dt.date) -> str:
    """Return what opens a card until a day: the last part of its address."""
    return _signer(keys_of(connection)[0]).sign(f"{connection.pk}.{deal_id}.{until.toordinal()}")


def read(token: str, *, today: dt.date) -> Ticket:
    """Return what an address says. Raises Hidden where no key of now signed it; its day may have passed."""
    said = re.match(r"(\d{1,9})\.(\d{1,18})\.(\d{1,7})~", token)
    connection = Connection.objects.filter(pk=int(said[1])).first() if said else None
    if said is None or connection is None or not _is_signed(connection, token, today):
        raise Hidden("no such card")
    return Ticket(connection, int(said[2]), dt.date.fromordinal(int(said[3])))


def _is_signed(connection: Connection, token: str, today: dt.date) -> bool:
    try:
        keys = [each for each in keys_of(connection) if each.until is None or each.until >= today]
    except WrongKey:
        return False
    return any(_opens(each, token) for each in keys)


def _opens(key: Key, token: str) -> bool:
    try:
        _signer(key).unsign(token)
    except signing.BadSignature:
        return False
    return True


def _signer(key: Key) -> signing.Signer:
    return signing.Signer(key=key.key, sep="~", salt="hingepoint.card")


# ---- who may show cards ----


def origin(host: str) -> str:
    """Return a host as a browser is told it: ``https://`` where nothing else was said. Raises ValueError."""
    said = host.strip().lower().rstrip("/")
    scheme, _, name = said.rpartition("://")
    if scheme not in ("", "https", "http") or len(name) > 200 or not _HOST.fullmatch(name):
        raise ValueError(host)
    return f"{scheme or 'https'}://{name}"


#: CRMs whose pages come from other hosts than their own address.
_PAGES = {
    "salesforce": ("https://*.lightning.force.com", "https://*.vf.force.com"),
    "hubspot": ("https://app.hubspot.com", "https://app-eu1.hubspot.com"),
    "pipedrive": ("https://*.pipedrive.com",),
}


def usual_hosts(connection: Connection) -> tuple[str, ...]:
    """Return the hosts from which pages of this CRM usually come."""
    place = urlsplit(connection.url)
    return _PAGES.get(connection.crm, (f"{place.scheme}://{place.netloc}",))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a CRM shows the card: ``how`` in words, and what to put there with ``{field}`` for the field's name."""

    how: str
    template: str = ""


#: CRM -> where the card goes there.
PLACES = {
    "salesforce": Place(
        "Make a Visualforce page with this content, and put it onto the Lightning record page of opportunities.",
        '<apex:page standardController="Opportunity"><apex:iframe src="{{!Opportunity.{field}}}" height="420px" '
        'scrolling="true"/></apex:page>',
    ),
    "hubspot": Place(
        "A card of a HubSpot app (UI extension) opens the address of this property of the deal as an iframe. Without an app, put "
        "the property onto the record: its link opens the card.",
        'actions.openIframeModal({{ uri: properties["{field}"], width: 420, height: 520, title: "Agreements" }})',
    ),
    "dynamics": Place(
        "Put an IFRAME onto the form, called IFRAME_agreements, and this line into the script that runs on load.",
        'formContext.getControl("IFRAME_agreements").setSrc(formContext.getAttribute("{field}").getValue())',
    ),
    "odoo": Place(
        "Add this to the form view of opportunities, in a module of your own: the editor of views takes no iframe.",
        '<iframe t-if="record.{field}.raw_value" t-att-src="record.{field}.raw_value" width="400" height="420"/>',
    ),
    "pipedrive": Place(
        "Show the field in the sidebar of deals: its link opens the card. A custom panel of an app of yours can show it as an iframe.",
    ),
    "espocrm": Place(
        "Put the field onto the detail view of opportunities, as a field of type URL: its link opens the card. A view of your own can "
        "show it as an iframe.",
        '<iframe src="{{{{{field}}}}}" width="400" height="420"></iframe>',
    ),
    "tryton": Place("Put the field onto the form of opportunities: its link opens the card."),
}


def place_of(connection: Connection, field: str) -> Place:
    """Return where the card goes in this CRM, with the name of the field that holds its address."""
    found = PLACES.get(connection.crm, Place("Put the field onto the record: its link opens the card."))
    return Place(found.how, found.template.format(field=field or "FIELD") if found.template else "")
