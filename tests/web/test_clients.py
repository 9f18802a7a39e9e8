"""Whom limits count: the visitor's own address, told by trusted proxies and by nobody else."""

import ipaddress

import pytest
from django.test import Client, RequestFactory

from cast import PASSWORD
from hingepoint.config.environment import Environment
from hingepoint.domain.people.models import SignInFailure
from hingepoint.web import clients

PROXY, STRANGER, COLLEAGUE = "127.0.0.1", "203.0.113.9", "198.51.100.7"
TRUSTED = [ipaddress.ip_network(one) for one in ("127.0.0.1", "10.0.0.0/8", "2001:db8:ffff::/48")]


@pytest.fixture
def behind_proxy(settings):
    settings.TRUSTED_PROXIES = TRUSTED


def counted(forwarded=None, *, connection=PROXY) -> str:
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return clients.counted_address(RequestFactory().get("/", REMOTE_ADDR=connection, **headers))


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (None, PROXY),
        ("", PROXY),
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9 ", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("1.1.1.1, 203.0.113.9, 10.1.2.3, 127.0.0.1", "203.0.113.9"),
        ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("rubbish, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, rubbish", PROXY),
        ("203.0.113.9,", PROXY),
        ("203.0.113.9, unknown, 10.1.2.3", PROXY),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::/64"),
        ("203.0.113.9, 2001:db8:ffff:1::5", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9" * 10_000, PROXY),
    ],
)
def test_the_right_most_address_that_is_no_trusted_proxy_is_the_client(behind_proxy, forwarded, address):
    assert counted(forwarded) == address


def test_without_the_setting_the_header_is_ignored():
    assert counted("203.0.113.9") == PROXY


def test_who_is_no_trusted_proxy_is_not_believed(behind_proxy):
    assert counted("203.0.113.9", connection=COLLEAGUE) == COLLEAGUE


@pytest.mark.parametrize("connection", ["", "unix:"])
def test_a_connection_without_an_address_is_counted_as_it_is_called(behind_proxy, connection):
    assert counted("203.0.113.9", connection=connection) == connection


@pytest.mark.parametrize(("one", "other", "same"), [("1::5", "1::9", True), ("1::5", "2::5", False)])
def test_a_network_of_64_bits_is_one_visitor(one, other, same):
    found = {counted(connection=f"2001:db8:1:{end}") for end in (one, other)}
    assert (len(found) == 1) is same


def test_an_address_always_fits_where_it_is_kept():
    longest = counted(connection="ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    assert longest == "ffff:ffff:ffff:ffff::/64"
    assert len(longest) <= SignInFailure._meta.get_field("address").max_length


@pytest.mark.parametrize("value", ["proxy.example.com", "10.0.0.1/8", "300.1.1.1"])
def test_a_setting_that_is_no_address_is_refused_in_words(value):
    with pytest.raises(ValueError, match="is not an address or network"):
        Environment(trusted_proxies=[value])


# ---- sign-in, as it is reached by way of the proxy ----


def sign_in(email="sanna@hinge.example", *, password=PASSWORD, through=STRANGER, connection=PROXY):
    headers = {"HTTP_X_FORWARDED_FOR": through} if through else {}
    given = {"username": email, "password": password}
    answer = Client().post("/sign-in", given, REMOTE_ADDR=connection, **headers)
    return "in" if answer.status_code == 302 else "refused" if b"Too many" in answer.content else "wrong"


@pytest.fixture
def stranger_guessed(cast, behind_proxy):
    """A stranger has tried a hundred accounts, then more."""
    for number in range(105):
        sign_in(f"guess-{number}@hinge.example", password="wrong")
    assert SignInFailure.objects.count() == 100


def test_one_strangers_failures_lock_out_nobody_else(stranger_guessed):
    assert sign_in() == "refused"
    assert sign_in(through=COLLEAGUE) == "in"
    assert sign_in("maud@hinge.example", through=COLLEAGUE) == "in"


def test_an_invented_header_evades_no_limit(stranger_guessed):
    for invented in ("1.1.1.1", "1.1.1.1, 2.2.2.2", "rubbish", "127.0.0.1", "10.0.0.5"):
        assert sign_in(through=f"{invented}, {STRANGER}") == "refused"


def test_guessing_one_account_locks_it_for_the_guesser_alone(cast, behind_proxy):
    for _ in range(10):
        assert sign_in(password="wrong") == "wrong"
    assert sign_in() == "refused"
    assert sign_in("maud@hinge.example") == "in"
    assert sign_in(through=COLLEAGUE) == "in"


def test_without_the_setting_inventing_addresses_evades_no_limit(cast):
    for number in range(10):
        assert sign_in(password="wrong", through=f"203.0.113.{number}") == "wrong"
    assert sign_in(through="203.0.113.200") == "refused"


def test_addresses_of_one_ipv6_network_are_one_stranger(cast):
    for number in range(10):
        assert sign_in(password="wrong", connection=f"2001:db8:1:2::{number:x}", through=None) == "wrong"
    assert sign_in(connection="2001:db8:1:2:ffff::1", through=None) == "refused"
    assert sign_in(connection="2001:db8:1:3::1", through=None) == "in"
