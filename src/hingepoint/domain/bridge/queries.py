"""The company's own words: which are in question and what they may mean, what a tie would do, what is tied."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from hingepoint.analysis.bridge import suggesting
from hingepoint.analysis.bridge.names import Names
from hingepoint.analysis.bridge.suggesting import Kind, Suggestion, Use
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.agreements.queries.catalogue import TypeChoice, keeps_catalogue, type_choices
from hingepoint.domain.bridge import frames, rules
from hingepoint.domain.bridge.other_words import other_words
from hingepoint.domain.bridge.rules import Choice, Joined
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.people.rules import alike, known_people
from hingepoint.records.agreements import Origin, Side
from hingepoint.records.deals import Stage
from hingepoint.records.errors import Hidden

#: So many words stand on a page, the most used first.
MOST_WORDS = 30
#: Fewer named persons do not say whose people they are.
LEAST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """A type that a word may mean, with the reasons for and against as sentences."""

    key: str
    name: str
    side: str
    stage: str
    sure: bool
    because: tuple[str, ...]
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word in question. ``when`` in the sale it is gained, in words, empty where that is not known; ``side``
    empty where no file says with whom, ``likely_side`` then what its use says."""

    id: int
    key: str
    name: str
    deals: int
    when: str
    side: str
    likely_side: str
    version: int
    offers: tuple[Offer, ...]

    @property
    def sure(self) -> Offer | None:
        return next((offer for offer in self.offers if offer.sure), None)


@dataclass(frozen=True, slots=True)
class TiedWord:
    """A word that means a type of the catalogue since a day."""

    key: str
    name: str
    means_key: str
    means: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class OwnWord:
    """A word that the company keeps as a type of its own."""

    key: str
    name: str
    id: int
    deals: int


@dataclass(frozen=True, slots=True)
class WordsPage:
    """The words in question, the most used first; ``more`` are left for after these. ``all_deals`` counts all."""

    words: tuple[Word, ...]
    more: int
    tied: tuple[TiedWord, ...]
    own: tuple[OwnWord, ...]
    choices: tuple[TypeChoice, ...]
    all_deals: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a choice would do to a word. ``moved`` None: it is kept as the company's own. ``open_deals`` counts the
    open ones among ``moved.agreements``; ``differs`` says what is otherwise with the type, ``checks`` what it
    brings along; ``asked`` that a playbook in force asks for it."""

    choice: Choice
    name: str
    version: int
    means: str
    moved: Joined | None
    open_deals: int
    differs: tuple[str, ...]
    checks: int
    asked: bool
    side: str


@dataclass(frozen=True, slots=True)
class UntiePage:
    """What untying a word does: ``back`` agreements go back to it, ``stay`` are the type's for good."""

    key: str
    name: str
    means: str
    means_key: str
    since: dt.datetime
    back: int
    stay: int
    version: int


def unsettled(viewer: Any) -> int:
    """Return how many words are in question; none to those who do not say what they mean."""
    return AgreementType.objects.unsettled().count() if keeps_catalogue(viewer) else 0


def words_page(viewer: Any, *, also: str = "") -> WordsPage:
    """Return the words in question with what they may mean; ``also`` is the key of one that was kept and is looked at
    again. Raises Hidden. About ten SQL queries; reads up to 100,000 gains."""
    _require_keeper(viewer)
    asked = AgreementType.objects.in_use().filter(origin=Origin.IMPORTED).filter(_in_question(also))
    rows = list(asked.annotate(used=Count("agreements")).order_by("-used", "name", "pk"))
    shown = rows[:MOST_WORDS]
    return WordsPage(
        words=tuple(_words(shown)),
        more=len(rows) - len(shown),
        tied=tuple(_tied()),
        own=tuple(_own(but=[row.pk for row in rows])),
        choices=tuple(type_choices(viewer)),
        all_deals=Deal.objects.count(),
    )


def _require_keeper(viewer: Any) -> None:
    if not keeps_catalogue(viewer):
        raise Hidden("no such page")


def _in_question(also: str) -> Q:
    return Q(pk__in=AgreementType.objects.unsettled().values("pk")) | Q(key=also)


def _words(rows: Sequence[Any]) -> Iterable[Word]:
    if not rows:
        return
    places = suggesting.places(frames.gains())
    kinds = _kinds({row.pk for row in rows}, places)
    names = Names({kind.key: kind.names for kind in kinds})
    by_key, ours = {kind.key: kind for kind in kinds}, _ours(rows)
    for row in rows:
        gains, place = places.get(row.key, (0, None))
        side = None if row.side_guessed else Side(row.side)
        use = Use(deals=row.used, gains=gains, place=place, side=side, ours=ours.get(row.pk))
        found = suggesting.suggestions(str(row), use, kinds, names)
        yield Word(
            id=row.pk,
            key=row.key,
            name=str(row),
            deals=row.used,
            when=suggesting.when(use),
            side=side or "",
            likely_side=use.whose or _first_side(found, by_key) or row.side,
            version=row.version,
            offers=tuple(_offer(one, by_key[one.key]) for one in found),
        )


def _first_side(found: Sequence[Suggestion], by_key: Mapping[str, Kind]) -> str:
    return by_key[found[0].key].side if found else ""


def _kinds(but: set[int], places: Mapping[str, tuple[int, float]]) -> list[Kind]:
    """Return the types that may be meant: all in use but the words in question."""
    asked = AgreementType.objects.unsettled().values("pk")
    rows = AgreementType.objects.in_use().exclude(pk__in=but).exclude(pk__in=asked).order_by("pk")
    others = other_words()
    tied: dict[int, list[str]] = {}
    for name, kind in AgreementType.objects.filter(tied_to__isnull=False).values_list("name", "tied_to_id"):
        tied.setdefault(kind, []).append(name)
    return [
        Kind(
            key=row.key,
            names=(str(row), row.name, *others.get(row.key, ()), *tied.get(row.pk, ())),
            side=Side(row.side),
            stage=row.own_stage or row.stage,
            use=Use(gains=places.get(row.key, (0, None))[0], place=places.get(row.key, (0, None))[1]),
        )
        for row in rows
    ]


def _ours(rows: Sequence[AgreementType]) -> dict[int, float]:
    """Return, for words with enough persons named, the share of them who are one's own people."""
    steps = AgreementEvent.objects.filter(agreement__type__in=rows).exclude(counterpart="").order_by()
    named = steps.values_list("agreement__type", "counterpart").annotate(n=Count("pk"))
    people = known_people()
    told: dict[int, list[int]] = {}
    for kind, name, number in named:
        counts = told.setdefault(kind, [0, 0])
        counts[0] += number
        counts[1] += number if alike(name) in people else 0
    return {kind: ours / every for kind, (every, ours) in told.items() if every >= LEAST_NAMED}


def _offer(one: Suggestion, kind: Kind) -> Offer:
    return Offer(one.key, kind.names[0], kind.side, kind.stage, one.sure, one.because, one.against)


def _tied() -> Iterable[TiedWord]:
    rows = AgreementType.objects.filter(tied_to__isnull=False).select_related("tied_to")
    for row in rows.order_by("-settled_at", "name"):
        assert row.tied_to is not None  # the filter above
        assert row.settled_at is not None  # a constraint
        yield TiedWord(row.key, str(row), row.tied_to.key, str(row.tied_to), row.settled_at)


def _own(but: Sequence[int]) -> Iterable[OwnWord]:
    rows = AgreementType.objects.in_use().filter(origin=Origin.IMPORTED).exclude(pk__in=but)
    for row in rows.annotate(used=Count("agreements")).order_by("name"):
        yield OwnWord(row.key, str(row), row.pk, row.used)


# ---- before the act ----


def effects(viewer: Any, choices: Sequence[Choice]) -> list[Effect]:
    """Return what choices would do, in their order; those of words that are gone are left out. Raises Hidden.
    About eight SQL queries a word."""
    _require_keeper(viewer)
    words = AgreementType.objects.in_use().filter(origin=Origin.IMPORTED)
    rows = words.in_bulk([one.word_id for one in choices])
    kinds = AgreementType.objects.in_use().in_bulk([one.means for one in choices], field_name="key")
    return [
        _effect(one, rows[one.word_id], kinds.get(one.means))
        for one in choices
        if one.word_id in rows and (not one.means or one.means in kinds)
    ]


def _effect(choice: Choice, word: AgreementType, kind: AgreementType | None) -> Effect:
    open_deals = Agreement.objects.filter(type=word, deal__in=Deal.objects.open()).count() if kind else 0
    return Effect(
        choice=choice,
        name=str(word),
        version=choice.version or word.version,
        means=str(kind) if kind else "",
        moved=rules.moving(word, kind) if kind else None,
        open_deals=open_deals,
        differs=tuple(_differs(word, kind)) if kind else (),
        checks=len(kind.good) if kind else 0,
        asked=rules.asked_for(kind) if kind else False,
        side=Side(choice.side or word.side).label,
    )


def _differs(word: AgreementType, kind: AgreementType) -> Iterable[str]:
    """Yield what is otherwise with the type than with the word."""
    theirs = suggesting.side_words(Side(kind.side))
    if word.side_guessed:
        yield f"With whom: no file said. From now on {theirs}, as the catalogue says."
    elif word.side != kind.side:
        yield f"With whom: your files say {suggesting.side_words(Side(word.side))}. From now on {theirs}."
    if stage := kind.own_stage or kind.stage:
        yield f"Needed by the stage {Stage(stage).label.lower()}; your word had none."
    days, now = (row.own_recheck_days or row.recheck_days for row in (word, kind))
    if days != now:
        yield f"Checked again after {now} days, until now after {days}: from its next check on."


def untie_page(viewer: Any, key: str) -> UntiePage:
    """Return what untying a word does. Raises Hidden."""
    _require_keeper(viewer)
    word = AgreementType.objects.filter(key=key, tied_to__isnull=False).select_related("tied_to").first()
    if word is None:
        raise Hidden("no such tied word")
    assert word.tied_to is not None  # the filter above
    assert word.settled_at is not None  # a constraint
    came = Agreement.objects.filter(said_as=word).count()
    back = Agreement.objects.filter(rules.may_go_back(word)).count()
    return UntiePage(
        key=word.key,
        name=str(word),
        means=str(word.tied_to),
        means_key=word.tied_to.key,
        since=word.settled_at,
        back=back,
        stay=came - back,
        version=word.version,
    )
