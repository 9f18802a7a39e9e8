"""Rounds of the self-assessment: who opens them, what a link is good for, and what is never kept or shown."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import assessing
from cast import NOW
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.self_assessment import actions, queries, rules
from hingepoint.domain.self_assessment.models import AssessmentAnswer, AssessmentRound
from hingepoint.records.errors import Hidden
from hingepoint.records.self_assessment import Group, HowOften, Kind

LATER = NOW + dt.timedelta(days=15)
DAY = dt.timedelta(days=1)


def opened(cast, **facts) -> AssessmentRound:
    told = {"name": "March", "asked": 20, "closes_at": NOW + 14 * DAY} | facts
    return actions.open_round(by=told.pop("by", cast.sponsor), at=NOW, **told)


class TestRounds:
    @pytest.mark.parametrize("who", ["sponsor", "analyst"])
    def test_who_sees_the_whole_company_opens_one(self, cast, who):
        row = opened(cast, by=getattr(cast, who))
        assert (row.name, row.asked, row.link) == ("March", 20, 1)
        event = AuditEvent.objects.get(subject="self-assessment", action="open")
        assert event.changes["people asked"] == [None, 20]

    @pytest.mark.parametrize("who", ["seller", "manager", "inside_partner", "disabled"])
    def test_nobody_else_does(self, cast, who):
        with pytest.raises(Hidden):
            opened(cast, by=getattr(cast, who))
        with pytest.raises(Hidden):
            queries.rounds(getattr(cast, who), at=NOW)

    @pytest.mark.parametrize(
        ("facts", "field"),
        [
            ({"name": "  "}, "name"),
            ({"asked": 4}, "asked"),
            ({"closes_at": NOW}, "closes_on"),
            ({"closes_at": NOW + 91 * DAY}, "closes_on"),
        ],
    )
    def test_what_is_no_round_says_where(self, cast, facts, field):
        with pytest.raises(rules.NoRound) as refused:
            opened(cast, **facts)
        assert set(refused.value.by_field) == {field}

    def test_a_form_sent_twice_opens_one(self, cast):
        first, second = (opened(cast, token="t") for _ in range(2))
        assert first == second

    def test_one_closed_round_is_not_closed_again(self, cast):
        row = assessing.closed_round(cast, leaders=0, field=0, at=NOW)
        with pytest.raises(rules.NoRound):
            actions.close_round(by=cast.sponsor, at=NOW, round_id=row.pk)


class TestAnswering:
    def test_the_same_key_is_the_same_answer(self, cast):
        row, key = opened(cast), rules.new_key()
        for step in ("1", "3"):
            said = assessing.answers(step)
            actions.give_answer(at=NOW, token=assessing.link(row), key=key, group=Group.FIELD, said=said)
        assert set(row.answers.get().said.values()) == {"3"}

    def test_an_answer_holds_no_person_no_time_and_not_its_key(self, cast):
        row = opened(cast)
        key = assessing.answered(row, at=NOW)
        mine = row.answers.get()
        assert {field.name for field in AssessmentAnswer._meta.fields} == {
            "id",
            "round",
            "digest",
            "group",
            "said",
        }
        assert key not in mine.digest
        assert not AuditEvent.objects.filter(subject="self-assessment").exclude(action="open").exists()

    def test_more_answers_than_people_asked_are_not_taken(self, cast):
        row = opened(cast, asked=5)
        keys = [assessing.answered(row, at=NOW) for _ in range(5)]
        with pytest.raises(rules.AllIn):
            assessing.answered(row, at=NOW)
        actions.change_answer(at=NOW, key=keys[0], group=Group.LEADER, said=assessing.answers("4"))
        assert row.answers.filter(group="leader").count() == 1

    def test_an_answer_is_changed_until_the_round_is_closed(self, cast):
        row = opened(cast)
        key = assessing.answered(row, at=NOW)
        actions.close_round(by=cast.sponsor, at=NOW, round_id=row.pk)
        with pytest.raises(rules.LinkOver):
            actions.change_answer(at=NOW, key=key, group=Group.FIELD, said=assessing.answers("4"))
        assert queries.own_answer(key, at=NOW).over
        assert set(queries.own_answer(key, at=NOW).said.values()) == {HowOften.RARELY}

    def test_a_link_is_over_when_its_time_is_or_a_newer_one_is_made(self, cast):
        row = opened(cast)
        old = assessing.link(row)
        with pytest.raises(rules.LinkOver):
            queries.asked(old, at=LATER)
        actions.renew_link(by=cast.sponsor, at=NOW, round_id=row.pk)
        with pytest.raises(rules.LinkOver):
            queries.asked(old, at=NOW)
        row.refresh_from_db()
        assert queries.asked(assessing.link(row), at=NOW).name == "March"

    @pytest.mark.parametrize("token", ["", "x", "WzEsMV0:1abc:forged", "1"])
    def test_a_link_that_we_did_not_sign_opens_nothing(self, cast, token):
        opened(cast)
        with pytest.raises(rules.LinkOver):
            queries.asked(token, at=NOW)

    @pytest.mark.parametrize("key", ["", "short", "a" * 31, "a" * 31 + "/"])
    def test_a_key_that_could_be_guessed_keeps_nothing(self, cast, key):
        row = opened(cast)
        with pytest.raises(rules.LinkOver):
            actions.give_answer(
                at=NOW, token=assessing.link(row), key=key, group=Group.FIELD, said=assessing.answers()
            )
        assert not row.answers.exists()

    def test_every_question_is_answered_or_cannot_be_said(self, cast):
        row, said = opened(cast), assessing.answers("cannot_say")
        assessing.answered(row, said=said, at=NOW)
        del said["exceptions"]
        with pytest.raises(rules.AnswersMissing) as refused:
            assessing.answered(row, said=said, at=NOW)
        assert set(refused.value.by_field) == {"exceptions"}


class TestWhereWeStand:
    def test_nothing_is_shown_while_answers_come_in(self, cast):
        row = opened(cast)
        for _ in range(9):
            assessing.answered(row, at=NOW)
        with pytest.raises(Hidden):
            queries.result(cast.sponsor, row.pk, at=NOW)
        assert queries.result(cast.sponsor, row.pk, at=LATER).standing.people == 9

    def test_it_is_not_for_managers_and_sellers(self, cast):
        row = assessing.closed_round(cast, leaders=6, field=6, at=NOW)
        for who in (cast.manager, cast.seller, cast.inside_partner, None):
            with pytest.raises(Hidden):
                queries.result(who, row.pk, at=LATER)

    def test_what_is_seen_most_is_recorded_first_of_what_has_no_reading(self, cast):
        often = assessing.answers("1", unknown_reasons="4", low_advocacy="3")
        row = assessing.closed_round(cast, leaders=5, field=5, field_says=often, at=NOW)
        found = queries.result(cast.sponsor, row.pk, at=LATER)
        assert [one.key for one in found.record[:3]] == ["unknown_reasons", "low_advocacy", "account_margins"]
        assert len(found.record) == 10
        assert found.record[0].needs == "Demands with their topic and reason."
        assert found.states == {}

    def test_it_is_compared_with_the_round_that_was_over_before_it_began(self, cast):
        assessing.closed_round(cast, leaders=0, field=4, name="too few", at=NOW - 300 * DAY)
        assessing.closed_round(cast, leaders=5, field=5, name="last year", at=NOW - 400 * DAY)
        now = assessing.closed_round(cast, leaders=5, field=5, field_says=assessing.answers("4"), at=NOW)
        found = queries.result(cast.sponsor, now.pk, at=LATER)
        assert found.before == "last year"
        assert {one.group for one in found.changed} == {Group.FIELD}
        assert found.changed[0].change.value == 3.0

    def test_it_takes_five_statements(self, cast):
        assessing.closed_round(cast, leaders=5, field=5, at=NOW - 400 * DAY)
        row = assessing.closed_round(cast, leaders=5, field=5, at=NOW)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert len(queries.result(cast.sponsor, row.pk, at=LATER).standing.of(Kind.PRESSURE)) == 5
        assert len(caught) == 5
