"""What a team's channel may be told: how much waits, kind by kind. No name, no deal and no price stands in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from hingepoint.domain.notices.rules import Group
from hingepoint.records.notices import Line, NoticeKind

#: What is counted in a channel of a team -> the page on which each reader finds what of it is theirs. Signals, pre-mortems and
#: webhooks are left out: that there is one is not for everybody who may read there.
PAGES = {
    NoticeKind.DECIDE: "home",
    NoticeKind.COMMITMENTS: "reviews",
    NoticeKind.GAPS: "reviews",
    NoticeKind.TALKS: "home",
    NoticeKind.AGREEMENTS: "home",
    NoticeKind.ROUTINES: "home",
}

Keys = Mapping[str, Collection[str]]


def keys_by_kind(lines: Iterable[Line]) -> dict[str, list[str]]:
    """Return the keys of what is counted, by kind; what waits for two people of a team is one thing."""
    found: dict[str, set[str]] = {}
    for line in lines:
        if line.kind in PAGES:
            found.setdefault(line.kind.value, set()).add(line.key)
    return {kind: sorted(keys) for kind, keys in found.items()}


def counted(found: Keys, told: Collection[str]) -> tuple[Group, ...]:
    """Return a line for each kind that says how many things wait and how many of them were not told."""
    groups = []
    for kind, page in PAGES.items():
        if keys := found.get(kind.value):
            new = len(set(keys) - set(told))
            words = f"{len(keys):,} in the team{f', {new:,} of them new' if new else ''}"
            groups.append(Group(kind, (Line(kind, kind.value, words, page),), 0))
    return tuple(groups)
