"""The pages of a pack, from what is kept: a pipeline review as it stood, results and agreements over the years, debt, signals.

Each viewer's pack holds what that viewer may see; the results of the whole company are for those who see every deal. Nothing
of a single person is in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from hingepoint.analysis import metric_words, metrics
from hingepoint.analysis.prediction import Executed
from hingepoint.analysis.signals.shape import Reading, State
from hingepoint.domain.debts import queries as debts
from hingepoint.domain.people.queries import User
from hingepoint.domain.reviews.queries.review import ReviewPage
from hingepoint.domain.signals import queries as signals
from hingepoint.domain.strategy.queries import over_years
from hingepoint.domain.strategy.queries.over_years import Foretold
from hingepoint.domain.strategy.results import Progress
from hingepoint.domain.strategy.seen import AgreementSeen, ResultSeen
from hingepoint.records import conventions
from hingepoint.records.languages import say, say_many
from hingepoint.records.reviews import NoteKind
from hingepoint.reports.charts import columns, control, numbers, trend
from hingepoint.reports.packs import Chart, Fact, Native, Pack, Page, Sheet
from hingepoint.web import (
    forecasts,
    formats,
    signal_pictures,
    signal_words,
    strategy_pictures,
    strategy_words,
)
from hingepoint.web.debts import course_points

#: Results beside each other on a page; pages of them at most.
BESIDE, RESULT_PAGES = 3, 3
#: Decisions that a meeting is asked for, and lines of a table.
ASKED, LINES = 3, 16


@dataclass(frozen=True)
class Found:
    """What a pack is made of; None where the viewer does not see it or nothing is kept."""

    page: ReviewPage
    results: tuple[tuple[Progress, ResultSeen], ...]
    agreements: tuple[AgreementSeen, ...]
    forecast: Foretold | None
    debt: debts.DebtPage | None
    signals: signals.Overview


def found(viewer: User, page: ReviewPage, *, today: dt.date) -> Found:
    """Return what is kept for the pack of a pipeline review. Raises Hidden."""
    as_of = page.on if page.ended_at and page.on < today else None
    strategy_id = over_years.in_force(viewer) if viewer.sees_everything else None
    told = over_years.results_over_years(viewer, strategy_id, today=today).told if strategy_id else ()
    agreed = over_years.agreements_over_years(viewer, strategy_id, today=today) if strategy_id else None
    return Found(
        page=page,
        results=tuple(told),
        agreements=tuple(agreed.told.agreements) if agreed else (),
        forecast=_forecast_of(viewer, strategy_id, as_of, today),
        debt=debts.debt_page(viewer, today=today, as_of=as_of) if viewer.sees_everything else None,
        signals=signals.overview(viewer, as_of),
    )


def _forecast_of(
    viewer: User, strategy_id: int | None, as_of: dt.date | None, today: dt.date
) -> Foretold | None:
    """Return the forecast where one is told; none in the minutes of a day that is past."""
    if strategy_id is None or as_of:
        return None
    found = over_years.forecast(viewer, strategy_id, today=today)
    return found if found.told.ahead else None


def pack(told: Found, *, company: str, manual: Callable[[str], str], made_at: dt.datetime) -> Pack:
    """Return the pack; ``manual`` gives the address of a page of the manual."""
    keyed = [(page.title, page) for page in _results(told)]
    others = {
        FORECAST: _forecast,
        AGREEMENTS: _agreements,
        DEBT: _debt,
        SIGNALS: _signals,
        PIPELINE: _pipeline,
        COMMITMENTS: _commitments,
    }
    keyed += [(key, page) for key, make in others.items() if (page := make(told))]
    bodies = [page for _, page in keyed]
    where = {key: number for number, (key, _) in enumerate(keyed, 2)}
    facts = list(_facts(told, where))
    decided = _decided(told.page)
    return Pack(
        headline=_headline(told, facts),
        about=" · ".join(
            part
            for part in (
                company,
                say("Pipeline review, {team}, {on}", team=told.page.team, on=formats.day(told.page.on)),
            )
            if part
        ),
        changed=tuple(one for one in facts if one.mark in ("better", "worse")),
        same=tuple(one for one in facts if one.mark not in ("better", "worse")),
        asked=say("Decided") if decided else say("Asked of this meeting"),
        decisions=tuple(decided or _questions(told))[:ASKED],
        last=_last(told.page),
        pages=(*bodies, _definitions(told, manual)),
        foot=say(
            "As of {made_at}. Ranges are 95% intervals. Definitions: page {bodies}.",
            made_at=formats.moment(made_at),
            bodies=len(bodies) + 2,
        ),
    )


# ---- the first page ----


def _facts(told: Found, where: dict[str, int]) -> Iterator[Fact]:
    for one, _ in told.results:
        still = "same" if one.movement.change else "unknown"
        mark = still if one.moved is None else "better" if one.moved else "worse"
        value = strategy_words.value(one.kind, one.since.value)
        was = strategy_words.value(one.kind, one.before.value)
        words = f"{metric_words.title(one.metric)}: {value}"
        ends = (strategy_words.value(one.kind, end) for end in (one.since.low, one.since.high))
        detail = say(
            "{ends} on {n}.{told}",
            ends=say(" to ").join(ends),
            n=numbers.plural(one.since.n, "deal"),
            told=_expected(told, one, where),
        )
        page = next((number for title, number in where.items() if title == _title_of_results(told, one)), 0)
        yield Fact(
            mark,
            say("{words}, was {was}", words=words, was=was) if mark in ("better", "worse") else words,
            detail,
            page,
        )
    yield from _agreement_fact(told, where)
    yield from _debt_fact(told, where)
    yield from _signal_facts(told, where)


def _expected(told: Found, one: Progress, where: dict[str, int]) -> str:
    """Return what the open deals will come to by the strategy's own metric, where that is told."""
    ahead = told.forecast.told.ahead if told.forecast and told.forecast.metric == one.metric else None
    if ahead is None:
        return ""
    value, low, high = (
        strategy_words.value(one.kind, end) for end in (ahead.level.told, ahead.level.low, ahead.level.high)
    )
    return say(
        " Deals open now: {value} expected until {ends} ({low} to {high}; page {where}).",
        value=value,
        ends=formats.day(ahead.ends),
        low=low,
        high=high,
        where=where[FORECAST],
    )


def _agreement_fact(told: Found, where: dict[str, int]) -> Iterator[Fact]:
    up, down, known = _in_time(told)
    if not known:
        return
    mark = "better" if up > down else "worse" if down > up else "same"
    detail = say("{down} less often, the others not changed.", down=down) if down else say("None less often.")
    yield Fact(mark, _in_time_words(told), detail, where.get(AGREEMENTS, 0))


def _in_time(told: Found) -> tuple[int, int, int]:
    """Return how many agreements are gained in time more often than before the strategy, how many less often, of how many."""
    known = [one.executed for one in told.agreements if one.executed and one.executed.change]
    return sum(one.moved is True for one in known), sum(one.moved is False for one in known), len(known)


def _in_time_words(told: Found) -> str:
    up, _, known = _in_time(told)
    return say_many(
        "{n} of {known} pivotal agreements is gained in time more often",
        "{n} of {known} pivotal agreements are gained in time more often",
        up,
        n=up,
        known=known,
    )


def _debt_fact(told: Found, where: dict[str, int]) -> Iterator[Fact]:
    newest = told.debt.newest if told.debt else None
    for one in newest.debt.sums[:1] if newest else ():
        assert told.debt
        money = lambda amount: numbers.money_short(amount, one.currency)  # noqa: B023, E731
        before = told.debt.before(one.currency)
        was = before.sum_in(one.currency) if before else None
        mark = "same" if was else "unknown"
        if was and was.high < one.low:
            mark = "worse"
        if was and one.high < was.low:
            mark = "better"
        detail = say("{low} to {high}", low=money(one.low), high=money(one.high)) + (
            say("; {value} three months before.", value=money(was.value)) if was else "."
        )
        yield Fact(mark, say("Agreement debt: {value}", value=money(one.value)), detail, where.get(DEBT, 0))


def _signal_facts(told: Found, where: dict[str, int]) -> Iterator[Fact]:
    page = where.get(SIGNALS, 0)
    for tile in told.signals.tiles:
        raises = _public(tile.raises)
        if not raises:
            continue
        places = [_where(one) for one in raises]
        new = sum(not one.in_hand for one in raises)
        size = (
            say("; {size} from usual", size=numbers.points(raises[0].size))
            if raises[0].size is not None
            else ""
        )
        detail = say(
            "{new} of {raises} not answered yet, first since {value}{size}.",
            new=new,
            raises=len(raises),
            value=formats.day(min(one.since for one in raises)),
            size=size,
        )
        more = say(" and {places} more", places=len(places) - 2) if len(places) > 2 else ""
        yield Fact("worse", f"{tile.told.signal.name}: {', '.join(places[:2])}{more}", detail, page)
    calm = sum(tile.told.state is State.CALM for tile in told.signals.tiles)
    if calm:
        yield Fact(
            "same", say("{calm} of 10 signals are calm", calm=calm), say("Within what chance does."), page
        )


def _public(raises: tuple[signals.RaiseShown, ...]) -> list[signals.RaiseShown]:
    """Return raises without those of single managers, which no meeting is shown."""
    return [one for one in raises if one.place.level != "manager"]


def _where(one: signals.RaiseShown) -> str:
    return say("the company") if one.place.level == signal_words.COMPANY else one.where


def _headline(told: Found, facts: list[Fact]) -> str:
    """Return the one sentence of the pack."""
    if not told.results:
        deals = sum(one["deals"] for one in told.page.told.get("stages", ()))
        return say(
            "{team}: {deals}, and what moved", team=told.page.team, deals=numbers.plural(deals, "open deal")
        )
    better = sum(one.moved is True for one, _ in told.results)
    worse = sum(one.moved is False for one, _ in told.results)
    kinds = [
        say_many(
            "{n} of {results} results is better",
            "{n} of {results} results are better",
            better,
            n=better,
            results=len(told.results),
        )
    ]
    kinds.append(
        say("none is worse") if not worse else say_many("{n} is worse", "{n} are worse", worse, n=worse)
    )
    new = sum(not one.in_hand for tile in told.signals.tiles for one in _public(tile.raises))
    asks = (
        say("; {new} wait for an answer", new=numbers.plural(new, "raise"))
        if new > 1
        else say("; one raise waits for an answer")
        if new
        else ""
    )
    return f"{', '.join(kinds)}{asks}"


def _decided(page: ReviewPage) -> list[str]:
    """Return the decisions of a review that is over; none before."""
    if page.ended_at is None:
        return []
    return [
        one.words + (f" {one.owner}." if one.owner else "")
        for one in page.everything
        if one.kind is NoteKind.DECISION
    ]


def _questions(told: Found) -> Iterator[str]:
    """Yield what a meeting is asked to decide, what presses most first."""
    for tile in told.signals.tiles:
        if [one for one in _public(tile.raises) if not one.in_hand] and tile.told.question:
            yield tile.told.question
    for one, went in told.results:
        if went.course and went.course.ahead.reach == "short":
            target = strategy_words.value(one.kind, one.target)
            yield say(
                "{metric} does not reach {target} as it runs: what changes, the way or the target?",
                metric=metric_words.title(one.metric),
                target=target,
            )
    for debt in told.debt.pay[:1] if told.debt else ():
        yield say(
            "Who asks {whom} for “{debt}” on {deal}?",
            whom=debt.from_whom or say("the customer"),
            debt=debt.name,
            deal=debt.deal,
        )


def _last(page: ReviewPage) -> str:
    if not page.before:
        return ""
    return say("Last time: {kept} of {before} commitments kept.", kept=page.kept, before=len(page.before))


# ---- the pages behind ----

FORECAST, AGREEMENTS, DEBT, SIGNALS, PIPELINE, COMMITMENTS = (
    "forecast",
    "agreements",
    "debt",
    "signals",
    "pipeline",
    "commitments",
)


def _results(told: Found) -> Iterator[Page]:
    for some in _in_pages(told.results):
        yield Page(
            title=_title_of(some),
            charts=tuple(_result(one, went) for one, went in some),
            notes=(
                say(
                    "Light band: where a month falls when nothing changes. Dark band: where the smoothed line falls; leaving it is what counts as a change, for better and for worse alike. Dotted: the target."
                ),
            ),
        )


def _in_pages(
    found: tuple[tuple[Progress, ResultSeen], ...],
) -> list[tuple[tuple[Progress, ResultSeen], ...]]:
    """Return results as pages show them, beside each other."""
    begins = range(0, len(found), BESIDE)
    return [found[begin : begin + BESIDE] for begin in begins][:RESULT_PAGES]


def _title_of(some: tuple[tuple[Progress, ResultSeen], ...]) -> str:
    """Return the sentence over some results: what is better, what is worse, what did not change."""
    said: dict[str, list[str]] = {"Better": [], "Worse": [], "Not changed": []}
    for one, _ in some:
        name = metric_words.title(one.metric)
        went = say("Not changed") if one.moved is None else say("Better") if one.moved else say("Worse")
        said[went].append(name[:1].lower() + name[1:])
    return ". ".join(f"{head}: {', '.join(names)}" for head, names in said.items() if names)


def _title_of_results(told: Found, one: Progress) -> str:
    for some in _in_pages(told.results):
        if any(other is one for other, _ in some):
            return _title_of(some)
    return ""


def _result(one: Progress, went: ResultSeen) -> Chart:
    panel = strategy_pictures.panel(one, went, is_drawn=True)
    ends = (strategy_words.value(one.kind, end) for end in (one.since.low, one.since.high))
    course = went.course
    below = [strategy_words.changed(one, course).words]
    below += [strategy_words.reach(one, course.ahead).words] if course else []
    return Chart(
        title=f"{metric_words.title(one.metric)}: {strategy_words.value(one.kind, one.since.value)}",
        sentence=say(
            "{ends} on {n}; before {kind}.",
            ends=say(" to ").join(ends),
            n=numbers.plural(one.since.n, "deal"),
            kind=strategy_words.value(one.kind, one.before.value),
        ),
        drawn=panel.chart,
        alt=say(
            "{metric} month by month. {below}.", metric=metric_words.title(one.metric), below=". ".join(below)
        ),
        below=". ".join(below) + ".",
        native=_lines(one, went) if panel.chart else None,
    )


def _lines(one: Progress, went: ResultSeen) -> Native:
    course = went.course
    assert course is not None
    months = course.months
    return Native(
        "line",
        tuple(conventions.month_and_year(month.begins) for month in months),
        (
            (say("Smoothed"), tuple(month.line for month in months)),
            ("A month", tuple(month.value for month in months)),
            (say("Usual"), tuple(course.usual for _ in months)),
            (say("Target"), tuple(one.target for _ in months)),
        ),
        is_share=one.kind == "share",
    )


def _agreements(told: Found) -> Page | None:
    known: list[tuple[AgreementSeen, Executed]] = [
        (one, one.executed) for one in told.agreements if one.executed
    ]
    drawn = strategy_pictures.executed(told.agreements, link=lambda key: "")
    if drawn is None:
        return None
    names = tuple(one.name for one, _ in known)
    native = Native(
        "bar",
        names,
        (
            (say("Lately"), tuple(one.lately.value for _, one in known)),
            (say("Before"), tuple(one.before.value for _, one in known)),
        ),
        is_share=True,
    )
    alt = "; ".join(f"{line.name}: {strategy_words.executed(one).words}" for line, one in known)
    chart = Chart(
        say("Gained by the day each deal needed it"),
        say("Ring: before the strategy. Dot: lately, with its range."),
        drawn.desk,
        alt,
        native=native,
    )
    return Page(_in_time_words(told), charts=(chart,))


def _forecast(told: Found) -> Page | None:
    if told.forecast is None:
        return None
    one, kind = told.forecast.told, metrics.parse(told.forecast.metric).kind
    native = Native(
        "line",
        tuple(forecasts.quarter_of(quarter) for quarter in one.past),
        (
            (say("Told"), tuple(quarter.level.told for quarter in one.past)),
            (say("Came"), tuple(quarter.level.came for quarter in one.past)),
        ),
        is_share=kind == "share",
    )
    drawn = forecasts.past(one, kind)
    assert drawn
    chart = Chart(
        say("Told and came, quarter by quarter"),
        say("Hollow: told when the quarter began, with its 95% range. Full: what came."),
        drawn.desk,
        forecasts.LEVELS,
        native=native,
    )
    words, level = forecasts.in_words(told.forecast)
    return Page(
        level, charts=(chart,), notes=(words, say("Deals that only begin from now on are not in it."))
    )


def _debt(told: Found) -> Page | None:
    if told.debt is None or told.debt.newest is None:
        return None
    points = course_points(told.debt)
    if not points:
        return None
    currency = told.debt.newest.debt.sums[0].currency
    drawn = trend.draw(points, metric=say("Agreement debt"), unit=currency, width=trend.WIDE)
    native = Native(
        "line",
        tuple(one.period for one in points),
        tuple(
            (name, tuple(getattr(one, key) for one in points))
            for name, key in ((say("Debt"), "value"), (say("Low"), "low"), (say("High"), "high"))
        ),
    )
    pay = tuple(
        say(
            "Most worth paying: “{one}” on {deal}, {lower}.",
            one=one.name,
            deal=one.deal,
            lower=one.kind.label.lower(),
        )
        for one in told.debt.pay[:2]
    )
    chart = Chart(
        say("Agreement debt, {currency}", currency=currency),
        say("Each reading with its range."),
        drawn,
        say("Agreement debt over time."),
        native=native,
    )
    return Page(next(_debt_fact(told, {})).words, charts=(chart,), notes=pay)


def _signals(told: Found) -> Page | None:
    if told.signals.day is None:
        return None
    times = signal_pictures.Times(told.signals.period, told.signals.day)
    charts = tuple(_signal(tile, times, told) for tile in told.signals.tiles)
    year = told.signals.year
    note = say(
        "In the last twelve months {raised}: {confirmed} confirmed, {false} false alarms, {led} led to a decision. Set to be wrong at most once a quarter over all ten and every place together.",
        raised=numbers.plural(year.raised, "raise"),
        confirmed=year.confirmed,
        false=year.false,
        led=year.led,
    )
    states = [_state(tile) for tile in told.signals.tiles]
    title = say(
        "{raised} of 10 signals stand outside their limits, {calm} are calm",
        raised=states.count(State.RAISED),
        calm=states.count(State.CALM),
    )
    return Page(title, charts=charts, notes=(note,))


def _state(tile: signals.Tile) -> State:
    """Return where a signal stands before a meeting: what is raised of single managers alone is watched there."""
    hidden = tile.told.state is State.RAISED and not _public(tile.raises)
    return State.WATCH if hidden else tile.told.state


def _signal(tile: signals.Tile, times: signal_pictures.Times, told: Found) -> Chart:
    signal = tile.told.signal
    public = _public(tile.raises)
    places = [one for one in tile.told.places if one.place.level != "manager"]
    raised = [one for one in places if public and one.place == public[0].place]
    shown: Reading | None = next(iter([*raised, *places]), None)
    state = _state(tile)
    mark = signal_words.MARKS[
        "in_hand"
        if state is State.RAISED and all(one.in_hand for one in public)
        else "new"
        if state is State.RAISED
        else state
    ]
    course = signal_pictures.course(tile.told, shown, times) if shown else None
    said = (
        say("{public} since {since}", public=_where(public[0]), since=formats.day_short(public[0].since))
        if public
        else ""
    )
    if not said and shown and shown.reading is not None:
        said = say(
            "{signal}, usual {signal_2}",
            signal=signal_words.value(signal, shown.reading),
            signal_2=signal_words.value(signal, shown.baseline),
        )
    return Chart(
        title=f"{signal.number} {signal.name}",
        sentence=mark.label,
        drawn=control.draw(course, metric=signal.name, size=control.TILE) if course else "",
        alt=f"{signal.name}: {mark.label}. {said}",
        below=said or say("Nothing is drawn yet."),
    )


def _pipeline(told: Found) -> Page | None:
    stages = told.page.told.get("stages") or []
    if not stages:
        return None
    before = {(one["currency"], one["stage"]): one for one in told.page.told.get("stages_before") or ()}
    head = (
        say("Stage"),
        say("Deals"),
        say("Amount"),
        *((say("Deals last time"), say("Amount last time")) if before else ()),
    )
    rows = tuple(_stage(one, before) for one in stages[:LINES])
    names = [formats.words(one["stage"]) or say("No stage") for one in stages[:LINES]]
    drawn = [columns.Column(name, one["deals"], name[:9]) for name, one in zip(names, stages, strict=False)]
    counts = tuple(float(one["deals"]) for one in stages[:LINES])
    chart = Chart(
        say("Open deals by stage"),
        say("As they stood when the review was opened."),
        columns.draw(drawn, title=say("Open deals by stage")),
        "; ".join(f"{name}: {one['deals']}" for name, one in zip(names, stages, strict=False)),
        native=Native("bar", tuple(names), ((say("Open deals"), counts),)),
    )
    deals = sum(one["deals"] for one in stages)
    title = say(
        "The pipeline of {team}: {deals}", team=told.page.team, deals=numbers.plural(deals, "open deal")
    )
    return Page(title, charts=(chart,), sheet=Sheet(head, rows), notes=tuple(_moved(told)))


def _stage(one: dict[str, Any], before: dict[tuple[str, str], dict[str, Any]]) -> tuple[str, ...]:
    """Return a row of the pipeline: a stage now, and last time where there was one."""
    cells = [(formats.words(one["stage"]) or say("No stage")), *_amounts(one)]
    if before:
        was = before.get((one["currency"], one["stage"]))
        cells += _amounts(was) if was else [numbers.MISSING] * 2
    return tuple(cells)


def _amounts(one: dict[str, Any]) -> list[str]:
    return [numbers.number(one["deals"]), numbers.money_short(one["amount"], one["currency"])]


def _moved(told: Found) -> Iterator[str]:
    """Yield what became of the pipeline of the last review."""
    for name, one in (told.page.told.get("moved") or {}).items():
        amounts = "".join(
            f", {numbers.money_short(amount, currency)}" for currency, amount in one["amounts"].items()
        )
        yield f"{name.capitalize()}: {numbers.plural(one['deals'], 'deal')}{amounts}."


def _commitments(told: Found) -> Page | None:
    if not told.page.before:
        return None
    rows = tuple(
        (one.words, one.owner, formats.day(one.due_on), one.became.label if one.became else "open")
        for one in told.page.before[:LINES]
    )
    kept = say("{kept} of {before}", kept=told.page.kept, before=len(told.page.before))
    return Page(
        say("Of the last commitments {kept} were kept", kept=kept),
        sheet=Sheet((say("What"), say("Who"), say("By"), say("Became")), rows, numeric=False),
    )


def _definitions(told: Found, manual: Callable[[str], str]) -> Page:
    rows = [
        (
            metric_words.title(one.metric),
            say(
                "{metric}, on {population}.",
                metric=_capital(metric_words.noun(one.metric)),
                population=one.population,
            ),
        )
        for one, _ in told.results
    ]
    rows += [
        (
            say("Like for like"),
            say("What changed with deals of the same kinds; what other kinds of deals did is taken out."),
        ),
        (
            say("Gained in time"),
            say("The share of deals on which an agreement stood by the day the playbook needed it."),
        ),
        (
            say("Agreement debt"),
            say(
                "Amount of open deals times what a missing pivotal agreement is expected to change, by its signed finding."
            ),
        ),
        (say("Raised"), say("Chance alone would do this at most once a quarter, over all charts together.")),
        (
            say("Range"),
            say("A 95% interval: with so many deals chance alone leaves it open where in it the value lies."),
        ),
    ]
    if told.forecast:
        surely = say(
            "Told only where it was surely better on past quarters than “as always” and “as in the last one”."
        )
        rows.append((say("Forecast"), surely))
    links = (
        (say("How findings are made"), manual("explanation/how-findings-are-made")),
        (say("Agreement debt"), manual("explanation/agreement-debt")),
        (say("How calm is proved"), manual("explanation/how-calm-is-proved")),
    )
    return Page(
        say("What the words mean"),
        sheet=Sheet((say("Word"), say("Meaning")), tuple(rows[:LINES]), numeric=False),
        links=links,
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
