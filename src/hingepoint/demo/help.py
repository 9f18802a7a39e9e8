"""Help from above and beside: exceptions asked for, executives in deals, what inside partners think of it."""

from __future__ import annotations

import numpy as np
import polars as pl

from hingepoint.demo import dates, texts
from hingepoint.demo.sales import NEWCOMER
from hingepoint.demo.scene import Scene

#: From this standardised size on a deal is important enough for an executive.
IMPORTANT = 0.4


def escalations(scene: Scene) -> pl.DataFrame:
    """Return requests for exceptional price or terms: escalation, deal_id, at, kind, policy, share, reason,
    alternatives, return_asked, manager, unchanged (passed up as it came), partner, decided_at, decision,
    defended and advocates (the partner's two-tap pulse; empty: not answered)."""
    rng = scene.rng("escalations")
    quoted = scene.reached("propose")
    day = dates.after(scene.entered_on(quoted, "propose"), days=rng.integers(0, 15, size=len(quoted)))
    day = np.minimum(day, np.maximum(scene.end_day[quoted], scene.entered_on(quoted, "propose")))
    asks = rng.random(len(quoted)) < _chance(scene, quoted, day)
    deal, day = quoted[asks], day[asks]
    kind = rng.choice(["price", "terms"], size=len(deal), p=[0.72, 0.28])
    at = dates.moment(day, draw=rng.random(len(deal)), until=16)
    decided = dates.us(at + (60 * 26 * rng.lognormal(0.0, 0.7, size=len(deal))).astype("timedelta64[m]"))
    seen = decided <= np.datetime64(scene.ends_on) + np.timedelta64(18, "h")
    decision = rng.choice(["approved", "approved in part", "declined"], size=len(deal), p=[0.55, 0.27, 0.18])
    frame = pl.DataFrame(
        {
            "deal_id": scene.ids[deal],
            "place": deal,
            "at": dates.us(at),
            "kind": kind,
            "policy": scene.policy_on(day),
            "share": np.where(kind == "price", np.round(rng.uniform(0.18, 0.34, size=len(deal)), 3), np.nan),
            "decided_at": np.where(seen, decided, np.datetime64("NaT")),
            "decision": [d if s else None for d, s in zip(decision, seen, strict=True)],
            "partner": _partners(scene, deal, kind),
        },
        schema_overrides={"decision": pl.String},
    ).with_columns(pl.col("share").fill_nan(None))
    frame = frame.with_columns(_what_managers_do(scene, deal, day=day, rng=rng))
    frame = frame.with_columns(_pulse(scene, deal, day=day, rng=rng)).sort("at", "deal_id")
    return frame.with_row_index("escalation", offset=1).with_columns(
        escalation=pl.format("X-{}", pl.col("escalation").cast(pl.String).str.zfill(5))
    )


def _chance(scene: Scene, quoted: np.ndarray, day: np.ndarray) -> np.ndarray:
    """More under the stricter policy for everybody; twice as many in East, lately."""
    chance = np.where(scene.policy_on(day) == "2.1", 0.24, 0.18)
    chance = (
        chance
        + 0.02 * np.clip(scene.deals.size[quoted], -2, 2)
        + 0.03 * (scene.deals.competitor[quoted] == NEWCOMER)
    )
    return chance * np.where(scene.drifted(2, place=scene.deals.region[quoted], day=day), 2.2, 1.0)


def _partners(scene: Scene, deal: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Terms go to legal and contracts, price to accounting."""
    people = scene.people.everybody
    terms = people.filter(pl.col("title").is_in(["Legal counsel", "Contract manager"]))["key"].to_list()
    price = people.filter(pl.col("title") == "Commercial controller")["key"].to_list()
    return np.where(kind == "terms", np.array(terms)[deal % len(terms)], np.array(price)[deal % len(price)])


def _what_managers_do(scene: Scene, deal: np.ndarray, *, day: np.ndarray, rng) -> list[pl.Series]:
    """Managers send requests back or sharpen them; in Dublin, for a year, they pass them up as they come."""
    lenient = scene.drifted(7, place=scene.deals.team[deal], day=day)
    unchanged = rng.random(len(deal)) < np.where(lenient, 0.94, 0.30)
    without = rng.random(len(deal)) < np.where(lenient, 0.60, 0.14)
    reasons = texts.pick(texts.ESCALATION_REASONS, rng.random(len(deal)))
    tried = texts.pick(texts.ALTERNATIVES, rng.random(len(deal)))
    returns = texts.pick((*texts.RETURNS, "", "", ""), rng.random(len(deal)))
    return [
        pl.Series("manager", scene.manager_of(deal)),
        pl.Series("unchanged", unchanged),
        pl.Series(
            "reason", [None if w else r for r, w in zip(reasons, without, strict=True)], dtype=pl.String
        ),
        pl.Series(
            "alternatives",
            [None if w else t or None for t, w in zip(tried, without, strict=True)],
            dtype=pl.String,
        ),
        pl.Series("return_asked", [r or None for r in returns], dtype=pl.String),
    ]


def _pulse(scene: Scene, deal: np.ndarray, *, day: np.ndarray, rng) -> list[pl.Series]:
    """Two taps at each request: did the seller defend our position; for whom do they argue."""
    other_side = scene.drifted(9, place=scene.deals.region[deal], day=day)
    answered = rng.random(len(deal)) < 0.78
    defended = rng.random(len(deal)) < np.where(other_side, 0.28, 0.80)
    usual = rng.choice(["company", "both", "customer"], size=len(deal), p=[0.44, 0.41, 0.15])
    lately = rng.choice(["company", "both", "customer"], size=len(deal), p=[0.12, 0.25, 0.63])
    whose = np.where(other_side, lately, usual)
    return [
        pl.Series(
            "defended",
            [bool(d) if a else None for d, a in zip(defended, answered, strict=True)],
            dtype=pl.Boolean,
        ),
        pl.Series(
            "advocates",
            [str(w) if a else None for w, a in zip(whose, answered, strict=True)],
            dtype=pl.String,
        ),
    ]


def visits(scene: Scene) -> pl.DataFrame:
    """Return our executives' part in important deals: deal_id, at, executive, purpose, role_at (when the
    role was agreed; empty: never), late (first contact after the proposal), price_moved."""
    rng = scene.rng("visits")
    joined = scene.reached("prove")
    joined = joined[(scene.deals.size[joined] > IMPORTANT) & (rng.random(len(joined)) < 0.80)]
    could_be_late = np.isin(joined, scene.reached("negotiate"))
    near = scene.drifted(
        5, place=scene.deals.region[joined], day=_start_of_talks(scene, joined, could_be_late)
    )
    late = could_be_late & (rng.random(len(joined)) < np.where(near, 0.90, 0.22))
    start = np.where(late, _start_of_talks(scene, joined, could_be_late), scene.entered_on(joined, "prove"))
    day = dates.after(start, days=rng.integers(1, 8, size=len(joined)))
    within = day < scene.end_day[joined]
    joined, late, day, near = joined[within], late[within], day[within], near[within]
    agreed = rng.random(len(joined)) < np.where(late & near, 0.08, np.where(late, 0.55, 0.80))
    at = dates.moment(day, draw=rng.random(len(joined)), since=10)
    role = at - rng.integers(60 * 26, 60 * 24 * 12, size=len(joined)).astype("timedelta64[m]")
    selling_price = scene.drifted(6, place=scene.deals.region[joined], day=day)
    moves = rng.random(len(joined)) < np.where(selling_price, 0.65, 0.08)
    return pl.DataFrame(
        {
            "deal_id": scene.ids[joined],
            "place": joined,
            "at": dates.us(at),
            "executive": _executives(scene, joined),
            "purpose": np.where(rng.random(len(joined)) < np.where(moves, 0.35, 0.85), "value", "price"),
            "role_at": np.where(agreed, dates.us(role), np.datetime64("NaT")),
            "late": late,
            "price_moved": moves,
        }
    ).sort("at", "deal_id")


def _start_of_talks(scene: Scene, deal: np.ndarray, talked: np.ndarray) -> np.ndarray:
    """Return when the negotiation began; for deals that never got there, the day they entered the proof."""
    day = scene.entered_on(deal, "prove")
    day[talked] = scene.entered_on(deal[talked], "negotiate")
    return day


def _executives(scene: Scene, deal: np.ndarray) -> np.ndarray:
    """The head of the region, now and then the chief sales officer."""
    people = scene.people.everybody.filter("active")
    chief = people.filter(pl.col("role") == "sponsor")["key"][0]
    heads = dict(
        people.filter(pl.col("title").str.starts_with("Head of region")).select("team", "key").iter_rows()
    )
    return np.where(deal % 6 == 0, chief, [heads[r] for r in scene.deals.region[deal]])
