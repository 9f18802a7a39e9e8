"""What stands behind the findings that matter: the paths they open, gaining them well, bundles, rivals.

All of it is read off the estimates that are there; paths and doses cost a few more passes and are
looked for only where something is confirmed or worth a test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hingepoint.analysis.discovery import result
from hingepoint.analysis.discovery.judging import robustness
from hingepoint.analysis.discovery.sums import gram
from hingepoint.analysis.discovery.telling import doses, paths, words
from hingepoint.records.findings import Grade

if TYPE_CHECKING:
    from hingepoint.analysis.discovery.findings import Report
    from hingepoint.analysis.discovery.judging.verdicts import Verdicts

#: Doses are looked at for so many types, robustness against so many covariates.
MOST_DOSED, MOST_RIVALS = 24, 6
TEN_POINTS = 0.1


def enriched(
    report: Report,
    verdict: Verdicts,
    findings: Sequence[result.Finding],
    chosen: Sequence[int],
    shares: np.ndarray,
) -> list[result.Finding]:
    """Return the findings, in the order of the types, with what stands behind them.

    ``chosen`` are the places of the proposed set, ``shares`` how many refits choose each type.
    """
    found = [
        replace(
            one,
            details=replace(
                one.details, selected_share=float(share), **_standing(report, verdict, place, one)
            ),
        )
        if np.isfinite(one.effect)
        else one
        for place, (one, share) in enumerate(zip(findings, shares, strict=True))
    ]
    found = _with_paths(report, verdict, found, chosen)
    return _with_doses(report, verdict, found)


def _standing(report: Report, verdict: Verdicts, place: int, finding: result.Finding) -> dict[str, Any]:
    """Return what needs no further pass: rivals, the whole bundle, the feasible policy."""
    more = min(TEN_POINTS, 1 - finding.coverage) * report.at_risk
    shown: dict[str, Any] = {
        "ten_points": finding.effect * more,
        "ten_points_ci": (finding.ci[0] * more, finding.ci[1] * more),
        "joint": _joint(report, verdict, place),
    }
    if finding.grade != Grade.NONE:
        rivals = robustness.against(
            verdict.main, verdict.strengths, verdict.speaker(place), verdict.effect(place), MOST_RIVALS
        )
        shown["against"] = tuple(result.Against(one.covariate, one.bias, one.times) for one in rivals)
    return shown


def _joint(report: Report, verdict: Verdicts, place: int) -> result.Joint | None:
    members = verdict.bundle(place)
    if len(members) < 2:
        return None
    known = [member for member in members if np.isfinite(verdict.main.effects[member])]
    pull = verdict.main.influence[:, known].sum(axis=1)
    one = verdict.main
    variance = gram.small_sample(one.clusters, one.fit.within.rows, one.fit.freedom) * (pull @ pull)
    null = verdict.judged.null
    effect = float(one.effects[known].sum() - verdict.sign * null.mean[known].sum())
    half = 1.96 * float(np.sqrt(variance + (null.spread[known] ** 2).sum()))
    ci = (effect - half, effect + half)
    named = tuple(report.name_at(member) for member in members)
    keys = tuple(report.types[member] for member in members)
    return result.Joint(keys, effect, ci, words.joint(named, report.metric, effect, ci))


def _with_paths(
    report: Report, verdict: Verdicts, findings: list[result.Finding], chosen: Sequence[int]
) -> list[result.Finding]:
    assert report.sums is not None
    if not chosen:
        return findings
    links = paths.links(report.prepared, report.sums, verdict.main, chosen)
    by_source: dict[int, list[paths.Link]] = {}
    for link in links:
        apart = link.source not in verdict.bundle(link.target)
        if apart and findings[link.source].grade != Grade.EXCLUDED:
            by_source.setdefault(link.source, []).append(link)
    prepared_by: dict[int, list[str]] = {}
    for source, some in by_source.items():
        for link in some:
            prepared_by.setdefault(link.target, []).append(report.types[source])
    return [
        _changed(
            one,
            paths=tuple(_path(report, verdict, one, link) for link in by_source.get(place, ())),
            prepared_by=tuple(prepared_by.get(place, ())),
        )
        for place, one in enumerate(findings)
    ]


def _changed(finding: result.Finding, **details: Any) -> result.Finding:
    kept = {name: value for name, value in details.items() if value}
    return replace(finding, details=replace(finding.details, **kept)) if kept else finding


def _path(report: Report, verdict: Verdicts, finding: result.Finding, link: paths.Link) -> result.Path:
    target, error = verdict.effect_and_error(link.target)
    through, give = paths.through(link, target, error)
    raises_ci = (link.raises - 1.96 * link.error, link.raises + 1.96 * link.error)
    said = words.path(
        report.name_at(link.source),
        report.name_at(link.target),
        report.metric,
        (link.raises, raises_ci),
        through,
        finding.effect,
        finding.confirmed,
    )
    return result.Path(
        to=report.types[link.target],
        raises=link.raises,
        raises_ci=raises_ci,
        through=through,
        through_ci=(through - 1.96 * give, through + 1.96 * give),
        total=finding.effect,
        direct=finding.effect - through,
        deals=verdict.gained(link.source),
        in_words=said,
    )


def _with_doses(report: Report, verdict: Verdicts, findings: list[result.Finding]) -> list[result.Finding]:
    assert report.sums is not None
    places = [
        place
        for place, one in enumerate(findings)
        if np.isfinite(verdict.main.effects[place]) and one.grade not in (Grade.NONE, Grade.EXCLUDED)
    ]
    places = sorted(places, key=lambda place: verdict.judged.false_sign[place])[:MOST_DOSED]
    found = doses.responses(report.prepared, report.sums, verdict.main, places, report.settings.min_events)
    return _dosed(report, verdict, findings, found)


def _dosed(
    report: Report, verdict: Verdicts, findings: list[result.Finding], found: Sequence[doses.Response]
) -> list[result.Finding]:
    by_place: dict[int, list[result.Dose]] = {}
    for one in found:
        by_place.setdefault(one.place, []).append(_dose(report, verdict, one))
    return [_changed(finding, doses=tuple(by_place.get(place, ()))) for place, finding in enumerate(findings)]


def _dose(report: Report, verdict: Verdicts, one: doses.Response) -> result.Dose:
    low, low_ci = verdict.recentred(one.low, one.low_error, one.place)
    high, high_ci = verdict.recentred(one.high, one.high_error, one.place)
    half = 1.96 * one.difference_error
    return result.Dose(
        by=one.said,
        level=one.level,
        low=low,
        low_ci=low_ci,
        high=high,
        high_ci=high_ci,
        difference=one.difference,
        difference_ci=(one.difference - half, one.difference + half),
        low_deals=one.low_deals,
        high_deals=one.high_deals,
        clear=one.clear,
        in_words=words.dose(
            report.name_at(one.place), report.metric, one.said, one.level, (low, high), one.clear
        ),
    )
