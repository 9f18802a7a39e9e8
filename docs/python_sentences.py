"""Find what the code says to people: which of its texts a catalogue can say in another language, and which nobody can.

``python3 dev.py sentences unsaid [PACKAGE ...]`` lists texts that look like sentences and pass no door where they are said
(decision 1053).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "hingepoint"

#: Packages and files of which every sentence is said or passes a door. A package that is converted is added.
HELD = (
    *("domain/agreements", "domain/audit", "domain/coaching", "domain/escalations", "domain/plans", "domain/routines", "domain/trail"),
    *("domain/people/passwords.py", "domain/people/queries.py", "domain/strategy/actions.py", "domain/strategy/presets.py"),
    *("domain/strategy/next_best_choice.py", "domain/strategy/queries", "domain/strategy/results.py", "domain/strategy/seen.py"),
    *("web/agreements.py", "web/answers.py", "web/coaching.py", "web/deals.py", "web/debts.py", "web/drafts.py", "web/escalations.py"),
    *("web/hindsight.py", "web/merging.py", "web/onward.py", "web/own_metrics.py", "web/people.py", "web/plans.py", "web/playbook.py"),
    *("web/principles.py", "web/reviews.py", "web/routines.py", "web/sponsorship.py", "web/strategy.py", "web/strategy_pictures.py"),
    *("web/strategy_words.py", "web/trail.py", "web/catalogue.py", "web/detection.py", "web/formats.py", "web/let_in.py", "web/shell.py"),
    *("web/negotiation.py", "web/passkeys.py", "web/proof.py", "web/questions.py", "web/register.py", "web/saved_views.py", "web/sent.py"),
    *("web/sign_in.py", "web/sorting.py", "web/tokens.py", "web/premortems.py", "web/involvement.py", "web/sessions.py", "web/deal_pictures.py"),
    *("domain/negotiation", "domain/hindsight", "domain/premortems", "domain/principles", "domain/debts", "domain/involvement"),
    *("domain/deals", "domain/detection", "domain/self_assessment", "domain/questions", "domain/proposals", "domain/cockpit"),
    *("records/agreements.py", "records/findings.py", "records/routines.py"),
    *("web/proposals.py", "web/proving.py", "web/search.py", "web/impact.py", "web/impact_words.py", "web/measures.py"),
    *("web/forecasts.py", "web/home_pictures.py", "web/bridge.py", "web/definitions.py", "web/discovery.py", "web/pressures.py"),
    *("web/people_sheet.py", "web/looks.py", "web/manual.py", "web/sign_on.py", "web/health.py", "web/notices.py"),
    *("web/pressure_words.py", "web/signal_words.py", "web/signal_pictures.py", "web/signals.py", "web/home.py"),
    *("reports/charts/numbers.py", "analysis/metric_words.py"),
)  # fmt: skip
#: Texts of held files that look like sentences and are said to nobody: names of queries, statements of SQL.
_MACHINES = {
    *(
        "database is locked",
        "lock timeout",
        "statement timeout",
        "Excel",
        "JSON lines",
        "use of types",
        "come back",
    ),
    *(
        "agreement type",
        "detection rule",
        "saved view",
        "second factor",
        "daily mail",
        "signal in mails",
        "pressure rule",
    ),
    *(
        "disk is full",
        "No space left",
        "readonly database",
        "read-only transaction",
        "unable to open database",
    ),
    *(
        "connection failed",
        "connection refused",
        "Connection refused",
        "connection is lost",
        "connection is closed",
    ),
    *("closed the connection", "terminating connection"),
    *(
        "browser {}",
        "switch on",
        "switch off",
        "note {}",
        "take back {}",
        "agreement debt on {}",
        "brief {} {}",
        "forgotten from {}",
    ),
    *(
        'attachment; filename="{}"',
        'attachment; filename="card.txt"',
        'attachment; filename="playbook.yaml"',
        "Lax",
    ),
    *("Contact: {}", "Expires: {}", "Preferred-Languages: en"),
    *("Hingepoint", "\n  UNION ALL ", " UNION ALL ", "Visit"),
    "UPDATE {} SET {} WHERE id = %s",
    "name statement sponsor_id metric segment status rank starts_on grace_days version",
    "review plan: {}",
    "{} in {} since {}: {}, {}",
}
#: Sentences that are stored as they were told, in English (decision 1051).
_STORED = {
    "Checked again: it holds.",
    "stand by it: {}",
    "{} has left since {}.",
    "Nobody checked it again since {}.",
    "{}, in place of {}",
    "{} is not here any more. {} is asked.",
}

#: Functions whose literals are sentences.
SAYING = {"say", "counted", "say_many", "reason", "words_of", "plural", "say_noun"}
#: Where a plain text is told again in the reader's language: what a form says, what is told after a click.
_TELLING = {"info", "success", "warning", "error", "add_error", "ValidationError"}
_FIELDS = {"label", "help_text", "error_messages"}
#: Functions whose literals are names of things, patterns, or for machines.
_NAMING = {
    *("record", "_say", "url", "reverse", "redirect", "static", "render", "render_to_string", "form", "fingerprint"),
    *("compile", "match", "fullmatch", "search", "sub", "split", "get", "getlist", "getattr", "setattr", "hasattr"),
    *("TypeVar", "NewType", "Question", "values", "values_list", "filter", "exclude", "order_by", "only", "defer"),
    *("select_related", "prefetch_related", "Prefetch", "annotate", "F", "Q", "startswith", "endswith", "strftime"),
    *("execute", "executemany", "CheckConstraint", "UniqueConstraint", "Index", "encode", "replace", "cast"),
    *("removeprefix", "removesuffix", "import_module", "getLogger", "kept", "flashed", "_fields", "fields_of"),
}  # fmt: skip
_NAMED = {"name", "key", "icon", "tone", "kind", "action", "subject", "tag", "related_name", "verbose_name"}
_OURS = {
    "TypeError",
    "ValueError",
    "RuntimeError",
    "KeyError",
    "LookupError",
    "AssertionError",
    "NotImplementedError",
}
#: What an error is told by (``records.errors``); the words of Hidden are never shown.
_TOLD_ERRORS, _QUIET_ERRORS = {"Refused", "Stale", "AlreadyNoted"}, {"Hidden"}


@dataclass(frozen=True, slots=True)
class Found:
    """A text of the code: where, what it says with ``{}`` for each value, and whether a door tells it."""

    line: int
    words: str
    at_door: bool = False


def unsaid(place: str) -> list[Found]:
    """Return the texts of a file that look like sentences and that nobody can say in another language."""
    return [
        one
        for one in _found(place)
        if not one.at_door and one.words not in _MACHINES | _STORED and "SELECT" not in one.words
    ]


def at_doors(place: str) -> list[str]:
    """Return the sentences of a file that stand plainly where they are told: errors, fields of forms, notices."""
    return [one.words for one in _found(place) if one.at_door]


def is_held(place: str) -> bool:
    return any(place == one or place.startswith(f"{one}/") for one in HELD)


def places(packages: Iterable[str] = ("",)) -> Iterator[str]:
    """Yield the files of packages, or files, as paths below the source."""
    for one in packages:
        root = SOURCE / one
        for path in [root] if root.is_file() else sorted(root.rglob("*.py")):
            yield path.relative_to(SOURCE).as_posix()


def literals(node: ast.expr) -> Iterator[str]:
    """Yield the texts that ``words_of`` marks in a constant: no keys of dicts."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    inside = node.values if isinstance(node, ast.Dict) else getattr(node, "elts", ())
    if isinstance(node, ast.Call):
        inside = [*node.args, *(one.value for one in node.keywords)]
    for one in inside:
        yield from literals(one)


def reads_like_words(text: str) -> bool:
    """Return whether people would read a text as words: several of them, or one with a capital."""
    if text[:1] in "/#?%.<_" or re.search(r"https?://|^[\w-]+=|\w/\w+;", text):
        return False
    if re.search(
        r"[A-Za-z]{2,}[,.:;]? [A-Za-z“]{2,}|[A-Za-z]{2,}[,.:;]? \{\}|(?:\{\}|\d)[,.:;]? [a-z]{2,}", text
    ):
        return True
    return bool(re.fullmatch(r"[A-Z][a-z]+[.!?]?", text))


@cache
def _found(place: str) -> tuple[Found, ...]:
    reader = _Reader()
    reader.visit(ast.parse((SOURCE / place).read_text("utf-8")))
    return tuple(reader.found)


@cache
def _errors(roots: frozenset[str]) -> frozenset[str]:
    """Return the names of these errors and of all that derive from them."""
    pairs = [
        pair
        for place in places()
        for pair in re.findall(
            r"^class (\w+)\((?:\w+\.)?(\w+)", (SOURCE / place).read_text("utf-8"), re.MULTILINE
        )
    ]
    known = set(roots)
    while more := {name for name, base in pairs if base in known} - known:
        known |= more
    return frozenset(known)


def called(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        return called(node.value)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def has_words(node: ast.ClassDef) -> bool:
    """Return whether a class is a list of values with their words: ``NAME = "value", "Word"``."""
    return any(called(base) in ("Worded", "IntEnum") for base in node.bases)


@dataclass
class _Reader(ast.NodeVisitor):
    """Goes through a file and keeps the texts that people may read."""

    found: list[Found] = field(default_factory=list)
    door: bool = False
    base: str = ""

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        before, self.base = self.base, called(node.bases[0]) if node.bases else ""
        if not has_words(node):
            self.generic_visit(node)
        self.base = before

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # else a docstring
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for one in [*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body]:
            self.visit(one)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_Compare(self, node: ast.Compare) -> None:
        pass

    def visit_Assert(self, node: ast.Assert) -> None:
        pass

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)

    def visit_Dict(self, node: ast.Dict) -> None:
        for one in node.values:
            self.visit(one)

    def visit_Call(self, node: ast.Call) -> None:
        name = called(node.func)
        owner = called(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        self.visit(node.func)
        if (
            owner in ("logger", "log", "logging", "re")
            or name in _OURS
            or name in _errors(frozenset(_QUIET_ERRORS))
        ):
            return
        if name in ("words_of", "marked"):
            return
        said = name in SAYING or name in _NAMING
        for one in node.args:
            if not (said and self._is_plain(one)):
                self._at_door(one, self._tells(name, owner))
        for each in node.keywords:
            self._keyword(each, name, owner)

    def _keyword(self, one: ast.keyword, name: str, owner: str) -> None:
        named = one.arg in _NAMED or name in _NAMING
        if not (named and isinstance(one.value, ast.Constant)):
            told = name.endswith(("Field", "WholeNumber")) and one.arg in _FIELDS
            self._at_door(one.value, told or self._tells(name, owner))

    def _tells(self, name: str, owner: str) -> bool:
        if name in _TELLING and owner in ("messages", "form", "self", "forms", ""):
            return True
        is_error = name in _errors(frozenset(_TOLD_ERRORS))
        return is_error or (name == "__init__" and self.base in _errors(frozenset(_TOLD_ERRORS)))

    def _is_plain(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Constant | ast.Dict | ast.List | ast.Tuple)

    def _at_door(self, node: ast.expr, told: bool) -> None:
        """Read an argument: only a plain text, or a choice of plain texts, is told by its door."""
        before, self.door = self.door, told
        if told and isinstance(node, ast.IfExp):
            self._at_door(node.body, True)
            self._at_door(node.orelse, True)
        else:
            self.visit(node)
        self.door = before

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._at_door(node.left, False)
        self._at_door(node.right, False)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        text = "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in node.values)
        if reads_like_words(text):
            self.found.append(Found(node.lineno, text))
        for one in node.values:
            if isinstance(one, ast.FormattedValue):
                self.visit(one.value)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and reads_like_words(node.value):
            self.found.append(Found(node.lineno, node.value, self.door))


def main(*packages: str) -> None:
    for place in places(packages or ("",)):
        for one in unsaid(place):
            print(f"{place}:{one.line}: {one.words}")
    counts = {place: len(unsaid(place)) for place in places(packages or ("",))}
    print(
        f"{sum(counts.values()):,} texts that nobody says in another language, in {sum(map(bool, counts.values()))} files"
    )
