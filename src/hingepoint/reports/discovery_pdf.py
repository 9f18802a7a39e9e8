"""The discovery report as a PDF to hand to a board: one page that answers, then what stands behind it."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from hingepoint.analysis.discovery.record import Record
from hingepoint.analysis.metric_words import listed
from hingepoint.reports import methods, typesetting
from hingepoint.reports.charts import numbers, svg
from hingepoint.reports.discovery import Input, Signature
from hingepoint.reports.findings import replayed, shapes, whole, words
from hingepoint.reports.pictures import Picture, Pictures

_LEADS = {"weak": "Not proven. Good candidates for a trial."}


def pdf(
    record: Record,
    *,
    title: str = "",
    inputs: Sequence[Input] = (),
    signatures: Mapping[str, Signature] | None = None,
) -> bytes:
    """Return the report of a run as a tagged PDF; the same record gives the same bytes.

    ``title`` names the company or the data, ``signatures`` what an analyst decided, by key of the
    agreement type. Raises typesetting.NoTypesetter.
    """
    data = _data(record, title=title, inputs=inputs, signatures=signatures or {})
    return typesetting.pdf("discovery.typ", data)


def _data(
    record: Record, *, title: str, inputs: Sequence[Input], signatures: Mapping[str, Signature]
) -> dict[str, Any]:
    shown = whole.read(record)
    pictures = Pictures(shown)
    version = record.version
    counted = [facts for facts in shown.data if facts[0] in ("Deals", "Time")]
    return {
        "company": title or "Pivotal agreements",
        "heading": f"What moves {shown.metric.noun}",
        "noun": shown.metric.noun,
        "unit_title": shown.metric.unit_title,
        "made_from": " · ".join([f"{name}: {value}" for name, value in counted] + [shown.types]),
        "made_with": f"Made with Hingepoint {version}",
        "same": f"Made with Hingepoint {version}. The same data, settings and version give the same findings.",
        "headline": shown.headline,
        "association_only": shown.association_only,
        "set_words": shown.set_words,
        "chosen": [_card(one, pictures, signatures) for one in shown.chosen],
        "trust": _trust(shown),
        "asks": _asks(shown, signatures),
        "forest": _on_paper(pictures.forest),
        "groups": [
            {
                "title": words.GROUPS[group],
                "lead": _LEADS.get(group, ""),
                "findings": [_card(one, pictures, signatures) for one in shown.of(group)],
            }
            for group in ("lever", "harmful", "weak")
            if shown.of(group)
        ],
        "none": [_unproven(one) for one in shown.of("none")],
        "left_out": [(f"{one.reason}: {one.why}", one.names) for one in shown.left_out],
        "audit": [f"{one.word}: {one.words}" for one in shown.audit],
        "warnings": shown.warnings,
        "placebo": shown.placebo,
        "strip": _lettered(pictures.strip) if pictures.strip else None,
        "methods": [
            {"title": one.title, "paragraphs": one.paragraphs, "points": one.points}
            for one in methods.sections(shown)
        ],
        "data": shown.data,
        "settings": shown.settings,
        "rules": shown.rules,
        "inputs": [(one.in_words, one.sha256) for one in inputs],
    }


def _card(one: shapes.Finding, pictures: Pictures, signatures: Mapping[str, Signature]) -> dict[str, Any]:
    signature = signatures.get(one.key)
    return {
        "anchor": pictures.anchor(one),
        "place": one.place,
        "name": one.name,
        "tone": "harmful" if one.group == "harmful" else one.grade,
        "grade_words": one.grade_words,
        "sentence": one.sentence,
        "same_as": one.same_as,
        "effect_text": one.effect_text if one.effect is not None else "",
        "interval_text": one.interval_text,
        "coverage_text": one.coverage_text,
        "worth_text": one.worth_text,
        "worth_interval": one.worth_interval,
        "refits": one.refits,
        "best_by": one.best_by,
        "facts": _facts(one),
        "timing": _on_paper(pictures.timing(one)),
        "lags": _on_paper(pictures.lags(one)),
        "segments": _on_paper(pictures.segments(one)),
        "doses": [
            {"words": dose.words, "picture": _on_paper(pictures.dose(one, dose))} for dose in one.doses
        ],
        "paths": one.paths,
        "ten_points": one.ten_points,
        "small_segments": one.small_segments,
        "robustness": one.robustness,
        "against": [(fact.covariate, fact.bias, fact.times) for fact in one.against],
        "mind": one.mind,
        "decision": signature.in_words if signature else "",
    }


def _facts(one: shapes.Finding) -> list[tuple[str, str, str]]:
    """Return the figures of a finding: what it is, its value, and how sure or on how many deals."""
    found = [
        ("Effect per deal", one.effect_text, f"95% interval {one.interval_text}"),
        ("Gained today", f"on {one.coverage_text} of deals", one.counts_text),
        ("Worth at full coverage", one.worth_text, one.worth_interval),
    ]
    return [*found, ("Best by", one.best_by, "after creation")] if one.best_by else found


def _unproven(one: shapes.Finding) -> tuple[str, ...]:
    counts = numbers.number(one.gained), numbers.number(one.not_gained)
    return (one.name, *counts, one.interval_text, one.needed_text.removesuffix(" deals") or "–")


def _trust(shown: shapes.Shown) -> list[str]:
    """Return what a board should know before it acts: the placebo, the warnings, and the limit of any history."""
    return [
        *([shown.certificate] if shown.certificate else []),
        *([shown.replay.words] if shown.replay else []),
        *_advice_that_failed(shown),
        shown.placebo,
        *([shown.controls] if shown.controls else []),
        *[one.words for one in shown.to_look_at if one.state == "fault"][:2],
        *shown.warnings[:2],
        "A history cannot rule out a cause that nobody recorded: each finding says how strong it would have to be.",
    ]


def _advice_that_failed(shown: shapes.Shown) -> list[str]:
    """Return the earlier advice that did not hold on later deals, in words."""
    first = shown.replay.first if shown.replay else ()
    return [replayed.line(one, shown.metric) for one in first if one.tone == "bad"]


def _asks(shown: shapes.Shown, signatures: Mapping[str, Signature]) -> list[str]:
    """Return the decisions that follow from the result, in words."""
    said = []
    confirmed = [*shown.of("lever"), *shown.of("harmful")]
    undecided = [one for one in confirmed if one.key not in signatures]
    if undecided:
        said.append(
            f"Before it is used: an analyst signs or rejects {numbers.plural(len(undecided), 'finding')}."
        )
    if shown.chosen:
        said.append("Whether these become the pivotal agreements that every deal plans, coaches and reviews.")
    if shown.of("harmful"):
        names = listed([f"“{one.name}”" for one in shown.of("harmful")[:3]])
        said.append(f"Whether {names} may go on as now.")
    if shown.of("weak") or not shown.chosen:
        said.append("Whether to run a trial: teams start at different dates, in an order drawn by lot.")
    return said


def _on_paper(picture: Picture | None) -> dict[str, str] | None:
    return _lettered(picture.svg) if picture else None


def _lettered(drawn: Markup) -> dict[str, str]:
    """Return a drawing lettered in a face that the typesetter has, with its text for those who cannot see it."""
    drawing = str(drawn).replace(svg.FONT, typesetting.FACE)
    told = [html.unescape(found) for found in re.findall(r"<(?:title|desc)>(.*?)</", drawing)[:2]]
    return {"svg": drawing, "alt": ": ".join(told)}
