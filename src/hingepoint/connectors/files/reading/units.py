"""Whether the numbers of a column are shares (0.15) or per cent (15): by heading, cells and other columns.

A heading that says per cent over numbers that all lie between -1 and 1 may mean either. Prices beside them
decide; without any, the owner is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from hingepoint.connectors.files.cells.convert import Converter, Span
from hingepoint.connectors.files.fields import Kind
from hingepoint.connectors.files.reading.recognise import ColumnPlan
from hingepoint.connectors.files.reading.understanding import Answer, Question, ShareColumn

#: A share -> the columns (whole, part) that it is computed from: 1 - part / whole.
_COMPUTED = {"discount": ("list_price", "net_price"), "margin": ("net_price", "cost")}

#: A written share agrees with a computed one up to rounding, in at least so many rows.
_CLOSE, _MOST_ROWS = 0.006, 0.9


@dataclass(frozen=True, slots=True)
class Units:
    """``deals`` with their shares in the unit that was decided, what was read, and what must be asked."""

    deals: pl.DataFrame
    shares: tuple[ShareColumn, ...]
    questions: tuple[Question, ...]


def decide(deals: pl.DataFrame, converter: Converter) -> Units:
    """Return the units of all columns of shares; a column that is asked about is empty."""
    shares, questions = [], []
    for plan in converter.plans:
        span = converter.spans.get(plan.index)
        if plan.field is None or plan.field.kind is not Kind.SHARE or span is None:
            continue
        name = plan.field.name
        unit = _unit(deals, converter, plan, span)
        if unit == "share" and f"_raw_{name}" in deals.columns:
            deals = deals.with_columns(pl.coalesce(f"_raw_{name}", name).alias(name))
        elif unit == "asked":
            filled = deals.height - deals[name].null_count()
            deals = deals.with_columns(pl.lit(None, dtype=pl.Float64).alias(name))
            questions.append(_question(plan, span, converter.role, filled))
        shares.append(ShareColumn(plan.heading, unit, span.least, span.most, said=plan.unit_said))
    raw = [column for column in deals.columns if column.startswith("_raw_")]
    return Units(deals.drop(raw), tuple(shares), tuple(questions))


def _unit(deals: pl.DataFrame, converter: Converter, plan: ColumnPlan, span: Span) -> str:
    if not converter.per_cent(plan):
        return "per cent" if span.signed else "share"
    small = span.least is not None and span.most is not None and span.least >= -1 and span.most <= 1
    if plan.unit_said or span.signed or not small or not (span.least or span.most):
        return "per cent"
    assert plan.field is not None
    return _by_prices(deals, plan.field.name) or "asked"


def _by_prices(deals: pl.DataFrame, name: str) -> str:
    """Return the unit in which the written shares agree with the computed ones, empty when none does."""
    whole, part = _COMPUTED.get(name, ("", ""))
    if whole not in deals.columns or part not in deals.columns:
        return ""
    written, computed = pl.col(f"_raw_{name}"), 1 - pl.col(part) / pl.col(whole)
    rows = deals.filter(
        (pl.col(whole) > 0) & written.is_not_null() & ((written - written / 100).abs() > 2 * _CLOSE)
    )
    if not rows.height:
        return ""
    found = rows.select(
        ((written - computed).abs() < _CLOSE).mean().alias("share"),
        ((written / 100 - computed).abs() < _CLOSE).mean().alias("per cent"),
    ).row(0, named=True)
    agreeing = [unit for unit, rate in found.items() if rate is not None and rate >= _MOST_ROWS]
    return agreeing[0] if len(agreeing) == 1 else ""


def _question(plan: ColumnPlan, span: Span, role: str, filled: int) -> Question:
    assert plan.field is not None
    assert span.least is not None
    assert span.most is not None
    most = span.most or span.least
    about = (
        f"The heading of column “{plan.heading}” says per cent, and all its numbers lie between {span.least:g} and"
        f" {span.most:g}. {most:g} means"
    )
    answers = tuple(
        Answer(label, {role: {unit: [plan.field.name]}})
        for label, unit in ((f"{100 * most:g}%", "share"), (f"{most:g}%", "percent"))
    )
    return Question(about, answers, plan.heading, deals=filled)
