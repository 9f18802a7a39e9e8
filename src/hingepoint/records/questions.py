"""The questions that Hingepoint itself asks of people, one a line: what is asked, where, of whom, and whether it can be stopped."""

from __future__ import annotations

from dataclasses import dataclass

from hingepoint.records import self_assessment
from hingepoint.records.languages import words_of
from hingepoint.records.people import Role
from hingepoint.records.words import Worded


class Form(Worded):
    """Where questions stand together, so that one of them costs its share of the time that the whole takes."""

    PLAN = "plan", "Plan of a talk"
    PLAN_REVIEW = "plan_review", "Answer to a plan"
    DEBRIEF = "debrief", "Debrief of a talk"
    AGREEMENT = "agreement", "An agreement that was gained"
    NEGOTIATION = "negotiation", "Demands and what was given"
    EXCEPTION = "exception", "Request for an exception"
    COACHING = "coaching", "Coaching session"
    FOUND = "found", "What rules found"
    HINDSIGHT = "hindsight", "Looking back on a deal"
    PREMORTEM = "premortem", "Pre-mortem"
    DECIDING = "deciding", "Answer to a request"
    PULSE = "pulse", "Two taps of inside partners"
    INVOLVEMENT = "involvement", "Part of an executive"
    REVIEW = "review", "Commitment of a review"
    RAISE = "raise", "A signal that rose"
    ASSESSMENT = "assessment", "Self-assessment"


@dataclass(frozen=True, slots=True)
class Question:
    """One field or answer. ``asks`` is what people read; ``role`` who mostly answers; ``typed`` whether it is written rather than
    chosen. ``may_stop``: it can be retired here; what cannot be is either what the register stands on, or stopped elsewhere."""

    key: str
    form: Form
    asks: str
    role: Role
    typed: bool = True
    may_stop: bool = False


def _plan(key: str, asks: str, *, may_stop: bool = True) -> Question:
    return Question(f"plan.{key}", Form.PLAN, asks, Role.SELLER, may_stop=may_stop)


def _asked(key: str, form: Form, asks: str, role: Role = Role.SELLER, *, typed: bool = True) -> Question:
    """Return a question that cannot be retired here."""
    return Question(key, form, asks, role, typed=typed)


#: Every question, in the order of the forms. To add one: a line here, how it is answered in ``home/queries/answers_given.py``, and
#: its field in ``tests/asked.py``.
QUESTIONS = (
    _plan("best", words_of("At best"), may_stop=False),
    _plan("minimum", words_of("At least"), may_stop=False),
    _plan("from_whom", words_of("From whom")),
    _plan("why_they_would", words_of("Why they would")),
    _plan("our_power", words_of("What is strong on our side")),
    _plan("their_power", words_of("What is strong on theirs")),
    _plan("our_alternative", words_of("What we do without it")),
    _plan("their_alternative", words_of("What they do without us")),
    _plan("get", words_of("To get")),
    _plan("give", words_of("To give")),
    _plan("protect", words_of("To protect")),
    _plan("demand", words_of("The demand we expect")),
    _plan("hypotheses", words_of("Why they may ask it")),
    _plan("questions", words_of("Questions to ask")),
    _asked("plan.talk_on", Form.PLAN, words_of("When the talk is"), typed=False),
    _asked("plan_review.verdict", Form.PLAN_REVIEW, words_of("Ready, or what is missing"), Role.MANAGER, typed=False),
    _asked("plan_review.words", Form.PLAN_REVIEW, words_of("Your words on the plan"), Role.MANAGER),
    _asked("debrief.outcome", Form.DEBRIEF, words_of("How it ended"), typed=False),
    _asked("debrief.demand", Form.DEBRIEF, words_of("What they asked for")),
    Question("debrief.learned", Form.DEBRIEF, words_of("What we learned"), Role.SELLER, may_stop=True),
    Question("agreement.act", Form.AGREEMENT, words_of("What they will do"), Role.SELLER),
    Question("agreement.due_on", Form.AGREEMENT, words_of("By when they promised it"), Role.SELLER, typed=False),
    Question("agreement.quality", Form.AGREEMENT, words_of("How good it is"), Role.SELLER, typed=False),
    _asked("agreement.person", Form.AGREEMENT, words_of("Who agreed"), typed=False),
    _asked("agreement.evidence", Form.AGREEMENT, words_of("How we know"), typed=False),
    _asked("agreement.reason", Form.AGREEMENT, words_of("Why not"), Role.SELLER),
    _asked("demand.why", Form.NEGOTIATION, words_of("Why they ask it")),
    _asked("concession.in_return", Form.NEGOTIATION, words_of("What we got in return")),
    _asked("concession.worth", Form.NEGOTIATION, words_of("What it is worth to them"), typed=False),
    _asked("corridor.figures", Form.NEGOTIATION, words_of("Opening, target and walk-away"), typed=False),
    _asked("exception.wanted", Form.EXCEPTION, words_of("What they want")),
    Question("exception.reason", Form.EXCEPTION, words_of("Why they ask for it"), Role.SELLER),
    Question("exception.alternatives", Form.EXCEPTION, words_of("What else was offered"), Role.SELLER),
    Question("exception.return_asked", Form.EXCEPTION, words_of("What we ask in return"), Role.SELLER),
    _asked("exception.came", Form.EXCEPTION, words_of("What came back for it"), typed=False),
    _asked("coaching.behaviour", Form.COACHING, words_of("The one behaviour"), Role.MANAGER),
    _asked("coaching.next_step", Form.COACHING, words_of("The next step, and its day"), Role.MANAGER),
    Question("coaching.evidence", Form.COACHING, words_of("What was seen"), Role.MANAGER),
    Question("coaching.ratings", Form.COACHING, words_of("How far principles were kept"), Role.MANAGER, typed=False, may_stop=True),
    Question("found.right", Form.FOUND, words_of("Right or wrong?"), Role.SELLER, typed=False),
    Question("hindsight.view", Form.HINDSIGHT, words_of("What would have had to be true"), Role.SELLER, may_stop=True),
    Question("premortem.answer", Form.PREMORTEM, words_of("What will have happened"), Role.SELLER, may_stop=True),
    _asked("deciding.words", Form.DECIDING, words_of("Your words to the request"), Role.MANAGER),
    Question("deciding.chance", Form.DECIDING, words_of("How likely the deal is won"), Role.MANAGER, typed=False, may_stop=True),
    Question("pulse.taps", Form.PULSE, words_of("Was value defended, for whom was it argued"), Role.INSIDE_PARTNER, typed=False, may_stop=True),
    _asked("involvement.aim", Form.INVOLVEMENT, words_of("What the executive is there for")),
    _asked("involvement.not_to_say", Form.INVOLVEMENT, words_of("What the executive does not say")),
    _asked("review.became", Form.REVIEW, words_of("What became of it"), typed=False),
    _asked("raise.found", Form.RAISE, words_of("Is it so, or a false alarm?"), Role.MANAGER, typed=False),
    _asked("raise.led", Form.RAISE, words_of("Did it lead to a decision?"), Role.MANAGER, typed=False),
    *(
        _asked(f"assessment.{one.key}", Form.ASSESSMENT, one.words, typed=False)
        for one in self_assessment.QUESTIONS
    ),
)  # fmt: skip
BY_KEY = {one.key: one for one in QUESTIONS}
