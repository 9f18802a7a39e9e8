"""What the demo's data was built with: the planted truth, told so that a visitor can check the product."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.demo import planted
from hingepoint.demo.people import COMPANY
from hingepoint.demo.truth import trials, truth
from hingepoint.domain.agreements.catalogue import shipped_types


@dataclass(frozen=True, slots=True)
class Planted:
    """An agreement with a true effect. ``effect`` and ``error`` are points of supportive sales per hundred
    deals; ``discount`` points of discount on deals won either way."""

    key: str
    name: str
    why: str
    effect: float
    error: float
    discount: float


@dataclass(frozen=True, slots=True)
class Decoys:
    """Agreements without any effect that look pivotal, and why they do."""

    kind: str
    why: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The whole truth about the demo company."""

    company: str
    strategy: str
    metric: str
    pivotal: tuple[Planted, ...]
    harmful: Planted
    others: tuple[Planted, ...]
    decoys: tuple[Decoys, ...]
    drifts: tuple[planted.Drift, ...]
    facts: tuple[str, ...]

    def markdown(self) -> str:
        """Return the story as a page."""
        return "\n".join(
            [
                f"# What this data was built with: {self.company}",
                "",
                "Nobody here exists. The company was simulated week by week, and what is true about it is known,",
                "because it was lived again with each agreement forced and blocked.",
                "",
                f"## The strategy: {self.strategy}",
                "",
                "A sale serves it when the deal is won at a discount of 15% or less. Effects are points of such",
                "sales per hundred deals, from never gaining the agreement to gaining it at the first chance.",
                "",
                *_effects(self.pivotal),
                "",
                f"**One agreement harms:** {self.harmful.name}, {_signed(self.harmful.effect)} points. {self.harmful.why}",
                "",
                "Agreements that matter for other strategies (speed, cost) and hardly for this one: "
                + ", ".join(other.name for other in self.others)
                + ". Every agreement not named above has no effect at all.",
                "",
                "## What only looks pivotal",
                "",
                *(f"- **{decoy.kind}** ({', '.join(decoy.names)}): {decoy.why}" for decoy in self.decoys),
                "",
                "## What drifts, where, since when",
                "",
                "| signal | place | since | what changed |",
                "|---|---|---|---|",
                *(
                    f"| {drift.signal}. {drift.name} | {drift.place} | {_day(drift.since)} | {drift.what} |"
                    for drift in self.drifts
                ),
                "",
                "## What else is true",
                "",
                *(f"- {fact}" for fact in self.facts),
                "",
            ]
        )


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−")


def _effects(rows: tuple[Planted, ...]) -> list[str]:
    return [
        "| agreement | true effect | on the discount | why |",
        "|---|---|---|---|",
        *(
            f"| {row.name} | {_signed(row.effect)} ± {2 * row.error:.1f} | {_signed(row.discount)} | {row.why} |"
            for row in rows
        ),
    ]


def what_was_built(ends_on: dt.date) -> Story:
    """Return the truth about the demo company as simulated until ``ends_on``."""
    opening = "It is given before anybody asked, and the customer starts to ask from there."
    return Story(
        company=COMPANY,
        strategy=planted.STRATEGY,
        metric=planted.SUPPORTIVE,
        pivotal=tuple(_planted(lever.key, lever.why) for lever in planted.PIVOTAL),
        harmful=_planted(planted.OPENING_DISCOUNT, opening),
        others=tuple(_planted(lever.key, lever.why) for lever in planted.OTHER_LEVERS),
        decoys=_decoys(),
        drifts=tuple(planted.drifts(ends_on).values()),
        facts=_facts(ends_on),
    )


def _planted(key: str, why: str) -> Planted:
    effect, discount = truth(key, "supportive"), truth(key, "discount")
    return Planted(key, name_of(key), why, 100 * effect.effect, 100 * effect.error, 100 * discount.effect)


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def name_of(key: str) -> str:
    """Return the catalogue's name of a type, or that of the type the company added."""
    return "Opening discount agreed" if key == planted.OPENING_DISCOUNT else shipped_types()[key]["name"]


def _decoys() -> tuple[Decoys, ...]:
    groups = (
        ("Twins", "gained in the same meeting as a pivotal one; they only come along.", planted.TWINS),
        (
            "Marks of good sellers",
            "good sellers do them, and good sellers also hold their price.",
            planted.SKILL_PROXIES,
        ),
        ("Marks of a stage", "every deal that comes so far has them.", planted.STAGE_LIKE),
        (
            "Marks of large deals",
            "large deals have them, and large deals are bought differently.",
            planted.SIZE_PROXIES,
        ),
        ("Part of winning", "they follow once the customer has decided.", planted.MECHANICAL),
        (
            "Foresight",
            "written down when the decision has fallen and nobody has said so yet.",
            (planted.ANTICIPATORY,),
        ),
    )
    return tuple(Decoys(kind, why, tuple(name_of(key) for key in keys)) for kind, why, keys in groups)


def _facts(ends_on: dt.date) -> tuple[str, ...]:
    starts = [_day(ends_on - dt.timedelta(weeks=weeks)) for weeks in planted.WAVES]
    policy = planted.policy_versions(ends_on)[1]
    return (
        "Better sellers win more, discount less and gain more agreements; nobody records how good a seller is.",
        "Large deals gain more agreements, take longer and give more discount.",
        "Discounts rise by three points in the last ten days of a quarter.",
        f"A fifth of the teams started the discipline on each of {', '.join(starts)}; a fifth has not started. "
        f"{planted.WAITS_BECAUSE} The order was drawn by lot. A team that lives it gains the pivotal agreements "
        "more often.",
        "One deal was added by hand, to have everything in one place: its name ends with “for two plants”, and the "
        "first page of the demo leads there. All others are simulated.",
        f"The price policy became stricter on {_day(policy[0])} ({policy[1]}): requests for exceptions rose "
        "everywhere that day, which is no signal.",
        "A well made agreement (quality 7) does one and a third as much as a middling one (5).",
        "On live deals nobody typed confidentiality terms and decision criteria: rules read them from the CRM, "
        "where four of five leave a trace and about one deal in eighty has one that misleads.",
        "A cheap newcomer, Zephyr Direct, appeared twenty months before the end.",
        *(_trial(prompt, ends_on) for prompt in planted.PROMPTS),
    )


def _trial(prompt: planted.Prompt, ends_on: dt.date) -> str:
    """Tell a trial with what asking really does."""
    true = trials()[prompt.key]
    does = (
        f"{_signed(100 * true.difference)} points of such sales"
        if true.difference
        else "nothing to the result"
    )
    return (
        f"From {_day(prompt.starts_on(ends_on))} on lots decided in which deals sellers were asked for "
        f"“{name_of(prompt.key)}”: a trial. Asking makes {100 * true.take_up:.0f} more of 100 deals gain it, "
        f"and does {does}."
    )
