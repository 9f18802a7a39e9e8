"""The audit of the record: what a fault in how entries were written would do to the findings.

Each check answers with one sentence, and names the types of which nothing strong is said because of it. A
finding is strong only if no check speaks against its type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from hingepoint.analysis.discovery.judging import pipeline, record_checks
from hingepoint.analysis.discovery.reading import late_closes
from hingepoint.analysis.discovery.reading.history import History
from hingepoint.analysis.discovery.reading.writing import Entries, Writing
from hingepoint.analysis.discovery.result import Check
from hingepoint.analysis.health import LATE_DAYS
from hingepoint.records.findings import Audited

#: Written down late so much more often in deals that ended one way, and by so many errors.
FAR_MORE, CLEAR = 0.1, 4.0
#: Fewer entries on either side say nothing.
LEAST = 20
#: Where so many types are entered only with the outcome, it is a habit.
SEVERAL = 2
#: From this share of gains with a time of writing on, those times speak for a type.
WRITTEN = 0.8
#: A share of events left out by rules that is worth a word.
MANY_LEFT_OUT = 0.05
#: A share of gains written down after the close that is worth a word in the notes.
MANY_AFTER = 0.01
#: As many types are named.
NAMED = 5
#: Rules that leave events out; and the one that moves them, to the day their deal was created.
MOVING = "event_before_creation"
LEAVING_OUT = ("unreadable_event", "event_of_unknown_deal", "event_after_close", "recorded_after_close")

#: What would tell whether entries are made with the win.
TOLD_BY = "the time at which each entry was written (recorded_at) would tell"

Named = Callable[[str], str]


@dataclass(frozen=True)
class Needed:
    """The repairs that a finding must survive to be strong.

    after_close   entries written after the close were left out of everything
    died          per deal, the week by which a lost one was dead, if lost deals are closed late; otherwise None
    kept          least share of the entries of lost deals that stayed on record; 1 mostly
    """

    after_close: bool = False
    died: np.ndarray | None = None
    kept: float = 1.0


@dataclass(frozen=True)
class Audit:
    """What was checked, and what speaks against types.

    doubts    why nothing strong is said of a type, by its key
    leaning   why nothing strong is said of a type if it helps: it cannot be told from what is entered with the win;
              no repair leaves it out
    more      types of which it says only that open deals have them more often
    needed    the repairs that it asks for
    control   the open pipeline held against earlier deals; None where there is too little of either
    """

    checks: tuple[Check, ...]
    doubts: Mapping[str, tuple[str, ...]]
    needed: Needed = Needed()
    leaning: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    control: pipeline.Control | None = None
    more: frozenset[str] = frozenset()

    def with_helpful(self, history: History, helpful: Sequence[int]) -> Audit:
        """Return the audit that leans against all that helps if the open pipeline leans against those at ``helpful``
        places, taken together; unless their times of writing say that they are not entered with the win."""
        if self.control is None:
            return self
        doubtful = [place for place in helpful if not _writing_is_known(history, place)]
        times, rare = self.control.together(doubtful)
        if not rare:
            return self
        said = (_together_words(times, len(doubtful)),)
        against = {
            key: self.leaning.get(key, said)
            for place, key in enumerate(history.types)
            if not _writing_is_known(history, place)
        }
        return replace(self, leaning=against)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The faults found, for the notes."""
        return tuple(one.in_words for one in self.checks if one.state == Audited.FAULT)


def audit(history: History, named: Named, near: Mapping[str, str] | None = None) -> Audit:
    """Return what the record of a history says against itself; ``named`` gives the name of a type.

    ``near`` says of types why they may be written down because the decision has fallen.
    """
    near = near or {}
    by_writing, control = _unevenly_late(history), pipeline.control(history)
    by_pipeline = _against_pipeline(history, control)
    doubts = {
        key: tuple(found[key] for found in (near, by_writing, by_pipeline) if key in found)
        for key in (*near, *by_writing, *by_pipeline)
    }
    late = late_closes.late_closes(history)
    checks = (
        _near_the_close(list(near), named),
        _times(history.writing, by_writing, named),
        _pipeline_check(control, list(by_pipeline), named),
        _lost_log(control),
        _dormancy(history, late),
        *record_checks.checks(history),
        record_checks.two_names(history, named),
        _left_out(history),
    )
    needed = Needed(
        after_close=history.rules.get("recorded_after_close", 0) > 0,
        died=late_closes.died(history) if late else None,
        kept=control.kept[1] if control else 1.0,
    )
    found_more = _open_deals_have_more(history, control) - near.keys() - by_writing.keys()
    return Audit(checks, doubts, needed, _leaning(history, control), control, found_more)


def _near_the_close(near: list[str], named: Named) -> Check:
    """Return which types may follow the decision: those that surely do are left out, and told there."""
    if near:
        said = (
            "Gained mostly in the last weeks before a deal ends one way, so nothing strong is said of "
            f"{_list([named(key) for key in near])}: record the day on which each was really agreed."
        )
        return Check("near_the_close", Audited.FAULT, said)
    said = "No agreement that is judged is gained mostly in the last weeks before deals end one way."
    return Check("near_the_close", Audited.FINE, said)


def _unevenly_late(history: History) -> dict[str, str]:
    """Return the types written down late far more often in deals that ended one way, with the words for it."""
    found = {}
    for key, entries in (history.writing.by_type if history.writing else {}).items():
        if key in history.types and _differ(entries):
            won, lost = (late / known for late, known in zip(entries.late, entries.known, strict=True))
            found[key] = (
                f"{won:.0%} of its entries in won deals were written down more than {LATE_DAYS} days late, and "
                f"{lost:.0%} in lost deals"
            )
    return found


def _differ(entries: Entries) -> bool:
    if min(entries.known) < LEAST:
        return False
    shares = [late / known for late, known in zip(entries.late, entries.known, strict=True)]
    both = sum(entries.late) / sum(entries.known)
    error = np.sqrt(both * (1 - both) * sum(1 / known for known in entries.known))
    away = abs(shares[0] - shares[1])
    return bool(away >= FAR_MORE and away > CLEAR * error)


def _times(writing: Writing | None, uneven: Mapping[str, str], named: Named) -> Check:
    """Return what the two times of entries say: when it happened, and when it was written down."""
    if writing is None or not writing.known:
        loaded = " Their times of writing are those of a load by a machine." if writing else ""
        return Check(
            "times_of_writing",
            Audited.UNKNOWN,
            "Whether agreements were written down after the deal had closed cannot be checked: the events do not "
            f"say when they were written (recorded_at).{loaded}",
        )
    won, lost = (sum(one.after[side] for one in writing.by_type.values()) for side in (0, 1))
    parts = []
    if won + lost:
        parts.append(
            f"{won + lost:,} gains were written down after their deal had closed ({won:,} in won and {lost:,} in "
            f"lost deals) and do not count as gained before: {_most(writing, named)}."
        )
    if uneven:
        parts.append(
            "Written down late far more often in deals that ended one way, so nothing on them is graded strong: "
            f"{_list([named(key) for key in uneven])}."
        )
    if parts:
        worth_a_word = bool(uneven) or won + lost >= MANY_AFTER * writing.known
        state = Audited.FAULT if worth_a_word else Audited.FINE
        return Check("times_of_writing", state, " ".join(parts))
    told = f"{writing.known / max(writing.gains, 1):.0%} of the gains say when they were written"
    return Check("times_of_writing", Audited.FINE, f"{told}: none after the close of its deal.")


def _most(writing: Writing, named: Named) -> str:
    counts = {key: sum(one.after) for key, one in writing.by_type.items() if sum(one.after)}
    order = sorted(counts, key=lambda key: (-counts[key], key))
    return _list([f"{named(key)} ({counts[key]:,})" for key in order])


def _list(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _against_pipeline(history: History, found: pipeline.Control | None) -> dict[str, str]:
    """Return the types that the open pipeline speaks against, with the words for it."""
    if found is None:
        return {}
    return {
        key: (
            f"open deals have it {found.times[place]:.2f} times as often as earlier deals had at their age, so "
            f"entries {'come' if found.missing[place] else 'go'} with the outcome"
        )
        for place, key in enumerate(history.types)
        if found.missing[place] or found.more[place]
    }


def _open_deals_have_more(history: History, found: pipeline.Control | None) -> frozenset[str]:
    return frozenset(
        key for place, key in enumerate(history.types) if found is not None and found.more[place]
    )


def _leaning(history: History, found: pipeline.Control | None) -> dict[str, tuple[str, ...]]:
    """Return the types that may be entered only with the win, unless times of writing say that they are not.

    Where several types surely are, any other may be.
    """
    if found is None:
        return {}
    several = int(found.missing.sum()) >= SEVERAL
    return {
        key: (_leaning_words(found, place),)
        for place, key in enumerate(history.types)
        if (several or found.may_be_missing[place]) and not _writing_is_known(history, place)
    }


def _leaning_words(found: pipeline.Control, place: int) -> str:
    if found.may_be_missing[place]:
        return (
            f"open deals have it only {found.times[place]:.2f} times as often as earlier deals had at their age, so it "
            f"may be entered with the win: {TOLD_BY}"
        )
    number = int(found.missing.sum())
    return f"{number} other agreements are entered only with the outcome, and this one may be too: {TOLD_BY}"


def _together_words(times: float, number: int) -> str:
    what = "the agreement" if number == 1 else f"the {number} agreements"
    return (
        f"open deals have {what} found to help {times:.2f} times as often as earlier deals had at their age, so some "
        f"may be entered with the win: {TOLD_BY}"
    )


def _writing_is_known(history: History, place: int) -> bool:
    """Return whether most gains of a type in decided deals say when they were written."""
    entries = history.writing.by_type.get(history.types[place]) if history.writing else None
    gains = int(np.isfinite(history.gained[history.decided, place]).sum())
    return entries is not None and sum(entries.known) >= WRITTEN * gains


def _pipeline_check(found: pipeline.Control | None, doubted: list[str], named: Named) -> Check:
    if found is None:
        too_few = (
            "Whether agreements are entered only with the outcome cannot be checked on the open pipeline: that "
            f"takes {pipeline.LEAST_DEALS} open deals and twice as many that were followed to their end."
        )
        return Check("open_pipeline", Audited.UNKNOWN, too_few)
    beside = f"{found.open:,} open deals were held against {found.earlier:,} earlier ones of their age"
    if doubted:
        said = f"{beside}: nothing strong is said of what differs, {_list([named(key) for key in doubted])}."
        return Check("open_pipeline", Audited.FAULT, said)
    of = f"{int(found.judged.sum()):,} agreements with enough entries"
    return Check("open_pipeline", Audited.FINE, f"{beside}: none of {of} differs.")


def _lost_log(found: pipeline.Control | None) -> Check:
    """Return whether lost deals lack entries of everything."""
    if found is None:
        said = "Whether lost deals keep their entries cannot be checked: that takes more open deals."
        return Check("lost_log", Audited.UNKNOWN, said)
    likely, least = found.kept
    if likely < 1:
        said = (
            f"Open deals have more of nearly everything than earlier deals had at their age: about {1 - likely:.0%} of "
            f"the entries of lost deals, {1 - least:.0%} at most, seem not to have stayed on record. Find out who clears "
            "deals that are lost."
        )
        return Check("lost_log", Audited.FAULT, said)
    said = "Open deals have no more of everything than earlier deals had at their age: lost deals keep their entries."
    return Check("lost_log", Audited.FINE, said)


def _dormancy(history: History, late: late_closes.LateCloses | None) -> Check:
    """Return how long lost deals were dead before they were closed."""
    if late:
        return Check("dormancy", Audited.FAULT, late.in_words)
    lost = int((history.decided & ~history.won).sum())
    if min(lost, int(history.won.sum())) < late_closes.LEAST_DEALS:
        said = f"Whether lost deals are closed when they die takes {late_closes.LEAST_DEALS} won and as many lost deals."
        return Check("dormancy", Audited.UNKNOWN, said)
    said = "Lost deals are closed about as soon after their last sign of life as won deals."
    return Check("dormancy", Audited.FINE, said)


def _left_out(history: History) -> Check:
    """Return what share of the events the rules left out or moved."""
    out = sum(history.rules.get(rule, 0) for rule in LEAVING_OUT)
    moved = history.rules.get(MOVING, 0)
    share = (out + moved) / max(history.events, 1)
    said = f"{out:,} of {history.events:,} events were left out by the rules for rows, and {moved:,} moved"
    if share >= MANY_LEFT_OUT:
        more = f"{said} ({share:.1%}): look at the rules that applied before you rely on the findings."
        return Check("left_out", Audited.FAULT, more)
    return Check("left_out", Audited.FINE, f"{said} ({share:.1%}).")
