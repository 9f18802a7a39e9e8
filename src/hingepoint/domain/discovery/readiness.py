"""What discovery needs, has, and gives: decided on counts, one line a need, in the order of importance."""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.analysis.readiness import (
    CLOSED_GOOD,
    CLOSED_NEEDED,
    GAINS_NEEDED,
    TYPES_NEEDED,
    what_it_gives,
)

#: Fewer won or lost deals leave nothing to compare.
EITHER_NEEDED = 30
#: From so many sellers on, their deals may hang together and intervals stay honest.
SELLERS_GOOD = 40
#: A fact on fewer deals adjusts for nobody; events on fewer deals say little.
FILLED, TRACED = 0.7, 0.3
YEAR = 365


@dataclass(frozen=True, slots=True)
class Counts:
    """What there is. ``usable_types``: gained on thirty deals or more; ``filled``: how many closed deals
    carry each fact known at creation; ``judged`` gains carry a quality, ``proven`` an evidence of 2 or more."""

    closed: int
    won: int
    priced: int
    costed: int
    filled: dict[str, int]
    sellers: int
    teams: int
    days: int
    gains: int
    undated: int
    judged: int
    proven: int
    types: int
    usable_types: int
    staged: int
    active: int
    declined: int

    @property
    def lost(self) -> int:
        return self.closed - self.won


@dataclass(frozen=True, slots=True)
class Line:
    """One need. ``state`` is ready, partly or missing; ``page`` is the name of the page that helps."""

    title: str
    state: str
    have: str
    need: str
    now: str
    how: str
    page: str = "imports"


def lines(has: Counts) -> tuple[Line, ...]:
    """Return every need with what there is, what it gives now, and how to get the rest."""
    needs = (
        _closed,
        _both_ends,
        _agreements,
        _dates,
        _figures,
        _facts,
        _sellers,
        _traces,
        _time,
        _quality,
        _teams,
    )
    return tuple(need(has) for need in needs)


def _state(full: bool, some: bool) -> str:
    return "ready" if full else "partly" if some else "missing"


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _closed(has: Counts) -> Line:
    return Line(
        "Closed deals",
        _state(has.closed >= CLOSED_GOOD, has.closed >= CLOSED_NEEDED),
        f"{has.closed:,} closed deal{'' if has.closed == 1 else 's'}",
        f"{CLOSED_NEEDED:,}; {CLOSED_GOOD:,} for firm answers",
        what_it_gives(has.closed, has.usable_types),
        "Import older deals, two to three years back, lost ones included.",
    )


def _both_ends(has: Counts) -> Line:
    least = min(has.won, has.lost)
    return Line(
        "Won and lost deals",
        _state(least >= 5 * EITHER_NEEDED, least >= EITHER_NEEDED),
        f"{has.won:,} won, {has.lost:,} lost",
        f"{EITHER_NEEDED} of each at least",
        "a comparison" if least >= EITHER_NEEDED else "nothing to compare",
        "Import lost deals too. Where sellers leave dead deals open, have them closed first.",
        "imports",
    )


def _agreements(has: Counts) -> Line:
    return Line(
        "Agreements gained",
        _state(has.usable_types >= 3 * TYPES_NEEDED, has.usable_types >= TYPES_NEEDED),
        f"{has.usable_types} of {has.types} types gained on {GAINS_NEEDED} deals or more",
        f"{TYPES_NEEDED} such types; with 24 it is seen what a type without effect looks like",
        f"{has.usable_types} types can be judged" if has.usable_types else "no type can be judged",
        "Import the steps of your deals as events, or mark on won and lost deals what was agreed when.",
        "catalogue",
    )


def _dates(has: Counts) -> Line:
    dated = has.gains - has.undated
    return Line(
        "Dates of agreements",
        _state(has.gains > 0 and _share(dated, has.gains) >= 0.95, dated > 0),
        f"{dated:,} of {has.gains:,} gains carry a date",
        "a date on nearly all of them",
        "what came first is known" if dated else "association only, graded weak at best",
        "Export the date on which a field or stage changed (history tables of the CRM), not the day of the export.",
    )


def _figures(has: Counts) -> Line:
    priced, costed = _share(has.priced, has.won), _share(has.costed, has.won)
    gives = ["win rate", "days to win"]
    gives += ["discount", "sales on target"] if priced >= FILLED else []
    gives += ["margin", "contribution"] if costed >= FILLED else []
    return Line(
        "Prices and costs",
        _state(priced >= FILLED and costed >= FILLED, max(priced, costed) >= FILLED),
        f"a discount on {priced:.0%} of won deals, a margin or cost on {costed:.0%}",
        f"{FILLED:.0%} of won deals",
        "metrics: " + ", ".join(gives),
        "Add list_price and net_price, or discount; and cost or margin, from quotes or the ERP.",
    )


def _facts(has: Counts) -> Line:
    full = [name for name, count in has.filled.items() if _share(count, has.closed) >= FILLED]
    missing = [name for name in has.filled if name not in full]
    return Line(
        "Facts known at creation",
        _state(not missing, "size" in full or len(full) >= 3),
        f"{', '.join(full) or 'none'} on {FILLED:.0%} of closed deals or more",
        ", ".join(has.filled),
        "deals are compared with deals like them"
        if full
        else "deals of all kinds are compared with each other",
        f"Fill in {', '.join(missing)}, as they were when the deal was created. For size: initial_amount."
        if missing
        else "Nothing.",
    )


def _sellers(has: Counts) -> Line:
    return Line(
        "Sellers",
        _state(has.sellers >= SELLERS_GOOD, has.sellers >= 2),
        f"{has.sellers} sellers with closed deals",
        f"2; {SELLERS_GOOD} so that deals of one seller may hang together",
        "deals are compared within seller: a good seller explains nothing"
        if has.sellers >= 2
        else "a good seller may look like a good agreement",
        "Name the owner of each deal.",
        "people",
    )


def _traces(has: Counts) -> Line:
    staged, active = _share(has.staged, has.closed), _share(has.active, has.closed)
    return Line(
        "Stages and activity",
        _state(min(staged, active) >= TRACED, max(staged, active) >= TRACED),
        f"stages on {staged:.0%} of closed deals, activity on {active:.0%}; {has.declined:,} times declined",
        f"both on {TRACED:.0%} or more",
        "a deal that was going well anyway is told apart"
        if max(staged, active) >= TRACED
        else "an agreement may get credit for a deal that was going well anyway",
        "Import stage history and meetings, calls or mails as events of kind stage and activity.",
    )


def _time(has: Counts) -> Line:
    return Line(
        "Time",
        _state(has.days >= 2 * YEAR, has.days >= YEAR),
        f"{has.days / 30.4:,.0f} months from the first deal to the last",
        "12 months; 24 so that the earlier half can be checked on the later",
        "seasons are told apart" if has.days >= YEAR else "a season may look like an effect",
        "Import older deals.",
    )


def _quality(has: Counts) -> Line:
    judged, proven = _share(has.judged, has.gains), _share(has.proven, has.gains)
    return Line(
        "Evidence and quality of gains",
        _state(judged >= TRACED and proven >= TRACED, max(judged, proven) >= TRACED),
        f"evidence on {proven:.0%} of gains, a quality on {judged:.0%}",
        f"both on {TRACED:.0%} or more",
        "whether a better one does more" if max(judged, proven) >= TRACED else "gained or not, no more",
        "Debriefs fill these in; nobody needs to go back.",
        "matrix",
    )


def _teams(has: Counts) -> Line:
    return Line(
        "Teams for a trial",
        _state(has.teams >= 8, has.teams >= 4),
        f"{has.teams} teams with deals",
        "4; 8 for fair odds",
        "a stepped start by lot" if has.teams >= 4 else "a trial deal by deal only",
        "Name the team of each seller.",
        "people",
    )
