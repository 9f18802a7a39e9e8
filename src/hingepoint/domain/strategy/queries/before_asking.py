"""What publishing a playbook, or putting a strategy in force, will ask: of whom, how much, and by when."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.people.models import User
from hingepoint.domain.strategy import asking
from hingepoint.domain.strategy.models import Playbook, Strategy
from hingepoint.domain.strategy.queries.drafting import drafted
from hingepoint.domain.strategy.queries.strategies import editable
from hingepoint.domain.strategy.rules import AsIf, books_in_force
from hingepoint.records.agreements import STANDING, AgreementState
from hingepoint.records.languages import say, say_many
from hingepoint.records.strategy import Status


@dataclass(frozen=True, slots=True)
class AskedOfType:
    """One agreement type on open deals: how many need it, of them newly, and how many no more."""

    name: str
    deals: int
    new: int
    released: int


@dataclass(frozen=True, slots=True)
class AskedOfSeller:
    """What one seller is newly asked for: on ``deals`` deals ``new`` agreements, of which ``old`` were due before
    and are theirs to sort out. An empty name: deals that nobody owns."""

    name: str
    deals: int
    new: int
    old: int
    can_sign_in: bool


@dataclass(frozen=True, slots=True)
class BeforeAsking:
    """What will be asked. ``new`` agreements on ``deals`` open deals, ``late`` of them late at once; ``old`` were
    due before and wait in the lists to sort out; ``first_due`` is the first day on which one is due. ``missing``
    says what the strategy lacks, each as a sentence. ``asks`` is False where nothing is asked yet."""

    by_type: tuple[AskedOfType, ...]
    by_seller: tuple[AskedOfSeller, ...]
    deals: int
    new: int
    old: int
    late: int
    first_due: dt.date | None
    grace_days: int
    missing: tuple[str, ...]
    asks: bool

    @property
    def kept_out(self) -> int:
        """Return how many sellers are asked who cannot sign in yet."""
        return sum(not one.can_sign_in for one in self.by_seller if one.name)


def of_draft(viewer: Any, strategy_id: int, *, today: dt.date) -> BeforeAsking:
    """Return what publishing the draft asks. While the strategy is not in force, what it will ask when it is put
    in force today. Reads all open deals. Raises Hidden where there is no draft."""
    draft = drafted(viewer, strategy_id)
    asks = draft.strategy.status == Status.IN_FORCE
    return _before(draft.strategy, AsIf(draft.strategy, today, draft), draft, today=today, asks=asks)


def of_start(viewer: Any, strategy_id: int, *, today: dt.date, grace_days: int | None = None) -> BeforeAsking:
    """Return what putting the strategy in force today asks. Reads all open deals. Raises Hidden."""
    strategy = editable(viewer, strategy_id)
    if grace_days is not None:
        strategy.grace_days = grace_days
    book = strategy.playbooks.published().first()
    return _before(strategy, AsIf(strategy, today), book, today=today, asks=book is not None)


def _before(
    strategy: Strategy, as_if: AsIf, book: Playbook | None, *, today: dt.date, asks: bool
) -> BeforeAsking:
    terms = replace(asking.terms(), books=books_in_force(as_if))
    told: dict[tuple[int, int], asking.Told] = {}
    now: dict[tuple[int, int], Any] = {}
    owners: dict[int, int | None] = {}
    for deals in _batches():
        wanted = asking.decide(deals, terms)
        told |= asking.to_say(wanted, today=today)
        now |= asking.on_record(wanted.batches, terms.types)
        owners |= {deal.pk: deal.owner_id for deal in deals}
    new = {key: said for key, said in told.items() if not (key in now and now[key].required)}
    still = {key: one for key, one in new.items() if not _settled(now.get(key))}
    dues = [one.needed_by for one in still.values() if one.needed_by]
    return BeforeAsking(
        by_type=tuple(_by_type(told, new, now)),
        by_seller=tuple(_by_seller(still, owners)),
        deals=len({deal for deal, _ in told}),
        new=len(new),
        old=sum(one.was_due_on is not None for one in still.values()),
        late=sum(day < today for day in dues),
        first_due=min(dues, default=None),
        grace_days=strategy.grace_days,
        missing=tuple(_missing(strategy, book)),
        asks=asks,
    )


def _batches() -> Iterator[list[Any]]:
    after = 0
    while deals := asking.open_deals(after=after):
        yield deals
        after = deals[-1].pk


def _settled(row: Any) -> bool:
    """Return whether nothing is left to do: it stands already, or the deal does without."""
    return row is not None and (row.state in STANDING or row.state == AgreementState.NOT_NEEDED)


def _by_type(told: dict, new: dict, now: dict) -> list[AskedOfType]:
    gone = [kind for (deal, kind), row in now.items() if row.required and (deal, kind) not in told]
    counts = [Counter(kind for _, kind in pairs) for pairs in (told, new)] + [Counter(gone)]
    names = {row.pk: str(row) for row in AgreementType.objects.filter(pk__in=set().union(*counts))}
    kinds = sorted(names, key=lambda kind: names[kind])
    return [AskedOfType(names[kind], *(count[kind] for count in counts)) for kind in kinds]


def _by_seller(new: dict, owners: dict[int, int | None]) -> list[AskedOfSeller]:
    deals: dict[int | None, set[int]] = defaultdict(set)
    asked: Counter[int | None] = Counter()
    old: Counter[int | None] = Counter()
    for (deal, _), one in new.items():
        owner = owners[deal]
        deals[owner].add(deal)
        asked[owner] += 1
        old[owner] += one.was_due_on is not None
    people = User.objects.knowing_ways_in().in_bulk([owner for owner in deals if owner])
    lines = [
        AskedOfSeller(
            name=people[owner].name if owner else "",
            deals=len(deals[owner]),
            new=asked[owner],
            old=old[owner],
            can_sign_in=bool(owner and people[owner].is_active and people[owner].can_sign_in),
        )
        for owner in deals
    ]
    return sorted(lines, key=lambda line: (-line.new, line.name))


#: Fewer agreements than this say little about a strategy.
USUAL_LEAST = 6


def _missing(strategy: Strategy, book: Playbook | None) -> Iterator[str]:
    """Yield what a strategy lacks that will ask people for something."""
    if strategy.sponsor_id is None:
        yield say("No sponsor is named: nobody stands for it.")
    if not strategy.result_metrics.exists():
        yield say("No target is set: nobody will know whether it works.")
    if book is None:
        yield say("No playbook is published: nothing is asked of anybody.")
        return
    number = book.pivotal.count()
    if number < USUAL_LEAST:
        yield say_many(
            "{n} agreement is chosen; a strategy usually hinges on six to eight.",
            "{n} agreements are chosen; a strategy usually hinges on six to eight.",
            number,
            n=number,
        )


def has_playbook(strategy: Strategy) -> bool:
    """Return whether a strategy has a published playbook, without which it asks nothing."""
    return strategy.playbooks.published().exists()
