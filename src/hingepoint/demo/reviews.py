"""The reviews that the demo company held: the last weeks of each team and the last months of each region, with commitments kept
and missed. The next ones are planned.

They are held by the same actions as everybody's. What they tell of their deals is read when the company is made, so it goes up
to that day; decisions, commitments and what became of these are of their own days.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
from django.utils import timezone

from hingepoint.demo.company import Company
from hingepoint.domain.people.models import Team, User
from hingepoint.domain.reviews import actions
from hingepoint.domain.reviews.models import Review, ReviewedDeal
from hingepoint.domain.reviews.queries.commitments import before
from hingepoint.domain.reviews.queries.people import room_of
from hingepoint.records.agreements import AgreementState
from hingepoint.records.reviews import Became, NoteKind, ReviewKind

#: So many of the newest reviews of each kind are written: older ones would tell of deals that nobody knows any more.
WRITTEN = {ReviewKind.DEALS: 3, ReviewKind.PIPELINE: 2}
KINDS = {"weekly deal review": ReviewKind.DEALS, "monthly pipeline review": ReviewKind.PIPELINE}
#: At what o'clock reviews begin, and how many minutes they take.
HOUR, MINUTES = 10, (21, 29)
DECISIONS = (
    "We ask for the act and the day in writing before we speak of price again.",
    "No further step on price until the trade for it is agreed.",
    "We bring their sponsor and ours together before the proposal.",
    "We stop here unless they name the person who decides.",
)
#: What an owner promises of an agreement that is open, by its state; each has a few ways to say it.
COMMITMENTS = {
    AgreementState.NEEDED: (
        "Plan the talk on {name}, and say whom we ask",
        "Find out who can commit to {name}",
        "Ask for {name} in the next talk, before we speak of price",
    ),
    AgreementState.PLANNED: (
        "Hold the talk on {name} and write down their answer",
        "Ask for {name} this week",
    ),
    AgreementState.ASKED: (
        "Call them and ask for the day of {name}",
        "Ask what keeps them from {name}, and write down why",
    ),
    AgreementState.SOFT: (
        "Turn the kind words on {name} into an act with a day",
        "Ask who does {name}, and by when",
    ),
}
#: What is promised of a deal with none of these.
OTHERWISE = (
    "Write down why they ask for a lower price, in their words",
    "Agree with delivery what an earlier start would cost us",
    "Send the two references they asked about",
)
#: What became of a commitment, with its chance; the newest ones are open.
BECAME = ((Became.KEPT, 0.72), (Became.MISSED, 0.22), (Became.DROPPED, 0.06))


def write(company: Company, *, at: dt.datetime) -> None:
    """Hold the reviews of the last weeks, the oldest first."""
    rng = np.random.default_rng([company.seed, *b"reviews held"])
    teams = {team.name: team for team in Team.objects.all()}
    leaders = User.objects.in_bulk(company.reviews["led_by"].unique().to_list(), field_name="key")
    for row in _newest(company).iter_rows(named=True):
        on = timezone.make_aware(dt.datetime.combine(row["held_on"], dt.time(HOUR)))
        leader = leaders[row["led_by"]]
        if on < at and leader.is_active:
            _hold(teams[row["team"]], KINDS[row["kind"]], by=leader, on=on, note=row["minutes"], rng=rng)
    actions.prepare_ahead(at=at)


def _newest(company: Company) -> pl.DataFrame:
    """Return the newest reviews of each team and kind, the oldest first."""
    rank = pl.col("held_on").rank("dense", descending=True).over("kind", "team")
    most = pl.col("kind").replace_strict(
        {name: WRITTEN[kind] for name, kind in KINDS.items()}, return_dtype=pl.Int64
    )
    return company.reviews.filter(rank <= most).sort("held_on", "kind", "team")


def _hold(
    team: Team, kind: ReviewKind, *, by: User, on: dt.datetime, note: str, rng: np.random.Generator
) -> None:
    """Hold one review from beginning to end."""
    row = Review.objects.ahead().filter(team=team, kind=kind).first()
    row = row or actions.plan(by=by, at=on, team_id=team.pk, kind=kind, on=on.date())
    actions.open_review(by=by, at=on, review_id=row.pk)
    room = [one for one in room_of(row) if one.pk != by.pk]
    for person in room[: 2 + int(rng.integers(0, 6))]:
        actions.sit(by=by, at=on, review_id=row.pk, person_id=person.pk)
    _settle(row, by=by, at=on, rng=rng)
    later = on + dt.timedelta(minutes=int(rng.integers(8, 20)))
    for deal in row.deals.select_related("owner"):
        _speak_of(row, deal, by=by, at=later, rng=rng)
    _write(row, NoteKind.DECISION, note, by=by, at=later, place=0)
    actions.end(by=by, at=on + dt.timedelta(minutes=int(rng.integers(*MINUTES))), review_id=row.pk)


def _speak_of(
    row: Review, deal: ReviewedDeal, *, by: User, at: dt.datetime, rng: np.random.Generator
) -> None:
    """Decide on a deal, and let its owner promise something."""
    _write(row, NoteKind.DECISION, str(rng.choice(DECISIONS)), by=by, at=at, place=deal.place)
    if deal.owner_id in {one.pk for one in room_of(row)}:
        due = at.date() + dt.timedelta(days=int(rng.integers(2, 6)))
        told = {"place": deal.place, "owner_id": deal.owner_id, "due_on": due}
        _write(row, NoteKind.COMMITMENT, _promise(deal, rng), by=by, at=at, **told)


def _promise(deal: ReviewedDeal, rng: np.random.Generator) -> str:
    """Return what the owner of a deal promises: about one of its open agreements, as it stands."""
    ways = [
        (way, one["name"])
        for one in deal.told["open"]
        for way in COMMITMENTS.get(AgreementState(one["state"]), ())
    ] or [(way, "") for way in OTHERWISE]
    way, name = ways[int(rng.integers(len(ways)))]
    return way.format(name=f"“{name}”")


def _write(row: Review, kind: NoteKind, words: str, *, by: User, at: dt.datetime, **more: object) -> None:
    actions.write(by=by, at=at, review_id=row.pk, kind=kind, words=words, **more)


def _settle(row: Review, *, by: User, at: dt.datetime, rng: np.random.Generator) -> None:
    """Say what became of the commitments of the review before."""
    ends, chances = zip(*BECAME, strict=True)
    for one in before(row):
        if one.became is None:
            actions.settle(by=by, at=at, note_id=one.id, became=ends[int(rng.choice(len(ends), p=chances))])
