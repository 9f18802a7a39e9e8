"""A result metric by choice: what is measured, and for a sale on target the figures that it keeps to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from hingepoint.analysis import metric_words, metrics
from hingepoint.records.languages import say, words_of

#: So many figures may be named in a form; a file of definitions may name more.
ROWS = 3
ON_TARGET, KEPT = "supportive", "kept"
NO_FIGURE = words_of("Say what a sale on target keeps to, such as a discount of at most 15.")
COMPARES = words_of((("<=", "at most"), (">=", "at least"), ("<", "less than"), (">", "more than")))
#: What a sale may be judged on, with the unit in which it is typed.
JUDGED_ON = words_of(
    (
        ("discount", "Discount, in percent"),
        ("margin", "Margin, in percent"),
        ("cycle_days", "Days from creation to winning"),
        ("amount", "Amount"),
        ("revenue", "Revenue"),
        ("net_price", "Net price"),
        ("list_price", "List price"),
        ("cost", "Cost"),
    )
)
_PERCENT = ("discount", "margin")
_UNITS = {
    "share": words_of("{metric}, in percent"),
    "days": words_of("{metric}, in days"),
    "money": words_of("{metric}, in money"),
    "number": words_of("{metric}, in its own unit"),
}


def measures(own: Sequence[str] = (), *, outcomes: bool = False) -> list[tuple[str, str]]:
    """Return what a target may be set on: value and words, with the unit; the company's ``own`` metrics too. With
    ``outcomes`` only what a strategy as a whole may be judged by, as discovery is."""
    left_out = metrics.NO_TARGETS | (metrics.NO_OUTCOMES.keys() if outcomes else set())
    names = [name for name in metrics.BUILT_IN if name not in left_out]
    names += [name for name in own if not outcomes or metrics.is_outcome(name)]
    told = [(name, say(_UNITS[metrics.parse(name).kind], metric=metric_words.title(name))) for name in names]
    return [(ON_TARGET, say("Deals won with the figures named below, in percent")), *told]


def _judged() -> forms.ChoiceField:
    return forms.ChoiceField(required=False, choices=[("", ""), *JUDGED_ON])


def _compare() -> forms.ChoiceField:
    return forms.ChoiceField(required=False, choices=[("", ""), *COMPARES])


def _bound() -> forms.FloatField:
    return forms.FloatField(required=False, label="How much")


class MeasureForm(forms.Form):
    """A metric by choice; ``metric`` is what it says, written as for discovery. ``now`` is a metric that the form
    cannot say, and that may be kept; ``own``: the company's own."""

    outcomes = False

    measure = forms.ChoiceField(choices=measures, error_messages={"required": "Choose what it is judged by."})
    judged_0, compare_0, bound_0 = _judged(), _compare(), _bound()
    judged_1, compare_1, bound_1 = _judged(), _compare(), _bound()
    judged_2, compare_2, bound_2 = _judged(), _compare(), _bound()

    def __init__(self, *args: Any, now: str = "", own: Sequence[str] = (), **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.now = now
        field = self.fields["measure"]
        assert isinstance(field, forms.ChoiceField)
        kept = [(KEPT, KEPT)] if now else []
        field.choices = [*kept, *measures(own, outcomes=self.outcomes)]

    def clean(self) -> dict[str, Any]:
        entered = super().clean() or self.cleaned_data
        measure = entered.get("measure", "")
        entered["metric"] = {KEPT: self.now}.get(measure, measure)
        if measure == ON_TARGET:
            entered["metric"] = self._on_target()
        return entered

    def _on_target(self) -> str:
        """Return the metric of the figures named; what lacks is said at its field."""
        parts = [part for n in range(ROWS) if (part := self._figure(n))]
        if not parts and not self.errors:
            self.add_error("judged_0", NO_FIGURE)
        return f"{ON_TARGET}:{' and '.join(parts)}"

    def _figure(self, n: int) -> str:
        judged, compare, bound = (self.cleaned_data.get(f"{name}_{n}") for name in _NAMES)
        if not judged:
            if bound is not None:
                self.add_error(f"judged_{n}", "Say of what.")
            return ""
        if bound is None and f"bound_{n}" not in self.errors:
            self.add_error(f"bound_{n}", "Say how much.")
        if bound is None:
            return ""
        scaled = bound / 100 if judged in _PERCENT else bound
        return str(metrics.Condition(judged, compare or COMPARES[0][0], scaled))


_NAMES = ("judged", "compare", "bound")


def chosen(metric: str, own: Sequence[str] = ()) -> dict[str, Any]:
    """Return what the form shows of a metric; one with more figures than it has room for, or an older version of one of
    the company's ``own``, is kept as it is."""
    blank = {f"{name}_{n}": "" for n in range(ROWS) for name in _NAMES}
    if not metric:
        return blank | {"measure": ""}
    known = metrics.parse(metric)
    if known.own and metric not in own:
        return blank | {"measure": KEPT}
    if not known.conditions:
        return blank | {"measure": known.name}
    if not can_say(metric):
        return blank | {"measure": KEPT}
    shown = [(one.column, one.compare, _typed(one)) for one in known.conditions]
    rows = {
        f"{name}_{n}": value
        for n, figures in enumerate(shown)
        for name, value in zip(_NAMES, figures, strict=True)
    }
    return blank | {"measure": ON_TARGET} | rows


def _typed(one: metrics.Condition) -> str:
    """Return the figure of a condition in the unit in which it is typed."""
    return metrics.figure(one.bound * 100 if one.column in _PERCENT else one.bound)


def can_say(metric: str) -> bool:
    """Return whether the form has room for all figures of a metric."""
    return len(metrics.parse(metric).conditions) <= ROWS


def offered(metric: str, own: Sequence[str] = (), *, outcomes: bool = False) -> list[tuple[str, str]]:
    """Return the measures to choose from, with that of a metric the form cannot say."""
    choices = measures(own, outcomes=outcomes)
    known = not metric or (
        can_say(metric) and (metric in dict(choices) or bool(metrics.parse(metric).conditions))
    )
    kept = [] if known else [(KEPT, say("As it is: {metric}", metric=metric_words.title(metric)))]
    return [*kept, *choices]
