"""Demands with their reasons, and what was conceded: planned or not, for something or for nothing."""

from __future__ import annotations

import numpy as np
import polars as pl

from hingepoint.demo import dates, planted, texts
from hingepoint.demo.scene import Scene
from hingepoint.demo.weeks import INDEX, NEVER

DEMAND_KINDS = ("price", "payment", "extras", "delivery", "liability")
_ASKS = {
    "price": "procurement",
    "payment": "finance",
    "extras": "operations",
    "delivery": "project",
    "liability": "legal",
}


def demands(scene: Scene) -> pl.DataFrame:
    """Return what customers asked for: demand, deal_id, at, kind, contact, text, reason, reason_state,
    reason_at, managers_reason. A missing reason is empty."""
    rng = scene.rng("demands")
    dealing = scene.reached("negotiate")
    count = 1 + rng.poisson(0.5 + 0.35 * scene.deals.pressures[dealing].sum(axis=1))
    deal = np.repeat(dealing, count)
    nth = np.arange(len(deal)) - np.repeat(count.cumsum() - count, count)
    day = _days_of_talks(scene, deal, rng=rng)
    kind = _kinds(nth, rng=rng)
    at = dates.moment(day, draw=rng.random(len(deal)))
    frame = pl.DataFrame(
        {
            "deal_id": scene.ids[deal],
            "place": deal,
            "at": dates.us(at),
            "kind": kind,
            "contact": scene.contacts["contact"].to_numpy()[_askers(scene, deal, kind)],
            "text": _said(texts.DEMANDS, kind, rng=rng),
        }
    )
    frame = frame.with_columns(_reasons(scene, deal, kind, at=at, rng=rng)).sort("at", "deal_id")
    return frame.with_row_index("demand", offset=1).with_columns(
        demand=pl.format("R-{}", pl.col("demand").cast(pl.String).str.zfill(5))
    )


def _days_of_talks(scene: Scene, deal: np.ndarray, *, rng) -> np.ndarray:
    """Return a day between the start of the negotiation and shortly before the end, for each demand."""
    start = scene.entered_on(deal, "negotiate")
    length = np.minimum(np.busday_count(start, scene.end_day[deal]) - 1, 40)
    return dates.after(start, days=np.floor(rng.random(len(deal)) * np.maximum(length, 0) * 0.8))


def _kinds(nth: np.ndarray, *, rng) -> np.ndarray:
    first = rng.choice(DEMAND_KINDS, size=len(nth), p=[0.68, 0.10, 0.09, 0.07, 0.06])
    other = rng.choice(DEMAND_KINDS, size=len(nth), p=[0.38, 0.19, 0.17, 0.13, 0.13])
    return np.where(nth == 0, first, other)


def _askers(scene: Scene, deal: np.ndarray, kind: np.ndarray) -> np.ndarray:
    rows = np.zeros(len(deal), dtype=np.int64)
    for name, function in _ASKS.items():
        here = kind == name
        rows[here] = scene.contact_of(deal[here], function)
    return rows


def _said(variants: dict[str, tuple[str, ...]], kind: np.ndarray, *, rng) -> list[str]:
    draws, numbers = rng.random(len(kind)), rng.integers(6, 26, size=len(kind))
    return [
        variants[k][int(d * len(variants[k]))].format(n=n)
        for k, d, n in zip(kind, draws, numbers, strict=True)
    ]


def _reasons(scene: Scene, deal: np.ndarray, kind: np.ndarray, *, at: np.ndarray, rng) -> list[pl.Series]:
    """Reasons as recorded: in Lyon, lately, mostly left out or a repetition of the demand."""
    careless = scene.drifted(8, place=scene.deals.team[deal], day=at)
    missing = rng.random(len(deal)) < np.where(careless, 0.62, 0.20)
    repeated = rng.random(len(deal)) < np.where(careless, 0.55, 0.06)
    given, echoed = _said(texts.DEMAND_REASONS, kind, rng=rng), _said(texts.REPEATS, kind, rng=rng)
    other = _said(texts.DEMAND_REASONS, kind, rng=rng)
    agree = rng.random(len(deal)) < np.where(careless, 0.45, 0.80)
    reason = [
        None if m else e if r else g for m, r, g, e in zip(missing, repeated, given, echoed, strict=True)
    ]
    known = rng.choice(["hypothesised", "stated", "confirmed"], size=len(deal), p=[0.35, 0.45, 0.20])
    noted = dates.us(at + rng.integers(5, 60 * 24 * 4, size=len(deal)).astype("timedelta64[m]"))
    return [
        pl.Series("reason", reason, dtype=pl.String),
        pl.Series(
            "reason_state", [None if m else k for m, k in zip(missing, known, strict=True)], dtype=pl.String
        ),
        pl.Series("reason_at", np.where(missing, np.datetime64("NaT"), noted)),
        pl.Series("managers_reason", [g if a else o for g, o, a in zip(given, other, agree, strict=True)]),
    ]


def concessions(scene: Scene, *, asked: pl.DataFrame, visits: pl.DataFrame) -> pl.DataFrame:
    """Return what we gave: concession, deal_id, demand, at, kind, share, value, round, final, in_return,
    plan_at, worth (to them, 1 little to 3 a lot; empty: not judged). ``plan_at`` is when the plan for it was written, which may be afterwards; empty: never."""
    rng = scene.rng("concessions")
    given = pl.concat(
        [
            _price_rounds(scene, asked, rng=rng),
            _other_than_price(scene, asked, rng=rng),
            _opening_discounts(scene),
            _after_visits(scene, visits, rng=rng),
        ],
        how="diagonal_relaxed",
    ).sort("at", "deal_id", "kind")
    place = given["place"].to_numpy()
    inside = given["at"].to_numpy().astype("datetime64[D]") <= scene.end_day[place]
    given = given.filter(pl.Series(inside))
    given = given.with_columns(_discipline(scene, given, rng=rng))
    given = given.with_columns(_worth(given["kind"], rng=scene.rng("worth")))
    return given.with_row_index("concession", offset=1).with_columns(
        concession=pl.format("G-{}", pl.col("concession").cast(pl.String).str.zfill(5))
    )


#: How often a concession of a kind is worth little, something, or a lot to them, as sellers judge.
_WORTH = {
    "price": (0.25, 0.50, 0.25),
    "payment": (0.15, 0.45, 0.40),
    "extras": (0.10, 0.35, 0.55),
    "delivery": (0.05, 0.30, 0.65),
    "liability": (0.20, 0.40, 0.40),
}


def _worth(kinds: pl.Series, *, rng) -> pl.Series:
    """Return what sellers judged a concession to be worth to the customer; a good third did not judge."""
    draws, judged = rng.random(len(kinds)), rng.random(len(kinds)) < 0.62
    limits = np.array([np.cumsum(_WORTH[kind]) for kind in kinds]).reshape(len(kinds), 3)
    worth = 1 + (draws[:, None] > limits[:, :2]).sum(axis=1)
    return pl.Series(
        "worth", [int(w) if j else None for w, j in zip(worth, judged, strict=True)], dtype=pl.Int64
    )


_SHRINKING = np.array([[1.0, 0.0, 0.0], [0.65, 0.35, 0.0], [0.52, 0.30, 0.18]])


def _price_rounds(scene: Scene, asked: pl.DataFrame, *, rng) -> pl.DataFrame:
    """The discount of a deal as it was given: in one to three rounds, usually smaller each time."""
    first = asked.sort("at").group_by("place", maintain_order=True).agg(pl.col("at", "demand").first())
    place = first["place"].to_numpy()
    discount = scene.course.discount[place]
    rounds = 1 + (discount > 0.10) + (discount > 0.19)
    growing = rng.random(len(place)) < 0.10
    weights = _SHRINKING[rounds - 1]
    weights = np.where(growing[:, None], np.take_along_axis(weights, _reversed(rounds), axis=1), weights)
    row, nth = np.nonzero((np.arange(3) < rounds[:, None]) & (discount[:, None] > 0.005))
    day = dates.after(
        first["at"].to_numpy().astype("datetime64[D]")[row], days=1 + nth * 4 + rng.integers(0, 4, len(row))
    )
    day = np.minimum(
        day, np.maximum(scene.end_day[place[row]], first["at"].to_numpy().astype("datetime64[D]")[row])
    )
    share = discount[row] * weights[row, nth]
    return pl.DataFrame(
        {
            "deal_id": scene.ids[place[row]],
            "place": place[row],
            "demand": first["demand"].gather(row),
            "at": dates.us(dates.moment(day, draw=rng.random(len(row)), since=13)),
            "kind": np.full(len(row), "price"),
            "share": np.round(share, 4),
            "round": nth + 1,
            "final": (nth + 1 == rounds[row]) & (rng.random(len(row)) < 0.6),
        }
    )


def _reversed(rounds: np.ndarray) -> np.ndarray:
    """Return the columns of three in the reverse order of the used ones."""
    column = np.arange(3)
    return np.where(column < rounds[:, None], rounds[:, None] - 1 - column, column)


def _other_than_price(scene: Scene, asked: pl.DataFrame, *, rng) -> pl.DataFrame:
    wanted = asked.filter(pl.col("kind") != "price")
    wanted = wanted.filter(pl.Series(rng.random(len(wanted)) < 0.45))
    day = dates.after(
        wanted["at"].to_numpy().astype("datetime64[D]"), days=rng.integers(1, 8, size=len(wanted))
    )
    return wanted.select("deal_id", "place", "demand", "kind").with_columns(
        at=pl.Series(dates.us(dates.moment(day, draw=rng.random(len(wanted)), since=13))),
        share=pl.Series(np.round(rng.uniform(0.004, 0.03, size=len(wanted)), 4)),
    )


def _opening_discounts(scene: Scene) -> pl.DataFrame:
    """Given before anybody asked."""
    week = scene.course.gained[:, INDEX[planted.OPENING_DISCOUNT]]
    place = np.flatnonzero(week != NEVER)
    day = dates.working_day(scene.deals.created[place], week=week[place], day=4)
    return pl.DataFrame(
        {
            "deal_id": scene.ids[place],
            "place": place,
            "at": dates.us(dates.moment(day, draw=np.full(len(place), 0.5))),
            "kind": np.full(len(place), "price"),
            "share": np.full(len(place), 0.05),
        }
    )


def _after_visits(scene: Scene, visits: pl.DataFrame, *, rng) -> pl.DataFrame:
    """Price that moves in the days after one of our executives was there."""
    moved = visits.filter("price_moved")
    place = moved["place"].to_numpy()
    day = dates.after(
        moved["at"].to_numpy().astype("datetime64[D]"), days=rng.integers(1, 4, size=len(moved))
    )
    return moved.select("deal_id", "place").with_columns(
        at=pl.Series(dates.us(dates.moment(day, draw=rng.random(len(place))))),
        kind=pl.lit("price"),
        share=pl.Series(np.round(rng.uniform(0.01, 0.03, size=len(place)), 4)),
    )


def _discipline(scene: Scene, given: pl.DataFrame, *, rng) -> list[pl.Series]:
    """Planned, in return for something: as usual, except in North since March."""
    place, at = given["place"].to_numpy(), given["at"].to_numpy()
    careless = scene.drifted(3, place=scene.deals.region[place], day=at)
    chance = np.where(careless, 0.22, 0.84)
    planned = rng.random(len(given)) < chance
    written_later = ~planned & (rng.random(len(given)) < 0.35)
    early = at - rng.integers(60 * 18, 60 * 24 * 9, size=len(given)).astype("timedelta64[m]")
    late = at + rng.integers(60, 60 * 24 * 6, size=len(given)).astype("timedelta64[m]")
    never = np.datetime64("NaT")
    returned = rng.random(len(given)) < np.where(planned, 0.60, 0.28)
    returns = texts.pick(texts.RETURNS, rng.random(len(given)))
    return [
        pl.Series("plan_at", np.where(planned, early, np.where(written_later, late, never))).cast(
            pl.Datetime("us")
        ),
        pl.Series(
            "in_return",
            [r if yes else None for r, yes in zip(returns, returned, strict=True)],
            dtype=pl.String,
        ),
        pl.Series("value", np.round(given["share"].to_numpy() * scene.deals.list_price[place], 2)),
        pl.Series("by", scene.owner[place]),
    ]
