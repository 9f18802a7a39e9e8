"""Which column is which: by the mapping, by name, by synonym."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from hingepoint.connectors.files.fields import FIELDS, MARKS, Field, Kind, without_accents
from hingepoint.connectors.files.mapping import DealsMapping, TableMapping
from hingepoint.connectors.files.problems import FileProblem, shown
from hingepoint.records.names import normal


@dataclass(slots=True)
class ColumnPlan:
    """One column of the file: our field, if any, how it was recognised, and how its values are read.

    ``percent``: numbers are per cent; ``unit_said``: by the mapping, not by the heading alone.
    ``style``, ``day_first`` and ``decimal`` are decided after the whole column has been seen.
    """

    index: int
    heading: str
    field: Field | None = None
    how: str = ""
    percent: bool = False
    unit_said: bool = False
    decimal: str = "."
    style: str = ""
    day_first: bool = True
    keep_as: str = ""
    settled_by: str = ""


def recognise(headings: list[str], role: str, mapping: TableMapping, name: str) -> list[ColumnPlan]:
    """Return a plan for every column of a table of a ``role`` (a key of ``FIELDS``).

    Raises ``FileProblem`` when the mapping names a column that is not there, or two columns have one name.
    """
    plans = [ColumnPlan(i, heading) for i, heading in enumerate(headings)]
    fields = {field.name: field for field in FIELDS[role]}
    for ours, theirs in mapping.columns.items():
        if ours not in fields:
            what = f"the mapping reads `{ours}` from column {shown(theirs)!r}."
            raise FileProblem(name, what, f"A table of {role} has no such column; a table of agreements has.")
        plan = plans[place_of(theirs, headings, name, f"the mapping reads `{ours}` from it")]
        if plan.field is not None:
            what = f"the mapping reads both `{plan.field.name}` and `{ours}` from column {shown(theirs)!r}."
            raise FileProblem(name, what, "Give each its own column.")
        plan.field, plan.how = fields[ours], "mapping"
        _say_unit(plan, mapping, per_cent=_says_per_cent(theirs))
    known = set(mapping.columns) | set(mapping.constants)
    if isinstance(mapping, DealsMapping) and mapping.status_from:
        known.add("status")
    used = _used_otherwise(mapping)
    by_word: dict[str, list[ColumnPlan]] = {}
    for plan in plans:
        if plan.heading not in used:
            by_word.setdefault(normal(plan.heading), []).append(plan)
    for field in FIELDS[role]:
        if field.name not in known:
            _recognise_field(field, by_word, name, mapping)
    _name_the_rest(plans, fields)
    return plans


def _used_otherwise(mapping: TableMapping) -> set[str]:
    """Return headings that the mapping gives another meaning, so that no field claims them by synonym."""
    if not isinstance(mapping, DealsMapping):
        return set()
    names = {normal(field.name) for field in FIELDS["deals"]}
    return {
        *mapping.agreement_columns,
        *(each for each in mapping.known_at_creation if normal(each) not in names),
    }


def place_of(heading: str, headings: list[str], name: str, why: str) -> int:
    """Return the position of ``heading``, exactly or without regard to case and punctuation."""
    exact = [i for i, each in enumerate(headings) if each == heading.strip()]
    alike = exact or [i for i, each in enumerate(headings) if normal(each) == normal(heading)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise FileProblem(
            name, f"has {len(alike)} columns {shown(heading)!r} ({why}).", "Rename one of them."
        )
    there = ", ".join(shown(each) for each in headings[:20])
    raise FileProblem(name, f"has no column {shown(heading)!r} ({why}).", f"It has: {there}.")


def _recognise_field(
    field: Field, by_word: dict[str, list[ColumnPlan]], name: str, mapping: TableMapping
) -> None:
    spellings = _spellings(field)
    for word in sorted(by_word.keys() & spellings.keys(), key=lambda each: spellings[each][0]):
        order, percent = spellings[word]
        found = [each for each in by_word.get(word, ()) if each.field is None]
        if len(found) > 1 and order == 0:
            both = " and ".join(shown(each.heading) for each in found[:3])
            advice = "Keep one, or say which in a mapping."
            raise FileProblem(name, f"has several columns for `{field.name}`: {both}.", advice)
        if found:
            found[0].field, found[0].how = field, "name" if order == 0 else "synonym"
            _say_unit(found[0], mapping, per_cent=percent)
            return


def _say_unit(plan: ColumnPlan, mapping: TableMapping, *, per_cent: bool) -> None:
    """Say whether the numbers of ``plan`` are per cent: by the mapping, else by its heading (``per_cent``)."""
    assert plan.field is not None
    name = plan.field.name
    plan.unit_said = name in mapping.percent or name in mapping.share
    plan.percent = name in mapping.percent or (per_cent and name not in mapping.share)


def _says_per_cent(heading: str) -> bool:
    word = normal(heading)
    return "%" in word or "percent" in word or word.endswith("pct")


@functools.cache
def _spellings(field: Field) -> dict[str, tuple[int, bool]]:
    """Return ``{normal heading: (rank, whether it says per cent)}`` of everything that ``field`` may be called."""
    spelt = (field.name, *field.synonyms)
    words = list(dict.fromkeys(normal(each) for form in (str, without_accents) for each in map(form, spelt)))
    found = [(word, False) for word in words]
    if field.kind is Kind.SHARE:
        forms = ("{}%", "%{}", "{}percent", "{}pct", "{}percentage")
        found += [(form.format(word), True) for word in words for form in forms]
    return {word: (rank, percent) for rank, (word, percent) in reversed(list(enumerate(found)))}


def _name_the_rest(plans: list[ColumnPlan], fields: dict[str, Field]) -> None:
    """Give the columns that are none of ours the names under which they are kept."""
    taken = set(fields)
    for plan in plans:
        if plan.field is not None:
            continue
        base = plan.heading or f"column_{plan.index + 1}"
        name = base if base not in taken else f"{base} (file)"
        count = 2
        while name in taken:
            name, count = f"{base}_{count}", count + 1
        plan.keep_as = name
        taken.add(name)


def missing(
    plans: list[ColumnPlan], role: str, mapping: TableMapping, *, log: bool, outcome: bool
) -> list[str]:
    """Return the columns that must be there and are not."""
    there = {each.field.name for each in plans if each.field} | set(mapping.constants)
    must = [field.name for field in FIELDS[role] if field.must and field.name not in there]
    if isinstance(mapping, DealsMapping):
        if mapping.number_rows and "deal_id" in must:
            must.remove("deal_id")
        if (mapping.agreement_columns or log) and "created" in must:
            must.remove("created")
        if "status" in must and (mapping.status_from or outcome or tells_status(plans) or "stage" in there):
            must.remove("status")
    return must


def marks(plans: list[ColumnPlan]) -> dict[str, int]:
    """Return the positions of the columns of ``fields.MARKS`` that are there, by what they mark."""
    spellings = _mark_spellings()
    found: dict[str, int] = {}
    for plan in plans:
        mark = spellings.get(normal(plan.heading))
        if mark and plan.field is None:
            found.setdefault(mark, plan.index)
    return found


@functools.cache
def _mark_spellings() -> dict[str, str]:
    return {normal(heading): mark for mark, headings in MARKS.items() for heading in headings}


#: Marks that say the status where they stand together.
_TELLING = ({"closed", "won"}, {"won", "lost"}, {"won_at", "lost_at"}, {"active", "probability"})


def tells_status(plans: list[ColumnPlan]) -> bool:
    """Return whether flags or times say together which deals are won and lost."""
    there = marks(plans).keys()
    return any(pair <= there for pair in _TELLING)


def judge_for(role: str, mapping: TableMapping, *, log: bool = False, outcome: bool = False):  # type: ignore[no-untyped-def]
    """Return a judge of headings: ``(how many of our columns, whether all that must be there are)``."""
    added = [heading for join in mapping.joins for heading in join.take]

    def judge(record: list[str]) -> tuple[int, bool]:
        headings = [*(cell.strip() for cell in record), *added]
        try:
            plans = recognise(headings, role, mapping, "")
        except FileProblem:
            alone = type(mapping)()
            try:
                plans = recognise(headings, role, alone, "")
            except FileProblem:
                return 1, False
            return sum(each.field is not None for each in plans), False
        known = sum(each.field is not None for each in plans[: len(record)])
        if isinstance(mapping, DealsMapping) and mapping.agreement_columns:
            known += sum(heading in mapping.agreement_columns for heading in headings)
        return known, not missing(plans, role, mapping, log=log, outcome=outcome)

    return judge
