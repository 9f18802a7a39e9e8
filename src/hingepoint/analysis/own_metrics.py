"""Result metrics that a company defines itself: a number of deals or a sum over them, by another, on deals of its choice.

A metric of one's own carries its whole definition in its name (``own:`` and the definition as JSON), so that a target, a run
and a stored answer each say by which version they were counted. People choose it in a form or write it in the file of
definitions; nobody types the name.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace

import polars as pl

from hingepoint.records.languages import words_of
from hingepoint.records.metrics import Better, Compare, Counted, Unit

PREFIX = "own:"
#: A definition is stored and looked up by its name, which a database's index must hold.
MOST_LETTERS = 1000
#: What is counted where no field is summed.
DEALS = "deals"
#: Fields that hold numbers and can be summed: those of deals, by their column.
NUMBERS = words_of(
    {
        "amount": "Amount",
        "initial_amount": "Amount at creation",
        "list_price": "List price",
        "net_price": "Net price",
        "cost": "Cost",
        "discount": "Discount",
        "margin": "Margin",
        "cycle_days": "Days from creation to closing",
    }
)
#: Fields that hold words.
WORDS = {
    "segment": "Segment",
    "region": "Region",
    "product": "Product",
    "source": "Source",
    "status": "How it ended",
}
SHARES = frozenset({"discount", "margin"})
#: Words known when a deal was created: what becomes of it does not change them.
KNOWN_AT_CREATION = frozenset({"segment", "region", "product", "source"})
#: A column kept from files is named with this before its own name.
EXTRA = "extra."


class MetricError(ValueError):
    """The metric is not known or its columns are not there; the message says what is possible."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Of a deal: that its ``field`` is a word, one of several, or at least or at most a number."""

    field: str
    compare: Compare
    values: tuple[str, ...]

    def expression(self) -> pl.Expr:
        """Return whether a deal meets it; one that says nothing of the field does not."""
        column = pl.col(self.field)
        if self.compare in (Compare.IS, Compare.ONE_OF):
            return column.cast(pl.String).is_in(list(self.values)).fill_null(False)
        bound, number = float(self.values[0]), _number(self.field)
        return ((number >= bound) if self.compare == Compare.AT_LEAST else (number <= bound)).fill_null(False)


@dataclass(frozen=True, slots=True)
class Definition:
    """A metric of one's own: the sum of ``number`` over the deals that meet ``where``, by the sum of ``over``, on the
    ``deals`` that meet ``among``. ``number`` and ``over`` are ``deals`` or a field; ``since``: when this version was made."""

    key: str
    name: str
    unit: Unit
    better: Better
    deals: Counted
    number: str = DEALS
    where: tuple[Condition, ...] = ()
    over: str = DEALS
    among: tuple[Condition, ...] = ()
    version: int = 1
    since: dt.date = dt.date.min

    @property
    def is_count(self) -> bool:
        """Whether each deal does or does not count, so that the metric is a share of deals."""
        return self.number == self.over == DEALS

    @property
    def extra(self) -> tuple[str, ...]:
        """Return the columns kept from files that it reads, by their own names."""
        named = [self.number, self.over, *(one.field for one in (*self.where, *self.among))]
        return tuple(sorted({name.removeprefix(EXTRA) for name in named if name.startswith(EXTRA)}))

    @property
    def is_outcome(self) -> bool:
        """Whether discovery can judge by it: what each won deal brings, on deals told apart by what was known at creation."""
        known = all(one.field in KNOWN_AT_CREATION for one in self.among)
        return self.deals == Counted.WON and self.over == DEALS and known and not self.extra


#: Of new deals, what is known of each, open or closed.
_OF_NEW = KNOWN_AT_CREATION | {"initial_amount"}
MOST_CONDITIONS = 3


def problems(definition: Definition) -> dict[str, str]:
    """Return what is wrong with a definition, by its field."""
    found = {}
    if not definition.name.strip():
        found["name"] = "Name it, as it shall stand on pages."
    for part in ("number", "over"):
        if words := _wrong_sum(getattr(definition, part), definition.deals):
            found[part] = words
    for part in ("where", "among"):
        for place, one in enumerate(getattr(definition, part)):
            if words := _wrong_condition(one, definition.deals):
                found[f"{part}_{place}"] = words
    if definition.number == definition.over and not definition.where:
        found.setdefault(
            "number", "Above and below is the same, which is always 1. Say which deals count above."
        )
    if definition.is_count and definition.unit != Unit.SHARE:
        found.setdefault("unit", "Deals by deals are a share: choose percent.")
    return found


def _wrong_sum(name: str, deals: Counted) -> str:
    if name == DEALS or name.startswith(EXTRA):
        return ""
    if name not in NUMBERS:
        return "Choose what is counted or summed."
    return _not_known_of_new(name, deals)


def _not_known_of_new(name: str, deals: Counted) -> str:
    if deals == Counted.NEW and not name.startswith(EXTRA) and name not in _OF_NEW:
        return (
            f"{_capital(field_name(name))} is not settled while a deal is open. Count closed deals instead."
        )
    return ""


def _wrong_condition(one: Condition, deals: Counted) -> str:
    is_number = one.compare in (Compare.AT_LEAST, Compare.AT_MOST)
    if one.field not in NUMBERS and one.field not in WORDS and not one.field.startswith(EXTRA):
        return "Choose a field."
    if not one.values:
        return "Say what it is held against."
    if is_number and one.field in WORDS:
        return f"{WORDS[one.field]} is a word. Choose “is” or “is one of”."
    if not is_number and one.field in NUMBERS:
        return f"{NUMBERS[one.field]} is a number. Choose “is at least” or “is at most”."
    if is_number and not _is_number(one.values[0]):
        return f"“{one.values[0]}” is no number."
    return _not_known_of_new(one.field, deals)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def same(one: Definition, other: Definition) -> bool:
    """Return whether two versions of a metric count the same."""
    return replace(one, version=0, since=dt.date.min) == replace(other, version=0, since=dt.date.min)


def named(definition: Definition) -> str:
    """Return the name under which a definition is stored. Raises MetricError where it is too long for that."""
    told = asdict(definition) | {"since": definition.since.isoformat()}
    text = PREFIX + json.dumps(told, sort_keys=True, separators=(",", ":"))
    if len(text) > MOST_LETTERS:
        raise MetricError(
            f"“{definition.name}” says too much: leave out a condition, or choose fewer words for one."
        )
    return text


def is_own(name: str) -> bool:
    """Return whether a metric's name is that of one of the company's own."""
    return name.startswith(PREFIX)


def read(name: str) -> Definition:
    """Return the definition that a name carries. Raises MetricError."""
    try:
        told = json.loads(name.removeprefix(PREFIX))
        conditions = {part: _conditions(told[part]) for part in ("where", "among")}
        enums = {"unit": Unit, "better": Better, "deals": Counted}
        kinds = {part: kind(told[part]) for part, kind in enums.items()}
        plain = {one.name: told[one.name] for one in fields(Definition)}
        return Definition(**plain | conditions | kinds | {"since": dt.date.fromisoformat(told["since"])})
    except (ValueError, TypeError, KeyError):
        raise MetricError("This metric of your own cannot be read. Define it again.") from None


def _conditions(told: Iterable[dict]) -> tuple[Condition, ...]:
    return tuple(Condition(one["field"], Compare(one["compare"]), tuple(one["values"])) for one in told)


def counted(definition: Definition, deals: pl.DataFrame) -> pl.DataFrame:
    """Return ``id``, ``closed``, ``value`` and ``weight`` of each deal that counts: the metric is the mean of ``value``,
    weighted. ``closed`` is the day by which it counts. Raises MetricError where no deal counts, and says why.

    A deal whose numbers are not known, or that there is nothing of to divide by, does not count.
    """
    among = _among(definition, deals)
    if among.is_empty():
        raise MetricError(f"No {definition.deals.noun} fits what “{definition.name}” counts.")
    day = pl.col("created" if definition.deals == Counted.NEW else "closed")
    known = among.select(
        "id", closed=day, number=_summed(definition.number, definition.where), weight=_number(definition.over)
    ).drop_nulls("number")
    some = known.filter(pl.col("weight") > 0)
    if some.is_empty():
        raise MetricError(_why_none(definition, among.height, known.height))
    return some.select("id", "closed", (pl.col("number") / pl.col("weight")).alias("value"), "weight")


def _among(definition: Definition, deals: pl.DataFrame) -> pl.DataFrame:
    return deals.filter(_of_kind(definition, deals), *(one.expression() for one in definition.among))


def fitting(definition: Definition, deals: pl.DataFrame) -> int:
    """Return how many deals a definition is of, whether or not they say what it counts."""
    return _among(definition, deals).height


def _why_none(definition: Definition, among: int, known: int) -> str:
    what = f"“{definition.name}” cannot be told"
    if not known:
        return f"{what}: {field_name(definition.number)} is not known of any of {among:,} deals."
    return f"{what}: {field_name(definition.over)} is 0 or not known on all of {among:,} deals, and nothing is divided by 0."


def _of_kind(definition: Definition, deals: pl.DataFrame) -> pl.Expr:
    missing = [name for name in _read(definition) if name not in deals.columns]
    if missing:
        raise MetricError(f"“{definition.name}” needs {', '.join(map(field_name, missing))} of the deals.")
    status = pl.col("status")
    if definition.deals == Counted.NEW:
        return pl.lit(True)
    return status != "open" if definition.deals == Counted.CLOSED else status == definition.deals.value


def _read(definition: Definition) -> list[str]:
    """Return the columns that a definition reads."""
    summed = [name for name in (definition.number, definition.over) if name != DEALS]
    return [*summed, *(one.field for one in (*definition.where, *definition.among))]


def _number(name: str) -> pl.Expr:
    return pl.lit(1.0) if name == DEALS else pl.col(name).cast(pl.Float64, strict=False)


def _summed(name: str, where: tuple[Condition, ...]) -> pl.Expr:
    """Return what a deal adds to the number: nothing where it does not meet the conditions."""
    if not where:
        return _number(name)
    met = pl.all_horizontal([one.expression() for one in where])
    return pl.when(met).then(_number(name)).otherwise(0.0)


def value_if_won(definition: Definition, deals: pl.DataFrame) -> pl.Series:
    """Return what each deal counts for if it is won; null where that is not known or it is not among the deals."""
    fits = pl.all_horizontal([pl.lit(True), *(one.expression() for one in definition.among)])
    value = pl.when(fits).then(_summed(definition.number, definition.where))
    return deals.select(value.cast(pl.Float64).alias("value"))["value"]


def field_name(name: str) -> str:
    """Return what a field is called in a sentence."""
    if name == DEALS:
        return "the number of deals"
    known = (NUMBERS | WORDS).get(name)
    return f"the {known[:1].lower()}{known[1:]}" if known else name.removeprefix(EXTRA)


def in_words(definition: Definition) -> str:
    """Return what a definition counts, in a sentence: ``The number of deals …, of all won deals``."""
    number = "Deals" if definition.number == DEALS else f"The sum of {field_name(definition.number)}"
    where = f" with {_told(definition.where)}" if definition.where else ""
    over = "deal" if definition.over == DEALS else f"unit of {field_name(definition.over)}"
    among = f" with {_told(definition.among)}" if definition.among else ""
    return f"{number}{where}, per {over}, of {definition.deals.label.lower()}{among}."


def _told(conditions: tuple[Condition, ...]) -> str:
    said = [
        f"{field_name(one.field).removeprefix('the ')} {one.compare.label} {_values_told(one)}"
        for one in conditions
    ]
    return " and ".join(said)


def _values_told(one: Condition) -> str:
    if one.field in SHARES:
        return ", ".join(f"{round(float(value) * 100, 2):g}%" for value in one.values)
    return ", ".join(one.values)
