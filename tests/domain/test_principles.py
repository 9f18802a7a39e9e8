"""Principles go in force version by version, people agree to each, and what sessions say of them goes up only from five."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

import principled
from cast import NOW, TODAY, person, team
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.coaching.models import CoachingRating
from hingepoint.domain.coaching.queries import ratings, sessions
from hingepoint.domain.definitions import actions as definitions
from hingepoint.domain.definitions import queries as defined
from hingepoint.domain.definitions import schema
from hingepoint.domain.merging import actions as merging
from hingepoint.domain.people import actions as people
from hingepoint.domain.principles import actions
from hingepoint.domain.principles.models import PrinciplesAgreed, PrinciplesReading, PrinciplesVersion
from hingepoint.domain.principles.queries import cited, principles_page
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.people import Role
from hingepoint.records.principles import STARTERS, Check, Place, Rating, Shown
from principled import LOG, VALUE

DAY = dt.timedelta(days=1)


# ---- versions ----


def test_the_first_draft_is_the_starter_set_and_cites_nothing(cast):
    actions.draft(by=cast.sponsor, at=NOW)
    assert principles_page.draft_page(cast.sponsor).principles == STARTERS
    assert cited.cited(cast.seller, Place.PLAN) == ()
    actions.draft(by=cast.analyst, at=NOW)
    assert PrinciplesVersion.objects.count() == 1


def test_a_next_version_archives_the_one_before_and_says_what_changed(cast):
    principled.in_force()
    actions.put(by=cast.sponsor, at=NOW, principles=[replace(VALUE, text="Agree it first.")])
    actions.leave_out(by=cast.sponsor, at=NOW, key=LOG.key)
    page = principles_page.draft_page(cast.sponsor)
    assert page.changes == (
        (VALUE.name, "What it says", VALUE.text, "Agree it first."),
        (LOG.name, "All of it", LOG.text, ""),
    )
    actions.publish(by=cast.sponsor, at=NOW + DAY, expected_version=page.version)
    assert list(PrinciplesVersion.objects.in_force().values_list("number", flat=True)) == [2]
    assert principles_page.version_page(cast.seller, 2).changes == page.changes
    assert principles_page.version_page(cast.seller, 1).principles == (VALUE, LOG)


def test_order_counts_as_a_change(cast):
    principled.in_force()
    actions.move_up(by=cast.sponsor, at=NOW, key=LOG.key)
    names = (f"{VALUE.name}, {LOG.name}", f"{LOG.name}, {VALUE.name}")
    assert principles_page.draft_page(cast.sponsor).changes == (("All", "Order", *names),)


def test_what_says_nothing_new_is_not_put_in_force(cast):
    principled.in_force()
    actions.draft(by=cast.sponsor, at=NOW)
    with pytest.raises(actions.NothingNew):
        actions.publish(by=cast.sponsor, at=NOW)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (replace(VALUE, key="new", name=" "), actions.WrongPrinciple),
        (replace(VALUE, key="new", name="New", text=""), actions.WrongPrinciple),
        (replace(VALUE, key="new", name="New", places=()), actions.WrongPrinciple),
        (replace(VALUE, key="new", name="value BEFORE price"), actions.PrincipleKnown),
    ],
)
def test_what_nobody_could_keep_apart_is_refused(cast, wrong, error):
    principled.in_force()
    with pytest.raises(error):
        actions.put(by=cast.sponsor, at=NOW, principles=[wrong])
    assert not PrinciplesVersion.objects.filter(published_at__isnull=True).exists()


def test_nobody_keeps_thirteen_in_mind(cast):
    many = [replace(VALUE, key=f"k{n}", name=f"Name {n}") for n in range(actions.MOST + 1)]
    with pytest.raises(actions.TooMany):
        principled.drafted(*many)


def test_two_who_write_at_once_lose_nothing(cast):
    seen = principled.drafted(VALUE).version
    actions.put(by=cast.sponsor, at=NOW, principles=[replace(VALUE, text="x")], expected_version=seen)
    with pytest.raises(Stale):
        actions.put(by=cast.analyst, at=NOW, principles=[LOG], expected_version=seen)
    with pytest.raises(Stale):
        actions.publish(by=cast.analyst, at=NOW, expected_version=seen)


def test_only_sponsor_and_analyst_write(cast):
    for who in (cast.seller, cast.manager, cast.inside_partner):
        with pytest.raises(Hidden):
            actions.draft(by=who, at=NOW)
        with pytest.raises(Hidden):
            principles_page.draft_page(who)


def test_archived_is_cited_no_more_and_still_read(cast):
    principled.in_force()
    actions.archive(by=cast.sponsor, at=NOW + DAY)
    assert cited.cited(cast.seller, Place.PLAN) == ()
    page = principles_page.principles_page(cast.seller)
    assert (page.number, [one.ended_at for one in page.versions]) == (0, [NOW + DAY])
    actions.draft(by=cast.sponsor, at=NOW)
    assert principles_page.draft_page(cast.sponsor).principles == (VALUE, LOG)


# ---- where they apply ----


def test_what_is_for_one_agreement_is_cited_first_and_only_there(cast):
    principled.in_force()
    here = cited.cited(cast.seller, Place.PLAN, types=["cust.data_access"])
    assert [one.key for one in here] == [LOG.key, VALUE.key]
    assert [one.key for one in cited.cited(cast.seller, Place.PLAN, types=["cust.references"])] == [VALUE.key]
    assert [one.key for one in cited.cited(cast.seller, Place.EXCEPTION)] == [VALUE.key]


# ---- agreeing ----


def test_one_agrees_once_a_version(cast):
    principled.in_force()
    assert principles_page.to_agree(cast.seller) == principles_page.ToAgree(1, 2)
    actions.agree(by=cast.seller, at=NOW, number=1)
    assert principles_page.to_agree(cast.seller) is None
    with pytest.raises(actions.AgreedBefore):
        actions.agree(by=cast.seller, at=NOW, number=1)
    principled.in_force(VALUE)
    assert principles_page.to_agree(cast.seller) == principles_page.ToAgree(2, 1)
    with pytest.raises(Hidden):
        actions.agree(by=cast.seller, at=NOW, number=1)


def test_teams_are_counted_and_only_leaders_are_named(cast):
    principled.in_force()
    for who in (cast.seller, cast.manager):
        actions.agree(by=who, at=NOW, number=1)

    def told(viewer):
        found = principles_page.principles_page(viewer).agreed
        return found.leaders, [(one.team, one.agreed, one.of) for one in found.teams]

    assert told(cast.sponsor) == (("Maud",), [("North", 2, 2), ("South", 0, 2)])
    assert told(cast.manager) == (("Maud",), [("North", 2, 2)])
    assert told(cast.seller) == (("Maud",), [])


def test_merging_keeps_one_agreement(cast):
    principled.in_force()
    again = people.add_user(by=None, at=NOW, name="Sanna Ek", key="0051", role=Role.SELLER)
    for who in (cast.seller, again):
        actions.agree(by=who, at=NOW, number=1)
    merging.merge(by=None, at=NOW, kept=cast.seller, gone=again, wider=True)
    assert PrinciplesAgreed.objects.get().person == cast.seller


# ---- as a file ----


def test_a_file_changes_the_draft_and_reads_back(cast):
    principled.in_force()
    text = schema.as_yaml(defined.defined())
    assert defined.differences(schema.parse(text)) == []
    changed = schema.parse(text.replace(VALUE.text, "Said anew."))
    assert [str(one) for one in defined.differences(changed)] == [
        f"principles: {VALUE.key}: text: {VALUE.text} -> Said anew."
    ]
    definitions.bring_in(by=cast.analyst, at=NOW, wanted=changed)
    assert principles_page.draft_page(cast.sponsor).principle(VALUE.key).text == "Said anew."
    assert cited.cited(cast.seller, Place.EXCEPTION)[0].text == VALUE.text
    assert defined.differences(changed) == []


def test_a_file_that_names_an_unknown_agreement_is_refused(cast):
    told = "hingepoint: 1\nprinciples:\n- {key: k, name: N, text: T, agreements: [no.such]}\n"
    with pytest.raises(schema.DefinitionsUnusable, match=r"no agreement type no\.such"):
        definitions.bring_in(by=cast.analyst, at=NOW, wanted=schema.parse(told))


# ---- ratings ----


def hold(by, deal, said=None, at=NOW):
    told = coaching.Said("Ask for the day", "Call Bo", TODAY + DAY, ratings=said or {})
    return coaching.hold_session(by=by, at=at, deal_id=deal.pk, type_key="cust.data_access", said=told)


def test_the_two_read_a_rating_and_nobody_else(cast):
    principled.in_force()
    hold(cast.manager, cast.deal, {VALUE.key: Rating.PARTLY})
    for who in (cast.manager, cast.seller):
        assert sessions.sessions(who, today=TODAY)[0].ratings == ((VALUE.name, Rating.PARTLY),)
    for who in (cast.sponsor, cast.other_manager, cast.analyst):
        assert sessions.sessions(who, today=TODAY) == []
    assert ratings.upward(cast.sponsor, today=TODAY) == [ratings.RatedUp(VALUE.name, None, None)]
    assert ratings.upward(cast.manager, today=TODAY) == []


def test_what_is_not_in_force_is_not_rated(cast):
    principled.in_force(at=NOW + DAY)
    with pytest.raises(Hidden):
        hold(cast.manager, cast.deal, {VALUE.key: Rating.KEPT}, at=NOW)
    assert not CoachingRating.objects.exists()


def test_from_five_people_on_a_sum_goes_up(cast):
    from cast import deal

    principled.in_force()
    sellers = [person(f"Sel{n}", Role.SELLER) for n in range(5)]
    east = team("East", manager=cast.other_manager, sellers=tuple(sellers))
    for n, seller in enumerate(sellers):
        said = {VALUE.key: Rating.KEPT if n < 2 else Rating.NOT_YET}
        hold(cast.other_manager, deal(f"E-{n}", owner=seller, team=east), said)
        told = ratings.upward(cast.sponsor, today=TODAY)[0]
        assert (told.people is None) == (n < 4)
    assert (told.people, told.kept.n, told.kept.value) == (5, 5, pytest.approx(0.4))


# ---- what the register says ----


def test_the_register_is_read_for_what_it_can_see(cast):
    assert actions.read_principles(at=NOW) is None
    principled.in_force(replace(VALUE, check=Check.AGREED_FIRST), LOG)
    actions.read_principles(at=NOW)
    actions.read_principles(at=NOW + DAY)
    assert PrinciplesReading.objects.get().day == TODAY
    page = principles_page.principles_page(cast.seller)
    told = {one.principle.key: one.told for one in page.lines}
    assert told[LOG.key] is None
    assert told[VALUE.key].shown == Shown.OPEN
    assert told[VALUE.key].words.startswith("Too few deals to compare: 0 came to it")
