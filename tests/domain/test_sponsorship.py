"""What sponsors promised and did is seen by everybody; their messages are read by a press, and nobody is named."""

from __future__ import annotations

import datetime as dt

import pytest

import duties
import sponsoring
import talks
from cast import NOW, TODAY
from hingepoint.domain.involvement import actions as involvement
from hingepoint.domain.involvement import queries as roles
from hingepoint.domain.merging import actions as merging
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.actions import NotDelivered
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.sponsorship import actions
from hingepoint.domain.sponsorship.models import MessageReader
from hingepoint.domain.sponsorship.queries import board, messages
from hingepoint.records.errors import Hidden
from hingepoint.records.people import Role
from hingepoint.records.routines import Cadence, Kind, Rule

DAY = dt.timedelta(days=1)


def test_a_message_goes_to_everybody_who_works_here_and_is_read_by_a_press(cast):
    row = sponsoring.a_message(cast)
    assert messages.unread(cast.seller, now=NOW).line.subject == row.subject
    assert messages.unread(cast.seller, now=NOW + messages.NEW) is None
    assert messages.unread(cast.sponsor, now=NOW) is None
    assert messages.unread(cast.disabled, now=NOW) is None
    actions.read(by=cast.seller, at=NOW + DAY, message_id=row.pk)
    actions.read(by=cast.seller, at=NOW + 2 * DAY, message_id=row.pk)
    assert messages.unread(cast.seller, now=NOW) is None
    assert MessageReader.objects.get(person=cast.seller).read_at == NOW + DAY
    page = messages.message_page(cast.sponsor, row.pk)
    assert (page.line.read, page.line.to, page.mine) == (1, 6, None)
    assert [(one.team, one.read, one.of) for one in page.teams] == [("North", 1, 2), ("South", 0, 2)]
    assert [one.team for one in messages.message_page(cast.manager, row.pk).teams] == ["North"]
    assert messages.message_page(cast.seller, row.pk).teams == ()


def test_the_newest_message_stands_first(cast):
    for number in range(3):
        sponsoring.a_message(cast, at=NOW + number * DAY, subject=f"Message {number}")
    assert [one.subject for one in messages.messages(cast.seller)] == ["Message 2", "Message 1", "Message 0"]
    assert messages.unread(cast.seller, now=NOW + 3 * DAY).line.subject == "Message 2"


def test_only_a_sponsor_writes_and_says_something(cast):
    for who in (cast.analyst, cast.manager, cast.seller):
        with pytest.raises(Hidden):
            actions.send(by=who, at=NOW, subject="a", text="b")
    with pytest.raises(actions.NothingWritten):
        actions.send(by=cast.sponsor, at=NOW, subject=" ", text="b")
    with pytest.raises(Hidden):
        actions.read(by=cast.sponsor, at=NOW, message_id=sponsoring.a_message(cast).pk)


def test_a_message_keeps_the_promise_of_one(cast):
    rule = Rule("message", "Message to all", Kind.MESSAGE, Role.SPONSOR, Cadence.MONTHLY)
    routine = routines.define(by=None, at=NOW, rule=rule, since=TODAY)
    due = routines.Due(person=cast.sponsor.key, team="", due_at=NOW)
    routines.fall_due(by=None, at=NOW, routine=routine, dues=[due])

    def told():
        (one,) = board.sponsors(cast.seller, today=TODAY)
        return one.done, one.due, one.messages

    assert told() == (0, 1, 0)
    sponsoring.a_message(cast)
    assert told() == (1, 1, 1)


def test_a_role_that_a_sponsor_writes_waits_for_the_owner(cast):
    row = sponsoring.a_proposed_role(cast)
    (told,) = roles.of_deal(cast.seller, cast.deal.pk, now=NOW).holding
    assert told.waits_for == cast.seller.pk
    for who in (cast.sponsor, cast.manager, cast.stranger):
        with pytest.raises(Hidden):
            involvement.accept_role(by=who, at=NOW, involvement_id=row.pk)
    assert board.sponsors(cast.seller, today=TODAY)[0].agreed == 0
    involvement.accept_role(by=cast.seller, at=NOW, involvement_id=row.pk)
    (told,) = roles.of_deal(cast.seller, cast.deal.pk, now=NOW).holding
    assert told.waits_for is None
    assert board.sponsors(cast.stranger, today=TODAY)[0].agreed == 1
    with pytest.raises(Hidden):
        involvement.accept_role(by=cast.seller, at=NOW, involvement_id=row.pk)


def test_what_the_owner_wrote_needs_no_yes(cast):
    talks.a_role(cast, executive=cast.sponsor)
    (one,) = board.board(cast.seller, today=TODAY).joined
    assert (one.waits, one.sponsor) == (False, "Otto")
    assert board.board(cast.stranger, today=TODAY).joined == ()
    assert board.board(cast.stranger, today=TODAY).followed_words.startswith("1 joined deals")


def test_mail_goes_once_and_waits_where_the_server_is_away(cast):
    sponsoring.a_message(cast, by_mail=False)
    went: list[str] = []

    def away(letter):
        raise OSError("no server")

    def takes(letter):
        if letter.to.startswith("stig"):
            raise NotDelivered("not here")
        went.append(letter.to)

    assert actions.mail(at=NOW, hand_over=away) == 0
    actions.read(by=cast.manager, at=NOW, message_id=MessageReader.objects.first().message_id)
    assert actions.mail(at=NOW, hand_over=takes) == 4
    assert actions.mail(at=NOW, hand_over=takes) == 0
    assert sorted(went) == [f"{name}@hinge.example" for name in ("ada", "lee", "max", "sanna")]


def test_merging_keeps_one_reader(cast):
    again = people.add_user(by=None, at=NOW, name="Sanna Ek", key="0051", role=Role.SELLER)
    row = sponsoring.a_message(cast)
    actions.read(by=again, at=NOW, message_id=row.pk)
    merging.merge(by=None, at=NOW, kept=cast.seller, gone=again, wider=True)
    assert row.readers.get(person=cast.seller).read_at == NOW


def test_a_template_is_for_sponsors_and_says_what_is_known(cast):
    told = messages.template(cast.sponsor, today=TODAY)
    assert told.text.endswith("Otto")
    duties.a_routine()
    with pytest.raises(Hidden):
        messages.template(cast.seller, today=TODAY)
