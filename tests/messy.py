"""A company's export as such exports are, with the truth behind it and a clean twin that says the same.

``company`` is the truth. ``clean`` writes it in our own columns; ``messy`` as a German CRM might: status words in
three languages, some of which only their owner knows, quotes in names, dates that cannot be, per cent under one
heading and shares under another, two currencies, ids with zeros in front and ids damaged by a spreadsheet, five
spellings of an agreement, a history of fields, twenty columns.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

FIRST = dt.date(2021, 1, 4)
LAST = dt.date(2024, 6, 28)

AGREEMENTS = (
    "Sponsor named",
    "Budget confirmed",
    "Data access",
    "Joint plan",
    "Décision écrite",
    "Pilot agreed",
)
ACCOUNTS = (
    "'t Hooft BV",
    "Jansen & zonen'",
    'O\'Neill "The" Mill',
    "Müller; Söhne GmbH",
    "東京製作所",
    "Société Élan",
)
OWNERS = ("Ann Berg", "Bo Lind", "Çağla Öz", "D'Arcy Moor")
STAGES = ("Qualifizierung", "Angebot", "Verhandlung")

WORDS = {
    "won": ("Gewonnen", "Gagnée", "受注", "6 - Closed Won"),
    "lost": ("Verloren", "Perdue", "失注", "7 - Closed Lost", "Geschlossen, kein Budget", "Nicht gewonnen"),
    "open": ("Offen", "En cours", "商談中"),
}
#: Words that only their owner knows, and what they mean.
ASKED = {"Geschlossen, kein Budget": "lost", "Nicht gewonnen": "lost", "Dublette": "left out"}


@dataclass(frozen=True)
class Deal:
    """A deal as it is. Shares are shares, days are days."""

    key: str
    name: str
    account: str
    status: str
    stage: str
    created: dt.date
    closed: dt.date | None
    expected: dt.date
    amount: float
    currency: str
    discount: float
    margin: float
    owner: str
    team: str
    region: str
    segment: str
    product: str
    source: str


@dataclass(frozen=True)
class Step:
    deal: str
    name: str
    on: dt.date


@dataclass(frozen=True)
class Change:
    """A field of a deal that changed; a ``stage`` or another one."""

    deal: str
    field: str
    old: str
    new: str
    on: dt.date


@dataclass(frozen=True)
class Truth:
    deals: tuple[Deal, ...]
    steps: tuple[Step, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Export:
    """The files that tell of a company."""

    deals: Path
    events: Path
    history: Path


def company(size: int, *, seed: int = 9) -> Truth:
    """Return ``size`` deals over three and a half years; with a sponsor named deals are won more often."""
    rng = random.Random(seed)
    deals, steps, changes = [], [], []
    for number in range(size):
        created = FIRST + dt.timedelta(days=int(number * (LAST - FIRST).days / size))
        ends = created + dt.timedelta(days=rng.randint(30, 150))
        taken = [name for name in AGREEMENTS if rng.random() < 0.5]
        won = rng.random() < 0.25 + 0.4 * ("Sponsor named" in taken)
        status = "open" if ends > LAST else "won" if won else "lost"
        deal = _deal(rng, number, status, created, ends)
        deals.append(deal)
        until = min(ends, LAST)
        steps += [Step(deal.key, name, _between(rng, created, until)) for name in taken]
        changes += _changes(rng, deal, until)
    return Truth(tuple(deals), tuple(steps), tuple(changes))


def _deal(rng: random.Random, number: int, status: str, created: dt.date, ends: dt.date) -> Deal:
    return Deal(
        key=f"{number + 1:06d}",
        name=f"Deal {number + 1}",
        account=rng.choice(ACCOUNTS),
        status=status,
        stage=rng.choice(STAGES),
        created=created,
        closed=None if status == "open" else ends,
        expected=ends + dt.timedelta(days=rng.randint(0, 20)),
        amount=round(rng.uniform(1_000, 90_000), 2),
        currency=rng.choice(("EUR", "USD")),
        discount=rng.randint(0, 60) / 200,
        margin=rng.randint(10, 60) / 100,
        owner=rng.choice(OWNERS),
        team=rng.choice(("Nord", "Süd")),
        region=rng.choice(("DE", "FR", "JP")),
        segment=rng.choice(("Handel", "Industrie")),
        product=rng.choice(("Core", "Plus")),
        source=rng.choice(("Messe", "Web")),
    )


def _between(rng: random.Random, since: dt.date, until: dt.date) -> dt.date:
    return since + dt.timedelta(days=rng.randint(1, max(1, (until - since).days - 1)))


def _changes(rng: random.Random, deal: Deal, until: dt.date) -> list[Change]:
    first, then = sorted((_between(rng, deal.created, until), _between(rng, deal.created, until)))
    before = next(stage for stage in STAGES if stage != deal.stage)
    return [
        Change(deal.key, "stage", before, deal.stage, first),
        Change(deal.key, "Betrag", f"{deal.amount - 1:.2f}", f"{deal.amount:.2f}", then),
    ]


# The clean twin


def clean(truth: Truth, folder: Path) -> Export:
    """Write ``truth`` in our own columns."""
    folder.mkdir()
    ours = ["deal_id", "name", "account", "status", "stage", "created", "closed", "expected_close", "amount"]
    ours += ["currency", "discount", "margin", "owner", "team", "region", "segment", "product", "source"]
    deals = [[_plain(getattr(deal, name)) for name in Deal.__dataclass_fields__] for deal in truth.deals]
    events = [[step.deal, step.name, step.on.isoformat()] for step in truth.steps]
    changes = [
        [each.deal, each.new if each.field == "stage" else each.field, each.on.isoformat()]
        + (["stage", ""] if each.field == "stage" else ["field", each.new])
        for each in truth.changes
    ]
    return Export(
        _written(folder / "deals.csv", [ours, *deals]),
        _written(folder / "events.csv", [["deal_id", "agreement", "at"], *events]),
        _written(folder / "history.csv", [["deal_id", "agreement", "at", "kind", "value"], *changes]),
    )


def _plain(value: object) -> str:
    return "" if value is None else str(value)


def _written(path: Path, rows: Iterable[Sequence[str]], *, delimiter: str = ",", **dialect: str) -> Path:
    with path.open("w", newline="", **{"encoding": "utf-8", **dialect}) as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return path


# The mess

HEADINGS = (
    "Verkaufschancen-ID", "Name", "Kunde", "Status", "Phase", "Erstellt am", "Geschlossen am",
    "Voraussichtlicher Abschluss", "Betrag", "Währung", "Rabatt %", "Marge %", "Inhaber", "Vertriebsteam", "Land",
    "Branche", "Produkt", "Quelle", "Kommentar", "Wettbewerber",
)  # fmt: skip

COMMENTS = ("", "war's das?", '"sehr" gut; bald', "Zeile eins\nZeile zwei", "10 % Nachlass")


def messy(truth: Truth, folder: Path, *, seed: int = 4) -> Export:
    """Write ``truth`` with everything wrong that exports have wrong, and some rows that are of no use."""
    folder.mkdir()
    rng = random.Random(seed)
    words = {deal.key: rng.choice(WORDS[deal.status]) for deal in truth.deals}
    rows = [_messy_row(rng, deal, words[deal.key]) for deal in truth.deals]
    useless = list(_useless(rng, truth.deals))
    rows += [rows[3], *useless]
    rng.shuffle(rows[len(truth.deals) :])
    events = [_messy_step(rng, step) for step in truth.steps]
    events += [*_useless_events(truth, useless), events[0]]
    history = [_messy_change(rng, each) for each in truth.changes]
    headings = ["Verkaufschancen-ID", "Vereinbarung", "Datum", "Notiz"]
    changed = ["Verkaufschancen-ID", "Feld", "Alter Wert", "Neuer Wert", "Datum", "Benutzer"]
    german = {"delimiter": ";", "encoding": "utf-8-sig"}
    return Export(
        _written(folder / "Verkaufschancen.csv", [HEADINGS, *rows], **german),
        _written(folder / "Vereinbarungen.csv", [headings, *events], **german),
        _written(folder / "Feldhistorie.csv", [changed, *history], **german),
    )


def _messy_row(rng: random.Random, deal: Deal, word: str) -> list[str]:
    closed = deal.closed
    if deal.status == "open" and rng.random() < 0.3:
        closed = dt.date(9999, 12, 31)
    return [
        deal.key, deal.name, deal.account, word, deal.stage, _day(deal.created), _day(closed), _day(deal.expected),
        _number(deal.amount), deal.currency, _number(deal.discount * 100, 1), _number(deal.margin, 2), deal.owner,
        deal.team, deal.region, deal.segment, deal.product, deal.source, rng.choice(COMMENTS),
        rng.choice(("Bolt", "Nut", "")),
    ]  # fmt: skip


def _day(value: dt.date | None) -> str:
    return f"{value.day:02d}.{value.month:02d}.{value.year:04d}" if value else ""


def _number(value: float, digits: int = 2) -> str:
    """Return a number as Germans write it: 1.234,50."""
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def _useless(rng: random.Random, deals: tuple[Deal, ...]) -> Iterable[list[str]]:
    """Yield rows of deals that cannot be, or that their owner does not count."""
    kinds = [
        *[("Gewonnen", "04.03.2022", "31.12.2099")] * 3,
        ("Verloren", "04.03.2022", "10.06.2032"),
        *[("Verloren", "01.01.1900", "10.06.2022")] * 2,
        ("Gewonnen", "04.03.2022", "04.02.2022"),
        *[("Dublette", "04.03.2022", "04.06.2022")] * 4,
    ]
    for number, (word, created, closed) in enumerate(kinds):
        row = _messy_row(rng, deals[number], word)
        row[0], row[5], row[6] = f"9{number:05d}", created, closed
        yield row


def _messy_step(rng: random.Random, step: Step) -> list[str]:
    return [step.deal, _spelt(rng, step.name), _day(step.on), rng.choice(COMMENTS[:3])]


def _spelt(rng: random.Random, name: str) -> str:
    """Return a name as somebody may type it; as it is, most of the time."""
    others = (
        name.upper(),
        name.lower(),
        name.replace(" ", "_"),
        unicodedata.normalize("NFD", name).replace(" ", "-"),
    )
    return name if rng.random() < 0.6 else rng.choice(others)


def _useless_events(truth: Truth, useless: list[list[str]]) -> Iterable[list[str]]:
    """Yield events of deals left out, events that cannot be, and events whose ids a spreadsheet has damaged."""
    yield from ([row[0], "Joint plan", "05.04.2022", ""] for row in useless)
    yield [truth.deals[0].key, "Joint plan", "01.01.2099", ""]
    yield [truth.deals[1].key, "Joint plan", "01.01.1970", ""]
    for deal in truth.deals[5:10]:
        yield [deal.key.lstrip("0"), "Joint plan", _day(deal.created), ""]


def _messy_change(rng: random.Random, change: Change) -> list[str]:
    field = "Phase" if change.field == "stage" else change.field
    return [change.deal, field, change.old, change.new, _day(change.on), rng.choice(OWNERS)]
