"""Columns that were not known when a deal was created: what gives the outcome away, and what may.

A column that all but tells won from lost is refused. Below that lies a zone in which real leaks hide among honest
facts: status tags, lead quality, last activity, days to close. There it is warned of, by how well it tells won from
lost, by its name, or by standing still while deals are open. Who knows that a column was known at creation may insist.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import polars as pl

from hingepoint.analysis.discovery.settings import DiscoveryError

#: Areas under the curve of a column alone: from the first on it is worth a word, from the second on refused.
WORTH_A_WORD, REFUSED = 0.8, 0.95
#: Fewer deals on a side say nothing.
LEAST = 30
#: Empty so much more often while open, or for one outcome, is refused; filled by so much only at the close is warned of.
FILLED_AT_CLOSE, FILLED_FOR_ONE = 0.5, 0.8
#: Open deals of which so many have one value, which at most so many closed deals have, changed at the close.
STANDS_STILL, MOVES_AT_CLOSE = 0.95, 0.7
#: Words with more different values than this share of deals are names, not facts.
MOST_DIFFERENT = 0.1


def require_known(deals: pl.DataFrame, name: str, insisted: Sequence[str]) -> None:
    """Raise DiscoveryError for a column that gives the outcome away, unless it is insisted on."""
    if reason := refused(deals, name, insisted):
        raise DiscoveryError(
            f"the covariate {name!r} leaks the outcome: {reason}. Leave it out, or insist on it if it was known when "
            "deals were created"
        )


def refused(deals: pl.DataFrame, name: str, insisted: Sequence[str]) -> str:
    """Return why a column gives the outcome away; empty if it does not, or is insisted on."""
    return "" if name in insisted else _gives_away(*_parted(deals, name))


def doubted(deals: pl.DataFrame, name: str, insisted: Sequence[str]) -> str:
    """Return in one sentence what speaks against a column that is used; empty if nothing does."""
    decided, undecided = _parted(deals, name)
    worst = _gives_away(decided, undecided)
    doubts = (worst or _tells(decided), _stands_still(decided, undecided), _says_so(name))
    said = "; ".join(one for one in doubts if one)
    if not said:
        return ""
    if name in insisted:
        return f"The column {name} is used because you insist on it: {said}."
    return f"The column {name} may not have been known when deals were created: {said}. If so, leave it out."


def _parted(deals: pl.DataFrame, name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the column of decided and of open deals as ``value``, with ``won``."""
    known = deals.select(
        decided=pl.col("status") != "open", won=pl.col("status") == "won", value=pl.col(name)
    )
    return known.filter("decided"), known.filter(~pl.col("decided"))


def _gives_away(decided: pl.DataFrame, undecided: pl.DataFrame) -> str:
    if late := _filled_late(decided, undecided):
        return late
    area = area_under_curve(decided)
    if area >= REFUSED:
        return f"it tells won from lost almost perfectly (area under the curve {area:.2f})"
    return ""


def _filled_late(decided: pl.DataFrame, undecided: pl.DataFrame) -> str:
    enough = min(undecided.height, decided.height) >= LEAST
    if enough and _empty(undecided) - _empty(decided) > FILLED_AT_CLOSE:
        return "it is mostly empty while deals are open and filled once they are closed"
    for status, others in ((True, "lost"), (False, "won")):
        group, rest = decided.filter(pl.col("won") == status), decided.filter(pl.col("won") != status)
        if min(group.height, rest.height) >= LEAST and _empty(rest) - _empty(group) > FILLED_FOR_ONE:
            return f"it is almost always empty for {others} deals"
    return ""


def _empty(known: pl.DataFrame) -> float:
    return known["value"].null_count() / known.height


def area_under_curve(decided: pl.DataFrame) -> float:
    """Return how well a column alone sorts won from lost deals, .5 being not at all: by its value, or by whether it
    has one."""
    filled = decided.drop_nulls("value")
    has = decided.with_columns(value=pl.col("value").is_not_null().cast(pl.Float64))
    return max(_area(filled), _area(has))


def _area(decided: pl.DataFrame) -> float:
    wins = int(decided["won"].sum())
    losses = decided.height - wins
    if min(wins, losses) < LEAST:
        return 0.5
    if decided.schema["value"].is_numeric():
        score = decided["value"].cast(pl.Float64)
    else:
        if decided["value"].n_unique() > decided.height * MOST_DIFFERENT:
            return 0.5
        score = decided.select(pl.col("won").cast(pl.Float64).mean().over("value"))["won"]
    ranks = score.rank("average").filter(decided["won"])
    area = (float(ranks.sum()) - wins * (wins + 1) / 2) / (wins * losses)
    return max(area, 1 - area)


def _tells(decided: pl.DataFrame) -> str:
    area = area_under_curve(decided)
    return f"alone it tells won from lost (area under the curve {area:.2f})" if area >= WORTH_A_WORD else ""


def _stands_still(decided: pl.DataFrame, undecided: pl.DataFrame) -> str:
    """Return whether nearly all open deals have one value that closed deals have left."""
    if min(undecided.height, decided.height) < LEAST:
        return ""
    value = undecided["value"].mode().sort(nulls_last=False)[0]
    same = pl.col("value").eq_missing(pl.lit(value))
    still, left = (float(known.select(same.mean()).item()) for known in (undecided, decided))
    if still < STANDS_STILL or left > MOVES_AT_CLOSE:
        return ""
    what = "is empty" if value is None else f"is {value}"
    return (
        f"it {what} in {still:.0%} of open deals and in {left:.0%} of closed ones: it is filled at the close"
    )


#: Words that columns bear which are filled or changed while a deal runs, in the languages of the CRMs we read. Each line
#: is one kind; a name is doubted if it has all words of one entry.
_KINDS = (
    "tag|tags|status tag|lead quality|lead grade|qualification|lead qualitaet|qualite lead|calidad lead",
    "last activity|last notable activity|last contact|last modified|last touch|letzte aktivitaet|letzter kontakt|derniere "
    "activite|dernier contact|ultima actividad|ultimo contacto|ultima attivita|ultimo contatto|ultima atividade|laatste "
    "activiteit|laatste contact|senaste aktivitet|ostatnia aktywnosc",
    "duration|call duration|talk time|calls|dauer|gespraechsdauer|duree|duracion|durata|duracao|duur|varaktighet|czas trwania",
    "days to close|days closing|total days|elapsed days|ratio days|cycle days|time to close|age in days|tage bis|jours "
    "avant|dias hasta|giorni alla|dias ate|dagen tot",
    "stage change|stage changes|stage count|stage history|current stage|phase|phasenwechsel|etape|etapa|fase|etap",
    "next step|next steps|naechster schritt|naechste schritte|prochaine etape|proximo paso|siguiente paso|prossimo "
    "passo|proximo passo|volgende stap|naesta steg|nastepny krok",
    "probability|win probability|likelihood|wahrscheinlichkeit|probabilite|probabilidad|probabilita|probabilidade|"
    "waarschijnlijkheid|kans|sannolikhet|prawdopodobienstwo",
    "forecast|forecast category|commit|prognose|prevision|pronostico|previsione|previsao|prognoza",
    "close|closed|closing|close date|abschluss|abgeschlossen|geschlossen|cloture|clos|cierre|cerrado|chiusura|chiuso|fechamento|"
    "fechado|gesloten|afgesloten|staengd|zamkniecie|zamkniete",
    "won|win|gewonnen|gagne|ganado|ganada|vinto|vinta|ganho|vunnen|wygrane|wygrana",
    "lost|loss|lost reason|loss reason|verloren|verlustgrund|perdu|perdue|perdido|perdida|perso|persa|verlies|foerlorad|"
    "przegrane|przegrana|competitor lost",
    "result|outcome|ergebnis|resultat|resultado|risultato|risultati|uitkomst|wynik|final amount|signed",
)
_NAMES = tuple(frozenset(entry.split()) for kind in _KINDS for entry in kind.split("|"))
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SPELT = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "a", "ł": "l"}
)


def _says_so(name: str) -> str:
    """Return whether the name of a column is one of columns that change while a deal runs."""
    bare = unicodedata.normalize("NFKD", name.translate(_SPELT))
    plain = "".join(letter for letter in bare if not unicodedata.combining(letter))
    words = {word.casefold() for word in _WORD.findall(plain)}
    if any(entry <= words for entry in _NAMES):
        return "by its name it changes while a deal runs"
    return ""
