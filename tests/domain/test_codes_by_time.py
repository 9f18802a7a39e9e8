"""Codes of an authenticator app are those of RFC 6238, and each is taken once."""

import base64
import datetime as dt
import hashlib
import hmac
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hingepoint.domain.second_factors import rules

#: Appendix B of RFC 6238: seconds since 1970, algorithm, code of eight digits. The secret of each is as long as its digest.
VECTORS = [
    (59, "sha1", "94287082"), (59, "sha256", "46119246"), (59, "sha512", "90693936"),
    (1111111109, "sha1", "07081804"), (1111111109, "sha256", "68084774"), (1111111109, "sha512", "25091201"),
    (1111111111, "sha1", "14050471"), (1111111111, "sha256", "67062674"), (1111111111, "sha512", "99943326"),
    (1234567890, "sha1", "89005924"), (1234567890, "sha256", "91819424"), (1234567890, "sha512", "93441116"),
    (2000000000, "sha1", "69279037"), (2000000000, "sha256", "90698825"), (2000000000, "sha512", "38618901"),
    (20000000000, "sha1", "65353130"), (20000000000, "sha256", "77737706"), (20000000000, "sha512", "47863826"),
]  # fmt: skip
#: Appendix D of RFC 4226: the codes of six digits of the counters from 0 to 9.
COUNTED = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
DIGITS = b"1234567890" * 7
NOW = dt.datetime(2026, 3, 2, 9, 0, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize(("seconds", "algorithm", "code"), VECTORS)
def test_the_codes_are_those_of_rfc_6238(seconds, algorithm, code):
    secret = DIGITS[: hashlib.new(algorithm).digest_size]
    step = rules.step_of(dt.datetime.fromtimestamp(seconds, dt.UTC))
    assert rules.code_at(secret, step, digits=8, algorithm=algorithm) == code


def test_the_codes_are_those_of_rfc_4226():
    assert [rules.code_at(DIGITS[:20], counter) for counter in range(10)] == COUNTED


def by_another_way(secret: bytes, step: int) -> str:
    """The same code, computed with struct and by cutting four bytes out."""
    mac = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    begin = mac[-1] % 16
    (number,) = struct.unpack(">I", mac[begin : begin + 4])
    return str(number % 2**31)[-6:].zfill(6)


@given(st.binary(min_size=10, max_size=40), st.integers(0, 2**40))
def test_another_way_of_computing_comes_to_the_same_code(secret, step):
    assert rules.code_at(secret, step) == by_another_way(secret, step)


def code_of(secret: str, steps: int = 0) -> str:
    return rules.code_at(base64.b32decode(secret), rules.step_of(NOW) + steps)


@pytest.mark.parametrize(("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_go_wrong_by_one_step(steps, taken):
    secret = rules.new_secret()
    found = rules.matching_step(secret, code_of(secret, steps), at=NOW, after=0)
    assert (found == rules.step_of(NOW) + steps) == taken


def test_a_code_that_was_taken_and_those_before_it_are_not_taken_again():
    secret, now = rules.new_secret(), rules.step_of(NOW)
    assert rules.matching_step(secret, code_of(secret), at=NOW, after=now) is None
    assert rules.matching_step(secret, code_of(secret, -1), at=NOW, after=now) is None
    assert rules.matching_step(secret, code_of(secret, 1), at=NOW, after=now) == now + 1


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_code_or_none(typed):
    found = rules.matching_step("JBSWY3DPEHPK3PXP", typed, at=NOW, after=0)
    assert found is None or abs(found - rules.step_of(NOW)) <= rules.SKEW


def test_wrong_codes_cost_more_and_more_time_and_a_day_at_most():
    minutes = [
        rules.wait_after(wrong) // dt.timedelta(minutes=1) for wrong in (0, 4, 5, 6, 7, 10, 15, 16, 10**6)
    ]
    assert minutes == [0, 0, 1, 2, 4, 32, 1024, 1440, 1440]


def test_recovery_codes_differ_and_bear_how_people_type():
    codes = {rules.new_recovery_code() for _ in range(100)}
    assert {5 * len(rules.plain(code)) >= 128 for code in codes} == {
        True
    }  # a letter of base 32 has five bits
    assert len(codes) == 100
    code = codes.pop()
    assert rules.plain(f" {code.upper()} ") == rules.plain(code.replace("-", " ")) == code.replace("-", "")


def test_the_address_for_apps_says_whose_code_it_is():
    said = rules.address_for_apps("JBSWY3DP", account="ana@acme.example", issuer="Acme & Söhne")
    assert said == (
        "otpauth://totp/Acme%20%26%20S%C3%B6hne:ana%40acme.example"
        "?secret=JBSWY3DP&issuer=Acme%20%26%20S%C3%B6hne&digits=6&period=30"
    )
