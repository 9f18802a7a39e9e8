"""The company's routines: plans written, prepared and debriefed talks, reviews held."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from hingepoint.demo import dates, planted, texts
from hingepoint.demo.people import REGIONS
from hingepoint.demo.scene import Scene
from hingepoint.demo.weeks import INDEX, NEVER

ROUTINES = ("conversation plan", "debrief")
WEEKS_OF_ROUTINES = 78
#: A team that writes everything just before the review is on time, and is shown as such.
LAST_MINUTE_TEAM = "Milan"


def routines(scene: Scene) -> pl.DataFrame:
    """Return what was due of each seller every second week: routine, seller, team, due_on, done_at."""
    rng = scene.rng("routines")
    seats = scene.people.seats
    fridays = _fridays(scene.ends_on)
    seat, friday, kind = (
        grid.ravel()
        for grid in np.meshgrid(np.arange(len(seats)), np.arange(len(fridays)), np.arange(2), indexing="ij")
    )
    due, team = fridays[friday], seats["team"].to_numpy()[seat].astype(str)
    lax = scene.drifted(4, place=team, day=due)
    done, late = _done(due, team=team, lax=lax, rng=rng)
    changed = seats["changed_on"].to_numpy().astype("datetime64[D]")[seat]
    earlier = ~np.isnat(changed) & (due < changed)
    holder, before = seats["holder"].to_numpy()[seat], seats["before"].to_numpy()[seat]
    today = np.datetime64(scene.ends_on) + np.timedelta64(18, "h")
    return pl.DataFrame(
        {
            "routine": np.array(ROUTINES)[kind],
            "seller": np.where(earlier, before, holder).astype(str),
            "team": team,
            "due_on": due,
            "done_at": dates.us(np.where(late | (done > today), np.datetime64("NaT"), done)),
        }
    ).sort("due_on", "team", "seller", "routine")


def _fridays(ends_on: dt.date) -> np.ndarray:
    last = np.busday_offset(np.datetime64(ends_on), 0, roll="backward", weekmask="Fri")
    return np.sort(last - np.arange(0, WEEKS_OF_ROUTINES, 2) * np.timedelta64(7, "D"))


def _done(due: np.ndarray, *, team: np.ndarray, lax: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Return when each was done, and which were never done."""
    on_time = rng.random(len(due)) < np.where(lax, 0.46, 0.88)
    before = rng.uniform(60 * 3, 60 * 24 * 6, size=len(due))
    hurried = (team == LAST_MINUTE_TEAM) & (rng.random(len(due)) < 0.8)
    before = np.where(hurried, rng.uniform(10, 60 * 14, size=len(due)), before)
    behind = rng.uniform(60 * 20, 60 * 24 * 9, size=len(due))
    evening = due.astype("datetime64[m]") + np.timedelta64(17, "h")
    shift = np.where(on_time, -before, behind).astype("timedelta64[m]")
    return evening + shift, ~on_time & (rng.random(len(due)) < 0.45)


def plans(scene: Scene) -> pl.DataFrame:
    """Return conversation plans: plan, deal_id, agreement, written_at, by, complete (share of its points),
    reviewed_at, manager, verdict."""
    rng = scene.rng("plans")
    shaped = scene.reached("shape")
    deal = shaped[rng.random(len(shaped)) < 0.55]
    lever = rng.integers(0, len(planted.PIVOTAL), size=len(deal))
    day = dates.after(scene.entered_on(deal, "shape"), days=rng.integers(1, 16, size=len(deal)))
    within = day < scene.end_day[deal]
    deal, lever, day = deal[within], lever[within], day[within]
    complete = np.clip(rng.beta(6, 2, size=len(deal)), 0.2, 1.0)
    lenient = scene.drifted(7, place=scene.deals.team[deal], day=day)
    complete = np.where(lenient, complete * rng.uniform(0.4, 0.9, size=len(deal)), complete)
    at = dates.moment(day, draw=rng.random(len(deal)), since=8, until=19)
    reviewed = rng.random(len(deal)) < 0.7
    sent_back = ~lenient & (complete < 0.6) & (rng.random(len(deal)) < 0.75)
    review = dates.us(at + rng.integers(60 * 12, 60 * 60, size=len(deal)).astype("timedelta64[m]"))
    verdict = np.where(sent_back, "returned", "approved")
    frame = pl.DataFrame(
        {
            "deal_id": scene.ids[deal],
            "agreement": np.array([p.key for p in planted.PIVOTAL])[lever],
            "written_at": dates.us(at),
            "by": scene.owner[deal],
            "complete": np.round(complete, 2),
            "reviewed_at": np.where(reviewed, review, np.datetime64("NaT")),
            "manager": scene.manager_of(deal),
            "verdict": [v if r else None for v, r in zip(verdict, reviewed, strict=True)],
        },
        schema_overrides={"verdict": pl.String},
    ).sort("written_at", "deal_id")
    return frame.with_row_index("plan", offset=1).with_columns(
        plan=pl.format("P-{}", pl.col("plan").cast(pl.String).str.zfill(5))
    )


def reviews(scene: Scene) -> pl.DataFrame:
    """Return the reviews held: kind, team, held_on, led_by, sponsor_present, minutes."""
    rng = scene.rng("reviews")
    leaders = dict(
        scene.people.everybody.filter(pl.col("active") & (pl.col("role") == "manager"))
        .select("team", "key")
        .iter_rows()
    )
    rows = []
    for weeks_ago in range(25, -1, -1):
        monday = scene.ends_on - dt.timedelta(weeks=weeks_ago, days=scene.ends_on.weekday())
        rows += [_review("weekly deal review", team, monday, leaders) for team in scene.managers]
        if monday.day <= 7:
            rows += [_review("monthly pipeline review", region, monday, leaders) for region in REGIONS]
    frame = pl.DataFrame(rows)
    monthly = (frame["kind"] == "monthly pipeline review").to_numpy()
    return frame.with_columns(
        sponsor_present=pl.Series(monthly & (rng.random(len(frame)) < 0.6)),
        minutes=pl.Series(texts.pick(texts.MINUTES, rng.random(len(frame)))),
    )


def _review(kind: str, team: str, held_on: dt.date, leaders: dict[str, str]) -> dict:
    return {"kind": kind, "team": team, "held_on": held_on, "led_by": leaders[team]}


def coaching(scene: Scene) -> pl.DataFrame:
    """Return coaching sessions: held_on, manager, seller, deal_id, agreement, note (private to the two)."""
    rng = scene.rng("coaching")
    recent = np.flatnonzero(scene.open & (scene.course.entered[:, 2] != NEVER))
    deal = recent[rng.random(len(recent)) < 0.12]
    keys = np.array([p.key for p in planted.PIVOTAL])
    missing = scene.course.gained[deal][:, [INDEX[k] for k in keys]] == NEVER
    weight = rng.random(missing.shape) * (missing + 0.01)
    today = np.full(len(deal), np.datetime64(scene.ends_on, "D"))
    held = np.maximum(
        dates.after(today, days=-rng.integers(1, 40, size=len(deal))), scene.deals.created[deal]
    )
    return pl.DataFrame(
        {
            "held_on": held,
            "manager": scene.manager_of(deal),
            "seller": scene.owner[deal],
            "deal_id": scene.ids[deal],
            "agreement": keys[weight.argmax(axis=1)],
            "note": texts.pick(texts.COACHING_NOTES, rng.random(len(deal))),
        }
    ).sort("held_on", "deal_id")
