"""What a review is about: which deals, why these, the one decision each needs, and where the clock stands. On plain data."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hingepoint.domain.people.models import Viewer, managed_team_ids, sees_all, works_here
from hingepoint.records import conventions
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.languages import say
from hingepoint.records.people import Role
from hingepoint.records.reviews import Became, Part, plan_of
from hingepoint.records.words import Worded


class Pressing(Worded):
    """Why an agreement of a deal belongs on the table."""

    BROKEN = "broken", "agreed and not done"
    LATE = "late", "late"
    SOFT = "soft", "kind words only"
    LAPSED = "lapsed", "lapsed"
    DUE = "due", "due before the next review"


#: How much each is worth a look; so much counts at most.
_WEIGHT = {
    Pressing.BROKEN: 3.0,
    Pressing.LATE: 1.0,
    Pressing.SOFT: 2.0,
    Pressing.LAPSED: 1.5,
    Pressing.DUE: 1.5,
}
_MOST_WEIGHT = 8.0


@dataclass(frozen=True, slots=True)
class Change:
    """What differs on a deal since a day, in words. ``state``: that of the agreement it is about, empty for a fact of the
    deal. ``back``: it makes a good end less likely or later."""

    what: str
    then: str
    now: str
    state: str = ""
    back: bool = False


@dataclass(frozen=True, slots=True)
class OpenAgreement:
    """A required agreement that is due, late, lapsed, broken or met with kind words."""

    type_id: int
    name: str
    state: AgreementState
    pressing: Pressing
    due_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Told:
    """What a review tells of a deal. ``waits``: what an exception asks for that nobody has answered, empty for none."""

    title: str
    amount: float | None
    currency: str
    stage: str
    owner: str
    expected_close_on: dt.date | None
    changes: tuple[Change, ...]
    open: tuple[OpenAgreement, ...]
    waits: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    deal_id: int
    owner_id: int | None
    told: Told


# ---- which deals, and why ----


def pressing(state: str, late_after: dt.date | None, *, today: dt.date, until: dt.date) -> Pressing | None:
    """Return why a required agreement in a state is on the table of a review on ``today``; None where it is not.
    ``until``: the day of the next review."""
    if state == AgreementState.BROKEN:
        return Pressing.BROKEN
    if state == AgreementState.LAPSED:
        return Pressing.LAPSED
    if state == AgreementState.SOFT:
        return Pressing.SOFT
    if late_after is None:
        return None
    if late_after < today:
        return Pressing.LATE
    return Pressing.DUE if late_after <= until else None


def weight(told: Told) -> float:
    """Return how much a deal has to be spoken of, from 0 to 8, whatever it is worth."""
    found = sum(_WEIGHT[one.pressing] for one in told.open)
    found += sum(2.0 if one.back else 0.5 for one in told.changes)
    return min(_MOST_WEIGHT, found + (3.0 if told.waits else 0.0))


def choose(candidates: Iterable[Candidate], *, most: int) -> list[Candidate]:
    """Return the deals that a review looks at: value at stake times what there is to speak of, the greatest first. A deal
    with nothing to speak of is not chosen; one without an amount comes after all others."""
    worth = [(weight(one.told), one) for one in candidates]
    ranked = sorted(
        (pair for pair in worth if pair[0] > 0),
        key=lambda pair: (-(pair[1].told.amount or 0.0) * pair[0], -pair[0], pair[1].deal_id),
    )
    return [one for _, one in ranked[:most]]


def why(told: Told, *, since: dt.date) -> str:
    """Return in words why a deal was chosen, beside its amount: what changed, what is due before the next review."""
    return f"{_changed(told, since)} {_due(told)}".strip()


def _changed(told: Told, since: dt.date) -> str:
    if told.waits:
        return say("It asks for an exception that nobody has answered: {waits}.", waits=told.waits)
    if not told.changes:
        return say("Nothing moved on it since {since}.", since=_day(since))
    back = [one for one in told.changes if one.back] or list(told.changes)
    named = ", ".join(f"{_quoted(one)}: {one.now}" for one in back[:2])
    more = len(told.changes) - min(len(back), 2)
    return say(
        "Since {since} {named}{more}.",
        since=_day(since),
        named=named,
        more=say(", and {n} more changed", n=more) if more else "",
    )


def _quoted(one: Change) -> str:
    return f"“{one.what}”" if one.state else one.what.lower()


def _due(told: Told) -> str:
    if not told.open:
        return ""
    first = told.open[0]
    words = say("“{first}” is {pressing}", first=first.name, pressing=first.pressing.label)
    if first.pressing is Pressing.DUE and first.due_on:
        words = say(
            "“{first}” is due on {due_on}, before the next review",
            first=first.name,
            due_on=_day(first.due_on),
        )
    more = len(told.open) - 1
    return f"{words}{say('; {more} more on the table', more=more) if more else ''}."


def question(told: Told) -> str:
    """Return the one decision that a deal needs."""
    if told.waits:
        return say("What do we ask for before the exception is answered ({waits})?", waits=told.waits)
    if told.open:
        first = told.open[0]
        day = say(" by {due_on}", due_on=_day(first.due_on)) if first.due_on else ""
        return {
            Pressing.BROKEN: say(
                "They agreed to “{first}” and did not do it. Who raises it, with whom, by when?",
                first=first.name,
            ),
            Pressing.SOFT: say("How do we get an act and a day behind “{first}”?", first=first.name),
            Pressing.LAPSED: say("Do we ask for “{first}” again, or go on without it?", first=first.name),
            Pressing.LATE: say(
                "“{first}” is late. Who asks whom for it, and what do we offer for it?", first=first.name
            ),
            Pressing.DUE: say("What do we do so that “{first}” is gained{day}?", first=first.name, day=day),
        }[first.pressing]
    if any(one.back for one in told.changes):
        return say("What would have to be true for it to close as expected, and who finds out?")
    return say("Which agreement do we gain next on it, and who asks?")


def moved(name: str, then: AgreementState | None, now: AgreementState) -> Change:
    """Return a step on an agreement as a change."""
    back = now in (AgreementState.BROKEN, AgreementState.LAPSED, AgreementState.DECLINED, AgreementState.SOFT)
    lost = then in STANDING and now not in STANDING
    return Change(
        name, then.label.lower() if then else say("nothing yet"), now.label.lower(), now.value, back or lost
    )


def _day(day: dt.date) -> str:
    return conventions.day_short(day)


# ---- the clock ----


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the 25 minutes stand, in seconds: ``left`` of this part (below 0: over), ``used`` of ``whole``."""

    left: int
    used: int
    whole: int
    runs: bool

    @property
    def words(self) -> str:
        return minutes(self.left)


def minutes(seconds: int) -> str:
    """Return seconds as minutes and seconds."""
    sign = "-" if seconds < 0 else ""
    return f"{sign}{abs(seconds) // 60}:{abs(seconds) % 60:02}"


def clock(
    *, place: int, place_used: int, used: int, since: dt.datetime | None, deals: int, now: dt.datetime
) -> Clock:
    """Return the clock of a review of so many deals at ``now``; ``since`` None: it stands."""
    going = int((now - since).total_seconds()) if since else 0
    plan = plan_of(deals)
    return Clock(
        left=plan[min(place, len(plan) - 1)] - place_used - going,
        used=used + going,
        whole=sum(plan),
        runs=since is not None,
    )


# ---- who does what ----


def part_of(person_id: int, *, leads: bool, owners: Sequence[int | None]) -> Part:
    """Return what somebody does in a review unless they say otherwise."""
    if leads:
        return Part.COACH
    return Part.PRESENTER if person_id in owners else Part.REVIEWER


def leads(viewer: Viewer, team_id: int) -> bool:
    """Return whether somebody may open, turn and end the reviews of a team: its managers, and the sponsor."""
    if sees_all(viewer):
        return viewer.role == Role.SPONSOR
    return works_here(viewer) and viewer.role == Role.MANAGER and team_id in managed_team_ids(viewer)


def became(
    state: str, changed_at: dt.datetime, *, written_at: dt.datetime, due_on: dt.date, today: dt.date
) -> Became | None:
    """Return what the register tells of a commitment to gain an agreement; None where it tells nothing yet. An agreement that
    stood before the commitment was made, and did not change since, tells nothing."""
    if state in STANDING:
        return Became.KEPT if changed_at >= written_at else None
    return Became.MISSED if due_on < today else None
