"""The page of a strategy and the first page of its sponsor as of a day in the past: as they read then, whatever came later."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.urls import reverse

import duties
import sponsoring
from calling import program
from cast import deal
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.deals import actions as deals
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.home import actions
from hingepoint.domain.home.queries import then
from hingepoint.domain.strategy import actions as strategies
from hingepoint.domain.strategy.models import Strategy
from hingepoint.domain.upkeep.kept import asked_anew
from hingepoint.domain.upkeep.models import KeptDay
from hingepoint.jobs import nightly
from hingepoint.records.agreements import AgreementState, Evidence
from playbooks import in_force, won
from snapshot import made_once

DAY = dt.timedelta(days=1)
#: The evening of the day that is looked back to, and the night after it.
EVENING = dt.datetime(2026, 3, 20, 17, 0, tzinfo=dt.UTC)
NIGHT = EVENING + dt.timedelta(hours=9)
THEN = EVENING.date()
MUCH_LATER = NIGHT + 40 * DAY
PIECES = {
    "strategy-results": "results-seen",
    "strategy-agreements": "agreements-seen",
    "strategy-routines": "routines",
}


@pytest.fixture
@made_once
def company(cast):
    """A strategy in force since 2 March with two targets; ten deals won before it, of which each gained the data, and four since."""
    for n in range(10):
        won(cast, n)
    strategy = in_force(cast).strategy
    for metric, baseline, target in (("won", 0.3, 0.5), ("discount", 0.2, 0.1)):
        facts = {"baseline": baseline, "target": target, "target_on": dt.date(2027, 6, 30)}
        strategies.set_target(by=cast.sponsor, at=EVENING, strategy=strategy, metric=metric, **facts)
    for n in range(4):
        closed(cast, f"NEW-{n}", at=EVENING - (n + 1) * DAY, status="won" if n else "lost")
    sponsoring.a_message(cast, at=EVENING - 2 * DAY)
    return cast


def closed(cast, key: str, *, at: dt.datetime, status: str = "won") -> Deal:
    facts = {"created_at": at - 40 * DAY, "closed_at": at, "status": status, "discount": 0.1}
    return deal(key, owner=cast.seller, team=cast.north, **facts)


def life_goes_on(cast) -> None:
    """Deals close, late entries tell of the days before, targets and words change, a version is published, the strategy retires."""
    row = Strategy.objects.get()
    for n in range(6):
        closed(cast, f"L-{n}", at=NIGHT + n * DAY, status="lost")
        closed(
            cast, f"B-{n}", at=EVENING - 3 * DAY, status="lost"
        )  # closed before, and written down only now
    Deal.objects.filter(key="NEW-1").update(status="lost", discount=0.5)  # a correction
    late = {"occurred_at": EVENING - 5 * DAY, "act": "open the logs", "person_name": "Bo"}
    step = agreements.Step(state=AgreementState.GAINED, due_on=THEN, evidence=Evidence.TOLD, **late)
    agreements.take_step(by=None, at=MUCH_LATER, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)
    deals.change_deal(by=None, at=MUCH_LATER, deal_id=cast.foreign_deal.pk, amount=1)
    facts = {"metric": "won", "baseline": 0.1, "target": 0.9, "target_on": dt.date(2028, 1, 31)}
    strategies.set_target(by=cast.sponsor, at=MUCH_LATER, strategy=row, **facts)
    sponsoring.a_message(cast, at=EVENING - DAY, subject="Told late")
    strategies.retire(by=cast.sponsor, at=MUCH_LATER, strategy=Strategy.objects.get())


def body(answer) -> str:
    """Return what a page says, without what only the control and the form tokens say."""
    assert answer.status_code == 200, answer.status_code
    text = re.sub(r"<(form|script|style|head|nav|header|aside)\b.*?</\1>", "", answer.text, flags=re.S)
    text = re.sub(r'<p class="callout tone-info" role="status">.*?</p>', "", text, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text[text.find("<main") :])).strip()


def pages(strategy_id: int) -> list[tuple[str, str]]:
    """Return the addresses that tell of a day, each with the piece that is asked for; empty: the page."""
    found = [(reverse("strategy", args=[strategy_id]), ""), (reverse("home"), "")]
    found += [(reverse(name, args=[strategy_id]), piece) for name, piece in PIECES.items()]
    found.append((reverse("strategy-agreements", args=[strategy_id]), "still-predicts"))
    return [
        *found,
        (reverse("home-pictures"), "home-pictures"),
        (reverse("sponsorship-now"), "sponsorship-now"),
    ]


def asked(client, address: str, piece: str, day: dt.date | None = None):
    told = {"HX-Request": "true", "HX-Target": piece} if piece else {}
    return client.get(address, {"as_of": day.isoformat()} if day else {}, headers=told)


def test_every_page_and_piece_reads_the_same_ever_after(client, company):
    client.force_login(company.sponsor)
    strategy_id = Strategy.objects.get().pk
    assert actions.keep_day(at=NIGHT) > 6
    first = {one: body(asked(client, *one, THEN)) for one in pages(strategy_id)}
    life_goes_on(company)
    for n in range(3):
        actions.keep_day(at=MUCH_LATER + n * DAY)
    assert {one: body(asked(client, *one, THEN)) for one in pages(strategy_id)} == first
    assert all("on record until" not in told for told in first.values())


def test_a_day_is_told_as_it_was_asked_on_it(company):
    lived = {
        (one.question, one.about): one.question.plain(one.ask())
        for one in then.pages(today=THEN, now=EVENING)
    }
    actions.keep_day(at=NIGHT)
    life_goes_on(company)
    for (question, about), answer in lived.items():
        told = question.on(THEN, about=about)
        assert (told.day, told.made_at) == (THEN, NIGHT)
        assert question.plain(told.answer) == answer, question.name
    now = {one.question: one.question.plain(one.ask()) for one in then.pages(today=THEN, now=NIGHT)}
    changed = {one for (one, _), answer in lived.items() if now.get(one) != answer}
    assert changed >= {
        then.WEEK,
        then.STRATEGY,
        then.RESULTS,
        then.SPONSORS,
        then.PICTURES,
    }  # else nothing is proved


def test_the_day_shows_and_links_keep_it(client, company):
    client.force_login(company.sponsor)
    actions.keep_day(at=NIGHT)
    row = Strategy.objects.get()
    keeps = f"as_of={THEN.isoformat()}"
    page = client.get(reverse("strategy", args=[row.pk]), {"as_of": THEN.isoformat()})
    home = client.get(reverse("home"), {"as_of": THEN.isoformat()})
    for answer in (page, home):
        assert "<b>As of 20 Mar 2026</b>" in answer.text
        assert "What was recorded or decided after that is not in it." in answer.text
        assert "Back to today" in answer.text
        assert "Nothing was kept of" not in answer.text
    of_page = ("strategy-results", "strategy-agreements", "strategy-routines")
    assert all(f"{reverse(name, args=[row.pk])}?{keeps}" in page.text for name in of_page)
    assert f"{reverse('sponsorship-now')}?{keeps}" in page.text
    assert reverse("edit-strategy", args=[row.pk]) not in page.text
    assert reverse("pivotal", args=[row.pk, "cust.data_access"]) not in page.text  # tells of today
    of_home = ("signals", "home-pictures", "debt", "pressures")
    assert all(f"{reverse(name)}?{keeps}" in home.text for name in of_home)
    assert reverse("home-due") not in home.text
    assert "What waited for you on that day is not told" in home.text


def test_what_nothing_is_on_record_of_is_said_and_today_is_not_shown(client, company):
    client.force_login(company.sponsor)
    row = Strategy.objects.get()
    address = reverse("strategy", args=[row.pk])
    assert "No day is kept yet." in client.get(address, {"as_of": THEN.isoformat()}).text
    actions.keep_day(at=NIGHT)
    before = (THEN - DAY).isoformat()
    for one in pages(row.pk):
        told = asked(client, *one, THEN - DAY)
        assert "on record until 19 Mar 2026" in told.text, one
        assert "Discount less" not in told.text
    assert "The first day kept is 20 Mar 2026." in client.get(address, {"as_of": before}).text


def test_a_night_that_was_missed_stays_missing(client, company):
    client.force_login(company.sponsor)
    actions.keep_day(at=NIGHT)
    life_goes_on(company)
    actions.keep_day(at=NIGHT + 5 * DAY)
    told = client.get(reverse("home"), {"as_of": (THEN + 3 * DAY).isoformat()}).text
    assert "<b>As of 20 Mar 2026</b>" in told
    assert "Nothing was kept of 23 Mar 2026 itself." in told


def test_a_day_is_kept_once(company):
    kept = actions.keep_day(at=NIGHT)
    told = list(KeptDay.objects.order_by("pk").values_list("pk", "told"))
    life_goes_on(company)
    assert (
        actions.keep_day(at=NIGHT + dt.timedelta(hours=2)) == 0
    )  # the strategy, now retired, is not asked again
    assert list(KeptDay.objects.order_by("pk").values_list("pk", "told")) == told
    assert kept == len(told)
    assert nightly.keep_what_pages_told in nightly.JOBS


def test_a_killed_night_goes_on_where_it_stopped(company, monkeypatch):
    monkeypatch.setattr(then, "routines_of", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        actions.keep_day(at=NIGHT)
    kept = KeptDay.objects.count()
    monkeypatch.undo()
    assert actions.keep_day(at=NIGHT) == 1
    assert KeptDay.objects.count() == kept + 1


def test_old_days_leave_the_last_of_each_month(company):
    rows = [
        KeptDay(name=name, day=dt.date(2026, 1, 1) + n * DAY, told={}, made_at=NIGHT)
        for n in range(79)
        for name in ("a", "b")
        if (name, n) != ("b", 30)  # of b the 31 January was missed
    ]
    KeptDay.objects.bulk_create(rows)
    actions.keep_day(at=dt.datetime(2026, 4, 15, 3, 0, tzinfo=dt.UTC))

    def days(name: str) -> list[str]:
        rows = KeptDay.objects.filter(name=name).order_by("day")
        return [str(day)[5:] for day in rows.values_list("day", flat=True)]

    assert days("a")[:3] == ["01-31", "02-10", "02-11"]  # of February the last so far
    assert days("b")[:3] == ["01-30", "02-10", "02-11"]


def test_answers_that_are_kept_for_today_are_not_believed(company, monkeypatch):
    monkeypatch.setattr(actions, "LARGE", 2)
    told = then.WEEK.plain(next(one for one in then.pages(today=THEN, now=EVENING)).ask())
    actions.renew_answers(at=EVENING - 10 * DAY)
    for n in range(5):
        closed(company, f"LATE-{n}", at=EVENING - DAY)
    actions.keep_day(at=NIGHT)
    kept = then.WEEK.on(THEN).answer
    assert kept.results[0].since.n == told["results"][0]["movement"]["since"]["n"] + 5
    assert kept.counted_at is None


def test_within_a_night_each_question_is_asked_once():
    asked = []
    question = then.PROMISES
    with asked_anew():
        for _ in range(3):
            assert question.told(lambda: asked.append(1) or "told", about="7") == "told"
    assert asked == [1]


@pytest.mark.parametrize("who", ["manager", "seller"])
def test_a_past_day_is_told_to_those_who_see_every_deal(client, company, who):
    actions.keep_day(at=NIGHT)
    client.force_login(getattr(company, who))
    row = Strategy.objects.get()
    for address in (reverse("strategy", args=[row.pk]), reverse("home")):
        told = client.get(address, {"as_of": THEN.isoformat()}).text
        assert "A past day is told to those who see every deal. Below is today." in told
        assert "Show the day" not in told
    path = f"/strategies/{row.pk}/results"
    assert program(getattr(company, who)).get(path, as_of=THEN.isoformat()).status_code == 404


@pytest.mark.parametrize(
    ("day", "told"), [("2036-01-01", "has not come yet"), ("31.3.2026", "This is no day")]
)
def test_a_day_that_cannot_be_told_is_said(client, company, day, told):
    client.force_login(company.sponsor)
    for address in (reverse("strategy", args=[Strategy.objects.get().pk]), reverse("home")):
        answer = client.get(address, {"as_of": day})
        assert told in answer.text
        assert "Below is today." in answer.text


def test_ones_own_promises_are_told_to_oneself(client, company):
    duties.falls_due(company.sponsor, due_at=EVENING - DAY)
    actions.keep_day(at=NIGHT)
    address = reverse("strategy", args=[Strategy.objects.get().pk])
    client.force_login(company.sponsor)
    told = client.get(address, {"as_of": THEN.isoformat()})
    assert [one.name for one in told.context["promises"].own] == ["Debrief"]
    assert "Your promises in the month of 20 Mar 2026" in told.text
    client.force_login(company.analyst)
    assert not client.get(address, {"as_of": THEN.isoformat()}).context["promises"].own


def test_a_program_reads_what_the_page_reads(client, company):
    client.force_login(company.sponsor)
    actions.keep_day(at=NIGHT)
    row, called = Strategy.objects.get(), program(company.sponsor)
    paths = [f"/strategies/{row.pk}/{name}" for name in ("results", "in-time")]
    first = [called.get(path, as_of=THEN.isoformat()).json() for path in paths]
    life_goes_on(company)
    assert [called.get(path, as_of=THEN.isoformat()).json() for path in paths] == first
    assert [called.get(path).json() for path in paths] != first
    page = client.get(reverse("strategy", args=[row.pk]), {"as_of": THEN.isoformat()}).context["page"]
    results, in_time = first
    assert [(one["metric"], one["since"], one["low"], one["deals"]) for one in results] == [
        (one.metric, one.since.value, one.since.low, one.since.n) for one in page.results
    ]
    assert [(one["needed"], one["there"]) for one in in_time] == [
        (one.in_time.needed, one.in_time.there) for one in page.pivotal
    ]
    assert [called.get(path, as_of="2026-03-19").status_code for path in paths] == [404, 404]
