"""From a batch of cells to our columns in their types, with a problem for every cell that cannot be read.

Cells are read as text. What the file typed as we want it is taken as it is, with the same result.
"""

from __future__ import annotations

import dataclasses
import fnmatch
from dataclasses import dataclass

import polars as pl

from hingepoint.connectors.files.cells import moments, numbers
from hingepoint.connectors.files.fields import (
    ANSWER_WORDS,
    FIELDS,
    MOST_MONEY,
    OF_NO_DEAL,
    Field,
    Kind,
    words,
)
from hingepoint.connectors.files.mapping import DealsMapping, EventsMapping, TableMapping
from hingepoint.connectors.files.problems import LISTED, ProblemList
from hingepoint.connectors.files.reading import outcomes
from hingepoint.connectors.files.reading.recognise import ColumnPlan, marks, place_of, tells_status
from hingepoint.connectors.files.reading.survey import cleaned, valued
from hingepoint.connectors.files.tables import Batch, Table, is_text, text_of
from hingepoint.records.agreements import STANDING
from hingepoint.records.deals import EventKind
from hingepoint.records.names import normal


@dataclass(slots=True)
class Span:
    """The numbers of a column of shares as they are written, and whether any has a percent sign."""

    least: float | None = None
    most: float | None = None
    signed: bool = False

    def see(self, values: pl.Series, per_cent: pl.Series) -> None:
        for number in (values.min(), values.max()):
            if isinstance(number, float):
                self.least = number if self.least is None else min(self.least, number)
                self.most = number if self.most is None else max(self.most, number)
        self.signed = self.signed or bool(per_cent.any())


DATE_EXPECTED = "a date such as 2024-03-31, of a year from 1900 to 2199"


@dataclass(slots=True)
class Converter:
    """Turns the batches of one table into frames of good rows.

    ``log``: deals are cases of a log, whose dates may come from events. ``stage_status``: the stage says the
    status. ``dated``: deals have dates. ``signed``: the currency is read from signs before amounts. ``skips``: bad
    rows are skipped, and it is remembered whose they are.
    """

    table: Table
    role: str
    plans: list[ColumnPlan]
    mapping: TableMapping
    zone: str
    log: bool = False
    stage_status: bool = False
    dated: bool = True
    signed: bool = False
    skips: bool = False
    spans: dict[int, Span] = dataclasses.field(default_factory=dict)
    skipped: list[pl.DataFrame] = dataclasses.field(default_factory=list)

    @property
    def unread(self) -> pl.DataFrame | None:
        """What can be read of the bad rows so far: whose they are; None where there are none."""
        return pl.concat(self.skipped, how="vertical_relaxed") if self.skipped else None

    def per_cent(self, plan: ColumnPlan) -> bool:
        """Return whether the numbers of ``plan`` are taken as per cent: cells typed as per cent are shares."""
        return plan.percent and (plan.unit_said or self.table.exact.get(plan.index) != "share")

    def convert(self, batch: Batch, problems: ProblemList) -> pl.DataFrame:
        """Return the good rows of ``batch`` with our columns and ``_row``; tell ``problems`` of the others."""
        return _Conversion(self, batch, problems).run()


class _Conversion:
    """One batch on its way: ``bad`` grows as columns are read."""

    def __init__(self, how: Converter, batch: Batch, problems: ProblemList):
        self.how, self.batch, self.problems = how, batch, problems
        self.rows = batch.rows
        self.texts: dict[int, pl.Series] = {}
        self.bad = pl.repeat(False, len(self.rows), dtype=pl.Boolean, eager=True)
        self.columns: dict[str, pl.Series] = {}
        self.statuses: list[outcomes.Said] = []
        problems.extend(batch.problems)
        problems.bad_rows += len({each.row for each in batch.problems})

    def run(self) -> pl.DataFrame:
        self.columns["_row"] = self.rows
        for plan in sorted(self.how.plans, key=_currency_first):
            if plan.field is None:
                self._keep(plan)
            elif plan.field.name == "status":
                self.statuses.append(outcomes.by_words(self._text(plan.index), "status", self._said()))
            else:
                self._read(plan, plan.field)
        self._constants()
        if self.how.signed and "currency" not in self.columns:
            self.columns["currency"] = pl.repeat(None, len(self.rows), dtype=pl.String, eager=True)
        if self.how.role == "deals":
            self._deals()
        elif self.how.role in ("events", "agreements", "traces"):
            self._events()
        self._must_be_there()
        self.problems.bad_rows += int(self.bad.sum())
        rows = pl.DataFrame([series.alias(name) for name, series in self.columns.items()])
        if self.how.skips and self.bad.any():
            whose = ["deal_id", "agreement", "kind", "at", *(each.keep_as for each in self.how.plans), "_row"]
            self.how.skipped.append(
                rows.filter(self.bad).select(name for name in dict.fromkeys(whose) if name in rows.columns)
            )
        return rows.filter(~self.bad)

    def _text(self, place: int) -> pl.Series:
        """Return the column at ``place`` as stripped text; a constant of the mapping is at -1."""
        if place not in self.texts:
            guarded = self.how.table.format == "csv"
            self.texts[place] = cleaned(self.batch.text(place), guarded=guarded)
        return self.texts[place]

    def _typed(self, place: int) -> pl.Series | None:
        """Return the column at ``place`` as the file types it; None where it holds text."""
        column = self.batch.frame[str(place)] if place >= 0 else None
        return None if column is None or is_text(column) else column

    def _refuse(self, mask: pl.Series, heading: str, values: pl.Series | None, expected: str) -> None:
        """Mark the rows of ``mask`` as bad and list the first of them."""
        mask = mask.fill_null(False)
        if not mask.any():
            return
        self.bad = self.bad | mask
        places = mask.arg_true()
        self.problems.total += len(places)
        listed = places.head(max(0, LISTED - len(self.problems.kept)))
        said = [""] * len(listed) if values is None else text_of(values.gather(listed))
        for at, value in zip(listed, said, strict=True):
            self.problems.total -= 1
            file = self.batch.file or self.how.table.name
            self.problems.add(file, self.rows[at], heading, value, expected)

    def _keep(self, plan: ColumnPlan) -> None:
        if self.how.role != "deals" and self._typed(plan.index) is not None:
            return  # events have no further columns, and nothing can be wrong with a number
        self.columns[plan.keep_as] = self._words(plan)

    def _read(self, plan: ColumnPlan, field: Field) -> None:
        if field.kind is Kind.TEXT:
            values = self._words(plan)
        elif field.kind is Kind.MOMENT:
            values = self._moments(plan)
        elif field.kind is Kind.CHOICE:
            values = self._choice(plan, field)
        elif field.kind is Kind.CURRENCY:
            values = self._currency(plan)
        else:
            values = self._number(plan, field)
        self.columns[field.name] = values

    def _words(self, plan: ColumnPlan) -> pl.Series:
        text = self._text(plan.index)
        self._refuse(text.str.contains("\0", literal=True), plan.heading, text, "text without NUL characters")
        if plan.field is not None:
            self._refuse_unfit(plan, plan.field, text)
        return _nulled(text)

    def _refuse_unfit(self, plan: ColumnPlan, ours: Field, text: pl.Series) -> None:
        """Refuse texts that are too long for one of our columns, and lists of values in its place."""
        if ours.longest and (text.str.len_bytes().max() or 0) > ours.longest:  # type: ignore[operator]
            expected = f"at most {ours.longest} characters"
            self._refuse(text.str.len_chars() > ours.longest, plan.heading, text, expected)
        if self.how.table.format == "json":
            nested = text.str.contains(r"(?s)^(?:\[.*\]|\{.*\})$")
            self._refuse(nested, plan.heading, text, "one value, not a list of values")

    def _moments(self, plan: ColumnPlan) -> pl.Series:
        zones = {"file_zone": self.how.mapping.zone, "zone": self.how.zone}
        cells = self._typed(plan.index)
        if cells is not None and moments.is_typed(cells):
            values, bad = moments.typed_moments(cells, **zones)
        else:
            cells = valued(self._text(plan.index))
            values, bad = moments.read_moments(cells, style=plan.style, day_first=plan.day_first, **zones)
        expected = DATE_EXPECTED if not plan.style else f"a date ({plan.style})"
        self._refuse(bad, plan.heading, cells, expected)
        return self._without_no_dates(values, plan)

    def _without_no_dates(self, values: pl.Series, plan: ColumnPlan) -> pl.Series:
        """Return moments without those of the days that the mapping says stand for none."""
        none = self.how.mapping.no_date
        if not none:
            return values
        days = values.dt.strftime("%Y-%m-%d").is_in(none).fill_null(False)
        if plan.field is not None and plan.field.name == "closed":
            self.columns["_undated"] = days
        return pl.select(pl.when(~days).then(values)).to_series()

    def _number(self, plan: ColumnPlan, field: Field) -> pl.Series:
        cells = self._typed(plan.index)
        if cells is not None and numbers.is_typed(cells):
            values, bad, per_cent = numbers.typed_numbers(cells)
        else:
            cells = valued(self._text(plan.index))
            values, bad, per_cent = numbers.read_numbers(cells, plan.decimal)
        if field.kind is Kind.SHARE:
            self._refuse(bad, plan.heading, cells, "a share such as 0.15, or 15 %")
            signs = per_cent.fill_null(False)
            self.how.spans.setdefault(plan.index, Span()).see(values, signs)
            if self.how.per_cent(plan) and not plan.unit_said:
                self.columns[f"_raw_{field.name}"] = pl.select(pl.when(~signs).then(values)).to_series()
            divide = signs | self.how.per_cent(plan)
            shares = (values / 100).round(12)  # 20.5 / 100 is not 0.205 in floating point
            values = pl.select(pl.when(divide).then(shares).otherwise(values)).to_series()
            wide = ~values.is_between(-1, 1)
            expected = "a share from -1 to 1 such as 0.15, or with a percent sign"
            self._refuse(wide, plan.heading, cells, expected)
            return values
        sign = per_cent.fill_null(False) & ~bad
        if field.kind is Kind.WHOLE:
            odd = bad | sign | ~values.is_between(0, field.most) | (values != values.round(0))
            self._refuse(odd, plan.heading, cells, f"a whole number from 0 to {field.most}")
            return pl.select(pl.when(odd).then(None).otherwise(values).cast(pl.Int8)).to_series()
        self._refuse(values.abs() >= MOST_MONEY, plan.heading, cells, f"an amount below {MOST_MONEY:,.0f}")
        expected = "a number such as 1234.50" if plan.decimal == "." else "a number such as 1234,50"
        self._refuse(bad | sign, plan.heading, cells, expected)
        if is_text(cells):
            self._signs(plan, cells)
        return values

    def _signs(self, plan: ColumnPlan, text: pl.Series) -> None:
        """Take the currency from the signs of amounts where no column gives it; else refuse another one."""
        if not text.str.contains(r"\p{L}|\p{Sc}").any():
            return
        codes = numbers.currency_codes(text)
        given = self.columns.get("currency")
        if given is not None:
            other = codes.is_not_null() & given.is_not_null() & (codes != given)
            self._refuse(other, plan.heading, text, "an amount in the currency of its row")
        if self.how.signed:
            self.columns["currency"] = (
                codes if given is None else pl.select(pl.coalesce(given, codes)).to_series()
            )

    def _currency(self, plan: ColumnPlan) -> pl.Series:
        text = self._text(plan.index)
        codes = text.str.to_uppercase()
        signed = numbers.currency_codes(text + "1")
        codes = pl.select(pl.when(codes.str.contains("^[A-Z]{3}$")).then(codes).otherwise(signed)).to_series()
        self._refuse((text != "") & codes.is_null(), plan.heading, text, "an ISO 4217 code such as EUR")
        return codes

    def _choice(self, plan: ColumnPlan, field: Field) -> pl.Series:
        text = self._text(plan.index)
        known = {normal(each): each for each in field.choices}
        mapping = self.how.mapping
        if field.name == "kind" and isinstance(mapping, EventsMapping):
            known |= {normal(value): kind for kind, values in mapping.kind_values.items() for value in values}
        values = _looked_up(text, known)
        self._refuse((text != "") & values.is_null(), plan.heading, text, _one_of(field.choices))
        return values.fill_null(field.default) if field.default else values

    def _said(self) -> dict[str, str]:
        mapping = self.how.mapping
        return mapping.status_said if isinstance(mapping, DealsMapping) else {}

    def _constants(self) -> None:
        fields = {field.name: field for field in FIELDS[self.how.role]}
        for name, value in self.how.mapping.constants.items():
            if name not in fields:
                continue
            plan = ColumnPlan(-1, f"{name} (mapping)", fields[name], style="iso")
            self.texts[-1] = pl.repeat(value, len(self.rows), dtype=pl.String, eager=True)
            if name == "status":
                self.statuses.append(outcomes.by_words(self._text(-1), "status", self._said()))
            else:
                self._read(plan, fields[name])

    def _deals(self) -> None:
        mapping = self.how.mapping
        assert isinstance(mapping, DealsMapping)
        if mapping.number_rows and "deal_id" not in self.columns:
            self.columns["deal_id"] = self.rows.cast(pl.String)
        self._outcome(mapping)
        self._check_known(mapping)
        self._answers(mapping)
        self._discount()
        self._step_dates(mapping)
        if self.how.dated and "status" in self.columns and not self.how.log:
            self._close_dates()

    def _close_dates(self) -> None:
        """Refuse won and lost deals without a close date, but those whose date the mapping says is none."""
        closed = self.columns.get(
            "closed", pl.repeat(None, len(self.rows), dtype=pl.Datetime("us"), eager=True)
        )
        lacking = self.columns["status"].is_in(["won", "lost"]) & closed.is_null() & ~self.bad
        if "_undated" in self.columns:
            lacking = lacking & ~self.columns["_undated"]
        heading = next(
            (each.heading for each in self.how.plans if each.field and each.field.name == "closed"), "closed"
        )
        self._refuse(lacking, heading, None, "the close date of a won or lost deal")

    def _outcome(self, mapping: DealsMapping) -> None:
        """Say the status as far as rows alone say it: status words, then flags and times, then stage words."""
        if mapping.status_from:
            sources = [self._by_mapping(mapping)]
        else:
            sources = [*self.statuses, *self._marks()]
            if self.how.stage_status and "stage" in self.columns:
                stage = self.columns["stage"].fill_null("")
                sources.append(outcomes.by_words(stage, "stage", self._said()))
        if not sources:
            return
        found = outcomes.together(sources, len(self.rows))
        if "closed" in self.columns:
            # what a mapping says of empty cells is said of deals that ended: without a close date they are open
            never = (found["_word"] == "") & self.columns["closed"].is_null()
            status = (
                pl.when(never & found["status"].is_not_null()).then(pl.lit("open")).otherwise(found["status"])
            )
            found["status"] = pl.select(status.alias("status")).to_series()
        self.columns |= found

    def _by_mapping(self, mapping: DealsMapping) -> outcomes.Said:
        won, lost = (self._meets(mapping.status_from.get(each, {})) for each in ("won", "lost"))  # type: ignore[call-overload]
        status = pl.when(won).then(pl.lit("won")).when(lost).then(pl.lit("lost")).otherwise(pl.lit("open"))
        found = pl.select(status.alias("status")).to_series()
        return outcomes.Said("flag", "status_from: " + found, found)

    def _marks(self) -> list[outcomes.Said]:
        """Return what flags, times and archive say, and fill the close date from the times."""
        if not tells_status(self.how.plans):
            return []
        places = marks(self.how.plans)
        headings = {mark: self.how.plans[place].heading for mark, place in places.items()}
        texts = {mark: self._text(place) for mark, place in places.items()}
        times = {
            mark: self._moments(self.how.plans[places[mark]])
            for mark in ("won_at", "lost_at")
            if mark in places
        }
        never = pl.repeat(None, len(self.rows), dtype=pl.Datetime("us"), eager=True)
        closed = self.columns.get("closed", never)
        if times:
            closed = pl.select(pl.coalesce(closed, *times.values()).alias("closed")).to_series()
            self.columns["closed"] = closed
        found = [
            outcomes.by_flags(texts, headings),
            outcomes.by_times(times.get("won_at"), times.get("lost_at"), headings),
            outcomes.by_archive(texts, headings, closed),
        ]
        return [outcomes.as_answered(each, self._said()) for each in found if each is not None]

    def _meets(self, conditions: dict[str, list[str]]) -> pl.Series:
        if not conditions:
            return pl.repeat(False, len(self.rows), dtype=pl.Boolean, eager=True)
        met = pl.repeat(True, len(self.rows), dtype=pl.Boolean, eager=True)
        for heading, values in conditions.items():
            text = self._text(self._place(heading, "the mapping reads the status from it"))
            met = met & text.str.to_lowercase().is_in([each.casefold() for each in values])
        return met

    def _place(self, heading: str, why: str) -> int:
        return place_of(heading, self.how.table.headings, self.how.table.name, why)

    def _check_known(self, mapping: DealsMapping) -> None:
        for heading in mapping.known_at_creation:
            if heading not in self.columns:
                self._place(heading, "it is listed as known at creation")

    def _answers(self, mapping: DealsMapping) -> None:
        for heading in mapping.agreement_columns:
            index = self._place(heading, "it is listed as an agreement column")
            known = dict(words(ANSWER_WORDS))
            for answer, theirs in mapping.agreement_values.get(heading, {}).items():
                known |= {normal(each): answer for each in theirs}
            text = self._text(index)
            values = _looked_up(text, known)
            self._refuse((text != "") & values.is_null(), heading, text, "yes, no or unknown")
            plan = self.how.plans[index]
            self.columns[plan.keep_as or heading] = values.fill_null("unknown")

    def _discount(self) -> None:
        """Fill the discount from list and net price where it is not given."""
        if "list_price" not in self.columns or "net_price" not in self.columns:
            return
        listed, net = self.columns["list_price"], self.columns["net_price"]
        given = self.columns.get("discount", pl.repeat(None, len(self.rows), dtype=pl.Float64, eager=True))
        computed = pl.select(pl.when(listed > 0).then(1 - net / listed)).to_series()
        wide = given.is_null() & ~computed.is_between(-1, 1)
        self._refuse(wide, "net_price", net.cast(pl.String), "a net price that makes a discount from -1 to 1")
        self.columns["discount"] = pl.select(pl.coalesce(given, computed)).to_series()

    def _step_dates(self, mapping: DealsMapping) -> None:
        for number, heading in enumerate(mapping.events_from_columns):
            index = self._place(heading, "the mapping makes events of it")
            plan = self.how.plans[index]
            if plan.field and plan.field.kind is Kind.MOMENT:
                self.columns[f"_step_{number}"] = self.columns[plan.field.name]
            else:
                self.columns[f"_step_{number}"] = self._moments(plan)

    def _events(self) -> None:
        mapping = self.how.mapping
        assert isinstance(mapping, EventsMapping)
        size = len(self.rows)
        for field in FIELDS[self.how.role]:
            if field.default and field.name not in self.columns:
                self.columns[field.name] = pl.repeat(field.default, size, dtype=pl.String, eager=True)
        if mapping.kinds and "agreement" in self.columns:
            self.columns["kind"] = _kinds(self.columns["agreement"], self.columns["kind"], mapping)
        if self.how.role == "agreements":
            self._standing_since()

    def _standing_since(self) -> None:
        """Refuse agreements that stand without saying since when."""
        never = pl.repeat(None, len(self.rows), dtype=pl.Datetime("us"), eager=True)
        undated = self.columns.setdefault("at", never).is_null()
        stands = self.columns["state"].is_in(sorted(STANDING))
        heading = next(
            (each.heading for each in self.how.plans if each.field and each.field.name == "at"), "at"
        )
        self._refuse(undated & stands & ~self.bad, heading, None, "the date since when it stands")

    def _must_be_there(self) -> None:
        for field in FIELDS[self.how.role]:
            if field.must and field.name in self.columns:
                if field.name == "status":
                    continue  # what no row says is settled when all are known
                if field.name == "created" and (self.how.log or not self.how.dated):
                    continue
                heading = next((each.heading for each in self.how.plans if each.field is field), field.name)
                self._refuse(
                    self.columns[field.name].is_null() & ~self.bad & ~self._may_be_empty(field),
                    heading,
                    None,
                    "a value, not an empty cell",
                )

    def _may_be_empty(self, field: Field) -> pl.Series:
        """Return where a column that must be there may be empty: events of no deal name none, and what is no agreement
        needs no name."""
        if self.how.role == "traces" and field.name == "deal_id":
            return self.columns["kind"].is_in(list(OF_NO_DEAL))
        if self.how.role == "traces" and field.name == "agreement":
            return self.columns["kind"] != EventKind.AGREEMENT.value
        return pl.repeat(False, len(self.rows), dtype=pl.Boolean, eager=True)


def _currency_first(plan: ColumnPlan) -> bool:
    return plan.field is None or plan.field.kind is not Kind.CURRENCY


def _nulled(text: pl.Series) -> pl.Series:
    return pl.select(pl.when(text != "").then(text)).to_series()


def _looked_up(text: pl.Series, known: dict[str, str]) -> pl.Series:
    """Return the meaning of each text, without regard to case, spaces and punctuation; null when unknown."""
    distinct = text.unique().to_list()
    meaning = {each: known.get(normal(each) or each) for each in distinct}
    return text.replace_strict(meaning, return_dtype=pl.String, default=None)


def _one_of(choices: tuple[str, ...]) -> str:
    return ", ".join(choices[:-1]) + " or " + choices[-1]


def _kinds(steps: pl.Series, kinds: pl.Series, mapping: EventsMapping) -> pl.Series:
    """Return ``kinds`` with those that the mapping gives by the name of the step; ``*`` stands for anything."""
    meaning = {}
    for step in steps.unique().drop_nulls():
        for kind, patterns in mapping.kinds.items():
            if any(fnmatch.fnmatchcase(step, pattern) for pattern in patterns):
                meaning[step] = kind.value
    found = steps.replace_strict(meaning, return_dtype=pl.String, default=None)
    return pl.select(pl.coalesce(found, kinds)).to_series()
