"""Won, lost or open: from the words, flags and times of a row, and from all rows where a word is not known.

An unknown word is open only where none of its deals has a close date. Otherwise its owner is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import polars as pl

from hingepoint.connectors.files.cells import outcomes as words_
from hingepoint.connectors.files.fields import ANSWER_WORDS, words
from hingepoint.connectors.files.mapping import MEANINGS
from hingepoint.connectors.files.reading.telling import in_money
from hingepoint.connectors.files.reading.understanding import ASKED, LEFT_OUT, Answer, Question, StatusWord
from hingepoint.records.names import normal

#: What a row alone can say for sure.
SURE = ("won", "lost", "open", LEFT_OUT)

_ZERO, _HUNDRED = r"^0+(?:[.,]0+)?\s*%?$", r"^100(?:[.,]0+)?\s*%?$"


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says, row by row: ``status`` is won, lost, open, STAGE, ASKED or null, read from ``word``."""

    source: str
    word: pl.Series
    status: pl.Series


def by_words(text: pl.Series, source: str, said: dict[str, str]) -> Said:
    """Return what the words of a status or stage column say."""
    meaning = {each: words_.meaning_of(each, said) for each in text.unique().to_list()}
    return Said(source, text, text.replace_strict(meaning, return_dtype=pl.String, default=None))


def as_answered(flags: Said, said: dict[str, str]) -> Said:
    """Return what ``flags`` say where the owner has answered about some of their values in a mapping."""
    answers = {word: said[normal(word)] for word in flags.word.unique().drop_nulls() if normal(word) in said}
    if not answers:
        return flags
    answered = flags.word.replace_strict(answers, default=None, return_dtype=pl.String)
    status = pl.select(pl.coalesce(answered, flags.status).alias("status")).to_series()
    return Said(flags.source, flags.word, status)


def by_flags(texts: dict[str, pl.Series], headings: dict[str, str]) -> Said | None:
    """Return what the flags ``closed``, ``won`` and ``lost`` say, None without any of them."""
    there = [mark for mark in ("closed", "won", "lost") if mark in texts]
    if not there:
        return None
    frame = pl.DataFrame({mark: _answers(texts[mark]) for mark in there})
    closed, won, lost = (
        pl.col(mark) if mark in there else pl.lit(None, dtype=pl.String) for mark in ("closed", "won", "lost")
    )
    ended = pl.when(won == "no").then(pl.lit("lost")).when(lost == "no").then(pl.lit("won"))
    status = (
        pl.when((won == "yes") & (lost == "yes"))
        .then(pl.lit(ASKED))
        .when(won == "yes")
        .then(pl.lit("won"))
        .when(lost == "yes")
        .then(pl.lit("lost"))
        .when(closed == "no")
        .then(pl.lit("open"))
        .when(closed == "yes")
        .then(ended)
        .when((won == "no") & (lost == "no"))
        .then(pl.lit("open"))
    )
    return Said("flag", _shown(texts, headings, there), frame.select(status.alias("status")).to_series())


def by_times(won: pl.Series | None, lost: pl.Series | None, headings: dict[str, str]) -> Said | None:
    """Return what a won time and a lost time say; neither is open only where both columns are there."""
    if won is None and lost is None:
        return None
    size = len(won if won is not None else lost)  # type: ignore[arg-type]
    never = pl.repeat(False, size, dtype=pl.Boolean, eager=True)
    is_won = never if won is None else won.is_not_null()
    is_lost = never if lost is None else lost.is_not_null()
    neither = pl.lit("open") if won is not None and lost is not None else pl.lit(None, dtype=pl.String)
    both = pl.lit(f"{headings.get('won_at', '')} and {headings.get('lost_at', '')}")
    status = (
        pl.when(is_won & is_lost)
        .then(pl.lit(ASKED))
        .when(is_won)
        .then(pl.lit("won"))
        .when(is_lost)
        .then(pl.lit("lost"))
        .otherwise(neither)
    )
    word = (
        pl.when(is_won & is_lost)
        .then(both)
        .when(is_won)
        .then(pl.lit(headings.get("won_at", "")))
        .when(is_lost)
        .then(pl.lit(headings.get("lost_at", "")))
        .otherwise(pl.lit("no won time, no lost time"))
    )
    return Said("flag", pl.select(word.alias("word")).to_series(), pl.select(status.alias("s")).to_series())


def by_archive(texts: dict[str, pl.Series], headings: dict[str, str], closed: pl.Series) -> Said | None:
    """Return what Odoo's archive says: inactive at probability 0 is lost, active at 100 and closed is won.

    What is inactive at another probability was put away, and nobody wrote why: it is asked about.
    """
    if "active" not in texts:
        return None
    size = len(closed)
    probability = texts.get("probability", pl.repeat("", size, dtype=pl.String, eager=True))
    away = (_answers(texts["active"]) == "no").fill_null(False)
    status = (
        pl.when(away & probability.str.contains(_ZERO))
        .then(pl.lit("lost"))
        .when(away)
        .then(pl.lit(ASKED))
        .when(probability.str.contains(_HUNDRED) & closed.is_not_null())
        .then(pl.lit("won"))
    )
    there = [mark for mark in ("active", "probability") if mark in texts]
    return Said("flag", _shown(texts, headings, there), pl.select(status.alias("status")).to_series())


def _answers(text: pl.Series) -> pl.Series:
    known = words(ANSWER_WORDS) | {
        normal(word): "yes" for word in ("wahr", "vrai", "verdadero", "waar", "vero")
    }
    known |= {normal(word): "no" for word in ("falsch", "faux", "falso", "onwaar")}
    meaning = {each: known.get(normal(each)) for each in text.unique().to_list()}
    return text.replace_strict(meaning, return_dtype=pl.String, default=None)


def _shown(texts: dict[str, pl.Series], headings: dict[str, str], there: Sequence[str]) -> pl.Series:
    parts = [pl.lit(f"{headings[mark]}: ") + texts[mark] for mark in there]
    return pl.select(pl.concat_str(parts, separator=", ").alias("word")).to_series()


def together(sources: list[Said], size: int) -> dict[str, pl.Series]:
    """Return ``status``, ``_word`` and ``_from`` of each row: of the first source that is sure of it.

    Of those that are not, the first that says anything: an open stage, a reason to ask, or an unknown word. A word of
    a status column that is not known is not made open by a stage beside it: who wrote it meant something else.
    """
    frame = pl.DataFrame({"_": pl.repeat(0, size, eager=True)})
    for n, each in enumerate(sources):
        frame = frame.with_columns(each.status.alias(f"s{n}"), each.word.alias(f"w{n}"))
    which = pl.coalesce(
        *(pl.when(test.fill_null(False)).then(n) for n, test in _by_precedence(sources)), pl.lit(0)
    )
    frame = frame.with_columns(which.alias("which"))
    picked = {"status": "s", "_word": "w"}
    columns = {
        name: pl.coalesce(
            *(pl.when(pl.col("which") == n).then(pl.col(f"{letter}{n}")) for n in range(len(sources)))
        )
        for name, letter in picked.items()
    }
    columns["_from"] = pl.col("which").replace_strict(
        {n: each.source for n, each in enumerate(sources)}, return_dtype=pl.String
    )
    found = frame.select(expression.alias(name) for name, expression in columns.items())
    return {name: found[name] for name in found.columns}


def _by_precedence(sources: list[Said]) -> list[tuple[int, pl.Expr]]:
    """Return the place of a source with the test that it decides a row, the first one that is met first."""
    sure = [(n, pl.col(f"s{n}").is_in(SURE)) for n in range(len(sources))]
    asks = [(n, pl.col(f"s{n}") == ASKED) for n in range(len(sources))]
    stages = [(n, pl.col(f"s{n}").is_not_null()) for n in range(len(sources))]
    written = [(n, pl.col(f"w{n}") != "") for n, each in enumerate(sources) if each.source != "flag"]
    for n, each in enumerate(sources):
        if each.source == "stage":
            sure[n] = (n, sure[n][1] & ~(_unknown_before(sources, n) & (pl.col(f"s{n}") == "open")))
            stages[n] = (n, stages[n][1] & ~_unknown_before(sources, n))
    return [*sure, *asks, *stages, *written]


def _unknown_before(sources: list[Said], place: int) -> pl.Expr:
    """Return in which rows a status column before the source at ``place`` has a word that is not known."""
    unknown = [
        pl.col(f"s{n}").is_null() & (pl.col(f"w{n}") != "")
        for n, each in enumerate(sources[:place])
        if each.source == "status"
    ]
    return pl.any_horizontal(*unknown).fill_null(False) if unknown else pl.lit(False)


@dataclass(frozen=True, slots=True)
class Settled:
    """``deals`` with a status throughout, how many wait for an answer or are left out, and what was read."""

    deals: pl.DataFrame
    asked: int
    left_out: int
    words: tuple[StatusWord, ...]
    questions: tuple[Question, ...]


def settle(
    deals: pl.DataFrame,
    *,
    ahead: dt.date | None,
    heading_of: Callable[[str], str],
    said: Collection[str] = (),
) -> Settled:
    """Return ``deals`` with the words decided that no row alone decides, and the questions that stay.

    ``ahead``: a close date after this day is an expected one. ``heading_of`` gives the heading of a source,
    ``said`` are the words, in normal form, whose meaning a mapping gives.
    """
    deals = deals.with_columns(_past(deals, ahead).alias("_past"))
    decided = _decided(deals, dated="closed" in deals.columns)
    deals = deals.with_columns(decided.alias("status"))
    told = tuple(replace(each, said=normal(each.word) in said) for each in _words_of(deals))
    asked, left_out = (int((deals["status"] == each).sum()) for each in (ASKED, LEFT_OUT))
    questions = tuple(_question(each, heading_of(each.source)) for each in told if each.read_as == ASKED)
    kept = deals.filter(~pl.col("status").is_in([ASKED, LEFT_OUT])).drop("_word", "_from", "_past")
    return Settled(kept, asked, left_out, told, questions)


def _past(deals: pl.DataFrame, ahead: dt.date | None) -> pl.Series:
    """Return which deals have a close date that is not ahead."""
    if "closed" not in deals.columns:
        return pl.repeat(False, deals.height, dtype=pl.Boolean, eager=True)
    closed = deals["closed"]
    return closed.is_not_null() if ahead is None else (closed.dt.date() <= ahead).fill_null(False)


def _decided(deals: pl.DataFrame, *, dated: bool) -> pl.Series:
    """Return won, lost, open or ASKED for every deal."""
    here = set(deals["status"].drop_nulls().unique())
    told_apart = {"won", "lost"} <= here
    group = [pl.col("_from"), pl.col("_word")]
    any_past = pl.col("_past").any().over(group)
    lone = pl.when(pl.col("_word") == "").then(pl.col("_past")).otherwise(any_past)
    unsure = pl.lit(True) if not dated else lone
    status = (
        pl.when(pl.col("status") == words_.STAGE)
        .then(pl.when(pl.lit(told_apart) | ~any_past).then(pl.lit("open")).otherwise(pl.lit(ASKED)))
        .when(pl.col("status").is_null())
        .then(pl.when(unsure).then(pl.lit(ASKED)).otherwise(pl.lit("open")))
        .otherwise(pl.col("status"))
    )
    return deals.select(status.alias("status")).to_series()


def _words_of(deals: pl.DataFrame) -> tuple[StatusWord, ...]:
    """Return each word with its deals and money, the most frequent first."""
    amount = pl.col("amount") if "amount" in deals.columns else pl.lit(None, dtype=pl.Float64)
    currency = pl.col("currency").fill_null("") if "currency" in deals.columns else pl.lit("")
    by = ["_word", "_from", "status"]
    parts = deals.group_by(*by, currency.alias("_currency"), maintain_order=True).agg(
        pl.len().alias("deals"),
        amount.sum().alias("amount"),
        amount.count().alias("said"),
        pl.col("_past").sum(),
    )
    found: dict[tuple[str, str, str], StatusWord] = {}
    for word, source, status, code, number, total, said, past in parts.iter_rows():
        before = found.get((word, source, status))
        amounts = dict(before.amounts) if before else {}
        if said:
            amounts[code] = total
        found[word, source, status] = StatusWord(
            word=word,
            source=source,
            deals=number + (before.deals if before else 0),
            amounts=amounts,
            read_as=status,
            closed=past + (before.closed if before else 0),
        )
    return tuple(sorted(found.values(), key=lambda each: (-each.deals, each.word)))


def _question(word: StatusWord, heading: str) -> Question:
    money = f", {in_money(word.amounts)}" if word.amounts else ""
    has = "has" if word.closed == 1 else "have"
    closed = f"; {word.closed:,} {has} a close date" if word.closed else ""
    many = "1 deal" if word.deals == 1 else f"{word.deals:,} deals"
    about = f"“{word.word or '(empty)'}” in column {heading}: {many}{money}{closed}. Is it"
    answers = tuple(
        Answer(meaning.replace("_", " "), {"deals": {"status": {meaning: [word.word]}}})
        for meaning in MEANINGS
    )
    likely = MEANINGS.index("left_out" if word.source == "flag" else words_.likely(word.word))
    return Question(about, answers, heading, word.word, deals=word.deals, likely=likely)


def by_steps(
    deals: pl.DataFrame, events: pl.DataFrame, steps: dict[str, list[str]]
) -> tuple[StatusWord, ...]:
    """Return, for each step that decides, the deals it decided with their money; open are those with none.

    ``deals`` are decided, ``events`` are those of ``steps``, given by what they mean.
    """
    meaning = {step: status for status, names in steps.items() for step in names}
    first = (
        events.sort("at")
        .group_by("deal_id", maintain_order=True)
        .agg(pl.col("agreement").first().alias("_word"))
    )
    told = deals.join(first, on="deal_id", how="left", maintain_order="left").with_columns(
        pl.col("_word").fill_null("no such step"),
        pl.lit("event").alias("_from"),
        pl.lit(False).alias("_past"),
    )
    status = pl.col("_word").replace_strict(meaning, default=None, return_dtype=pl.String)
    return _words_of(told.with_columns(pl.coalesce("status", status).alias("status")))
