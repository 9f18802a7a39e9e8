"""One plan for a conversation with everything it stands on, ready for the page, the form and the printed sheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hingepoint.domain.agreements.models import IN_MOTION, WAITING, Agreement, AgreementType
from hingepoint.domain.agreements.queries.lines import AgreementLine, line_of
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.negotiation.queries import corridor as corridor_page
from hingepoint.domain.plans.models import Debrief
from hingepoint.domain.plans.parts import GROUPS, TRADES, Line, lacking
from hingepoint.domain.plans.queries.filled import (
    FilledPart,
    History,
    filled,
    history_of,
    register_of,
    visible_deal,
)
from hingepoint.domain.plans.queries.offered import Around, what_is_offered
from hingepoint.domain.strategy.queries import in_force
from hingepoint.records.agreements import Side
from hingepoint.records.errors import Hidden

MOST_DEBRIEFS = 5


@dataclass(frozen=True, slots=True)
class FilledGroup:
    title: str
    parts: tuple[FilledPart, ...]


@dataclass(frozen=True, slots=True)
class Brought:
    """What an earlier talk brought."""

    outcome: str
    held_at: dt.datetime
    by: str
    learned: str
    demand: str


@dataclass(frozen=True, slots=True)
class TalkSheet:
    """The plan for one conversation. ``history.newest`` is None while nothing is written: the lines are
    then what is offered. ``first`` are agreements inside our company that the talk needs before it."""

    facts: Deal
    type_id: int
    key: str
    name: str
    side: str
    line: AgreementLine | None
    groups: tuple[FilledGroup, ...]
    trades: tuple[FilledPart, ...]
    first: tuple[AgreementLine, ...]
    principles: tuple[str, ...]
    checks: tuple[str, ...]
    playbook: tuple[int, str] | None  # the strategy and the type's key: its page of the playbook
    corridor: corridor_page.CorridorCard | None
    history: History
    offered: Mapping[str, tuple[Line, ...]]
    brought: tuple[Brought, ...]

    @property
    def talk_on(self) -> dt.date | None:
        return self.history.newest.talk_on if self.history.newest else None

    def part(self, key: str) -> FilledPart:
        parts = [*(part for group in self.groups for part in group.parts), *self.trades]
        return next(part for part in parts if part.key == key)

    @property
    def missing(self) -> tuple[str, ...]:
        """What a complete plan has and this one lacks, in words."""
        parts = [*(part for group in self.groups for part in group.parts), *self.trades]
        return lacking({part.key: part.lines for part in parts}, self.talk_on)


def talk_sheet(viewer: Any, deal_id: int, type_id: int, *, today: dt.date, offer: bool = False) -> TalkSheet:
    """Return the plan for one agreement of a deal. Raises Hidden.

    ``offer``: also look up everything that can be offered, as for writing; without it a written plan is
    read as it stands. Either takes at most twelve SQL queries with those of signing in. What is offered
    reads the won deals of three years; what earlier talks brought stays with the plan that is read.
    """
    around = _around(viewer, deal_id, type_id)
    kind, row, standard = around.kind, around.row, around.standard
    history, written = history_of(viewer, around.deal, row)
    known = history.newest is not None and not offer
    offered = {} if known else what_is_offered(around, today)
    first = _inside_first(around.register, type_id)
    return TalkSheet(
        facts=around.deal,
        type_id=kind.pk,
        key=kind.key,
        name=str(kind),
        side=kind.side,
        line=line_of(row, today) if row else None,
        groups=tuple(
            FilledGroup(group.title, tuple(filled(part, written, offered) for part in group.parts))
            for group in GROUPS
        ),
        trades=tuple(filled(part, written, offered) for part in TRADES),
        first=tuple(line_of(one, today) for one in first),
        principles=tuple(standard.principles) if standard else (),
        checks=tuple(standard.checks if standard else kind.good),
        playbook=(standard.playbook.strategy_id, kind.key) if standard else None,
        corridor=around.corridor,
        history=history,
        offered=offered,
        brought=() if offer else _brought(row),
    )


def _around(viewer: Any, deal_id: int, type_id: int) -> Around:
    deal = visible_deal(viewer, deal_id)
    register = register_of(deal)
    row = next((one for one in register if one.type_id == type_id), None)
    kind = row.type if row else AgreementType.objects.filter(pk=type_id).first()
    if kind is None:
        raise Hidden("no such agreement type")
    standard, corridor = in_force.standard_for(deal, type_id), corridor_page.corridor_of(deal)
    return Around(deal, kind, register, row, standard, corridor)


def _inside_first(register: Sequence[Agreement], type_id: int) -> list[Agreement]:
    """Return open agreements inside our company that are required or in motion."""
    inside = (row for row in register if row.type.side == Side.INTERNAL and row.type_id != type_id)
    return [row for row in inside if row.state in IN_MOTION or (row.required and row.state in WAITING)]


def _brought(row: Agreement | None) -> tuple[Brought, ...]:
    if row is None:
        return ()
    rows = Debrief.objects.filter(agreement=row).select_related("written_by", "demand")
    return tuple(
        Brought(
            outcome=one.outcome,
            held_at=one.held_at,
            by=one.written_by.name if one.written_by else "",
            learned=one.learned,
            demand=one.demand.note if one.demand else "",
        )
        for one in rows[:MOST_DEBRIEFS]
    )
