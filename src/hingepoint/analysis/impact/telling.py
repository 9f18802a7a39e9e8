"""The result of a rollout in words and as the object that programs read."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

from hingepoint.analysis import metric_words
from hingepoint.analysis.discovery import plain_json
from hingepoint.analysis.discovery.telling import words
from hingepoint.analysis.impact import card, conclusion
from hingepoint.analysis.impact.card import Card
from hingepoint.analysis.impact.chance import LEAST_TEAMS, Reading
from hingepoint.analysis.impact.measuring import AS_IF, NONE, Impact, Starts
from hingepoint.analysis.impact.planning import Plan
from hingepoint.analysis.impact.value import Value


def in_words(found: Impact) -> str:
    """Return one honest sentence that an executive accepts."""
    if math.isnan(found.headline.effect):
        before = found.conclusion.before
        when = f", and not before {_long(before)}" if before else ""
        return f"{_title(found)} cannot be shown yet{when}: no team that began can be held against one that waits."
    if found.inference == NONE:
        return (
            f"{_title(found)} cannot be shown yet: {_too_few(found)}, so this is a picture only "
            f"({words.points(found.metric, found.headline.effect)})."
        )
    if found.conclusion.verdict == conclusion.SHOWN:
        return _shown(found)
    return _silent(found)


def _title(found: Impact) -> str:
    return f"What the rollout does to {metric_words.noun(found.metric.name)}"


def _too_few(found: Impact) -> str:
    teams = len(found.panel.teams)
    if teams < LEAST_TEAMS:
        return f"{teams} teams are fewer than the {LEAST_TEAMS} that a test needs"
    return f"only {found.orders} orders could have been drawn"


def _shown(found: Impact) -> str:
    one = found.headline
    helps = one.effect * found.metric.sign > 0
    return (
        f"The rollout {'works' if helps else 'harms'}: deals of teams that had started "
        f"{words.change(found.metric, one.effect)} than if they had waited (95% interval "
        f"{words.interval(found.metric, (one.low, one.high))}; {_rare(found)})."
    )


def _rare(found: Impact) -> str:
    """Return how often chance goes as far, in words."""
    if found.inference == AS_IF:
        return f"as if the order had been drawn by lot, chance goes as far in {_share(found.headline.p)}"
    which = "all the orders" if found.every else f"{found.orders:,} orders"
    return f"of {which} that the lot could have drawn, {_share(found.headline.p)} show as much"


def _share(p: float) -> str:
    return f"{p * 100:.1f}%" if p >= 0.001 else "fewer than 0.1%"


def _silent(found: Impact) -> str:
    worth = _amount(found, found.conclusion.worth)
    if found.conclusion.verdict == conclusion.NOT_SHOWN:
        ruled_out = max(-found.headline.low, found.headline.high) < found.conclusion.worth
        end = "is ruled out" if ruled_out else "would probably have been seen"
        return f"{_title(found)} is not shown: {_ranged(found)}; an effect of {worth}, which would matter, {end}."
    before = found.conclusion.before
    when = (
        f"with these starts not before {_long(before)}"
        if before
        else "waiting will not change that, more teams that wait would"
    )
    return (
        f"{_title(found)} cannot be shown yet: {_ranged(found)}, and this rollout proves no less than "
        f"{_amount(found, found.smallest)} where {worth} would matter; {when}."
    )


def _ranged(found: Impact) -> str:
    one = found.headline
    if math.isfinite(one.low + one.high):
        return f"it may be anything from {words.interval(found.metric, (one.low, one.high))}"
    return f"it reads {words.points(found.metric, one.effect)}, without a limit"


def _amount(found: Impact, size: float) -> str:
    return words.points(found.metric, size).lstrip("+") if math.isfinite(size) else "any effect"


def to_dict(found: Impact) -> dict[str, Any]:
    """Return the result as plain JSON values; schema and version are for the caller to add."""
    metric, told = found.metric, found.inference != NONE
    return {
        "metric": {"name": metric.name, "unit": metric.unit, "better": metric.better},
        "teams": len(found.panel.teams),
        "periods": len(found.panel.periods),
        "effect": plain_json.plain(found.headline.effect),
        "ci": _ci(found.headline),
        "p": plain_json.plain(found.headline.p),
        "inference": found.inference,
        "second_reading": {"method": "callaway-santanna"} | _reading(found.second),
        "event_study": [
            {"period": one.period, "effect": plain_json.plain(one.reading.effect), "ci": _ci(one.reading)}
            for one in found.event_study
        ],
        "placebo": _placebo(found),
        "smallest_provable": plain_json.plain(found.smallest),
        "conclusion": found.conclusion.verdict,
        "cannot_be_shown_before": _day(found.conclusion.before),
        "value": _value(found.value) if found.value and told else None,
        "in_words": in_words(found),
        "what_others_run": {"method": "two-way fixed effects, wild bootstrap"} | _reading(found.others),
        "period": found.period,
        "from": _day(found.panel.periods[0]) if found.panel.periods else None,
        "nobody_waits_from": _day(found.nobody_waits_from),
        "orders": found.orders,
        "all_orders": found.every,
        "smallest_that_matters": plain_json.plain(found.conclusion.worth),
        "notes": list(found.notes),
    }


def _reading(one: Reading) -> dict[str, Any]:
    return {"effect": plain_json.plain(one.effect), "ci": _ci(one), "p": plain_json.plain(one.p)}


def _ci(one: Reading) -> list[float | None]:
    return [plain_json.plain(one.low), plain_json.plain(one.high)]


def _placebo(found: Impact) -> dict[str, Any]:
    if found.placebo is None:
        return {"periods": 0, "effect": None, "ci": [None, None], "p": None, "together_p": None}
    one = found.placebo
    return {"periods": one.periods} | _reading(one.mean) | {"together_p": plain_json.plain(one.together)}


def _value(one: Value) -> dict[str, Any]:
    return {
        "currency": one.currency,
        "a_year": plain_json.plain(one.a_year),
        "ci": [plain_json.plain(one.low), plain_json.plain(one.high)],
        "of": one.kind,
        "deals_a_year": one.deals,
        "how": one.how,
    }


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def held(sealed: Card, found: Impact, rollout: Starts, *, data_end: dt.date) -> dict[str, Any]:
    """Return what a sealed card says of a rollout: whether it was kept, how not, and what its rule decides."""
    differs = card.differences(sealed, metric=found.metric, period=found.period, rollout=rollout)
    kept = not differs and found.inference != NONE
    return {
        "sha256": sealed.sha256,
        "kept": not differs,
        "differs": list(differs),
        "decided": card.decided(sealed, found.headline, data_end=data_end) if kept else card.OPEN,
        "decided_on": _day(sealed.decided_on),
    }


def plan_in_words(made: Plan) -> str:
    """Return what a rollout that has not begun can prove, in one sentence."""
    who = f"{len(made.starts)} teams in {made.waves} waves from {_long(made.starts[0].on)} to {_long(made.starts[-1].on)}"
    if not math.isfinite(made.smallest):
        return f"{who}: too few teams or orders for a test ({LEAST_TEAMS} teams are the least); this rollout can only be looked at."
    proves = words.points(made.metric, made.smallest).lstrip("+")
    matters = words.points(made.metric, made.worth).lstrip("+")
    basis = "as your own history says" if math.isfinite(made.measured) else "with the usual correlations"
    verdict = (
        "that is enough"
        if made.smallest <= made.worth
        else "that is not enough: more teams, more deals or more time are needed"
    )
    return (
        f"{who}: this rollout cannot prove less than {proves} of {metric_words.noun(made.metric.name)} ({basis}); "
        f"{matters} would matter, so {verdict}."
    )


def _long(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def plan_to_dict(made: Plan) -> dict[str, Any]:
    """Return a plan as plain JSON values."""
    metric = made.metric
    return {
        "metric": {"name": metric.name, "unit": metric.unit, "better": metric.better},
        "teams": len(made.starts),
        "steps": made.waves,
        "periods": made.periods,
        "period": made.period,
        "seed": made.seed,
        "order": [{"team": one.team, "step": one.wave, "starts": _day(one.on)} for one in made.starts],
        "deals_a_team_and_period": plain_json.plain(made.deals),
        "noise": plain_json.plain(made.noise),
        "smallest_provable": plain_json.plain(made.smallest),
        "measured_on_history": plain_json.plain(made.measured),
        "power": plain_json.simple(made.power),
        "by_day": [{"on": _day(one.on), "smallest": plain_json.plain(one.smallest)} for one in made.by_day],
        "smallest_that_matters": plain_json.plain(made.worth),
        "card": {"text": made.card.text, "sha256": made.card.sha256},
        "in_words": plan_in_words(made),
    }
