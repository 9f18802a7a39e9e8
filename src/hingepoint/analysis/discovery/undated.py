"""Undated tables: agreements as yes/no/unknown columns, with nobody knowing when they were gained.

Such a table shows who goes with whom, never what leads to what: a won deal has had more time and
reason to gain everything, and its columns may have been filled in afterwards. Findings are an
association and graded weak at most.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from hingepoint.analysis import frames, metric_words, metrics
from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.judging import calibration, grading, robustness
from hingepoint.analysis.discovery.reading import columns, gathering, leaks
from hingepoint.analysis.discovery.settings import DiscoveryError, Settings
from hingepoint.analysis.discovery.sums import gram
from hingepoint.analysis.discovery.telling import words
from hingepoint.records.agreements import AgreementType
from hingepoint.records.findings import Grade

YES = frozenset({"yes", "y", "true", "1", "1.0", "gained", "ja", "oui"})
NO = frozenset({"no", "n", "false", "0", "0.0", "not gained", "nein", "non"})
LEAST = 40
#: From so many deals that do not say, their silence is looked at.
SILENT = 20
#: From this share of distinct rows on, identical ones are taken for copies.
MOSTLY_DISTINCT = 0.5


def discover(
    deals: Any,
    *,
    settings: Settings,
    catalogue: Sequence[AgreementType] = (),
    bad_rows: int = 0,
    rules: Mapping[str, int] | None = None,
) -> result.Discovery:
    """Return associations of undated agreement columns with the metric, none graded above weak.

    Unknown is a level of its own: an agreement counts as gained only where the table says so, and
    deals that say nothing are compared with nobody. Identical rows are one observation.
    """
    table = gathering.to_polars(deals)
    names = {one.key: one.name for one in catalogue}
    missing = [name for name in settings.agreement_columns if name not in table.columns]
    if missing:
        raise DiscoveryError(f"the deals have no column {', '.join(missing)}")
    decided, metric = _decided(table, settings)
    levels = {name: _levels(decided[name]) for name in settings.agreement_columns}
    outcome = _outcome(decided, metric)
    enough = _enough(outcome, metric)
    fitted = _fit(decided, levels, outcome, settings) if enough else None
    findings = [
        replace(
            _finding(place, name, names, levels[name], fitted, metric, settings),
            details=result.Details(levels=_means(levels[name], outcome)),
        )
        for place, name in enumerate(settings.agreement_columns)
    ]
    order = sorted(
        findings,
        key=lambda one: (one.grade != Grade.WEAK, -abs(np.nan_to_num(one.effect)), one.agreement),
    )
    return result.Discovery(
        settings=settings,
        metric=metric,
        data=_facts(table, decided, settings, bad_rows, dict(rules or {})),
        placebo=result.Placebo(0, 0),
        warnings=(*_warnings(levels, enough), *_silences(findings, metric), *_soft_leaks(decided, settings)),
        findings=tuple(order),
        pivotal=(),
    )


def _decided(table: pl.DataFrame, settings: Settings) -> tuple[pl.DataFrame, metrics.Metric]:
    if "status" not in table.columns:
        raise DiscoveryError("the deals have no column status")
    decided = table.with_columns(pl.col("status").cast(pl.String).str.to_lowercase()).filter(
        pl.col("status").is_in(["won", "lost"])
    )
    if settings.metric == "sale_days":
        raise DiscoveryError("the metric sale_days needs the dates of agreements, and this table has none")
    try:
        derived = metrics.with_derived(decided) if "created" in decided.columns else decided
        metric = metrics.parse_outcome(settings.metric) if settings.metric else metrics.parse("won")
        value = metrics.value_if_won(metric, derived)
    except metrics.MetricError as error:
        raise DiscoveryError(str(error)) from error
    kept = (decided["status"] == "won") & value.is_null()
    return derived.with_columns(_value=value).filter(~kept), metric


def _outcome(decided: pl.DataFrame, metric: metrics.Metric) -> np.ndarray:
    won = (decided["status"] == "won").to_numpy()
    value = decided["_value"].fill_null(0.0).to_numpy()
    return np.where(won, value, np.nan if metric.among_won else 0.0)


def _enough(outcome: np.ndarray, metric: metrics.Metric) -> bool:
    known = outcome[np.isfinite(outcome)]
    if metric.among_won:
        return known.size >= 2 * LEAST and known.min() < known.max()
    return min(int((outcome != 0).sum()), int((outcome == 0).sum())) >= LEAST


def _levels(column: pl.Series) -> np.ndarray:
    """Return 1 for yes, 0 for no, -1 for unknown."""
    text = column.cast(pl.String).str.to_lowercase().str.strip_chars()
    yes, no = text.is_in(list(YES)).fill_null(False), text.is_in(list(NO)).fill_null(False)
    return np.where(yes.to_numpy(), 1, np.where(no.to_numpy(), 0, -1))


_NAMES = {"yes": 1, "no": 0, "unknown": -1}


def _means(level: np.ndarray, outcome: np.ndarray) -> tuple[result.Level, ...]:
    known = np.isfinite(outcome)
    return tuple(
        result.Level(name, int(some.sum()), float(outcome[some].mean()) if some.any() else np.nan)
        for name, code in _NAMES.items()
        for some in (known & (level == code),)
    )


def _silences(findings: Sequence[result.Finding], metric: metrics.Metric) -> tuple[str, ...]:
    """Return which agreements' silence says more than yes or no: not knowing is itself a sign."""
    if metric.kind != "share":
        return ()
    said = []
    for one in findings:
        yes, no, unknown = one.details.levels
        if min(yes.deals, no.deals, unknown.deals) < SILENT:
            continue
        known = (yes.deals * yes.mean + no.deals * no.mean) / (yes.deals + no.deals)
        error = np.sqrt(known * (1 - known) * (1 / (yes.deals + no.deals) + 1 / unknown.deals))
        if abs(unknown.mean - known) > 3.5 * error and not min(yes.mean, no.mean) <= unknown.mean <= max(
            yes.mean, no.mean
        ):
            said.append(
                f"Where {one.name} is unknown, {unknown.mean:.0%} of {unknown.deals:,} deals reached the result, against "
                f"{yes.mean:.0%} where it says yes and {no.mean:.0%} where it says no: not knowing is itself a sign."
            )
    return tuple(said)


def _fit(
    decided: pl.DataFrame, levels: dict[str, np.ndarray], outcome: np.ndarray, settings: Settings
) -> gram.Estimate:
    """Return the joint regression of the outcome on yes and unknown of all columns, and the covariates."""
    rows = np.isfinite(outcome)
    blocks = [_covariates(decided, settings)]
    blocks += [(level == -1).astype(float)[:, None] for level in levels.values()]
    adjust = np.hstack(blocks)
    yes = np.column_stack([(level == 1).astype(float) for level in levels.values()])
    layout = gram.Layout(adjust.shape[1], yes.shape[1])
    values = np.hstack([adjust, yes, np.zeros_like(yes), outcome[:, None]])[rows]
    seller = _group(decided, "owner")[rows]
    alike = _alike(decided)[rows]
    order = np.argsort(alike, kind="stable")
    block = gram.Block(values[order], np.zeros(order.size, dtype=int), seller[order], alike[order])
    cube = gram.accumulate(iter([block]), 1, int(seller.max()) + 1, layout.width)
    within = cube.within(np.ones(1, dtype=bool))
    targets = np.arange(layout.covariates, layout.covariates + layout.types)
    usable = np.ones(layout.covariates + layout.types, dtype=bool)
    counts = yes[rows].sum(axis=0)
    said_no = np.array([(level[rows] == 0).sum() for level in levels.values()])
    usable[targets] = (counts >= settings.min_events) & (said_no >= settings.min_events)
    fitted = gram.fit(within, layout.by_landmark(), targets, usable)
    clusters = int(alike.max()) + 1
    influence = gram.influences(iter([block]), {"one": fitted}, np.arange(clusters), clusters)
    return gram.estimate(fitted, influence["one"])


def _covariates(decided: pl.DataFrame, settings: Settings) -> np.ndarray:
    wanted = [name for name in frames.KNOWN_AT_CREATION if name in decided.columns]
    for name in settings.covariates:
        if name not in decided.columns:
            raise DiscoveryError(f"the covariate {name!r} is not a column of the deals")
        leaks.require_known(decided, name, settings.insist)
        wanted.append(name)
    blocks = [np.zeros((decided.height, 0))]
    for name in dict.fromkeys(wanted):
        column = decided[name]
        if column.dtype.is_numeric():
            blocks.append(
                columns.number_columns(column.cast(pl.Float64).fill_null(float("nan")).to_numpy(), knots=4)
            )
        else:
            blocks.append(columns.level_columns(column.cast(pl.String)))
    return np.hstack(blocks)


def _soft_leaks(decided: pl.DataFrame, settings: Settings) -> tuple[str, ...]:
    """Return what speaks against covariates that are used."""
    return tuple(
        said for name in settings.covariates if (said := leaks.doubted(decided, name, settings.insist))
    )


def _group(decided: pl.DataFrame, name: str) -> np.ndarray:
    if name not in decided.columns or decided.height / max(decided[name].n_unique(), 1) < 5:
        return np.zeros(decided.height, dtype=np.int64)
    return decided[name].cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.int64) - 1


def _alike(decided: pl.DataFrame) -> np.ndarray:
    """Return a number per set of identical rows (but for the id): copies count as one observation.

    In a table of few columns many deals are alike by chance; there each deal counts.
    """
    keys = [name for name in decided.columns if name != "deal_id"]
    alike = decided.select(pl.struct(keys).rank("dense")).to_series().to_numpy().astype(np.int64) - 1
    return alike if np.unique(alike).size >= MOSTLY_DISTINCT * decided.height else np.arange(decided.height)


def _finding(
    place: int,
    key: str,
    names: Mapping[str, str],
    level: np.ndarray,
    fitted: gram.Estimate | None,
    metric: metrics.Metric,
    settings: Settings,
) -> result.Finding:
    gained, not_gained = int((level == 1).sum()), int((level == 0).sum())
    name = names.get(key, key)
    effect = float(fitted.effects[place]) if fitted else np.nan
    error = float(fitted.errors[place]) * (1 + calibration.ASSUMED_SPREAD) if fitted else np.nan
    ci = (effect - 1.96 * error, effect + 1.96 * error)
    p_values = _adjusted(fitted, metric, settings) if fitted else np.full(place + 1, np.nan)
    few = min(gained, not_gained) < settings.min_events
    clear = p_values[place] < grading.CONFIDENCE
    if few:
        grade, said = (
            Grade.EXCLUDED,
            f"“{name}” cannot be judged: {gained:,} decided deals say yes and {not_gained:,} say no, "
            f"and {settings.min_events} of each are needed.",
        )
    elif clear:
        grade = Grade.WEAK
        said = (
            f"Association only: decided deals that say “{name}” {words.change(metric, effect)} "
            f"(95% interval {words.interval(metric, ci)}); without dates nobody can say "
            "whether it led to that or followed from it."
        )
    else:
        grade, said = Grade.NONE, _unclear(name, metric, ci)
    return result.Finding(
        agreement=key,
        name=name,
        grade=grade,
        excluded_because="too_few" if few else None,
        effect=effect,
        ci=ci,
        p_adjusted=float(p_values[place]),
        gained=gained,
        not_gained=not_gained,
        coverage=gained / (gained + not_gained) if gained + not_gained else np.nan,
        worth=np.nan,
        worth_ci=(np.nan, np.nan),
        robustness=float(robustness.robustness_value(effect / error, fitted.fit.freedom))
        if fitted and error > 0
        else np.nan,
        best_by=None,
        timing=(),
        segments=(),
        same_as=(),
        in_words=said,
    )


def _unclear(name: str, metric: metrics.Metric, ci: result.Interval) -> str:
    if not np.isfinite(ci[0]):
        return f"Not enough evidence on “{name}”: no association could be estimated from these deals."
    return (
        f"Not enough evidence on “{name}”: in {metric_words.outcome(metric)}, deals that say yes may differ from those that "
        f"say no by anything from {words.interval(metric, ci)}."
    )


def _adjusted(fitted: gram.Estimate, metric: metrics.Metric, settings: Settings) -> np.ndarray:
    smallest = settings.smallest_effect if metric.kind == "share" else 0.0
    errors = fitted.errors * (1 + calibration.ASSUMED_SPREAD)
    return calibration.adjusted(calibration.interval_p_values(fitted.effects, errors, smallest))


def _warnings(levels: dict[str, np.ndarray], enough: bool) -> tuple[str, ...]:
    warnings = [
        "The agreement columns carry no dates: this is association only and graded weak at most, because nobody "
        "can say whether an agreement came before the result or was noted after it."
    ]
    unknown = {name: float((level == -1).mean()) for name, level in levels.items() if level.size}
    open_ended = [f"{name} ({share:.0%})" for name, share in unknown.items() if share > 0.1]
    if open_ended:
        warnings.append("Often unknown, which is kept apart from not gained: " + ", ".join(open_ended) + ".")
    if not enough:
        warnings.append(
            f"Too little data for any finding: {LEAST} deals with and {LEAST} without the result are needed."
        )
    return tuple(warnings)


def _facts(
    table: pl.DataFrame, decided: pl.DataFrame, settings: Settings, bad_rows: int, rules: dict[str, int]
) -> result.Facts:
    won = int((decided["status"] == "won").sum())
    moments = (
        table["created"].drop_nulls() if "created" in table.columns else pl.Series([], dtype=frames.MOMENT)
    )
    first, last = (moments.min(), moments.max()) if moments.len() else (None, None)
    return result.Facts(
        deals=table.height,
        won=won,
        lost=decided.height - won,
        open=table.height - decided.height,
        events=0,
        types=len(settings.agreement_columns),
        since=first.date() if isinstance(first, datetime.datetime) else None,
        until=last.date() if isinstance(last, datetime.datetime) else None,
        bad_rows=bad_rows,
        rules=rules,
    )
