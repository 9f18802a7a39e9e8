"""Where a company stands by its self-assessment: pictures, tables and sentences for the page, and the same on one sheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from hingepoint.analysis.self_assessment import Line, Moved, Spread, beyond_chance
from hingepoint.analysis.signals.shape import State
from hingepoint.domain.self_assessment.queries import Result
from hingepoint.records.languages import say, words_of
from hingepoint.records.self_assessment import BY_KEY, SCALE, Group, Kind, about
from hingepoint.reports import typesetting
from hingepoint.reports.charts import numbers, spans, svg, tables
from hingepoint.reports.plan_sheets import NoTypst, day

#: From this gap on leaders and field see two different companies.
A_STEP = 1.0
#: What the reading of a signal says, beside what people say of it.
READ_AS = {
    State.RAISED: "raised",
    State.WATCH: "watch",
    State.CALM: "calm",
    State.STALE: words_of("no news"),
    State.NO_DATA: words_of("no data yet"),
}
AXIS = spans.Axis(0, 4, tuple((float(one), one.label.lower()) for one in SCALE))
#: Lines of each list on the sheet, so that it stays one; the page shows all.
ON_THE_SHEET = 5
TELLS = (
    words_of("Opinions, not readings: nothing here is mixed with a chart."),
    words_of("Groups under five are not shown, and nobody's own answers are."),
    words_of("A band is the middle half of the field. Intervals hold together, all of them, with 95%."),
)


# ---- sentences ----


def counted(result: Result) -> str:
    """Return who answered, as far as that may be told."""
    told = result.standing
    people = say(
        "{people} of {asked} answered",
        people=numbers.plural(told.people, "person", "people"),
        asked=numbers.number(result.round.asked),
    )
    if told.leaders is None:
        return f"{people}."
    return say(
        "{people}: {leaders}, {field} from the field.",
        people=people,
        leaders=numbers.plural(told.leaders, "leader"),
        field=numbers.number(told.field),
    )


def headline(result: Result) -> str:
    """Return the one sentence that a busy person takes along."""
    standing = result.standing
    if not standing.enough:
        return say("Fewer than five people answered, so nothing is shown.")
    if standing.leaders is None:
        return _seen_most(standing.lines)
    widest = standing.widest()
    if widest is None or widest.leaders is None or widest.field is None:
        return say("Leaders and field see the same company: no gap is wider than chance makes it.")
    name = BY_KEY[widest.key].name
    return say(
        "{name}: the field says {middle}, leaders say {middle_2}.",
        name=name,
        middle=about(widest.field.middle),
        middle_2=about(widest.leaders.middle),
    )


def _seen_most(lines: Sequence[Line]) -> str:
    seen = [line for line in lines if line.whole]
    if not seen:
        return say("Too few could say on any question.")
    most = max(seen, key=lambda line: line.level)
    assert most.whole is not None
    return say(
        "Seen most: {name}, {middle}.", name=_lower(BY_KEY[most.key].name), middle=about(most.whole.middle)
    )


def beside(result: Result) -> str:
    """Return what stands beside the headline: how many gaps there are, or why none can be told."""
    standing = result.standing
    if not standing.enough:
        return say("Open another round and ask more people: from five answers on a result is shown.")
    if standing.leaders is None:
        return say("Leaders and field are told apart from five answers of each on.")
    apart = [line for line in standing.lines if line.gap and beyond_chance(line.gap)]
    wide = sum(1 for line in apart if line.gap and abs(line.gap.value) >= A_STEP)
    if not apart:
        return say("That holds for this many answers; a smaller gap may be there and not show.")
    return say(
        "Gaps beyond chance: {apart} of {lines}, {wide} of them a step or more.",
        apart=len(apart),
        lines=len(standing.lines),
        wide=wide,
    )


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def gap_words(line: Line) -> str:
    """Return how far the field lies above leaders, in steps, with its interval."""
    if line.gap is None:
        return numbers.MISSING
    ends = say("{low} to {high}", low=numbers.signed(line.gap.low, 1), high=numbers.signed(line.gap.high, 1))
    return f"{numbers.signed(line.gap.value, 1)} ({ends})"


def spread_words(spread: Spread | None) -> str:
    """Return the mean with its interval, the middle answer, and how many said so."""
    if spread is None:
        return say("under five could say")
    low, high = spread.likely
    cannot = say(", {cannot} cannot say", cannot=spread.cannot) if spread.cannot else ""
    mean = say(
        "{mean} ({low} to {high})",
        mean=numbers.number(spread.mean, 1),
        low=numbers.number(low, 1),
        high=numbers.number(high, 1),
    )
    return say(
        "{mean}, middle answer {middle}, {n} people{cannot}",
        mean=mean,
        middle=about(spread.middle),
        n=spread.n,
        cannot=cannot,
    )


def reading_words(result: Result, key: str) -> str:
    """Return what the reading of a signal says, beside what people say."""
    state = result.states.get(key)
    return READ_AS[state] if state else READ_AS[State.NO_DATA]


def differ(result: Result) -> list[str]:
    """Return where people and readings tell two stories: seen often and calm, or seen rarely and raised."""
    found = []
    for line in result.standing.of(Kind.SIGNAL):
        state, name = result.states.get(line.key), BY_KEY[line.key].name
        if not line.spreads or state is None:
            continue
        middle = max(one.middle for one in line.spreads)
        if state is State.CALM and middle >= 3:
            found.append(
                say(
                    "{name}: people say {middle}, the reading is calm. It may be usual here: calm means unchanged, not rare.",
                    name=name,
                    middle=about(middle),
                )
            )
        if state is State.RAISED and middle <= 1:
            found.append(
                say(
                    "{name}: people say {middle}, the reading rose. Look at the deals behind it.",
                    name=name,
                    middle=about(middle),
                )
            )
    return found


def moved_words(moved: Moved) -> str:
    """Return how a group's answers moved since the round before."""
    who = {None: "all", Group.LEADER: "leaders", Group.FIELD: "field"}[moved.group]
    change = numbers.signed(moved.change.value, 1)
    ends = say(
        "{low} to {high}", low=numbers.signed(moved.change.low, 1), high=numbers.signed(moved.change.high, 1)
    )
    return say(
        "{name}, {who}: {change} steps ({ends})",
        name=BY_KEY[moved.key].name,
        who=who,
        change=change,
        ends=ends,
    )


# ---- pictures and tables ----


def picture(result: Result, kind: Kind, *, size: spans.Size = spans.WIDE) -> str:
    """Return the answers to one kind of question as a picture: leaders hollow, the field full, brass from a step on."""
    lines = [line for line in result.standing.of(kind) if line.spreads]
    description = " ".join(f"{BY_KEY[line.key].name}: {_described(line)}." for line in lines)
    title = say("{kind}, how often people see them", kind=kind.label)
    return spans.draw(
        [_row(line) for line in lines], AXIS, title=title, description=description, kind="spans", size=size
    )


def _row(line: Line) -> spans.Row:
    name = BY_KEY[line.key].name
    wide = line.gap is not None and abs(line.gap.value) >= A_STEP and beyond_chance(line.gap)
    marks = []
    if line.leaders:
        marks.append(
            spans.Mark(
                line.leaders.mean, "ring", hover=say("Leaders: {leaders}", leaders=spread_words(line.leaders))
            )
        )
    if shown := line.field or line.whole:
        who = say("Field") if line.field else say("All")
        marks.append(spans.Mark(shown.mean, "dot", "accent", hover=f"{who}: {spread_words(shown)}"))
    return spans.Row(
        label=name,
        marks=tuple(marks),
        band=(shown.low, shown.high) if shown else None,
        joined=("brass" if wide else "ink-3") if line.gap else "",
        strong=wide,
    )


def _described(line: Line) -> str:
    if line.whole:
        return about(line.whole.middle)
    told = [("leaders", line.leaders), ("field", line.field)]
    return ", ".join(f"{who} {about(one.middle)}" for who, one in told if one)


def table(result: Result, kind: Kind) -> tables.Table:
    """Return the same numbers; beside signals, what the reading says."""
    apart = result.standing.leaders is not None
    reads = kind is Kind.SIGNAL
    columns = [(say("Asked"), False)]
    columns += (
        [(say("Leaders"), False), (say("Field"), False), (say("Gap in steps"), True)]
        if apart
        else [(say("All"), False)]
    )
    columns += [(say("The reading says"), False)] if reads else []
    return tables.build(columns, [_cells(result, line, apart, reads) for line in result.standing.of(kind)])


def _cells(result: Result, line: Line, apart: bool, reads: bool) -> tuple[str, ...]:
    told = (
        [spread_words(line.leaders), spread_words(line.field), gap_words(line)]
        if apart
        else [spread_words(line.whole)]
    )
    reading = [reading_words(result, line.key)] if reads else []
    return (BY_KEY[line.key].name, *told, *reading)


# ---- the sheet ----


def pdf(result: Result, *, next_step: str, at: dt.datetime) -> bytes:
    """Return the result as one A4 page. Raises NoTypst."""
    try:
        return typesetting.pdf("self_assessment.typ", facts(result, next_step=next_step, at=at))
    except typesetting.NoTypesetter as error:
        raise NoTypst(say("{error} Without it, print the page from your browser.", error=error)) from error


def facts(result: Result, *, next_step: str, at: dt.datetime) -> dict[str, Any]:
    """Return what the sheet says, as plain texts and pictures. ``next_step``: which of Hingepoint's steps comes next."""
    kinds = list(Kind) if result.standing.enough else []
    return {
        "title": say("Where you stand"),
        "about": say("Self-assessment {round}. {result}", round=result.round.name, result=counted(result)),
        "headline": headline(result),
        "beside": beside(result),
        "pictures": [_on_paper(result, kind) for kind in kinds],
        "key": _key(result),
        "record": [{"name": one.name, "needs": one.needs} for one in result.record[:ON_THE_SHEET]],
        "next": next_step,
        "differ": differ(result)[:ON_THE_SHEET],
        "changed": [moved_words(one) for one in result.changed[:ON_THE_SHEET]],
        "before": result.before,
        "tells": list(TELLS),
        "foot": say("Printed {day}, {time}", day=day(at), time=f"{at:%H:%M}"),
    }


def _key(result: Result) -> str:
    if result.standing.leaders is None:
        return say("Dot: the mean of all. Band: their middle half.")
    return say(
        "Ring: leaders. Dot: field, its band the middle half. Thick brass line: a step or more apart, beyond chance."
    )


def _on_paper(result: Result, kind: Kind) -> dict[str, str]:
    drawn = picture(result, kind).replace(svg.FONT, typesetting.FACE)
    told = "; ".join(
        f"{BY_KEY[line.key].name}: {_described(line)}" for line in result.standing.of(kind) if line.spreads
    )
    return {"title": kind.label, "svg": drawn, "alt": told or say("Too few could say.")}
