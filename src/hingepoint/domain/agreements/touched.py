"""Which deals the trail says something happened on, for whoever reads on from there.

A line of the trail becomes visible with what it tells of, and lines become visible in their order: so what is
read up to a line is read for good.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.db.models import Max, Q

from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.audit.models import AuditEvent

#: What the trail tells of beside the company's record: how people come in, what is sent to whom, what is taken away or written
#: for readers. No answer kept for pages reads it; ``tests/locks.py`` holds every test of an action to that.
APART = frozenset(
    {
        *("session", "second factor", "passkey", "token", "sign-on", "secrets"),
        *("daily mail", "signal in mails", "chat", "calendar", "webhook"),
        *(
            "file",
            "saved view",
            "mapping",
            "policy",
            "principles",
            "pressure rule",
            "signal",
            "limits",
            "rollout",
        ),
    }
)

#: Returns the deals that an import, by its number, brought something to.
DealsOfImport = Callable[[int], Collection[int]]


@dataclass(frozen=True, slots=True)
class Touched:
    """Deals on which something happened, in order, and the line of the trail up to which that was read."""

    deals: list[int]
    until: int


def end_of_trail() -> int:
    """Return the number of the trail's last line."""
    return AuditEvent.objects.aggregate(last=Max("pk"))["last"] or 0


def last_lines(since: int) -> dict[tuple[str, str], int]:
    """Return the number of the last line of each subject and action of which the trail told after a line. One SQL query, which
    reads what came after it."""
    rows = AuditEvent.objects.filter(pk__gt=since).order_by().values_list("subject", "action")
    return {(subject, action): last for subject, action, last in rows.annotate(last=Max("pk"))}


def told_since(moment: dt.datetime, *, but: Collection[str]) -> bool:
    """Return whether the trail told of anything after a moment ``but`` of these subjects. One SQL query."""
    return AuditEvent.objects.filter(at__gt=moment).exclude(subject__in=but).exists()


def last_step() -> int:
    """Return the number of the register's last step."""
    return AgreementEvent.objects.aggregate(last=Max("pk"))["last"] or 0


def added_or_changed_since(line: int, deals_of_import: DealsOfImport) -> Touched | None:
    """Return the deals that were added, changed or came back after ``line``; None where the trail cannot say: an import
    that was taken back took agreements of any deal with it. Two SQL queries, and those of imports."""
    return _touched(line, Q(subject="deal", action__in=("add", "change", "come back")), deals_of_import)


def with_news_since(line: int, deals_of_import: DealsOfImport) -> Touched | None:
    """Return the deals on which anything was noted, said or taken back after ``line``; None where the trail
    names no deals: an import or all that a rule found was taken back. Three SQL queries, and those of imports."""
    steps = Q(subject__in=("deal", "agreement", "deals")) | Q(subject="detection rule", action="take back")
    return _touched(line, steps, deals_of_import)


def _touched(line: int, which: Q, deals_of_import: DealsOfImport) -> Touched | None:
    until = end_of_trail()
    lines = AuditEvent.objects.filter(pk__gt=line, pk__lte=until).filter(which | Q(subject="import"))
    deals: set[int] = set()
    agreements: set[int] = set()
    for subject, action, number in lines.values_list("subject", "action", "subject_id"):
        if action == "undo import" or subject not in ("deal", "agreement", "import"):
            return None
        if subject == "import":
            deals |= set(deals_of_import(int(number)))
        else:
            (deals if subject == "deal" else agreements).add(int(number))
    return Touched(sorted(deals | _deals_of(agreements)), until)


def _deals_of(agreements: Collection[int]) -> set[int]:
    if not agreements:
        return set()
    return set(Agreement.objects.filter(pk__in=agreements).values_list("deal_id", flat=True))
