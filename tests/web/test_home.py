"""What each person opens the day with."""

import datetime as dt
import re

import pytest
import time_machine
from django.db.models import Q
from django.utils import timezone

import budget
import rules
import sponsoring
from cast import NOW, deal, person
from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.home.queries import effort, manager, seller, sponsor
from hingepoint.domain.strategy import actions as strategy
from hingepoint.jobs import nightly
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.people import Role
from snapshot import made_once

PEOPLE = ["seller", "manager", "sponsor", "analyst", "inside_partner"]


def say(found, state=AgreementState.ASKED, *, key="cust.data_access", by=None, **facts):
    step = actions.Step(state=state, occurred_at=timezone.now(), **facts)
    return actions.take_step(by=by, at=timezone.now(), deal_id=found.pk, type_key=key, step=step)


def in_days(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def home(client, user):
    client.force_login(user)
    return client.get("/")


@pytest.fixture
@made_once
def playbook(cast):
    """A strategy in force that asks every open deal for access to data by a day long past."""
    written = strategy.write_strategy(
        by=cast.sponsor,
        at=NOW,
        name="Hold the price",
        statement="We trade.",
        metric="won",
        sponsor=cast.sponsor,
        grace_days=0,
    )
    strategy.set_target(
        by=cast.sponsor,
        at=NOW,
        strategy=written,
        metric="won",
        baseline=0.3,
        target=0.4,
        target_on=in_days(300),
    )
    strategy.put_in_force(by=cast.sponsor, at=NOW, strategy=written, starts_on=NOW.date())
    draft = strategy.draft_playbook(by=cast.sponsor, at=NOW, strategy=written)
    strategy.choose(
        by=cast.sponsor,
        at=NOW,
        playbook=draft,
        type=AgreementType.objects.get(key="cust.data_access"),
        judgement="we believe it",
        needed_days=10,
    )
    strategy.publish(by=cast.sponsor, at=NOW, playbook=draft)
    strategy.ask_open_deals(at=NOW)
    return written


@pytest.mark.parametrize("who", PEOPLE)
def test_an_empty_house_says_what_it_needs_and_shows_no_number(client, cast, who):
    answer = home(client, getattr(cast, who))
    assert answer.status_code == 200
    assert b"None" not in answer.content
    assert any(words in answer.content for words in (b"Nothing", b"No ", b"Need"))


# ---- seller ----


def test_a_sellers_day_names_the_agreement_the_deal_and_why(client, cast, playbook):
    content = home(client, cast.seller).content.decode()
    assert "Next agreements" in content
    assert "days late" in content
    assert f"/deals/{cast.deal.pk}/" in content
    assert "10 days after the deal was created" in content
    assert "Deal S-1" not in content


def test_the_page_of_the_deal_says_in_a_sentence_why_it_needs_one(client, cast, playbook):
    client.force_login(cast.seller)
    step = client.get(f"/deals/{cast.deal.pk}/").context["picture"].next_steps[0]
    assert step.why.endswith("Needed 10 days after the deal was created.")


def test_each_deal_has_one_line_and_says_how_many_more(cast):
    say(cast.deal, due_on=in_days(-3))
    say(cast.deal, key="cust.executive_meeting", due_on=in_days(2))
    day = seller.seller_day(cast.seller, today=timezone.localdate())
    assert [(work.line.key, work.more) for work in day.late] == [("cust.data_access", 1)]
    assert (day.soon, day.minutes) == ((), 1)


def test_a_long_list_shows_the_most_pressing_and_folds_the_others(client, cast):
    for days in range(1, 6):
        late = deal(f"L-{days}", name=f"Mill {days}", owner=cast.seller, team=cast.north)
        say(late, due_on=in_days(-days))
    shown, _, folded = home(client, cast.seller).content.decode().partition('<details class="folded">')
    assert [f"Mill {days}" in shown for days in range(1, 6)] == [False, False, True, True, True]
    assert "2 more" in folded
    assert "Mill 1" in folded


def test_what_nobody_asked_for_never_nags(cast):
    say(cast.deal, AgreementState.NEEDED, needed_by=in_days(-30))
    assert seller.seller_day(cast.seller, today=timezone.localdate()).finished


def test_a_finished_day_says_until_when(client, cast):
    say(cast.deal, due_on=in_days(40))
    day = home(client, cast.seller).context["day"]
    assert (day.finished, day.quiet_until) == (True, in_days(40))


def test_one_click_takes_the_step_and_the_line_leaves(client, cast, playbook):
    line = seller.seller_day(cast.seller, today=timezone.localdate()).stale[0].line
    client.force_login(cast.seller)
    page = f"/deals/{cast.deal.pk}/agreements/{line.type_id}/"
    answer = client.post(f"{page}quick", {"step": "asked", "version": line.version, "next": "/"})
    assert answer.url == "/"
    assert Agreement.objects.get(deal=cast.deal, type_id=line.type_id).state == "asked"


def test_a_promise_whose_day_has_passed_asks_whether_it_was_kept(cast, playbook):
    say(
        cast.deal,
        AgreementState.GAINED,
        act="send it",
        person_name="Bo",
        due_on=in_days(-2),
        evidence=Evidence.TOLD,
    )
    [work] = seller.seller_day(cast.seller, today=timezone.localdate()).late
    assert work.promised


# ---- manager ----


def test_a_managers_talks_are_ranked_by_value_gap_and_time(cast, playbook):
    large = deal("N-7", owner=cast.seller, team=cast.north, amount=900_000)
    nightly.ask_what_deals_need(at=NOW)
    week = manager.manager_week(cast.manager, today=timezone.localdate(), now=timezone.now())
    assert [talk.work.line.deal_id for talk in week.queue] == [large.pk, cast.deal.pk]
    assert week.queue[0].why.startswith("nobody has planned how to ask")
    assert cast.foreign_deal.pk not in {talk.work.line.deal_id for talk in week.queue}


def test_no_talk_weighs_more_than_the_most_it_was_read_for(cast, playbook):
    today = timezone.localdate()
    row = Agreement.objects.filter(deal=cast.deal, required=True)
    full = float(cast.deal.amount) * manager._GAP[row.get().state]
    for days in (None, *range(-100, 30)):
        row.update(needed_by=None if days is None else in_days(days))
        most = row.annotate(at_most=manager._most_it_weighs(today)).get().at_most
        assert 1 <= most / (full * manager.time_pressure(days)) < 4, days


@pytest.mark.parametrize("largest", [1, 14, 24, 200])
def test_the_weightiest_talks_are_found_among_many_though_few_are_read(cast, playbook, monkeypatch, largest):
    monkeypatch.setattr(manager, "LARGEST", largest)
    for number in range(1, 31):
        deal(f"N-{100 + number}", owner=cast.seller, team=cast.north, amount=10_000 * number)
    nightly.ask_what_deals_need(at=NOW)
    for place, row in enumerate(Agreement.objects.filter(required=True).order_by("pk")):
        state = list(manager._GAP)[place % len(manager._GAP)]
        day = in_days(place * 7 % 100 - 90)
        Agreement.objects.filter(pk=row.pk).update(state=state, needed_by=day, due_on=day, gained_at=NOW)

    def found():
        week = manager.manager_week(cast.manager, today=timezone.localdate(), now=timezone.now())
        return [(talk.work.line.deal_id, talk.weight) for talk in week.queue]

    few, read = found(), []
    shown = manager.work_line
    monkeypatch.setattr(manager, "work_line", lambda *of: read.append(of) or shown(*of))
    assert found() == few
    assert (len(few), len(read)) == (manager.QUEUE, manager.QUEUE)
    heaviest: dict[int, float] = {}
    for row in every(cast):
        days = (row.late_after - timezone.localdate()).days if row.late_after else None
        weight = float(row.deal.amount) * manager.gap_of(row.state) * manager.time_pressure(days)
        heaviest[row.deal_id] = max(weight, heaviest.get(row.deal_id, 0))
    assert [weight for _, weight in few] == sorted(heaviest.values(), reverse=True)[: manager.QUEUE]
    assert dict(few).items() <= heaviest.items()


def test_the_largest_deals_decide_it_only_where_no_other_can_weigh_more(cast, playbook, monkeypatch):
    monkeypatch.setattr(manager, "QUEUE", 1)
    monkeypatch.setattr(manager, "LARGEST", 1)
    today = timezone.localdate()
    large = deal("N-7", owner=cast.seller, team=cast.north, amount=2 * cast.deal.amount)
    nightly.ask_what_deals_need(at=NOW)
    Agreement.objects.filter(required=True).update(needed_by=today)
    [found] = manager._of_largest_deals(cast.manager, today)
    assert found.deal == large.pk
    Agreement.objects.filter(deal=large).update(needed_by=today - dt.timedelta(days=60))
    assert manager._of_largest_deals(cast.manager, today) == []
    [talk] = manager.conversations(cast.manager, today=today)
    assert talk.work.line.deal_id == cast.deal.pk


def every(cast):
    due = Q(late_after__isnull=False) | Q(
        state=AgreementState.BROKEN
    )  # who let lapse what was gained is asked anew
    return manager.with_deals(Agreement.objects.visible_to(cast.manager).filter(due, required=True))


def test_a_group_of_fewer_than_five_shows_no_share(cast, playbook):
    [one] = manager.manager_week(cast.manager, today=timezone.localdate(), now=timezone.now()).coverage
    assert (one.coverage.needed, one.coverage.there, one.coverage.told) == (1, 0, None)


@pytest.mark.parametrize("who", ["manager", "sponsor"])
def test_coverage_at_home_says_how_much_of_it_nobody_confirmed_yet(client, cast, playbook, who):
    rules.log_arrives(cast.deal)
    rules.switched_on()
    Agreement.objects.filter(deal=cast.deal).update(needed_by=timezone.localdate())
    page = home(client, getattr(cast, who)).text
    assert "deals; 1 found by rules, not confirmed" in page


def test_what_changed_last_week_is_counted(client, cast, playbook):
    say(cast.deal, AgreementState.DECLINED, reason="they may not")
    assert home(client, cast.manager).context["day"].changes == {"declined": 1}


def test_all_changes_of_the_week_are_counted_and_the_newest_told(cast, playbook):
    deals = [
        deal(f"C-{n}", owner=cast.seller, team=cast.north, account=cast.account)
        for n in range(manager.MOST_CHANGES + 3)
    ]
    nightly.ask_what_deals_need(at=NOW)
    for one in deals[:2]:
        act = {"act": "send it", "person_name": "Bo", "due_on": in_days(5), "evidence": Evidence.TOLD}
        say(one, AgreementState.GAINED, **act)
    for one in deals[2:]:
        say(one, AgreementState.DECLINED, reason="they may not")
    week = manager.manager_week(cast.manager, today=timezone.localdate(), now=timezone.now())
    assert week.changes == {"gained": 2, "declined": len(deals) - 2}
    newest = [one.pk for one in deals[::-1]][: manager.MOST_CHANGES]
    assert [(one.state, one.deal_id) for one in week.changed] == [("declined", pk) for pk in newest]


def test_a_change_of_the_week_is_one_that_happened_in_it_whenever_it_was_noted(cast, playbook):
    now = timezone.now()
    for name, happened, noted in (("old", 8, 8), ("new", 6, 6), ("noted late", 9, 0)):
        moved = deal(name, owner=cast.seller, team=cast.north)
        at = now - dt.timedelta(days=noted)
        nightly.ask_what_deals_need(at=at)
        when = now - dt.timedelta(days=happened)
        said = actions.Step(state=AgreementState.DECLINED, occurred_at=when, reason="no")
        actions.take_step(by=None, at=at, deal_id=moved.pk, type_key="cust.data_access", step=said)
    week = manager.manager_week(cast.manager, today=timezone.localdate(), now=now)
    assert [one.deal_title for one in week.changed] == ["Deal new"]


@pytest.mark.parametrize(("sooner", "later"), [(0, 7), (7, 14), (-10, -60)])
def test_the_sooner_it_is_due_the_more_it_presses(sooner, later):
    assert manager.time_pressure(sooner) > manager.time_pressure(later)


# ---- sponsor ----


def test_the_sponsor_reads_the_result_with_interval_and_number(cast, playbook):
    now = timezone.now()
    for n in range(40):
        status = "won" if n % 4 == 0 else "lost"
        deal(
            f"C-{n}",
            status=status,
            created_at=now - dt.timedelta(days=90),
            closed_at=now - dt.timedelta(days=5),
        )
    week = sponsor.sponsor_week(cast.sponsor, today=timezone.localdate(), now=now)
    [result] = week.results
    assert (result.since.value, result.since.n, result.before.n) == (0.25, 40, 0)
    assert result.since.low < 0.25 < result.since.high
    assert (result.on_target, result.moved) == (False, None)


# ---- analyst ----


def test_questions_are_counted_and_nobody_is_named(client, cast):
    say(cast.deal, by=cast.seller)
    say(cast.deal, AgreementState.SOFT, by=cast.seller)
    say(cast.deal, AgreementState.SOFT, by=cast.manager)
    answer = home(client, cast.analyst)
    [week] = answer.context["day"].questions
    assert (week.people, week.dialogs, week.told) == (1, 2, False)
    assert b"too few people" in answer.content
    assert b"Sanna" not in answer.content


def test_minutes_are_those_between_entries_and_a_long_pause_was_elsewhere():
    monday = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    at = [monday + dt.timedelta(minutes=minutes) for minutes in (0, 2, 60, 61)]
    found = effort.loads([effort.Entry(1, moment, fields=3) for moment in at])
    assert found == {(1, monday.date()): effort.Load(dialogs=4, fields=12, minutes=0.5 + 2 + 0.5 + 1)}


def test_what_one_form_writes_at_one_moment_is_one_dialog():
    at = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    [load] = effort.loads([effort.Entry(1, at, fields=2), effort.Entry(1, at, fields=3)]).values()
    assert (load.dialogs, load.fields) == (1, 5)


def test_the_middle_sellers_minutes_stand_against_the_budget(client, cast):
    for n in range(5):
        seller = person(f"Seller{n}", Role.SELLER)
        found = deal(f"E-{n}", owner=seller, team=cast.north)
        say(found, by=seller)
    [week] = home(client, cast.analyst).context["day"].questions
    assert (week.people, week.a_deal, week.over) == (5, 0.5, 0)


def test_unsigned_findings_wait(client, cast):
    assert not Run.objects.exists()
    assert b"not run on these deals yet" in home(client, cast.analyst).content


# ---- inside partner ----


@pytest.fixture
def request_(cast):
    return say(cast.deal, key="int.terms_approval", asked_of=cast.inside_partner, due_on=in_days(1))


def test_a_partner_says_yes_with_a_click(client, cast, request_):
    assert b"Yes, I agree" in home(client, cast.inside_partner).content
    client.post(f"/agreements/{request_.pk}/answer", {"answer": "yes"})
    request_.refresh_from_db()
    assert (request_.state, request_.evidence) == ("gained", Evidence.WRITTEN)


def test_a_partner_may_answer_on_the_page_of_the_request_until_it_is_answered(client, cast, request_):
    client.force_login(cast.inside_partner)
    page = f"/deals/{request_.deal_id}/agreements/{request_.type_id}/"
    assert b"Yes, I agree" in client.get(page).content
    client.post(f"/agreements/{request_.pk}/answer", {"answer": "yes"})
    assert b"Yes, I agree" not in client.get(page).content
    client.force_login(cast.seller)
    assert b"Yes, I agree" not in client.get(page).content


def test_a_no_says_why(client, cast, request_):
    client.force_login(cast.inside_partner)
    client.post(f"/agreements/{request_.pk}/answer", {"answer": "no"})
    request_.refresh_from_db()
    assert request_.state == "asked"
    client.post(f"/agreements/{request_.pk}/answer", {"answer": "no", "words": "the clause is not ours"})
    request_.refresh_from_db()
    assert (request_.state, request_.reason) == ("declined", "the clause is not ours")


@pytest.mark.parametrize("who", ["seller", "manager", "sponsor", "stranger"])
def test_only_who_was_asked_answers(client, cast, request_, who):
    client.force_login(getattr(cast, who))
    assert client.post(f"/agreements/{request_.pk}/answer", {"answer": "yes"}).status_code == 404
    request_.refresh_from_db()
    assert request_.state == "asked"


@pytest.mark.parametrize("who", PEOPLE)
def test_a_home_page_costs_twelve_queries_at_most(client, cast, playbook, who, django_assert_max_num_queries):
    for n in range(20):
        say(deal(f"P-{n}", owner=cast.seller, team=cast.north, account=cast.account), due_on=in_days(-1))
    client.force_login(getattr(cast, who))
    with django_assert_max_num_queries(budget.STATEMENTS):
        assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("page", "place"),
    [
        ("/", "Home"),
        ("/deals/", "Deals"),
        ("/people/new", "People"),
        ("/teams/", "People"),
        ("/account/", None),
    ],
)
def test_the_navigation_marks_the_place_that_holds_the_page(client, cast, page, place):
    client.force_login(cast.analyst)
    shown = client.get(page).content.decode().partition("<main")[0]
    marked = re.findall(r'aria-current="page">.*?<span>(.*?)</span>', shown)
    assert marked == ([place] if place else [])


@pytest.mark.parametrize("who", ["seller", "manager", "analyst", "inside_partner"])
def test_what_is_due_beside_deals_comes_as_one_piece_and_is_a_page(client, cast, who):
    client.force_login(getattr(cast, who))
    piece = {"HX-Request": "true", "HX-Target": "home-due"}
    assert client.get("/due/", headers=piece).text.strip() == ""
    assert "Nothing is due of you" in client.get("/due/").text
    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        client.force_login(getattr(cast, who))
        sponsoring.a_message(cast, subject="Before your next talk")
        assert 'id="home-due" hx-get="/due/" hx-trigger="load"' in client.get("/").text
        page, part = client.get("/due/"), client.get("/due/", headers=piece)
    for answer in (page, part):
        assert answer.text.count("Before your next talk") == 1
        assert "I have read it" in answer.text
    assert "<html" in page.text
    assert "<html" not in part.text
