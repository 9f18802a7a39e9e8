"""The server that plays CRMs: what goes wrong goes wrong where it was asked for, and nowhere else."""

from __future__ import annotations

import datetime as dt

import pytest

from connectors.fakes import base
from hingepoint.connectors import exchange


class Parrot(base.Fake):
    """Says back what it is told, and counts."""

    @base.route("POST", "/say/([a-z]+)")
    def say(self, request, word):
        return {"word": word, "said": request.json}

    def listing(self, request):
        return "sayings"


@pytest.fixture
def parrot():
    with Parrot() as fake:
        yield fake


def ask(fake, word="hello", **more):
    link = fake.exchange()
    try:
        return link.ask("POST", f"/say/{word}", json={"n": 1}, **more)
    finally:
        link.close()


def test_it_answers_with_its_own_clock(parrot):
    parrot.tick(90)
    answer = ask(parrot)
    assert answer.body == {"word": "hello", "said": {"n": 1}}
    assert answer.server_time == base.BEGIN + dt.timedelta(seconds=90)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (base.busy(600), exchange.Busy),
        (base.FAILS, exchange.NotReachable),
        (base.EXPIRED, exchange.NotSignedIn),
        (base.MAINTENANCE, exchange.NotUnderstood),
        (base.CUT, exchange.NotReachable),
    ],
)
def test_a_fault_happens_to_the_request_it_was_asked_for(parrot, fault, problem):
    parrot.next(2, fault)
    assert ask(parrot).status == 200
    with pytest.raises(problem):
        ask(parrot, again=False)
    assert ask(parrot).status == 200


def test_a_page_comes_twice_and_a_clock_is_wrong(parrot):
    ask(parrot, "first")
    parrot.next(1, base.TWICE)
    assert ask(parrot, "second").body["word"] == "first"
    parrot.next(1, base.AHEAD)
    assert ask(parrot).server_time - parrot.now == dt.timedelta(hours=3)


def test_short_waits_are_waited_and_asked_again(parrot):
    parrot.next(1, base.busy(1))
    assert ask(parrot).status == 200
    assert len(parrot.requests) == 2


def test_somebody_changes_something_between_two_reads(parrot):
    parrot.next(1, base.meanwhile(lambda: parrot.tick(60)))
    assert ask(parrot).server_time == base.BEGIN + dt.timedelta(minutes=1)
