"""Outgoing requests are attacked: rebinding, redirects, every spelling of an inner address, slow and endless answers."""

from __future__ import annotations

import socket
import time

import pytest

import hooks
from hingepoint.connectors import outgoing

LIMITS = {"seconds": 2.0, "most_bytes": 2000}


def post(url: str, *, allowed=(), **more):
    return outgoing.post(url, b"{}", {}, allowed=allowed, **LIMITS | more)


def says(status: int, body: bytes = b"thanks", **headers: str):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def asked(monkeypatch):
    """Fail where a connection is opened at all."""

    def connect(*told, **more):
        raise AssertionError(f"connected to {told}")

    monkeypatch.setattr(socket, "create_connection", connect)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",  # 127.0.0.1 as one number
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "0",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.9",
        "192.168.7.7",
        "169.254.169.254",  # where clouds keep passwords
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",  # as IPv4 was once carried
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2001:0:7f00:1::80ff:fffe]",  # Teredo
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[fd12:3456::1]",
        "[ff02::1]",
        "[2001:db8::1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "a..b",
        "[fe80::1%25eth0]",
        "[::1%25lo]",
        "１２７.0.0.1",  # wide digits
        "127。0。0。1",  # ideographic stops
        "ⓛocalhost",
    ],
)
def test_no_spelling_reaches_an_address_inside_a_network(asked, host):
    with pytest.raises((outgoing.AddressRefused, outgoing.NoAnswer)) as refused:
        post(f"http://{host}:8080/hook")
    assert "connected" not in str(refused.value)


def test_an_address_with_a_zone_is_judged_without_it():
    assert not outgoing.is_public("fe80::1%eth0")
    assert not outgoing.is_public("::1%lo")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_what_is_globally_routable_may_be_asked(address):
    assert outgoing.is_public(address)


def test_the_address_that_was_checked_is_the_one_that_is_used(monkeypatch):
    """A name server that says a public address first and an inner one then finds nobody who asks twice."""
    answers = iter(["93.184.216.34", "127.0.0.1"])
    used = []

    def resolve(host, port, *told, **more):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address, *told, **more):
        used.append(address)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(outgoing.NoAnswer):
        post("http://rebinding.example/")
    assert used == [("93.184.216.34", 80)]


def test_one_inner_address_among_public_ones_is_enough_to_refuse(monkeypatch, asked):
    def resolve(host, port, *told, **more):
        found = ("93.184.216.34", "10.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(outgoing.AddressRefused):
        post("http://mixed.example/")


def test_no_proxy_of_the_environment_is_asked(monkeypatch):
    with hooks.listening(says(200)) as (proxy, paths):
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy}")
        monkeypatch.setenv("ALL_PROXY", f"http://{proxy}")
        with pytest.raises(outgoing.AddressRefused):
            post("http://10.0.0.1/")
    assert paths == []


def test_an_allowed_host_is_reached_and_answers():
    with hooks.listening(says(200)) as (place, paths):
        assert post(f"http://{place}/hook", allowed=[place]) == outgoing.Said(200, "thanks")
        host, _, port = place.partition(":")
        with pytest.raises(outgoing.AddressRefused):
            post(f"http://{place}/hook", allowed=[f"{host}:{int(port) + 1}"])
    assert paths == ["/hook"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(status):
    with (
        hooks.listening(says(200)) as (inner, never),
        hooks.listening(says(status, Location=f"http://{inner}/secret")) as (place, _),
    ):
        assert post(f"http://{place}/", allowed=[place, inner]).status == status
    assert never == []


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass


def test_an_endless_answer_is_cut():
    with hooks.listening(endless) as (place, _):
        said = post(f"http://{place}/", allowed=[place])
    assert (said.status, len(said.text)) == (200, 2000)


def drops(rest: bytes):
    def answer(handler):
        try:
            for one in rest:
                handler.wfile.write(bytes([one]))
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass

    return answer


def test_headers_that_come_drop_by_drop_end_with_the_time_in_all():
    with (
        hooks.listening(drops(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 100)) as (place, _),
        pytest.raises(outgoing.NoAnswer),
    ):
        post(f"http://{place}/", allowed=[place], seconds=0.4)


def test_an_answer_whose_text_never_ends_counts_by_its_status():
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n"

    def answer(handler):
        handler.wfile.write(head)
        drops(b"z" * 900)(handler)

    with hooks.listening(answer) as (place, _):
        assert post(f"http://{place}/", allowed=[place], seconds=0.4).status == 200


@pytest.mark.parametrize("body", [b"", b"\x00\xff nonsense", b"SSH-2.0-OpenSSH_9\r\n"])
def test_who_does_not_speak_http_is_nobody(body):
    def answer(handler):
        handler.wfile.write(body)
        handler.close_connection = True

    with hooks.listening(answer) as (place, _), pytest.raises(outgoing.NoAnswer):
        post(f"http://{place}/", allowed=[place])
