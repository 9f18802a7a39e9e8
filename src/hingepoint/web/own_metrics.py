"""Metrics of the company's own: defined by choice, tried on real deals before they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify

from hingepoint.analysis import metrics, own_metrics
from hingepoint.analysis.own_metrics import DEALS, EXTRA, MOST_CONDITIONS, SHARES, Condition, Definition
from hingepoint.domain.strategy import actions
from hingepoint.domain.strategy.queries import own_metrics as queries
from hingepoint.records.languages import say
from hingepoint.records.metrics import Better, Compare, Counted, Unit
from hingepoint.web import drafts, strategy_words
from hingepoint.web.requests import Request
from hingepoint.web.sent import once

PARTS, NAMES = ("where", "among"), ("field", "compare", "values")
ROWS = range(MOST_CONDITIONS)
#: What is wrong with a condition is said at its field.
FIELDS = {f"{part}_{n}": f"{part}_field_{n}" for part in PARTS for n in ROWS}


def _choices(labels: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (name, say("{label}, in percent", label=label) if name in SHARES else label)
        for name, label in labels.items()
    ]


class OwnMetricForm(forms.Form):
    """A metric as a person puts it together. ``columns`` are those kept from files."""

    name = forms.CharField(max_length=80, label="Name")
    unit = forms.ChoiceField(choices=Unit.choices, label="Unit")
    better = forms.ChoiceField(choices=Better.choices, label="Which way is good")
    deals = forms.ChoiceField(choices=Counted.choices, label="Which deals")
    number = forms.ChoiceField(label="What is counted or summed")
    over = forms.ChoiceField(label="Divided by")

    def __init__(self, *args: Any, columns: Sequence[str] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        kept = {EXTRA + name: name for name in columns}
        for part in ("number", "over"):
            drafts.offer(self, part, summed(kept))
        for part in PARTS:
            for n in ROWS:
                self.fields[f"{part}_field_{n}"] = forms.ChoiceField(
                    required=False, choices=[("", ""), *asked(kept)]
                )
                self.fields[f"{part}_compare_{n}"] = forms.ChoiceField(
                    required=False, choices=Compare.choices
                )
                self.fields[f"{part}_values_{n}"] = forms.CharField(required=False, max_length=200)

    def clean(self) -> None:
        for part in PARTS:
            for n in ROWS:
                if self.cleaned_data.get(f"{part}_values_{n}") and not self.data.get(f"{part}_field_{n}"):
                    self.add_error(
                        f"{part}_field_{n}", "Choose the field that this is asked of, or empty the row."
                    )

    def definition(self, key: str) -> Definition:
        """Return what was put together; a new metric gets its key from its name."""
        said = self.cleaned_data
        return Definition(
            key=key or slugify(said["name"])[:40] or "metric",
            name=said["name"],
            unit=Unit(said["unit"]),
            better=Better(said["better"]),
            deals=Counted(said["deals"]),
            number=said["number"],
            where=self._conditions("where"),
            over=said["over"],
            among=self._conditions("among"),
        )

    def _conditions(self, part: str) -> tuple[Condition, ...]:
        rows = [[self.cleaned_data[f"{part}_{name}_{n}"] for name in NAMES] for n in ROWS]
        return tuple(_condition(*row) for row in rows if row[0])


def without_gaps(typed: QueryDict) -> QueryDict:
    """Return what was typed with the rows that say nothing last: a condition stands in the row of its number."""
    said = typed.copy()
    for part in PARTS:
        rows = [[typed.get(f"{part}_{name}_{n}", "") for name in NAMES] for n in ROWS]
        rows.sort(key=lambda row: not (row[0] or row[-1]))
        for n, row in enumerate(rows):
            for name, value in zip(NAMES, row, strict=True):
                said[f"{part}_{name}_{n}"] = value
    return said


def _condition(field: str, compare: str, typed: str) -> Condition:
    chosen = Compare(compare or Compare.IS)
    parts = typed.split(",") if chosen == Compare.ONE_OF else [typed]
    values = tuple(one.strip() for one in parts if one.strip())
    return Condition(field, chosen, tuple(_scaled(field, one, 0.01) for one in values))


def _scaled(field: str, text: str, scale: float) -> str:
    """Return a share as it is stored, or as it is typed in percent; anything else as it is."""
    if field not in SHARES:
        return text
    try:
        return metrics.figure(float(text) * scale)
    except ValueError:
        return text


def summed(kept: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what can be counted or summed: deals, their numbers, columns kept from files."""
    sums = {
        name: say("Sum of {name}", name=label[:1].lower() + label[1:])
        for name, label in own_metrics.NUMBERS.items()
    }
    return [
        (DEALS, say("Number of deals")),
        *sums.items(),
        *((one, say("Sum of {name}", name=name)) for one, name in kept.items()),
    ]


def asked(kept: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the fields that a condition can ask of."""
    return _choices(own_metrics.WORDS | own_metrics.NUMBERS | dict(kept))


def own_metric_list(request: Request) -> HttpResponse:
    """The metrics that the company defined itself, with what each counts."""
    return render(request, "strategy/own_metrics.html", {"lines": queries.lines(request.user)})


@drafts.kept(fields=FIELDS)
@once()
def new_own_metric(request: Request) -> HttpResponse:
    """Define a metric by choice, see what it counts, keep it."""
    return _answered(request, None)


@drafts.kept(fields=FIELDS)
def edit_own_metric(request: Request, key: str) -> HttpResponse:
    """Define a metric anew: the next version, with a series of its own."""
    return _answered(request, queries.newest(request.user, key))


def _answered(request: Request, now: Definition | None) -> HttpResponse:
    queries.require_keeper(request.user)
    columns = queries.kept_columns(request.user)
    if request.method != "POST":
        return _form(request, _on_record(now) if now else _blank(), columns, now=now)
    request.POST = without_gaps(request.POST)  # type: ignore[assignment]  # what is wrong is said beside what was typed
    form = OwnMetricForm(request.POST, columns=columns)
    drafts.read(form)
    definition = form.definition(now.key if now else "")
    if request.POST.get("do") == "preview":
        seen = queries.preview(request.user, definition, today=timezone.localdate())
        return _form(request, _blank() | request.POST.dict(), columns, now=now, seen=seen)
    row = actions.define_metric(
        by=request.user,
        at=timezone.now(),
        definition=definition,
        expected_version=drafts.version_of(request.POST) if now else None,
        is_new=now is None,
    )
    messages.info(
        request,
        say(
            "{definition} is defined, version {version}. Set a target on it.",
            definition=definition.name,
            version=row.version,
        ),
    )
    return redirect("own-metrics")


def _blank() -> dict[str, Any]:
    rows = {f"{part}_{name}_{n}": "" for part in PARTS for name in NAMES for n in ROWS}
    return drafts.blank(OwnMetricForm) | rows | {"number": DEALS, "over": DEALS}


def _on_record(now: Definition) -> dict[str, Any]:
    plain = ("name", "unit", "better", "deals", "number", "over", "version")
    known = _blank() | {name: getattr(now, name) for name in plain}
    for part in PARTS:
        for n, one in enumerate(getattr(now, part)):
            typed = ", ".join(_scaled(one.field, value, 100) for value in one.values)
            known |= {
                f"{part}_field_{n}": one.field,
                f"{part}_compare_{n}": one.compare,
                f"{part}_values_{n}": typed,
            }
    return known


def _form(
    request: Request,
    known: dict[str, Any],
    columns: Sequence[str],
    *,
    now: Definition | None,
    seen: queries.Preview | None = None,
) -> HttpResponse:
    draft, kept = drafts.of(request), {EXTRA + name: name for name in columns}
    context = {
        "draft": draft,
        "said": draft.over(known),
        "problems": draft.problems,
        "now": now,
        "seen": seen,
        "say": strategy_words,
        "rows": ROWS,
        "summed": summed(kept),
        "asked": asked(kept),
        "compares": Compare.choices,
        "units": Unit.choices,
        "ways": Better.choices,
        "counted": Counted.choices,
    }
    return render(request, "strategy/own_metric.html", context)
