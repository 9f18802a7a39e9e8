"""The trail speaks in words: no action of the source is without a sentence, and what moved reads well."""

import ast
from pathlib import Path

import pytest

import hingepoint
from hingepoint.domain.audit import words
from hingepoint.domain.plans import models as plans
from hingepoint.records.agreements import AgreementState
from hingepoint.records.deals import EventKind
from hingepoint.records.findings import Verdict
from hingepoint.records.reviews import Became, NoteKind

SOURCE = Path(hingepoint.__file__).parent
KINDS = [kind for kind in EventKind if kind != EventKind.AGREEMENT]
#: What an action or a subject that is no plain text can be. A new one must be added here, and to the sentences.
CAN_BE = {
    "step.state": list(AgreementState),
    "f'note {kind}'": [f"note {kind}" for kind in KINDS],
    "f'take back {event.kind}'": [f"take back {kind}" for kind in KINDS],
    "f'review plan: {verdict}'": [f"review plan: {verdict}" for verdict in plans.Verdict],
    "f'write {kind}'": [f"write {kind}" for kind in NoteKind],
    "f'settle {became}'": [f"settle {became}" for became in Became],
    "verdict": list(Verdict),
    "'look early' if early else 'show result'": ["look early", "show result"],
    "'enable' if active else 'disable'": ["enable", "disable"],
    "'agreement' if plan.agreement_id else 'deal'": ["agreement", "deal"],
    "subject[0]": ["agreement", "deal"],
}
#: Where the action is an argument of the function that records it, its callers are looked at instead.
PASSED_ON = {
    ("detection/actions.py", "action"): ["switch on", "switch off"],
    ("discovery/actions.py", "action"): [],
    ("pressures/actions.py", "action"): ["switch on", "switch off"],
    ("sync/actions.py", "doing"): ["fail", "recover"],
    ("signals/actions.py", "doing"): ["give", "answer", "decide", "mute", "unmute"],
}


def recorded() -> list[tuple[str, str]]:
    """Return every (subject, action) that the source can put on record."""
    found = []
    for file in sorted((SOURCE / "domain").rglob("*.py")):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("record", "_say"):
                told = {one.arg: one.value for one in call.keywords}
                if "action" in told:
                    found += pairs(file, told)
    return found


def pairs(file: Path, told: dict[str, ast.expr]) -> list[tuple[str, str]]:
    subject = told.get("subject", ast.Constant("run"))  # _say speaks of runs
    place = file.relative_to(SOURCE / "domain").as_posix()
    actions = PASSED_ON.get((place, ast.unparse(told["action"])))
    actions = values(told["action"]) if actions is None else actions
    return [(str(one), str(action)) for one in values(subject) for action in actions]


def values(told: ast.expr) -> list[str]:
    return [told.value] if isinstance(told, ast.Constant) else CAN_BE[ast.unparse(told)]


def test_every_action_has_a_sentence():
    found = recorded()
    assert len(found) > 100
    assert not [pair for pair in found if pair[1] not in words.SENTENCES.get(pair[0], {})]


def test_every_sentence_belongs_to_an_action():
    said = {(subject, action) for subject, actions in words.SENTENCES.items() for action in actions}
    assert not said - set(recorded())


def test_sentences_are_sentences():
    for actions in words.SENTENCES.values():
        for sentence in actions.values():
            assert sentence[0].islower()
            assert not sentence.endswith(".")
            assert "_" not in sentence


def test_what_nobody_put_in_words_is_still_told():
    assert words.sentence("kite", "fly_high") == "fly high"


@pytest.mark.parametrize(
    ("action", "changes", "told"),
    [
        ("change", {"amount": [100.0, 90_000.5]}, [("amount", "100", "90000.5")]),
        ("change", {"due_on": [None, "2026-03-09"]}, [("promised by", "nothing", "9 Mar 2026")]),
        ("change", {"link until": [None, "2026-13-99"]}, [("link holds until", "nothing", "2026-13-99")]),
        ("gained", {"evidence": [0, 3]}, [("evidence", "no evidence", "they wrote it")]),
        ("disable", {"active": [True, False]}, [("active", "yes", "no")]),
        ("change role", {"role": ["seller", "inside_partner"]}, [("role", "seller", "inside partner")]),
        ("choose", {"type": "cust.data_access"}, [("type", None, "cust.data_access")]),
        ("overlay", {"own_name": ["", "Data"]}, [("own name", "nothing", "Data")]),
        ("lapse", {"lapsed": 12}, [("lapsed", None, "12")]),
        ("import", {"key": "8ac9", "new": {"teams": 2, "people": 0}}, [("new", None, "2 teams")]),
        ("write plan", {"best": 1, "get": 2}, [("lines in their own words", None, "3")]),
        ("change", {"owner": ["Ann", "Ann"]}, []),
        ("join team", {"team": [None, "North"], "manages": [None, False]}, [("team", "nothing", "North")]),
        ("describe", {"rows": None}, []),
    ],
)
def test_what_moved_is_told_in_words(action, changes, told):
    assert [(one.field, one.before, one.after) for one in words.moved(action, changes)] == told
