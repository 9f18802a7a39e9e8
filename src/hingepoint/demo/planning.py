"""The company's plans, reviews and debriefs: three years of them, and this week's talks of the home team."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import polars as pl
from django.utils import timezone

from hingepoint.demo import planted, playbook, texts
from hingepoint.demo.company import Company
from hingepoint.demo.planted import STRATEGY
from hingepoint.domain.agreements.models import WAITING, Agreement
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import details
from hingepoint.domain.people import queries as people
from hingepoint.domain.people.models import User
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.plans.parts import Line
from hingepoint.records.deals import DealStatus
from hingepoint.records.people import Role
from hingepoint.records.plans import Outcome, Verdict

PLAYBOOK = f"Playbook: {STRATEGY}"
#: Plans so new are written one by one, as people write them: they are in the audit trail.
RECENT = dt.timedelta(weeks=4)
#: A talk was held within so many days of its plan, or it was another one.
SOON = dt.timedelta(days=21)
#: Of the talks that brought nothing to write into the register, so many were debriefed.
DEBRIEFED, DEBRIEFED_BY_THE_LAX = 0.62, 0.15
#: Talks held so lately are debriefed today or tomorrow.
STILL_WAITS = dt.timedelta(days=2)
GOLDEN = 0.6180339887498949
RETURNED = "Two sentences on what we ask in return, please, and a second reason why they ask."
_STANDARDS = {standard.key: standard for standard in playbook.STANDARDS}
_BEST = (
    "{who} promises it with a day, before we leave the room",
    "{who} says yes and names who does it this week",
    "{who} agrees, and writes it into the minutes",
)


def write(company: Company, *, at: dt.datetime, today: dt.date) -> None:
    """Write the plans of three years with their debriefs, those of the last weeks by their writers, and the
    week ahead."""
    recent = timezone.make_naive(at) - RECENT
    told = _debriefed(_with_outcomes(company), company, today=today)
    live = (pl.col("written_at") >= recent) & pl.col("deal_id").is_in(_open(company).implode())
    rest = told.filter(~live).iter_rows(named=True)
    details.know_plans(by=None, at=at, plans=(_facts(row) for row in rest))
    _write_recent(told.filter(live), at=at)
    _write_week(at=at, today=today)


def _open(company: Company) -> pl.Series:
    return company.deals.filter(pl.col("status") == "open")["deal_id"]


def _with_outcomes(company: Company) -> pl.DataFrame:
    """Return plans with the talk each led to: the next step of its agreement that a talk can bring."""
    brought = company.steps.filter(pl.col("state").is_in(["gained", "soft", "declined"]))
    brought = brought.select("deal_id", "agreement", held_at="at", outcome="state").sort("held_at")
    joined = company.plans.sort("written_at").join_asof(
        brought,
        left_on="written_at",
        right_on="held_at",
        by=["deal_id", "agreement"],
        strategy="forward",
        tolerance=SOON,
        check_sortedness=False,  # it is sorted, which cannot be seen by groups
    )
    usual = pl.col("written_at").dt.date() + pl.duration(days=3)
    return joined.with_columns(talk_on=pl.col("held_at").dt.date().fill_null(usual))


def _debriefed(told: pl.DataFrame, company: Company, *, today: dt.date) -> pl.DataFrame:
    """Return plans with the debriefs of talks that ended without an agreement, and what was learned in them.

    What a talk brought was always written down; of the others so many were as ``DEBRIEFED`` says, fewer in
    the team that lets its routines slip. Those of the last days still wait.
    """
    lax = planted.drifts(company.ends_on)[4]
    facts = company.deals.select("deal_id", "team", "closed")
    draw = pl.col("plan").str.slice(2).cast(pl.Int64) * GOLDEN % 1  # spread evenly, the same each time
    slips = (pl.col("team") == lax.place) & (pl.col("talk_on") >= lax.since)
    share = pl.when(slips).then(DEBRIEFED_BY_THE_LAX).otherwise(DEBRIEFED)
    was_held = (pl.col("talk_on") < today - STILL_WAITS) & (
        pl.col("closed").is_null() | (pl.col("talk_on") <= pl.col("closed").dt.date())
    )
    nothing = pl.col("outcome").is_null() & was_held & (draw < share)
    hour = pl.duration(hours=9 + (draw * 8_000).cast(pl.Int64) % 8)
    place = (draw * 7_919).cast(pl.Int64) % len(texts.LEARNED)
    learned = place.replace_strict(dict(enumerate(texts.LEARNED)), return_dtype=pl.String)
    return told.join(facts, on="deal_id", maintain_order="left").with_columns(
        outcome=pl.when(nothing).then(pl.lit(Outcome.CONTINUATION.value)).otherwise("outcome"),
        held_at=pl.when(nothing).then(pl.col("talk_on").cast(pl.Datetime("us")) + hour).otherwise("held_at"),
        learned=pl.when(nothing).then(learned).otherwise(pl.lit("")),
    )


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    moments = {
        name: timezone.make_aware(row[name]) if row[name] else None
        for name in ("written_at", "reviewed_at", "held_at")
    }
    words = {"words": RETURNED if row["verdict"] == Verdict.RETURNED else ""}
    names = {"deal": row["deal_id"], "type": row["agreement"]}
    kept = {name: row[name] for name in ("by", "manager", "verdict", "outcome", "learned", "talk_on")}
    return {**names, **moments, **kept, **words, "parts": _parts(row["agreement"], row["complete"])}


def _parts(key: str, complete: float, whom: str = "") -> dict[str, list[Line]]:
    """Return the lines of a plan that is complete to a share: the first parts are written first. From six of the ten on nothing is
    missing that a talk needs; managers who look send back what has less."""
    standard, place = _STANDARDS[key], list(_STANDARDS).index(key)
    who = whom or "Whoever decides"
    found = {
        "from_whom": [Line(who, "Register" if whom else "")],
        "best": [Line(_BEST[place % len(_BEST)].format(who=who))],
        "minimum": [Line("They name who will do it and by which day", "What counts as an agreement")],
        "demand": [Line(standard.demand, PLAYBOOK)],
        "why_they_would": [Line(standard.gain)],
        "hypotheses": [Line(reason, PLAYBOOK) for reason in standard.reasons],
        "request": [Line("A meeting with the one who signs", cost=1, worth=3)],
        "offer": [Line(trade, PLAYBOOK, cost=1 + n, worth=3 - n) for n, trade in enumerate(standard.trades)],
        "questions": [Line(question, PLAYBOOK) for question in standard.questions],
        "get": [Line("Who else has to agree, and what they are measured on")],
    }
    return dict(list(found.items())[: max(1, round(complete * len(found)))])


def _write_recent(rows: pl.DataFrame, *, at: dt.datetime) -> None:
    """Write the last weeks' plans as their writers did; the manager's word and the debrief, if it was said by
    now, each in its time. The step that a talk brought came with the history already."""
    users = User.objects.in_bulk(field_name="key")
    deals = dict(Deal.objects.filter(key__in=rows["deal_id"].to_list()).values_list("key", "pk"))
    for row in rows.sort("written_at").iter_rows(named=True):
        facts = _facts(row)
        written = plans.write_plan(
            by=users[row["by"]],
            at=facts["written_at"],
            deal_id=deals[row["deal_id"]],
            type_key=row["agreement"],
            talk_on=row["talk_on"],
            **facts["parts"],
        )
        if row["verdict"] and facts["reviewed_at"] <= at:
            said = {"verdict": Verdict(row["verdict"]), "words": facts["words"]}
            plans.review_plan(by=users[row["manager"]], at=facts["reviewed_at"], plan_id=written.pk, **said)
        if row["outcome"] == Outcome.CONTINUATION:
            heard = plans.Heard(Outcome.CONTINUATION, facts["held_at"], learned=row["learned"])
            talk = {"deal_id": deals[row["deal_id"]], "type_key": row["agreement"], "heard": heard}
            plans.debrief(by=users[row["by"]], at=facts["held_at"] + dt.timedelta(minutes=20), **talk)
    known = rows.filter(pl.col("outcome").is_in(["gained", "soft", "declined"]))
    details.know_debriefs(by=None, at=at, debriefs=[_facts(row) for row in known.iter_rows(named=True)])


#: The week of the home team: when the talk is (days from today), when its plan was written (hours ago), and
#: the manager's word on it.
_WEEK = (
    (-1, 44, Verdict.APPROVED),
    (0, 30, Verdict.APPROVED),
    (1, 20, None),
    (3, 50, Verdict.RETURNED),
    (4, 26, Verdict.APPROVED),
)
_OTHERS = ((1, 18, None), (1, 5, None), (2, 22, None), (-2, 70, Verdict.APPROVED))


def _write_week(*, at: dt.datetime, today: dt.date) -> None:
    """Give the seller who shows the demo a week of talks, and the team's manager plans to review."""
    seller, manager = people.persona(Role.SELLER), people.persona(Role.MANAGER)
    own = _talks_of(seller, mine=True)
    team = _talks_of(seller, mine=False)
    for rows, week in ((own, _WEEK), (team, _OTHERS)):
        for row, (days, hours, verdict) in zip(rows, week, strict=False):
            _write_talk(
                row, today + dt.timedelta(days=days), at - dt.timedelta(hours=hours), verdict, manager
            )
    _write_deal_plans(own, at=at - dt.timedelta(hours=27))


def _talks_of(seller: User, *, mine: bool) -> Iterator[Agreement]:
    """Yield required customer agreements still open, one a deal: the seller's own, or the colleagues' in
    the team, each of another one."""
    rows = Agreement.objects.filter(
        deal__status=DealStatus.OPEN,
        required=True,
        state__in=WAITING,
        type__side="customer",
        plans__isnull=True,
    ).exclude(person__isnull=True)
    team = seller.memberships.get(until__isnull=True).team
    rows = (
        rows.filter(deal__owner=seller) if mine else rows.filter(deal__team=team).exclude(deal__owner=seller)
    )
    seen: set[int] = set()
    for row in rows.select_related("type", "person", "deal__owner").order_by(
        "-deal__amount", "late_after", "id"
    ):
        once = row.deal_id if mine else row.deal.owner_id
        if once not in seen:
            seen.add(once)
            yield row


def _write_talk(
    row: Agreement, talk_on: dt.date, written_at: dt.datetime, verdict: Verdict | None, manager: User
) -> None:
    complete = 0.5 if verdict == Verdict.RETURNED else 1.0
    parts = _parts(row.type.key, complete, whom=row.person.name)
    plan = plans.write_plan(
        by=row.deal.owner, at=written_at, deal_id=row.deal_id, type_key=row.type.key, talk_on=talk_on, **parts
    )
    if verdict:
        words = RETURNED if verdict == Verdict.RETURNED else ""
        said_at = written_at + dt.timedelta(hours=4)
        plans.review_plan(by=manager, at=said_at, plan_id=plan.pk, verdict=verdict, words=words)


_RISKS = (
    "Procurement compares by price only once the quote is out",
    "Our sponsor there may change jobs in spring",
)


def _write_deal_plans(rows: Iterator[Agreement], *, at: dt.datetime) -> None:
    """Complete the plan of a few deals."""
    for row, risk, _ in zip(rows, cycle(_RISKS), range(3), strict=False):
        step = {f"step:{row.type.key}": f"Call {row.person.name} about a day"}
        plans.write_deal_plan(by=row.deal.owner, at=at, deal_id=row.deal_id, parts={"risks": risk, **step})
