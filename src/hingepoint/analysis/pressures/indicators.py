"""What moves with a pressure and is told without any tag, in the last twelve months against the twelve before.

| pressure | indicators |
|---|---|
| commoditisation | tenders; losses that saw no difference; deals that only ask for price |
| predatory competitors | new names; how far their prices lie below ours; losses on price |
| time | days asked for before a sale is usually made; demands about delivery; concessions of the last ten days |
| cost and risk | when procurement comes in; size of the buying group; losses without a decision |
| globalised sourcing | countries a deal is for; how far prices lie apart between countries |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from hingepoint.analysis import intervals, metrics
from hingepoint.analysis.intervals import Estimate
from hingepoint.analysis.pressures.shape import Facts, Indicator
from hingepoint.records.deals import BuyingRole, DealStatus
from hingepoint.records.pressures import Pressure
from hingepoint.records.talks import Topic

YEAR = dt.timedelta(days=365)
#: What is conceded so shortly before the end of a deal was conceded in a hurry.
LAST_DAYS = 10
#: Fewer of these are told as nothing.
LEAST = 20
#: A country's price is told of so many won deals.
LEAST_OF_A_COUNTRY = 10
TENDERS = ("tender", "rfp", "rfq", "bid", "request for proposal")
NO_NAME = ("", "none", "none known", "unknown", "n/a")
NO_DIFFERENCE = r"(?i)no difference|all the same|commodit|interchangeable"
ON_PRICE = r"(?i)\bprice\b|cheaper|too expensive"


@dataclass(frozen=True)
class _Year:
    """The facts of twelve months, from ``since`` until before ``until``."""

    facts: Facts
    since: dt.datetime
    until: dt.datetime

    def within(self, table: pl.DataFrame, column: str) -> pl.DataFrame:
        return table.filter((pl.col(column) >= self.since) & (pl.col(column) < self.until))

    @property
    def created(self) -> pl.DataFrame:
        return self.within(self.facts.deals, "created")

    def closed(self, status: DealStatus) -> pl.DataFrame:
        return self.within(self.facts.deals.filter(pl.col("status") == status), "closed")


_Counted = Callable[[_Year], Estimate | None]


@dataclass(frozen=True)
class _Kind:
    key: str
    words: str
    unit: str
    counted: _Counted
    needs: str


def indicators(pressure: Pressure, facts: Facts) -> tuple[Indicator, ...]:
    """Return the indicators of a pressure, in the order of ``KINDS``, with the chance of each by itself."""
    end = dt.datetime.combine(facts.as_of + dt.timedelta(days=1), dt.time())
    now, before = _Year(facts, end - YEAR, end), _Year(facts, end - 2 * YEAR, end - YEAR)
    return tuple(_indicator(kind, now, before) for kind in KINDS[pressure])


def _indicator(kind: _Kind, now: _Year, before: _Year) -> Indicator:
    this, last = kind.counted(now), kind.counted(before)
    change = intervals.difference(this, last) if this and last else None
    return Indicator(
        kind.key, kind.words, kind.unit, this, last, kind.needs, chance=change.chance if change else None
    )


def _share(rows: pl.DataFrame, which: pl.Expr) -> Estimate | None:
    if rows.height < LEAST:
        return None
    return intervals.share(int(rows.select(which.fill_null(False).sum()).item()), rows.height)


def _mean(values: pl.Series) -> Estimate | None:
    return intervals.mean([float(one) for one in values]) if len(values) >= LEAST else None


def _tenders(year: _Year) -> Estimate | None:
    said = year.created.filter(pl.col("source").is_not_null())
    return _share(said, pl.col("source").str.to_lowercase().is_in(TENDERS))


def _losses(pattern: str) -> _Counted:
    def counted(year: _Year) -> Estimate | None:
        said = year.closed(DealStatus.LOST).filter(pl.col("loss_reason").is_not_null())
        return _share(said, pl.col("loss_reason").str.contains(pattern))

    return counted


def _only_price(year: _Year) -> Estimate | None:
    asked = year.within(year.facts.demands, "at")
    by_deal = asked.group_by("deal_id").agg(only=(pl.col("topic") == Topic.PRICE.value).all())
    return _share(by_deal, pl.col("only"))


def _new_names(year: _Year) -> Estimate | None:
    """Count names that no earlier deal has; nothing where there is no year before to know them from."""
    said = year.facts.deals.with_columns(name=pl.col("competitor").str.strip_chars().str.to_lowercase())
    said = said.filter(pl.col("name").is_not_null() & ~pl.col("name").is_in(NO_NAME))
    begun = said["created"].min()
    if not isinstance(begun, dt.datetime) or begun > year.since - YEAR / 2:
        return None
    first = said.group_by("name").agg(at=pl.col("created").min())
    return Estimate(float(year.within(first, "at").height), None, None, year.within(said, "created").height)


def _below_us(year: _Year) -> Estimate | None:
    """Return the mean share by which the price of a competitor lies below our list price, above it where negative."""
    theirs, ours = pl.col("competitor_price").cast(pl.Float64, strict=False), pl.col("list_price")
    said = year.created.filter((theirs > 0) & (ours > 0))
    return _mean(said.select(1 - theirs / ours).to_series())


def _wanted_sooner(year: _Year) -> Estimate | None:
    """Return the share of deals with a day that the customer asks for which lies sooner after creation than sales usually
    take: half of those won took less."""
    won = year.facts.deals.filter(pl.col("status") == DealStatus.WON)
    usual = won.select((pl.col("closed") - pl.col("created")).dt.total_days().median()).item()
    day = pl.col("requested_date").cast(pl.String).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    said = year.created.with_columns(given=(day - pl.col("created").dt.date()).dt.total_days())
    return _share(said.filter(pl.col("given") >= 0), pl.col("given") < usual) if usual is not None else None


def _deliveries(year: _Year) -> Estimate | None:
    return _share(year.within(year.facts.demands, "at"), pl.col("topic") == Topic.DELIVERY.value)


def _in_a_hurry(year: _Year) -> Estimate | None:
    """Of the concessions on deals that closed in the year, the share given in the last days."""
    closed = pl.concat([year.closed(DealStatus.WON), year.closed(DealStatus.LOST)]).select(
        "deal_id", "closed"
    )
    given = year.facts.concessions.join(closed, on="deal_id")
    return _share(given, (pl.col("closed") - pl.col("at")).dt.total_days() < LAST_DAYS)


def _procurement(year: _Year) -> Estimate | None:
    """The mean number of days after creation at which procurement was on the deal."""
    there = year.facts.roles.filter(pl.col("role") == BuyingRole.PROCUREMENT.value)
    first = there.group_by("deal_id").agg(at=pl.col("at").min()).join(year.created, on="deal_id")
    return _mean(first.select(((pl.col("at") - pl.col("created")).dt.total_days()).clip(0)).to_series())


def _group(year: _Year) -> Estimate | None:
    sizes = year.facts.roles.join(year.created.select("deal_id"), on="deal_id").group_by("deal_id").len()
    return _mean(sizes["len"])


def _countries(year: _Year) -> Estimate | None:
    """Return how many countries a deal is for, of those that say it."""
    parts = (
        pl.col("countries")
        .str.to_uppercase()
        .str.replace_all(r"\s*[;,/|]\s*", ";")
        .str.strip_chars("; ")
        .str.split(";")
    )
    said = year.created.filter(pl.col("countries").str.strip_chars(" ;,/|").str.len_chars() > 0)
    return _mean(said.select(parts.list.n_unique()).to_series())


def _apart(year: _Year) -> Estimate | None:
    """The highest mean discount of a country less the lowest."""
    won = year.closed(DealStatus.WON).filter(
        pl.col("country").is_not_null() & pl.col("discount").is_not_null()
    )
    means = won.group_by("country").agg(pl.col("discount").mean(), n=pl.len())
    means = means.filter(pl.col("n") >= LEAST_OF_A_COUNTRY)
    if means.height < 2:
        return None
    spread = float(means["discount"].max()) - float(means["discount"].min())  # type: ignore[arg-type]
    return Estimate(spread, None, None, int(means["n"].sum()))


_REASONS = "Record why deals are lost, in a column of the deals called loss_reason."

KINDS: dict[Pressure, tuple[_Kind, ...]] = {
    Pressure.COMMODITY: (
        _Kind("tenders", "Deals that came as a tender", "share", _tenders, "Record where deals come from (source)."),
        _Kind("no_difference", "Losses where they saw no difference", "share", _losses(NO_DIFFERENCE), _REASONS),
        _Kind("only_price", "Deals that asked for price and nothing else", "share", _only_price, "Log what customers ask for."),
    ),
    Pressure.COMPETITORS: (
        _Kind("new_names", "Competitors we had not met before", "number", _new_names, "Record the competitor of a deal, in a column called competitor, for two years."),
        _Kind("below_us", "How far their price lies below our list price", "share", _below_us, "Record what a competitor asks, in the deal's currency, in a column of the deals called competitor_price."),
        _Kind("on_price", "Losses on price", "share", _losses(ON_PRICE), _REASONS),
    ),
    Pressure.TIME: (
        _Kind("sooner", "Deals wanted sooner than a sale usually takes", "share", _wanted_sooner, "Record the day that the customer asks for, in a column of the deals called requested_date."),
        _Kind("deliveries", "Demands that are about delivery", "share", _deliveries, "Log what customers ask for."),
        _Kind("in_a_hurry", "Concessions given in the last ten days of a deal", "share", _in_a_hurry, "Note concessions on the day they are given."),
    ),
    Pressure.BUYERS: (
        _Kind("procurement", "Days until procurement comes in", "days", _procurement, "Name procurement among the people of a deal."),
        _Kind("group", "People of the customer on a deal", "number", _group, "Name the people of the customer on deals."),
        _Kind("no_decision", "Losses without a decision", "share", _losses(metrics.NO_DECISION), _REASONS),
    ),
    Pressure.SOURCING: (
        _Kind("countries", "Countries that a deal is for", "number", _countries, "Record for which countries they buy, in a column of the deals called countries, as in DE; FR; PL."),
        _Kind("apart", "Discount between the dearest and the cheapest country", "share", _apart, "Record the country of accounts and the discount of won deals."),
    ),
}  # fmt: skip
