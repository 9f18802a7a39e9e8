"""The metrics that the company defined itself: which there are, what one counts on real deals, what a form can offer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import polars as pl

from hingepoint.analysis import intervals, metrics, own_metrics
from hingepoint.analysis.own_metrics import Definition
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.strategy import results
from hingepoint.domain.strategy.models import OwnMetric, ResultMetric
from hingepoint.domain.strategy.rules import may_keep, require_countable
from hingepoint.records.errors import Hidden

YEAR = dt.timedelta(days=365)
#: So many deals show what a definition counts.
EXAMPLES = 5
#: Columns kept from files are looked for on so many of the newest deals.
LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class MetricLine:
    """One metric of the company's own: its newest version, and how many targets are set on it and on ``older`` ones."""

    id: int
    key: str
    version: int
    told: str
    definition: Definition
    words: str
    targets: int
    older: int


@dataclass(frozen=True, slots=True)
class Example:
    """A deal that counts, the newest first: what it adds above (``number``) and below (``over``)."""

    deal_id: int
    title: str
    on: dt.date
    number: float
    over: float


@dataclass(frozen=True, slots=True)
class Preview:
    """A definition on the deals of the last year and of the year before; ``problem`` says why there is nothing to show.

    ``left_out`` of ``fitting`` deals say nothing of what is summed, or nothing to divide by."""

    words: str
    kind: str
    lately: intervals.Estimate
    before: intervals.Estimate
    fitting: int
    left_out: int
    examples: tuple[Example, ...]
    problem: str = ""


def names(viewer: Any) -> list[str]:
    """Return the newest version of each, as a target names it, to those who write strategies. One SQL query."""
    return list(OwnMetric.objects.newest().values_list("told", flat=True)) if may_keep(viewer) else []


def lines(viewer: Any) -> list[MetricLine]:
    """Return the company's own metrics by name. Two SQL queries. Raises Hidden."""
    require_keeper(viewer)
    held = [own_metrics.read(told) for told in _targets()]
    found = [_line(row, held) for row in OwnMetric.objects.newest()]
    return sorted(found, key=lambda line: line.definition.name.casefold())


def _targets() -> list[str]:
    return list(
        ResultMetric.objects.filter(metric__startswith=own_metrics.PREFIX).values_list("metric", flat=True)
    )


def _line(row: OwnMetric, held: list[Definition]) -> MetricLine:
    definition = own_metrics.read(row.told)
    versions = [one.version for one in held if one.key == row.key]
    now = versions.count(row.version)
    words = own_metrics.in_words(definition)
    return MetricLine(row.pk, row.key, row.version, row.told, definition, words, now, len(versions) - now)


def newest(viewer: Any, key: str) -> Definition:
    """Return the newest version of one. Raises Hidden."""
    require_keeper(viewer)
    row = OwnMetric.objects.newest().filter(key=key).first()
    if row is None:
        raise Hidden("no such metric")
    return own_metrics.read(row.told)


def defined_anew(names_: Iterable[str]) -> dict[str, Definition]:
    """Return, of metrics' names, those of the company's own that were defined anew since, with the newest version. One
    SQL query, and none without a metric of one's own."""
    own = {name: own_metrics.read(name) for name in names_ if own_metrics.is_own(name)}
    if not own:
        return {}
    rows = OwnMetric.objects.newest().filter(key__in={one.key for one in own.values()})
    latest = {row.key: own_metrics.read(row.told) for row in rows}
    return {
        name: latest[one.key]
        for name, one in own.items()
        if one.key in latest and latest[one.key].version > one.version
    }


def require_keeper(viewer: Any) -> None:
    """Raise Hidden for those who do not write strategies."""
    if not may_keep(viewer):
        raise Hidden("not theirs to define")


def kept_columns(viewer: Any) -> list[str]:
    """Return the columns kept from files, as the newest deals have them. One SQL query."""
    newest_deals = Deal.objects.visible_to(viewer).exclude(extra={}).order_by("-pk")
    return sorted(
        {name for extra in newest_deals.values_list("extra", flat=True)[:LOOKED_AT] for name in extra}
    )


def preview(viewer: Any, definition: Definition, *, today: dt.date) -> Preview:
    """Return what a definition counts on the deals of the last two years that ``viewer`` sees. Two SQL queries.

    Raises WrongMetric.
    """
    require_countable(definition)
    name = own_metrics.named(definition)
    metric, since = metrics.parse(name), today - 2 * YEAR
    deals = results.counted_deals(viewer, [name], since=since)
    words, nothing = own_metrics.in_words(definition), intervals.Estimate(None, None, None, 0)
    try:
        values = metrics.values(metric, deals)
    except metrics.MetricError as error:
        return Preview(words, metric.kind, nothing, nothing, 0, 0, (), str(error))
    lately = pl.col("closed").dt.date() > today - YEAR
    within = values.filter(pl.col("closed").dt.date() > since)
    fitting = own_metrics.fitting(definition, deals)
    return Preview(
        words=words,
        kind=metric.kind,
        lately=metrics.estimate(metric, within.filter(lately)),
        before=metrics.estimate(metric, within.filter(~lately)),
        fitting=fitting,
        left_out=fitting - values.height,
        examples=_examples(values),
    )


def _examples(values: pl.DataFrame) -> tuple[Example, ...]:
    rows = values.sort("closed", descending=True).head(EXAMPLES)
    deals = Deal.objects.in_bulk(rows["id"].to_list())
    return tuple(
        Example(id_, str(deals[id_]), on.date(), value * weight, weight)
        for id_, on, value, weight in rows.select("id", "closed", "value", "weight").iter_rows()
    )
