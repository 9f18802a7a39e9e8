"""What signals read from tables: each frame as it was known on a day, from what people wrote through actions."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

import duties
import talks
from cast import NOW, deal
from hingepoint.analysis.signals import SIGNALS
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.involvement import actions as involvement
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.signals import actions as signals
from hingepoint.domain.signals.frames import facts
from hingepoint.records.agreements import AgreementState, Evidence, Origin, Side
from hingepoint.records.deals import EventKind
from hingepoint.records.escalations import Answer, Approver, ArguesFor, CameBack, Kind
from hingepoint.records.plans import Outcome, Verdict
from hingepoint.records.talks import ReasonState, Topic

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


def local(moment: dt.datetime) -> dt.datetime:
    """Return a moment as the company's clock shows it, and so frames."""
    return timezone.localtime(moment).replace(tzinfo=None)


def known(after: dt.timedelta = dt.timedelta()):
    return facts((NOW + after).date())


def rows(name: str, *columns: str, after: dt.timedelta = 30 * DAY) -> list[tuple]:
    return getattr(known(after), name).select(columns).rows()


def note(cast, kind: EventKind, name: str, *, at: dt.datetime = NOW, on: dt.datetime | None = None, **facts):
    return deals.note_event(
        by=cast.seller, at=at, deal_id=cast.deal.pk, kind=kind, name=name, occurred_at=on or at, **facts
    )


def test_deals_bring_their_money_and_are_open_until_they_closed(cast):
    money = {"list_price": 100, "net_price": 80, "cost": 60, "margin": 0.25, "projected_amount": 90}
    deal("N-9", owner=cast.seller, team=cast.north, status="won", closed_at=NOW, **money)
    columns = ("deal_id", "status", "closed", "owner", "manager", "team", "currency", *money)
    (won,) = [row for row in rows("deals", *columns) if row[0] == "N-9"]
    who = (cast.seller.key, cast.manager.key, "North", "EUR")
    assert won == ("N-9", "won", local(NOW), *who, 100.0, 80.0, 60.0, 0.25, 90.0)
    before = {row[0]: row[1:] for row in rows("deals", "deal_id", "status", "closed", after=-DAY)}
    assert before["N-9"] == ("open", None)


def test_quotes_are_events_of_the_deal(cast):
    note(cast, EventKind.QUOTE, "quote sent", value=Decimal(90_000))
    assert rows("quotes", "deal_id", "at", "value") == [("N-1", local(NOW), 90_000.0)]


def test_a_demand_has_the_reason_that_was_the_newest_by_then(cast):
    demand = talks.a_demand(cast)
    for days, words in ((1, "They test us"), (3, "The budget was set before")):
        why = negotiation.Why(words, ReasonState.HYPOTHESISED)
        negotiation.give_reason(by=cast.seller, at=NOW + days * DAY, demand_id=demand.pk, why=why)
    told = {days: rows("demands", "topic", "reason", after=days * DAY) for days in (0, 2, 3)}
    assert told == {
        0: [("price", None)],
        2: [("price", "They test us")],
        3: [("price", "The budget was set before")],
    }


def test_a_reason_of_somebody_else_stands_beside_the_newest(cast):
    demand = talks.a_demand(cast)
    for hours, by, words in (
        (1, cast.seller, "They test us"),
        (2, cast.manager, "A new head of buying"),
        (3, cast.seller, "The budget was set before"),
    ):
        why = negotiation.Why(words, ReasonState.HYPOTHESISED)
        negotiation.give_reason(by=by, at=NOW + hours * HOUR, demand_id=demand.pk, why=why)
    told = [("The budget was set before", "A new head of buying")]
    assert rows("demands", "reason", "other_reason") == told
    units = SIGNALS["unknown_reasons"].units(known(DAY))
    assert units.select("disagree", "value").rows() == [(1.0, 0.0)]


@pytest.mark.parametrize(
    ("manager", "seller", "disagree"),
    [
        ("The board capped it", "Their board has a cap", 0.0),
        ("They want a lower price", "Their board has a cap", None),
        ("", "Their board has a cap", None),
    ],
    ids=["in part the same", "one only repeats the demand", "one alone"],
)
def test_two_reasons_disagree_where_both_say_something_and_nothing_in_common(cast, manager, seller, disagree):
    demand = talks.a_demand(cast)
    for hours, by, words in ((1, cast.manager, manager), (2, cast.seller, seller)):
        if words:
            why = negotiation.Why(words, ReasonState.HYPOTHESISED)
            negotiation.give_reason(by=by, at=NOW + hours * HOUR, demand_id=demand.pk, why=why)
    assert SIGNALS["unknown_reasons"].units(known(DAY))["disagree"].to_list() == [disagree]


def test_a_concession_after_the_last_word_is_told(cast):
    for days, final in ((0, False), (1, True), (2, False)):
        negotiation.concede(
            by=cast.seller, at=NOW + days * DAY, deal_id=cast.deal.pk, topic=Topic.PRICE, final=final
        )
    assert rows("concessions", "last_word") == [(False,), (True,), (False,)]
    assert SIGNALS["unplanned_concessions"].units(known(3 * DAY))["after"].to_list() == [0.0, 0.0, 1.0]


def a_talk(cast, key: str, *, on: dt.date | None, **parts) -> plans.Plan:
    step = agreements.Step(state=AgreementState.PLANNED, occurred_at=NOW)
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=key, step=step)
    told = {"best": "Access by May"} | parts
    return plans.write_plan(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=key, talk_on=on, **told)


def test_talks_are_told_with_whether_they_were_debriefed_once_that_is_too_late(cast):
    first, second = ("cust.data_access", NOW + 2 * DAY), ("int.concession_plan", NOW + 3 * DAY)
    for key, at in (first, second):
        a_talk(cast, key, on=at.date())
    key, at = first
    heard = plans.Heard(held_at=at, outcome=Outcome.CONTINUATION)
    plans.debrief(by=cast.seller, at=at + DAY, deal_id=cast.deal.pk, type_key=key, heard=heard)
    columns = ("at", "what", "done")
    midnight = [local(one).replace(hour=0, minute=0) for _, one in (first, second)]
    assert rows("talks", *columns, after=2 * DAY) == []
    assert rows("talks", *columns, after=23 * DAY) == [(midnight[0], "held", True)]
    assert rows("talks", *columns, after=24 * DAY) == [
        (midnight[0], "held", True),
        (midnight[1], "held", False),
    ]


def test_a_talk_that_was_put_off_was_not_held(cast):
    key, put_off = "cust.data_access", (NOW + 40 * DAY).date()
    a_talk(cast, key, on=(NOW + 2 * DAY).date())
    told = {"deal_id": cast.deal.pk, "type_key": key, "best": "Access by June"}
    plans.write_plan(by=cast.seller, at=NOW + DAY, talk_on=put_off, **told)
    assert rows("talks", "what", after=30 * DAY) == []
    assert rows("talks", "done", after=61 * DAY) == [(False,)]


def test_an_approved_plan_is_told_with_whether_it_was_complete(cast):
    whole = {"from_whom": "Bo Lind", "why_they_would": "It saves a week"}
    for key, parts in (("cust.data_access", whole), ("int.concession_plan", {})):
        plan = a_talk(cast, key, on=(NOW + 60 * DAY).date(), **parts)
        plans.review_plan(by=cast.manager, at=NOW + DAY, plan_id=plan.pk, verdict=Verdict.APPROVED)
    assert rows("talks", "deal_id", "at", "what", "done") == [
        ("N-1", local(NOW + DAY), "approved", True),
        ("N-1", local(NOW + DAY), "approved", False),
    ]
    assert rows("talks", "what", after=dt.timedelta()) == []


def test_what_a_manager_let_go_stands_beside_what_they_passed_up(cast):
    made = manager_and_partner(cast, PRICE)
    say(cast.manager, made, 1, Answer.YES)
    say(cast.inside_partner, made, 2, Answer.YES)
    for key, parts in (("cust.data_access", {}), ("int.concession_plan", {"from_whom": "Bo Lind"})):
        plan = a_talk(cast, key, on=(NOW + 60 * DAY).date(), **parts)
        plans.review_plan(by=cast.manager, at=NOW + 2 * HOUR, plan_id=plan.pk, verdict=Verdict.APPROVED)
    units = SIGNALS["tolerant_managers"].units(known(DAY))
    assert units.select("waved", "undebriefed").rows() == [(1.0, None)]


def test_a_concession_is_told_by_its_topic_with_what_came_back(cast):
    given = {"topic": Topic.EXTRAS, "what": "Two days of training", "value": Decimal(1_500)}
    negotiation.concede(by=cast.seller, at=NOW, deal_id=cast.deal.pk, in_return="a reference", **given)
    note(cast, EventKind.CONCESSION, "payment", at=NOW + HOUR)
    assert rows("concessions", "at", "topic", "value", "in_return") == [
        (local(NOW), "extras", 1_500.0, "a reference"),
        (local(NOW + HOUR), "payment", None, None),
    ]


def test_what_is_recorded_later_is_not_known_earlier(cast):
    note(cast, EventKind.CONCESSION, "price", at=NOW + 5 * DAY, on=NOW)
    assert rows("concessions", "at", after=4 * DAY) == []
    assert rows("concessions", "at", after=5 * DAY) == [(local(NOW),)]


def test_what_was_taken_back_counts_until_then(cast):
    event = negotiation.concede(by=cast.seller, at=NOW, deal_id=cast.deal.pk, topic=Topic.PRICE)
    negotiation.take_back(by=cast.seller, at=NOW + 2 * DAY, event_id=event.pk)
    assert rows("concessions", "topic", after=DAY) == [("price",)]
    assert rows("concessions", "topic", after=2 * DAY) == []


def test_steps_of_agreements_are_told_of_deals_won_that_name_what_was_projected(cast):
    """With what was on record by a day: what was taken back later stood until then."""
    won = deal(
        "N-9", owner=cast.seller, team=cast.north, status="won", closed_at=NOW + 5 * DAY, projected_amount=90
    )
    beside = deal("N-8", owner=cast.seller, team=cast.north, status="won", closed_at=NOW + 5 * DAY)
    for row in (won, beside, cast.deal):  # the last one is open
        step = agreements.Step(state=AgreementState.PLANNED, occurred_at=NOW)
        agreements.take_step(by=cast.seller, at=NOW, deal_id=row.pk, type_key="cust.data_access", step=step)
    said = agreements.Step(state=AgreementState.SOFT, occurred_at=NOW + DAY, evidence=Evidence.CLAIMED)
    made = agreements.take_step(
        by=cast.seller, at=NOW + DAY, deal_id=won.pk, type_key="cust.data_access", step=said
    )
    agreements.undo_step(by=cast.seller, at=NOW + 3 * DAY, agreement_id=made.pk)
    columns = ("deal_id", "agreement", "at", "state", "evidence")
    first = ("N-9", "cust.data_access", local(NOW), "planned", None)
    second = ("N-9", "cust.data_access", local(NOW + DAY), "soft", 1)
    told = {days: rows("steps", *columns, after=days * DAY) for days in (0, 2, 4)}
    assert told == {0: [first], 2: [first, second], 4: [first]}


def test_a_word_of_the_companys_files_is_told_as_the_agreement_that_it_is_tied_to(cast):
    won = deal("N-9", owner=cast.seller, team=cast.north, status="won", closed_at=NOW, projected_amount=90)
    word = AgreementType.objects.create(
        key="ours.data", name="data", settled_at=NOW, tied_after=0, side=Side.CUSTOMER, origin=Origin.IMPORTED,
        tied_to=AgreementType.objects.get(key="cust.data_access"),
    )  # fmt: skip
    step = agreements.Step(state=AgreementState.PLANNED, occurred_at=NOW)
    agreements.take_step(by=cast.seller, at=NOW, deal_id=won.pk, type_key="cust.data_access", step=step)
    Agreement.objects.filter(deal=won).update(type=word)
    assert rows("steps", "agreement") == [("cust.data_access",)]


def planned(cast, key: str, at: dt.datetime) -> None:
    step = agreements.Step(state=AgreementState.PLANNED, occurred_at=at)
    agreements.take_step(by=cast.seller, at=at, deal_id=cast.deal.pk, type_key=key, step=step)
    plans.write_plan(by=cast.seller, at=at, deal_id=cast.deal.pk, type_key=key, best="A plan of trades")


def test_plans_that_prepare_a_concession_count_when_they_were_written(cast):
    planned(cast, "int.concession_plan", NOW)
    planned(cast, "int.price_corridor", NOW + HOUR)
    planned(cast, "cust.data_access", NOW + 2 * HOUR)
    figures = {"opening": Decimal(100), "target": Decimal(90), "walk_away": Decimal(80)}
    for hours in (3, 4):
        negotiation.set_corridor(by=cast.seller, at=NOW + hours * HOUR, deal_id=cast.deal.pk, **figures)
    assert sorted(rows("plans", "written_at", "about")) == [
        (local(NOW), "conversation"),
        (local(NOW + HOUR), "corridor"),
        (local(NOW + 3 * HOUR), "corridor"),
        (local(NOW + 4 * HOUR), "corridor"),
    ]


@pytest.mark.parametrize(("days", "unplanned"), [(-1, 0.0), (1, 1.0)])
def test_a_plan_written_afterwards_does_not_count(cast, days, unplanned):
    negotiation.concede(by=cast.seller, at=NOW, deal_id=cast.deal.pk, topic=Topic.PRICE)
    planned(cast, "int.concession_plan", NOW + days * DAY)
    found = SIGNALS["unplanned_concessions"].units(known(5 * DAY))
    assert found["value"].to_list() == [unplanned]


def steps() -> list[tuple]:
    return rows("exceptions", "at", "topic", "state", "actor", "value", "reason")


def manager_and_partner(cast, wish) -> escalations.Escalation:
    """Sanna asks; her manager is asked, and Lee of legal whatever it is about."""
    for rule in escalations.draft_policy(by=cast.analyst, at=NOW).rules.all():
        escalations.drop_rule(by=cast.analyst, at=NOW, rule_id=rule.pk)
    told = {"own_discount": 0.0, "fast_discount": 0.0, "fast_value": None, "version": "3.0"}
    escalations.set_limits(by=cast.analyst, at=NOW, **told)
    escalations.add_rule(by=cast.analyst, at=NOW, approver=Approver.MANAGER)
    escalations.add_rule(by=cast.analyst, at=NOW, approver=Approver.PERSON, person=cast.inside_partner)
    escalations.publish_policy(by=cast.analyst, at=NOW)
    return escalations.ask(by=cast.seller, at=NOW, deal_id=cast.deal.pk, wish=wish)


def say(by, made, hours: int, answer: Answer, **said) -> None:
    escalations.answer(by=by, at=NOW + hours * HOUR, escalation_id=made.pk, answer=answer, **said)


PRICE = escalations.Wish(Kind.PRICE, discount=0.2, reason="A budget that was set before")
TERMS = escalations.Wish(Kind.TERMS, wanted="60 days to pay")


def test_a_request_is_asked_passed_up_for_less_and_decided(cast):
    made = manager_and_partner(cast, PRICE)
    say(cast.manager, made, 1, Answer.IN_PART, granted=0.15)
    say(cast.inside_partner, made, 2, Answer.YES)
    why = "A budget that was set before"
    assert steps() == [
        (local(NOW), "price", "asked", cast.seller.key, 20_000.0, why),
        (local(NOW + HOUR), "price", "passed", cast.manager.key, 15_000.0, None),
        (local(NOW + 2 * HOUR), "price", "partly", cast.inside_partner.key, 15_000.0, None),
    ]
    assert SIGNALS["tolerant_managers"].units(known(DAY))["value"].to_list() == [0.0]


@pytest.mark.parametrize(("words", "silent"), [("", 1.0), ("They leave us otherwise", 0.0)])
def test_a_manager_who_says_nothing_is_silent_whatever_the_seller_wrote(cast, words, silent):
    made = manager_and_partner(cast, PRICE)
    say(cast.manager, made, 1, Answer.YES, words=words)
    say(cast.inside_partner, made, 2, Answer.NO, words="Not on these grounds")
    assert [row[5] for row in steps()] == [PRICE.reason, words or None, "Not on these grounds"]
    assert SIGNALS["tolerant_managers"].units(known(DAY))["silent"].to_list() == [silent]


def test_a_request_passed_up_as_it_came_is_told_so(cast):
    made = manager_and_partner(cast, PRICE)
    say(cast.manager, made, 1, Answer.YES)
    say(cast.inside_partner, made, 2, Answer.NO, words="Not on these grounds")
    assert [row[2:5] for row in steps()] == [
        ("asked", cast.seller.key, 20_000.0),
        ("passed", cast.manager.key, 20_000.0),
        ("declined", cast.inside_partner.key, 20_000.0),
    ]
    assert SIGNALS["tolerant_managers"].units(known(DAY))["value"].to_list() == [1.0]


def test_terms_for_which_something_was_asked_back_were_not_passed_up_as_they_came(cast):
    made = manager_and_partner(cast, TERMS)
    say(cast.manager, made, 1, Answer.BACK, words="a longer term")
    told = {"escalation_id": made.pk, "came": CameBack.GIVEN}
    escalations.bring_back(by=cast.seller, at=NOW + 2 * HOUR, **told)
    say(cast.manager, made, 3, Answer.YES)
    say(cast.inside_partner, made, 4, Answer.YES)
    assert [row[2:5] for row in steps()] == [
        ("asked", cast.seller.key, 100_000.0),
        ("returned", cast.manager.key, 100_000.0),
        ("passed", cast.manager.key, 100_000.0),
        ("approved", cast.inside_partner.key, 100_000.0),
    ]
    assert SIGNALS["tolerant_managers"].units(known(DAY))["value"].to_list() == [0.0]


def test_terms_agreed_to_in_words_for_a_part_were_not_passed_up_as_they_came(cast):
    made = manager_and_partner(cast, TERMS)
    say(cast.manager, made, 1, Answer.IN_PART, words="half of it")
    say(cast.inside_partner, made, 2, Answer.YES)
    assert [row[2] for row in steps()] == ["asked", "returned", "passed", "partly"]
    assert SIGNALS["tolerant_managers"].units(known(DAY))["value"].to_list() == [0.0]


def test_a_manager_who_decides_alone_passes_nothing_up(cast):
    rule = {"by": cast.analyst, "at": NOW}
    for each in escalations.draft_policy(**rule).rules.all():
        escalations.drop_rule(**rule, rule_id=each.pk)
    escalations.add_rule(**rule, approver=Approver.MANAGER)
    escalations.publish_policy(**rule)
    made = escalations.ask(by=cast.seller, at=NOW, deal_id=cast.deal.pk, wish=PRICE)
    say(cast.manager, made, 1, Answer.YES)
    assert [row[2:4] for row in steps()] == [("asked", cast.seller.key), ("approved", cast.manager.key)]


def test_a_decision_is_not_known_before_it_fell(cast):
    made = manager_and_partner(cast, PRICE)
    say(cast.manager, made, 26, Answer.YES)
    assert rows("exceptions", "state", after=dt.timedelta()) == [("asked",)]
    say(cast.inside_partner, made, 27, Answer.YES)
    assert rows("exceptions", "state", after=2 * DAY) == [("asked",), ("passed",), ("approved",)]


def test_an_escalation_of_which_only_the_event_is_known_was_asked(cast):
    note(cast, EventKind.ESCALATION, "Price", value=Decimal(5_000), note="They push")
    told = [("price", "asked", 5_000.0, "They push")]
    assert rows("exceptions", "topic", "state", "value", "reason") == told


def test_a_role_counts_from_its_writing_and_a_visit_when_it_was(cast):
    talks.a_role(cast)
    said = {"executive": cast.other_manager, "what": "Visit"}
    when = {"at": NOW + 2 * DAY, "occurred_at": NOW + DAY}
    involvement.note_activity(by=cast.seller, deal_id=cast.deal.pk, **when, **said)
    assert rows("visits", "deal_id", "at", "state", "executive") == [
        ("N-1", local(NOW), "agreed", "Max"),
        ("N-1", local(NOW + DAY), "attended", "Max"),
    ]
    assert rows("visits", "state", after=DAY) == [("agreed",)]


def test_a_pulse_says_how_far_the_seller_stood_for_whom(cast):
    made = talks.an_exception(cast)
    said = {"defended": False, "argues_for": ArguesFor.BOTH}
    escalations.pulse(by=cast.inside_partner, at=NOW + HOUR, escalation_id=made.pk, **said)
    found = known(DAY).pulses
    assert found.columns == ["deal_id", "at", "value", "position", "partner"]
    who = cast.inside_partner.key
    assert found.rows() == [
        ("N-1", local(NOW + HOUR), 0.5, "company", who),
        ("N-1", local(NOW + HOUR), 1.0, "customer", who),
    ]


def test_a_version_of_the_rules_holds_from_its_publication(cast):
    manager_and_partner(cast, PRICE)
    assert rows("policies", "at", "version") == [(local(NOW), "3.0")]
    assert rows("policies", "version", after=-DAY) == []


def test_limits_set_anew_are_known_from_the_day_they_were_set_until_they_are_taken_back(cast):
    since = dt.date(2026, 1, 1)
    said = {"signal": "exceptions", "by": cast.analyst}
    row = signals.set_limits(at=NOW, since=since, reason="Two teams became one.", **said)
    signals.undo_limits(at=NOW + 3 * DAY, limits_id=row.pk, reason="They part again.", **said)
    known_then = [(dt.datetime(2026, 1, 1), "exceptions", "Two teams became one.")]  # noqa: DTZ001
    found = {days: rows("limits", "at", "signal", "reason", after=days * DAY) for days in (-1, 0, 2, 3)}
    assert found == {-1: [], 0: known_then, 2: known_then, 3: []}


def test_a_routine_is_done_when_that_was_written_down(cast):
    due = duties.falls_due(cast.seller, due_at=NOW)
    routines.do(by=cast.seller, at=NOW + 3 * DAY, due_id=due.pk, done_at=NOW + DAY)
    columns = ("person", "team", "routine", "due", "done", "recorded_at")
    who = (cast.seller.key, "North", "Debrief", local(NOW))
    assert rows("routines", *columns, after=2 * DAY) == [(*who, None, None)]
    assert rows("routines", *columns, after=3 * DAY) == [(*who, local(NOW + DAY), local(NOW + 3 * DAY))]
    assert rows("routines", *columns, after=-DAY) == []


def test_an_empty_company_has_every_frame_empty(db):
    found = known()
    names = [name for name in found.__dataclass_fields__ if name not in ("as_of", "period")]
    assert {name: getattr(found, name).height for name in names} == dict.fromkeys(names, 0)
    assert facts(NOW.date(), period="week").step == "1w"
