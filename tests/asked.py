"""Where people are asked something: every form of the pages, and which question of ``records.questions`` each field asks.

A form that asks nobody stands in ``ASKS_NOBODY`` with the reason. A new field fails its test until it stands here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from django import forms

from hingepoint import web

_CHOSEN = "-what happened: the fact itself"
_WHO = "agreement.person"
_DAY = "-the day of the fact, today unless somebody says another"
_STEP = {
    "act": "agreement.act",
    "due_on": "agreement.due_on",
    "person": _WHO,
    "person_name": _WHO,
    "evidence": "agreement.evidence",
    "owed_in_return": "concession.in_return",
}
_WHY = {
    "why": "demand.why",
    "known": "demand.why",
    "said_by": "demand.why",
    "confirmed_by": "demand.why",
}
_OF_WHAT = "-which demand, topic or amount it is about: the fact itself"

#: form -> field -> the question that it asks; after "-" why it asks none.
ASKS: dict[str, dict[str, str]] = {
    "agreements.StepForm": {
        **_STEP,
        "state": _CHOSEN,
        "occurred_on": _DAY,
        "agreed": _DAY,
        "agreed_on": _DAY,
        "needed_by": "-a day that the standard sets, moved by hand",
        "reason": "agreement.reason",
        "note": "-free words, for whoever has some",
        "judged": "agreement.quality",
        "points": "agreement.quality",
        "checks": "agreement.quality",
    },
    "sorting.OldForm": {
        "what": _CHOSEN,
        "reason": "agreement.reason",
        "on": _DAY,
        "evidence": "agreement.evidence",
        "person": _WHO,
        "act": "agreement.act",
        "due_on": "agreement.due_on",
    },
    "register.QuickForm": {"step": _CHOSEN, "reason": "agreement.reason"},
    "register.TogetherForm": {
        "type": "-which agreement: the fact itself",
        "step": _CHOSEN,
        "reason": "agreement.reason",
    },
    "register.AnswerForm": {"answer": "-a yes is the agreement itself", "words": "agreement.reason"},
    "plans.WritingForm": {
        "offered": "-what the page offered, sealed",
        "talk_on": "plan.talk_on",
        "*": "plan",
    },
    "plans.ReviewForm": {"verdict": "plan_review.verdict", "words": "plan_review.words"},
    "plans.HeardForm": {
        **_STEP,
        "outcome": "debrief.outcome",
        "held_on": _DAY,
        "why_not": "agreement.reason",
        "demand": "debrief.demand",
        "reason": "demand.why",
        "learned": "debrief.learned",
    },
    "negotiation.WhyForm": _WHY,
    "negotiation.DemandForm": {
        **_WHY,
        "happened_on": _DAY,
        "topic": _OF_WHAT,
        "words": "debrief.demand",
        "asked_by": "demand.why",
        "value": _OF_WHAT,
    },
    "negotiation.ConcessionForm": {
        "happened_on": _DAY,
        "topic": _OF_WHAT,
        "what": _OF_WHAT,
        "value": _OF_WHAT,
        "in_return": "concession.in_return",
        "demand": _OF_WHAT,
        "worth": "concession.worth",
        "final": "-said to them: the fact itself",
        "anyway": "-a button",
        "ask": "-a button",
    },
    "negotiation.CorridorForm": dict.fromkeys(("opening", "target", "walk_away"), "corridor.figures"),
    "escalations.WishForm": {
        "kind": _OF_WHAT,
        "discount": "exception.wanted",
        "wanted": "exception.wanted",
        "reason": "exception.reason",
        "alternatives": "exception.alternatives",
        "return_asked": "exception.return_asked",
        "demand": _OF_WHAT,
    },
    "escalations.AnswerForm": {
        "answer": "-a decision itself",
        "granted": "-a decision itself",
        "words": "deciding.words",
        "chance": "deciding.chance",
    },
    "escalations.CameForm": {"came": "exception.came", "words": "exception.came"},
    "escalations.PulseForm": {"defended": "pulse.taps", "argues_for": "pulse.taps"},
    "coaching.SessionForm": {
        "behaviour": "coaching.behaviour",
        "evidence": "coaching.evidence",
        "next_step": "coaching.next_step",
        "next_on": "coaching.next_step",
    },
    "coaching.RatingsForm": {"*": "coaching.ratings"},
    "hindsight.ViewForm": dict.fromkeys(("why", "type_key", "words"), "hindsight.view"),
    "premortems.AnswerForm": {"words": "premortem.answer"},
    "involvement.RoleForm": {
        "executive": "-whom: the fact itself",
        "purpose": "involvement.aim",
        "aim": "involvement.aim",
        "not_to_say": "involvement.not_to_say",
        "may_discuss_price": "involvement.not_to_say",
    },
    "signals.AnswerForm": {"found": "raise.found", "words": "raise.found"},
    "signals.DecideForm": {"led": "raise.led", "words": "raise.led"},
    "self_assessment.AnswerForm": {"group": "-from where somebody looks", "*": "assessment"},
}

_LOOKING = "chooses what a page shows"
_SETTING = "a setting or a definition, written by who keeps it"
_SIGNING_IN = "lets somebody in"
_OWN = "written of one's own accord"
_DECIDES = "a decision itself, and not an answer that leads to one"
#: form -> why it asks nobody.
ASKS_NOBODY: dict[str, str] = {
    **dict.fromkeys(
        ("cockpit.LookBackForm", "deals.DealFilterForm", "debts.DayForm", "past.DayForm", "signals.DayForm", "trail.WantedForm",
         "trials.LookForm", "impact.RehearseForm", "reviews.PlanForm", "reviews.DayForm", "reviews.NextForm"), _LOOKING),
    **dict.fromkeys(
        ("catalogue.OverlayForm", "catalogue.TypeForm", "connections.AddressForm", "connections.MoveForm", "connections.PaceForm",
         "definitions.DefinitionsForm", "detection.RuleForm", "discovery.RunForm", "escalations.LimitsForm", "escalations.RuleForm",
         "hindsight.LimitForm", "impact.PlanForm", "impact.EnterForm", "impact.RolloutForm", "impact.CostForm",
         "imports.AnswersForm", "imports.MappingForm", "measures.MeasureForm", "notices.ChatForm", "notices.MailForm", "notices.TeamChatForm", "own_metrics.OwnMetricForm",
         "people.PersonForm", "people.TeamForm", "people.MoveForm", "people.MembershipForm", "playbook.StandardForm",
         "playbook.ChoiceForm", "playbook.PublishForm", "premortems.BeginForm", "pressures.PressureRuleForm",
         "principles.PrincipleForm", "questions.RetireForm", "routines.RoutineForm", "routines.ForceForm", "routines.EndForm",
         "routines.DaysOffForm", "saved_views.SaveViewForm", "self_assessment.RoundForm", "sign_on.SignOnForm",
         "sign_on.GroupForm", "sign_on.WayOutForm", "strategy.StrategyForm", "strategy.TargetForm", "strategy.StartForm",
         "tokens.TokenForm", "trials.PlanForm", "webhooks.HookForm"), _SETTING),
    **dict.fromkeys(
        ("let_in.PasswordForm", "let_in.ForgottenForm", "passkeys.AnswerForm", "passkeys.NewForm", "second_factor.CodeForm",
         "sign_in.SignInForm"), _SIGNING_IN),
    **dict.fromkeys(
        ("coaching.NoteForm", "proof.ProofForm", "involvement.ActivityForm", "pressures.TagForm", "reviews.AdditionForm",
         "sponsorship.MessageForm"), _OWN),
    **dict.fromkeys(
        ("discovery.DecisionForm", "impact.WithdrawForm", "reviews.DecisionForm", "reviews.CommitmentForm", "signals.MuteForm",
         "signals.LimitsForm", "signals.WhyForm"),
        _DECIDES),
    "proof.AnswerForm": "asked of the customer, and not of anybody here",
    "negotiation.DayForm": "a part of other forms",
    "proposals.EventForm": "filled in by an assistant; its person only confirms it",
}  # fmt: skip
#: Asked by buttons without a form of their own.
BY_BUTTON = {"found.right", "review.became"}


def forms_of_pages() -> Iterator[tuple[str, type[forms.Form]]]:
    """Yield every form that a module of the pages defines, by module and name."""
    for found in pkgutil.iter_modules(web.__path__):
        module = importlib.import_module(f"hingepoint.web.{found.name}")
        for name, thing in vars(module).items():
            if (
                isinstance(thing, type)
                and issubclass(thing, forms.Form)
                and thing.__module__ == module.__name__
            ):
                yield f"{found.name}.{name}", thing
