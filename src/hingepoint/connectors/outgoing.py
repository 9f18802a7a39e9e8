"""Requests that leave the house: only to addresses that were checked, by the very connection that is then used.

The name is resolved once for a connection, and every address that it has is checked before one is used: what is not
globally routable is refused unless its host and port were allowed by name. So no answer of a name server can
change between the check and the use, and no redirect is followed anywhere else.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore2
import httpx2

#: Global unicast addresses of IPv6 all lie here (RFC 4291, 2.4); forms that carry an IPv4 address are looked through.
_GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052


class AddressRefused(Exception):
    """The address may not be asked: it is not globally routable, and nobody allowed it."""


class NoAnswer(Exception):
    """Nobody answered in time, or not in HTTP."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was answered: the status and the beginning of the text."""

    status: int
    text: str


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allowed: Collection[str],
    seconds: float,
    most_bytes: int,
) -> Said:
    """Send ``body`` once and return what was answered, cut after ``most_bytes``; a redirect is an answer too.

    The whole exchange ends after ``seconds``, however slowly the other side speaks. Raises AddressRefused, NoAnswer.
    """
    told = {**headers, "Accept-Encoding": "identity", "Connection": "close"}
    with client(allowed, seconds=seconds, in_all=True) as sender:
        try:
            with sender.stream("POST", url, content=body, headers=told) as response:
                return Said(response.status_code, _beginning(response, most_bytes))
        except (httpx2.TransportError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}"[:200]) from None


def _beginning(response: httpx2.Response, most: int) -> str:
    """Return the beginning of an answer, as far as it comes in time: its status says already what became of it."""
    read = b""
    with contextlib.suppress(httpx2.TransportError):
        for part in response.iter_raw():
            read += part
            if len(read) >= most:
                break
    return read[:most].decode("utf-8", "replace")


def client(allowed: Collection[str], *, seconds: float, in_all: bool = False) -> httpx2.Client:
    """Return a client that reaches checked addresses only, follows nothing and asks no proxy; ``in_all``: ``seconds`` hold
    for a connection as a whole, not for each wait."""
    transport = httpx2.HTTPTransport(retries=0)
    transport._pool = httpcore2.ConnectionPool(
        ssl_context=_trusted(),
        network_backend=Checked(allowed, seconds if in_all else None),
    )
    return httpx2.Client(transport=transport, timeout=seconds, follow_redirects=False, trust_env=False)


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Return whom the machine trusts; reading its list anew for each client would cost more than a request."""
    return ssl.create_default_context()


class Checked(httpcore2.SyncBackend):
    """Opens connections to checked addresses only: the address that was checked is the one that is used."""

    def __init__(self, allowed: Collection[str], seconds: float | None = None):
        super().__init__()
        self._allowed, self._seconds = frozenset(allowed), seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore2.ConnectError(f"{host} is not known.") from None
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if f"{host}:{port}" not in self._allowed and not all(map(is_public, addresses)):
            raise AddressRefused(
                f"{host} is an address inside a network. Allow it with --allow-outbound {host}:{port}."
            )
        end = time.monotonic() + self._seconds if self._seconds else None
        stream = super().connect_tcp(addresses[0], port, timeout, local_address, socket_options)
        return _Ending(stream, end) if end else stream


class _Ending(httpcore2.NetworkStream):
    """A connection that ends at a moment, however much is still said on it."""

    def __init__(self, stream: httpcore2.NetworkStream, end: float):
        self._stream, self._end = stream, end

    def _left(self, timeout: float | None) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("The exchange took too long.")
        return left if timeout is None else min(timeout, left)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._left(timeout))
        return _Ending(secured, self._end)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def is_public(address: str) -> bool:
    """Return whether an address is globally routable, looking through IPv6 forms that carry an IPv4 address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    inner = _carried(ip)
    return is_public(str(inner)) if inner is not None else ip.is_global and ip in _GLOBAL_IPV6


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
