"""Who is calling: the address that limits are counted by, also behind a reverse proxy.

A header is only a claim: anybody can send one. ``X-Forwarded-For`` is read when the connection comes from
an address of the setting HINGEPOINT_TRUSTED_PROXIES, and of what it says, only what such a proxy wrote.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Who has one address of IPv6 has the whole network of this length: it counts as one.
IPV6_OF_ONE = 64


def counted_address(request: HttpRequest) -> str:
    """Return what failures and answers are counted by: an IPv4 address, or a /64 of IPv6.

    What is no address, such as a socket without one, is returned as the server gave it.
    """
    connection = request.META.get("REMOTE_ADDR", "")
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    found = client_address(connection, forwarded, trusted=settings.TRUSTED_PROXIES)
    return _counted(found) if found else connection


def client_address(connection: str, forwarded: str, *, trusted: Sequence[Network]) -> Address | None:
    """Return where a request comes from; None where the connection has no address.

    Each proxy adds at the right end whom it was called by: the right-most entry that is no trusted proxy is
    the client, and what stands left of it is the client's own claim. An entry that is no address ends the
    search: then the connection itself is the client.
    """
    caller = _read(connection)
    if caller is None or not forwarded or not _within(caller, trusted):
        return caller
    found = caller
    for entry in reversed(forwarded.split(",")):
        address = _read(entry)
        if address is None:
            return caller
        found = address
        if not _within(address, trusted):
            break
    return found


def _read(entry: str) -> Address | None:
    """Return the address in ``1.2.3.4``, ``1.2.3.4:5678``, ``2001:db8::1`` or ``[2001:db8::1]:5678``."""
    entry = entry.strip()
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        address = ipaddress.ip_address(entry)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _counted(address: Address) -> str:
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((int(address), IPV6_OF_ONE), strict=False))
