"""The methods page of the discovery report: told once, for the HTML file and the PDF alike."""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.reports.findings.shapes import Shown


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with paragraphs and points; a point is a term, which may be empty, and its text."""

    title: str
    paragraphs: tuple[str, ...] = ()
    points: tuple[tuple[str, str], ...] = ()


def sections(shown: Shown) -> tuple[Section, ...]:
    """Return what an econometrician asks of a result, in order."""
    return (_question(shown), _MODEL, _uncertainty(shown), *_SCREENS_AND_GRADES, _set(shown), _LITERATURE)


def _question(shown: Shown) -> Section:
    landmarks = f": {shown.landmarks}" if shown.landmarks else ""
    counted = f"within {shown.horizon} after the landmark" if shown.horizon else "after the landmark"
    return Section(
        "The question",
        (
            "For each agreement type: by how much does the outcome of a deal change when the agreement is gained "
            "by a landmark, among deals that are still open there, everything else that is known of the deal held "
            f"equal? Landmarks are counted from the creation of the deal{landmarks}. The outcome is counted "
            f"{counted}. {_population(shown)}",
            "Two estimates are made. Ranking rests on “stands at the landmark against does not” (A). The sizes "
            "shown rest on sequential trials (B): deals open at the end of a window with the agreement not settled "
            "at its start, those that gain it in the window against those that do not. Looking only at what was "
            "known at the landmark avoids counting late agreements of deals that were already won (immortal-time "
            "bias).",
        ),
    )


def _population(shown: Shown) -> str:
    if shown.metric.among_won:
        return (
            "The metric exists for won deals only, so an agreement that changes who wins also changes who is "
            "averaged (Rosenbaum 1984): read it beside the win rate."
        )
    return (
        "It is defined for every deal, lost ones included. Deals whose outcome window ends after the data are left "
        "out, so that no deal counts as lost merely because it is young."
    )


_MODEL = Section(
    "The model, and what it takes for granted",
    (
        "One joint linear model holds all agreement types at once, so that an agreement gained in the same "
        "meeting as another does not borrow its effect:",
        "y(i, s) = seller(i) + b · A(i, s) + g · X(i, s) + e(i, s)",
        "for deal i at landmark s, with A the agreement types and X what is known: splines of what was known at "
        "creation (size, calendar time), segment, source, product and region where recorded, the landmark, and "
        "at the landmark the stage, activity so far and agreements declined so far. Nothing recorded after the "
        "landmark enters. Least squares weighs deals by how open the choice was: the result is an "
        "overlap-weighted average and speaks of deals in which it was a real choice.",
        "To read b as a cause takes four assumptions:",
    ),
    (
        (
            "Nothing else behind it",
            "given seller, deal, and the other agreements, no unrecorded cause drives both who gains it and how "
            "the deal ends. No history can prove this; the robustness value says how wrong it may be.",
        ),
        ("A real choice", "deals like it went either way. Types for which that fails are left out."),
        ("One meaning", "the agreement is recorded when it is gained, and means the same from deal to deal."),
        ("No spill-over", "gaining it on one deal does not change another deal of the same seller."),
    ),
)


def _uncertainty(shown: Shown) -> Section:
    clusters = shown.clusters or "sellers where there are at least forty, else accounts, else deals"
    return Section(
        "Uncertainty",
        (
            f"Intervals are 95%, from cluster-robust influence functions (clusters: {clusters}). They are calibrated "
            "against the bulk of the agreement types, most of which do little: estimates are recentred and intervals "
            "widened by the spread that types without effect show (empirical null: Efron 2004; Schuemie et al. 2014, "
            "2018). Effects are shrunken (Stephens 2017) for ranking, and tested against the smallest effect worth "
            "having with the false discovery rate held at 5% (Benjamini and Hochberg 1995).",
            "Calibration assumes that most types do little, and is said to be unsure where many stand out. It cannot "
            "repair a bias that only some of the types share.",
        ),
    )


_SCREENS_AND_GRADES = (
    Section(
        "Screens",
        (),
        (
            (
                "Part of closing",
                "gained almost only in the last days of won deals, or a step that every win contains.",
            ),
            (
                "Follows the decision",
                "its link with the outcome is gone among deals that stay open a little longer (lag profile).",
            ),
            ("Cannot be told apart", "agreements that move together are reported as a bundle."),
            (
                "Too few, nothing to compare with",
                "fewer deals than the minimum with or without it, or its gain follows from the rest.",
            ),
        ),
    ),
    Section(
        "What was not measured",
        (
            "The robustness value (Cinelli and Hazlett 2020), from cluster-robust t values, is the share of residual "
            "variance, of both agreement and outcome, that an unrecorded cause would have to explain to take the "
            "whole effect away. It is compared with the strongest recorded covariate.",
        ),
    ),
    Section(
        "Grades",
        (),
        (
            (
                "Strong",
                "beyond the smallest effect worth having after correction for many comparisons, more than 80% likely "
                "among the best eight, sturdier than the strongest recorded covariate, stable when the clock starts "
                "later, the same sign in the later half of time and over whole deals.",
            ),
            (
                "Moderate",
                "the chance of a wrong sign is below 5% after calibration, it stands with the record put right, and half of it is "
                "left in what was ever gained and in all looks together.",
            ),
            (
                "Weak",
                "more than 30% likely among the best eight, or clear but doubted. Worth a test, no more.",
            ),
            ("Not enough evidence", "anything else."),
            ("Harmful", "strong or moderate against the metric."),
        ),
    ),
)


def _set(shown: Shown) -> Section:
    return Section(
        "The set",
        (
            "Confirmed levers ordered by what they would bring with 80% chance at full coverage, at most "
            f"{shown.set_size}, one for each bundle, never filled up. Stability is the share of 200 "
            "cluster-bootstrap refits that choose the same type. The order of all types, and the chances to be among "
            "the best, borrow strength from standing agreements and from decided deals of the same age; what is "
            "confirmed does not.",
        ),
    )


_LITERATURE = Section(
    "Literature",
    (),
    (
        (
            "",
            "Benjamini, Hochberg (1995), J. R. Stat. Soc. B 57. Efron (2004), J. Am. Stat. Assoc. 99. "
            "Stephens (2017), Biostatistics 18.",
        ),
        (
            "",
            "Hernán, Robins (2016), Am. J. Epidemiol. 183 (target trials). van Houwelingen (2007), "
            "Scand. J. Stat. 34 (landmarks).",
        ),
        (
            "",
            "Schuemie et al. (2014), Stat. Med. 33; (2018), PNAS 115 (empirical calibration). "
            "Cinelli, Hazlett (2020), J. R. Stat. Soc. B 82.",
        ),
        (
            "",
            "Frisch, Waugh (1933), Econometrica 1 (one model, all coefficients). "
            "Rosenbaum (1984), J. R. Stat. Soc. A 147.",
        ),
    ),
)
