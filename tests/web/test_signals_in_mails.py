"""A signal that led to nothing three times in a row is offered to be left out of mails, and goes on all the same."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError
from django.test import Client

import raising
from cast import NOW, TODAY
from hingepoint.analysis.signals.shape import State
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.notices import actions, reading, vain
from hingepoint.domain.notices.models import SignalLeftOut
from hingepoint.domain.notices.rules import Decided, last_words
from hingepoint.domain.signals import actions as signals
from hingepoint.domain.signals import queries as signal_pages
from hingepoint.domain.signals.models import Raise
from hingepoint.records.errors import Hidden
from hingepoint.records.notices import NoticeKind
from hingepoint.records.signals import StepKind

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
LED, NOT_LED, NOT_YET = StepKind.LED, StepKind.NOT_LED, StepKind.NOT_YET


def client_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def raises(count: int, key: str = "exceptions", place: str = "North") -> list[Raise]:
    """Raises of one place, one after another: each had ended when the next began."""
    days = dict.fromkeys(("since", "earliest", "latest", "seen", "first_day", "ended_on"), TODAY)
    return [Raise.objects.create(signal=key, level="team", place=place, **days) for _ in range(count)]


def say(by, rows, *words: StepKind, at: dt.datetime = NOW) -> None:
    for number, (row, led) in enumerate(zip(rows, words, strict=True)):
        signals.decide(by=by, at=at + number * MINUTE, raise_id=row.pk, led=led, words="So.")


def test_three_in_a_row_are_offered_and_one_press_leaves_the_signal_out_and_another_tells_it_again(cast):
    say(cast.manager, raises(3), NOT_LED, NOT_LED, NOT_LED)
    maud = client_of(cast.manager)
    assert "Leave it out of my mails" in maud.get("/account/notices").text
    assert not vain.left_out(cast.manager)  # nothing is left out by itself
    press = {"signal": "exceptions", "whose": "mine"}
    told = maud.post("/account/notices/signal", press | {"how": "out"}, follow=True).text
    assert "The signal itself goes on" in told
    assert "Tell it again" in told
    assert vain.left_out(cast.manager) == {"exceptions"}
    assert not vain.left_out(cast.sponsor)
    told = maud.post("/account/notices/signal", press | {"how": "again"}, follow=True).text
    assert not vain.left_out(cast.manager)
    assert "Leave it out of my mails" not in told  # what was answered before counts no more
    events = AuditEvent.objects.filter(subject="signal in mails").order_by("id")
    assert [(one.action, one.by_name) for one in events] == [
        ("leave out", "Maud"),
        ("tell again", "Maud"),
    ]
    assert events[0].changes["in the mails of"] == "themselves"


def test_a_mail_leaves_the_signal_out_and_tells_the_others_and_its_page_goes_on(cast):
    rose = raising.reading(raising.NORTH, State.RAISED)
    raising.read(raising.DAY, exceptions=(rose,), unknown_reasons=(rose,))
    assert told_of_signals(cast.manager) == {"exceptions", "unknown_reasons"}
    say(cast.sponsor, raises(3, place="Elsewhere"), NOT_LED, NOT_LED, NOT_LED)
    actions.leave_out_signal(by=cast.sponsor, at=NOW, signal="exceptions", for_all=True)
    assert told_of_signals(cast.manager) == {"unknown_reasons"}
    (standing,) = signal_pages.signal(cast.manager, "exceptions").raises
    assert standing.ended_on is None


def told_of_signals(user) -> set[str]:
    lines = reading.lines(user, today=raising.DAY)
    return {line.about[0] for line in lines if line.kind == NoticeKind.SIGNALS}


@pytest.mark.parametrize(
    "said",
    [
        pytest.param((NOT_LED, NOT_LED), id="two"),
        pytest.param((NOT_LED, NOT_LED, NOT_YET), id="not yet is no answer"),
        pytest.param((NOT_LED, NOT_LED, LED), id="the last led to something"),
        pytest.param((NOT_LED, LED, NOT_LED, NOT_LED), id="one between"),
    ],
)
def test_nothing_is_offered_before_three_in_a_row(cast, said):
    say(cast.manager, raises(len(said)), *said)
    assert vain.offered(cast.manager) == set()
    with pytest.raises(Hidden):
        actions.leave_out_signal(by=cast.manager, at=NOW, signal="exceptions", for_all=False)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param((LED, NOT_LED, NOT_LED, NOT_LED), id="it led to something long ago"),
        pytest.param((NOT_LED, NOT_LED, NOT_YET, NOT_LED), id="one in between is not answered"),
    ],
)
def test_the_last_three_answers_count(cast, said):
    say(cast.manager, raises(len(said)), *said)
    assert vain.offered(cast.manager) == {("exceptions", False)}


def test_three_noes_to_one_raise_are_one_answer_and_its_last_word_counts(cast):
    (row,) = raises(1)
    say(cast.manager, [row, row, row], NOT_LED, NOT_LED, NOT_LED)
    assert vain.offered(cast.manager) == set()
    assert last_words([Decided(1, LED, NOW), Decided(2, NOT_LED, NOW), Decided(1, NOT_LED, NOW)]) == [
        True,
        False,
    ]


def test_a_sponsor_leaves_it_out_for_everybody_by_what_everybody_answered(cast):
    one, two, three = raises(3)
    say(cast.manager, [one, two], NOT_LED, NOT_LED)
    say(cast.sponsor, [three], NOT_LED, at=NOW + 5 * MINUTE)
    assert vain.offered(cast.sponsor) == {("exceptions", True)}
    assert vain.offered(cast.manager) == set()
    actions.leave_out_signal(by=cast.sponsor, at=NOW, signal="exceptions", for_all=True)
    assert vain.left_out(cast.manager) == vain.left_out(cast.other_manager) == {"exceptions"}
    told = client_of(cast.manager).get("/account/notices").text
    assert f"by {cast.sponsor.name}" in told
    assert "Tell it again" not in told
    with pytest.raises(Hidden):
        actions.tell_signal_again(by=cast.manager, at=NOW, signal="exceptions", for_all=True)
    actions.tell_signal_again(by=cast.sponsor, at=NOW + 9 * MINUTE, signal="exceptions", for_all=True)
    assert not vain.left_out(cast.manager)


def test_what_everybodys_mails_leave_out_is_not_offered_again(cast):
    say(cast.sponsor, raises(3), NOT_LED, NOT_LED, NOT_LED)
    assert vain.offered(cast.sponsor) == {("exceptions", False), ("exceptions", True)}
    actions.leave_out_signal(by=cast.sponsor, at=NOW, signal="exceptions", for_all=True)
    assert vain.offered(cast.sponsor) == set()


def test_only_sponsors_are_offered_to_leave_it_out_for_everybody(cast):
    say(cast.manager, raises(3), NOT_LED, NOT_LED, NOT_LED)
    with pytest.raises(Hidden):
        actions.leave_out_signal(by=cast.manager, at=NOW, signal="exceptions", for_all=True)
    with pytest.raises(Hidden):
        actions.leave_out_signal(by=cast.seller, at=NOW, signal="exceptions", for_all=False)


def test_the_answer_says_where_it_can_be_left_out(cast):
    rows = raises(3)
    say(cast.manager, rows[:2], NOT_LED, NOT_LED)
    said = client_of(cast.manager).post(
        f"/signals/exceptions/raises/{rows[2].pk}/decide", {"led": "not_led"}, follow=True
    )
    assert "three times in a row" in said.text


def test_one_signal_is_left_out_once_at_a_time_also_for_everybody(cast):
    left = {"signal": "exceptions", "by": cast.sponsor, "at": NOW}
    SignalLeftOut.objects.create(**left, ended_at=NOW)
    SignalLeftOut.objects.create(**left)
    with pytest.raises(IntegrityError):
        SignalLeftOut.objects.create(**left)
