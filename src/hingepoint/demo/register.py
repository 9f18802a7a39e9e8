"""The register of agreements: what was gained, with whom, how well, and what became of it.

Two frames. ``steps``: every step in the life of every agreement, with the columns of
``analysis.frames.EVENTS`` and what people wrote. ``agreements``: where each stands today.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from hingepoint.demo import accounts, dates, planted, texts
from hingepoint.demo.scene import Scene
from hingepoint.demo.weeks import INDEX, KEYS, NEVER, home_stage
from hingepoint.domain.agreements.catalogue import shipped_types

SUPPLIERS = ("Brightwell Sensors", "Ostrava Kabel Werk", "Linton Controls", "Mare Nostrum Pumps")
PARTNERS = ("Fitters & Sons", "Norrbygg Installation", "Gruppo Lanza", "Techserv Polska")


@dataclass(frozen=True, slots=True)
class _Gains:
    """One place a gained agreement."""

    deal: np.ndarray
    key: np.ndarray
    day: np.ndarray
    at: np.ndarray
    quality: np.ndarray
    evidence: np.ndarray


def write(scene: Scene) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the steps and the present state of every agreement of the company."""
    rng = scene.rng("register")
    gains = _gains(scene, rng=rng)
    words = _words(scene, gains.deal, gains.key, day=gains.day, rng=rng)
    due = dates.after(gains.day, days=rng.integers(3, 22, size=len(gains.deal)))
    gained = _frame(scene, gains.deal, gains.key, at=gains.at, state="gained").with_columns(
        words,
        evidence=gains.evidence,
        quality=gains.quality,
        due_on=pl.Series(due),
    )
    before = _before(scene, gains, rng=rng)
    later = _later(scene, gained, gains, due=due, rng=rng)
    missing = _not_gained(scene, rng=rng)
    steps = pl.concat([before, gained, later, missing], how="diagonal").sort("at", "deal_id", "agreement")
    return steps, as_it_stands(steps)


def _gains(scene: Scene, *, rng: np.random.Generator) -> _Gains:
    deal, key = np.nonzero(scene.course.gained != NEVER)
    week = scene.course.gained[deal, key]
    meeting = rng.integers(0, 4, size=(len(scene.ids), 13))[deal, week % 13]
    day = dates.working_day(scene.deals.created[deal], week=week, day=meeting)
    quality = scene.course.quality[deal, key]
    strong = rng.random(len(deal))
    evidence = 2 + (strong < 0.25 + 0.1 * (quality - 4)) + (strong < 0.08 * (quality - 3))
    at = dates.moment(day, draw=rng.random(len(deal)), since=10)
    return _Gains(deal, key, day, at, quality, evidence.astype(np.int8))


def _frame(scene: Scene, deal: np.ndarray, key: np.ndarray, *, at: np.ndarray, state) -> pl.DataFrame:
    """Return steps with who was involved on both sides."""
    sides = np.array([_side(k) for k in KEYS])[key]
    person, colleague, counterpart = _counterparts(scene, deal, key)
    return pl.DataFrame(
        {
            "deal_id": scene.ids[deal],
            "agreement": np.array(KEYS)[key],
            "at": dates.us(at),
            "state": np.broadcast_to(state, len(deal)),
            "kind": np.full(len(deal), "agreement"),
            "side": sides,
            "counterpart": counterpart,
            "contact": person,
            "colleague": colleague,
            "actor": scene.owner[deal],
        },
        schema_overrides={"contact": pl.String, "colleague": pl.String},
    )


def _side(key: str) -> str:
    return {"cust": "customer", "int": "internal", "sup": "supplier", "par": "partner"}[key.split(".")[0]]


def _counterparts(scene: Scene, deal: np.ndarray, key: np.ndarray) -> tuple[list, list, list]:
    """Return the contact (customer side), the colleague (internal side), and the person's name."""
    contact: np.ndarray = np.full(len(deal), None, dtype=object)
    colleague: np.ndarray = np.full(len(deal), None, dtype=object)
    name: np.ndarray = np.full(len(deal), "", dtype=object)
    keys, people = scene.contacts["contact"].to_numpy(), scene.contacts["name"].to_numpy()
    staff = dict(scene.people.everybody.select("key", "name").iter_rows())
    for k in np.unique(key):
        here = np.flatnonzero(key == k)
        if _side(KEYS[k]) == "customer":
            function = accounts.function_of(shipped_types()[KEYS[k]]["counterpart"])
            rows = scene.contact_of(deal[here], function)
            contact[here], name[here] = keys[rows], people[rows]
        elif _side(KEYS[k]) == "internal":
            colleague[here] = _colleagues(scene, deal[here], KEYS[k])
            name[here] = [staff[c] for c in colleague[here]]
        else:
            firms = SUPPLIERS if _side(KEYS[k]) == "supplier" else PARTNERS
            name[here] = np.array(firms)[deal[here] % len(firms)]
    return contact.tolist(), colleague.tolist(), name.tolist()


def _colleagues(scene: Scene, deal: np.ndarray, key: str) -> np.ndarray:
    """Return who inside agrees: the manager, or the function that carries the risk."""
    title = _INSIDE_TITLES.get(key)
    if title is None:
        return scene.manager_of(deal)
    helpers = scene.people.everybody.filter(pl.col("title") == title)["key"].to_list()
    return np.array(helpers)[deal % len(helpers)]


_INSIDE_TITLES = {
    "int.price_approval": "Deal desk analyst",
    "int.terms_approval": "Legal counsel",
    "int.seller_position": "Contract manager",
    "int.feasible": "Delivery lead",
    "int.cost_estimate": "Delivery lead",
    "int.supply": "Delivery lead",
    "int.handover": "Delivery lead",
    "int.credit": "Commercial controller",
}


def _words(scene: Scene, deal, key, *, day, rng) -> list[pl.Series]:
    """Return act, reason and what we owe in return, as people wrote them."""
    month = day.astype("datetime64[M]").astype(int) + 1
    draws = rng.random((3, len(deal)))
    inside = np.array([not k.startswith("cust") for k in KEYS])[key]
    reasons, inner = texts.pick(texts.REASONS, draws[1]), texts.pick(texts.INSIDE_REASONS, draws[1])
    acts = [texts.act(KEYS[k], draw=d, month=int(m)) for k, d, m in zip(key, draws[0], month, strict=True)]
    return [
        pl.Series("act", acts, dtype=pl.String),
        pl.Series(
            "reason", [i if w else r for i, r, w in zip(inner, reasons, inside, strict=True)], dtype=pl.String
        ),
        pl.Series("owed_in_return", texts.pick(texts.OWED, draws[2]), dtype=pl.String),
    ]


_PIVOTAL = np.array([INDEX[lever.key] for lever in planted.PIVOTAL])


def _before(scene: Scene, gains: _Gains, *, rng) -> pl.DataFrame:
    """Some pivotal agreements were asked for, and some sounded soft, before they were gained."""
    chance = rng.random(len(gains.deal))
    earlier = np.isin(gains.key, _PIVOTAL) & (chance < 0.65)
    back = rng.integers(2, 12, size=len(gains.deal))
    day = dates.after(gains.day, days=-back)
    earlier &= day > scene.deals.created[gains.deal]
    at = dates.moment(day[earlier], draw=rng.random(int(earlier.sum())))
    state = np.where(chance[earlier] < 0.13, "soft", "asked")
    return _frame(scene, gains.deal[earlier], gains.key[earlier], at=at, state=state)


def _later(scene: Scene, gained: pl.DataFrame, gains: _Gains, *, due, rng) -> pl.DataFrame:
    """What became of it while the deal was live: kept, broken, renegotiated, or lapsed with the person."""
    left = dict(
        scene.contacts.filter(pl.col("left_on").is_not_null()).select("contact", "left_on").iter_rows()
    )
    gone = np.array([left.get(c) for c in gained["contact"]], dtype="datetime64[D]")
    end = scene.end_day[gains.deal]
    lapses = ~np.isnat(gone) & (gone > gains.day) & (gone < end)
    fate = rng.random(len(gains.deal))
    stands = ~lapses & (due < end)
    watched = np.isin(gains.key, _PIVOTAL)  # nobody writes down that every small thing was kept
    settled = [
        stands & watched & (fate < 0.93),
        stands & (fate >= 0.93) & (fate < 0.955),
        stands & (fate >= 0.97),
    ]
    frames = [_frame(scene, gains.deal[lapses], gains.key[lapses], at=_noon(gone[lapses]), state="lapsed")]
    for where, state in zip(settled, ("kept", "broken", "renegotiated"), strict=True):
        frames.append(_frame(scene, gains.deal[where], gains.key[where], at=_noon(due[where]), state=state))
    frames.append(_asked_again(scene, gains, where=settled[0] & (fate < 0.80), due=due, draw=fate))
    return pl.concat(frames)


def _asked_again(scene: Scene, gains: _Gains, *, where: np.ndarray, due, draw) -> pl.DataFrame:
    """On live deals most of what was kept was checked again in the last weeks, and holds."""
    back = 1 + (draw * 997).astype(int) % 24
    day = dates.after(np.full(len(due), np.datetime64(scene.ends_on, "D")), days=-back)
    live = where & scene.open[gains.deal] & (day > due)
    return _frame(scene, gains.deal[live], gains.key[live], at=_noon(day[live]), state="kept")


def _noon(day: np.ndarray) -> np.ndarray:
    return dates.moment(day, draw=np.zeros(len(day)), since=12)


def _not_gained(scene: Scene, *, rng) -> pl.DataFrame:
    """Pivotal agreements that were not gained: declined or only soft on old deals, in work on live ones."""
    gained = scene.course.gained[:, _PIVOTAL] != NEVER
    home = np.array([home_stage(KEYS[k], shipped_types()[KEYS[k]]["stage"]) for k in _PIVOTAL])
    stage = (scene.course.entered != NEVER).sum(axis=1) - 1
    draws = rng.random(gained.shape)
    due_now = ~gained & (stage[:, None] >= home - 1)
    tried = due_now & (draws < 0.16)
    live = due_now & scene.open[:, None] & ~tried
    parts = [_tried(scene, tried, draws, rng=rng), _in_work(scene, live, rng=rng), _requests(scene, rng=rng)]
    return pl.concat(parts, how="diagonal")


def _tried(scene: Scene, tried: np.ndarray, draws: np.ndarray, *, rng) -> pl.DataFrame:
    """Asked for in vain some time before the end: declined with a reason, or left soft."""
    deal, which = np.nonzero(tried)
    age = np.busday_count(scene.deals.created[deal], scene.end_day[deal])
    at = dates.working_day(
        scene.deals.created[deal],
        week=np.zeros(len(deal)),
        day=(age * rng.uniform(0.2, 0.9, len(deal))).astype(int),
    )
    declined = draws[deal, which] < 0.07
    frame = _frame(
        scene,
        deal,
        _PIVOTAL[which],
        at=dates.moment(at, draw=rng.random(len(deal))),
        state=np.where(declined, "declined", "soft"),
    )
    why, kind_words = (texts.pick(said, rng.random(len(deal))) for said in (_WHY_DECLINED, _KIND_WORDS))
    reason = [no if d else maybe for no, maybe, d in zip(why, kind_words, declined, strict=True)]
    return frame.with_columns(
        reason=pl.Series(reason, dtype=pl.String),
        evidence=pl.lit(1, dtype=pl.Int8),
    )


_KIND_WORDS = (
    "They like the idea and will come back to us.",
    "Sounds good, said the plant manager. No name, no date.",
    "Very positive talk; nobody took it on.",
    "They will look into it after the holidays.",
    "Interesting, they said, and asked for the price list.",
)
_WHY_DECLINED = (
    "Group rule: no figures leave the house before an order.",
    "Procurement wants the price first, as always.",
    "The director leaves it to the plant.",
    "No time before the audit.",
    "They compare list prices and say so.",
    "They see no need for a case of this size.",
)


def _in_work(scene: Scene, live: np.ndarray, *, rng) -> pl.DataFrame:
    """On live deals: asked, soft or planned in the last weeks, due around today."""
    deal, which = np.nonzero(live)
    key = _PIVOTAL[which]
    state = np.array(["asked", "soft", "planned", "needed"])[
        (rng.random((len(deal), 1)) > np.array([0.32, 0.50, 0.78])).sum(axis=1)
    ]
    today = np.datetime64(scene.ends_on, "D")
    day = dates.after(np.full(len(deal), today), days=-rng.integers(1, 16, size=len(deal)))
    day = np.maximum(day, scene.deals.created[deal])
    at = dates.moment(day, draw=rng.random(len(deal)), since=10)
    due = dates.after(np.full(len(deal), today), days=rng.integers(-7, 19, size=len(deal)))
    words = _words(scene, deal, key, day=due, rng=rng)
    needed = state == "needed"
    frame = _frame(scene, deal, key, at=at, state=state).with_columns(words)
    return frame.with_columns(
        due_on=pl.Series(np.where(needed, np.datetime64("NaT"), due)),
        needed_by=pl.Series(due),
        evidence=pl.Series(np.where(state == "soft", 1, 0), dtype=pl.Int8),
    )


#: What is asked of legal, accounting and delivery on live deals with a proposal.
_REQUESTED = ("int.feasible", "int.terms_approval", "int.credit", "int.cost_estimate")


def _requests(scene: Scene, *, rng) -> pl.DataFrame:
    """Waiting for an answer from inside: asked in the last days, due in the next ones."""
    quoted = scene.reached("propose")
    quoted = quoted[scene.open[quoted]]
    keys = np.array([INDEX[key] for key in _REQUESTED])
    wanted = (scene.course.gained[quoted][:, keys] == NEVER) & (rng.random((len(quoted), len(keys))) < 0.12)
    row, which = np.nonzero(wanted)
    deal, today = quoted[row], np.datetime64(scene.ends_on, "D")
    day = dates.after(np.full(len(deal), today), days=-rng.integers(1, 6, size=len(deal)))
    day = np.maximum(day, scene.entered_on(deal, "propose"))
    due = dates.after(np.full(len(deal), today), days=rng.integers(-2, 6, size=len(deal)))
    frame = _frame(scene, deal, keys[which], at=dates.moment(day, draw=rng.random(len(deal))), state="asked")
    return frame.with_columns(_words(scene, deal, keys[which], day=due, rng=rng), due_on=pl.Series(due))


_KEPT_FROM_BEFORE = ("act", "reason", "owed_in_return", "due_on", "needed_by", "evidence", "quality")


def as_it_stands(steps: pl.DataFrame) -> pl.DataFrame:
    """Return the last state of each agreement, with the last thing said about each of its facts."""
    return (
        steps.group_by("deal_id", "agreement", maintain_order=True)
        .agg(
            pl.col("state", "side", "counterpart", "contact", "colleague", "actor").last(),
            *(pl.col(name).drop_nulls().last() for name in _KEPT_FROM_BEFORE),
            changed=pl.col("at").last(),
            gained=pl.col("at").filter(pl.col("state") == "gained").first(),
        )
        .sort("deal_id", "agreement")
    )
