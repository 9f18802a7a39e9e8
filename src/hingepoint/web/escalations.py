"""Exceptions: asking for one, answering, the worklist of approvers, the partner's pulse, and the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from hingepoint.analysis import calibration
from hingepoint.domain.deals.queries import deal_page
from hingepoint.domain.escalations import actions
from hingepoint.domain.escalations.queries import deciding as weighing
from hingepoint.domain.escalations.queries import diary as own_diary
from hingepoint.domain.escalations.queries import pulse as pulse_page
from hingepoint.domain.escalations.queries import requests, waiting
from hingepoint.domain.escalations.queries import rules as rules_page
from hingepoint.domain.escalations.queries import way as way_page
from hingepoint.domain.involvement import queries as involvement
from hingepoint.domain.negotiation.queries import log
from hingepoint.domain.people import queries as people
from hingepoint.records.errors import Hidden
from hingepoint.records.escalations import Answer, Approver, ArguesFor, CameBack, Kind, Lane, State
from hingepoint.records.languages import say, words_of
from hingepoint.records.people import Role
from hingepoint.records.principles import Place
from hingepoint.reports.charts import corridor as corridor_chart
from hingepoint.web import drafts, looks, onward, register
from hingepoint.web.principles import cited_at
from hingepoint.web.requests import Request, WholeNumber, whole_number
from hingepoint.web.sent import once, sent

KINDS = words_of(
    [
        (Kind.PRICE.value, "A lower price", "A discount above your own limit"),
        (Kind.TERMS.value, "Other terms", "Payment, liability, contract text"),
    ]
)
#: What somebody who is asked can say. None is louder than another.
ANSWERS = words_of(
    [
        (
            Answer.BACK.value,
            "Ask for something back",
            "It returns to the seller with what you want for it; its clock stops",
        ),
        (Answer.IN_PART.value, "Yes, to less", "Say how much, or which part"),
        (Answer.YES.value, "Yes", "As asked"),
        (Answer.NO.value, "No", "Say why, in words the seller can use"),
    ]
)
STATE_TONES = {
    State.OPEN: "info",
    State.RETURNED: "warn",
    State.APPROVED: "good",
    State.IN_PART: "plum",
    State.DECLINED: "bad",
    State.WITHDRAWN: "quiet",
}
STATE_WORDS = dict(State.choices)
#: What of a request is shown in both versions where somebody else changed it first.
WISH_LABELS = words_of(
    {
        "discount": "Discount",
        "wanted": "What they ask",
        "reason": "Why they need it",
        "alternatives": "What you tried instead",
        "return_asked": "What we ask in return",
    }
)


def shown(**more: Any) -> dict[str, Any]:
    """Return what templates of exceptions need besides their data."""
    return {
        "state_words": STATE_WORDS,
        "state_tones": STATE_TONES,
        "lane_words": dict(Lane.choices),
        "answer_words": dict(Answer.choices),
        "came_words": dict(CameBack.choices),
        **more,
    }


def deal_help(request: Request, deal_id: int):
    """Help from above and beside: exceptions asked for, and executives with their roles. The deal's page
    fetches it as a piece; by itself it is a page."""
    context = shown(
        facts=deal_page.deal_facts(request.user, deal_id),
        exceptions=requests.of_deal(request.user, deal_id),
        part=involvement.of_deal(request.user, deal_id, now=timezone.now()),
        executives=involvement.executives(request.user),
        today=timezone.localdate(),
    )
    piece = request.htmx.target == "deal-help"
    return render(request, "escalations/_help.html" if piece else "escalations/help.html", context)


# ---- asking ----


class WishForm(forms.Form):
    kind = forms.ChoiceField(choices=Kind.choices)
    discount = forms.FloatField(required=False, min_value=0, max_value=100)
    wanted = forms.CharField(required=False, max_length=500)
    reason = forms.CharField(required=False, max_length=5000)
    alternatives = forms.CharField(required=False, max_length=5000)
    return_asked = forms.CharField(required=False, max_length=5000)
    demand = WholeNumber(required=False)

    def wish(self) -> actions.Wish:
        entered = self.cleaned_data
        price = entered["kind"] == Kind.PRICE
        return actions.Wish(
            kind=Kind(entered["kind"]),
            discount=round(entered["discount"] / 100, 4) if price and entered["discount"] else None,
            demand_id=entered["demand"],
            **{name: entered[name] for name in ("wanted", "reason", "alternatives", "return_asked")},
        )


@drafts.kept()
def ask_exception(request: Request, deal_id: int):
    """Ask for exceptional price or terms, with reason, what was tried, and what we ask in return."""
    facts = deal_page.deal_facts(request.user, deal_id)
    if request.method != "POST":
        demands = log.demands(request.user, facts.id)
        return _wish_form(request, facts, _prefilled(demands, request.GET), demands)
    made = actions.ask(
        by=request.user, at=timezone.now(), deal_id=deal_id, wish=_wish(request), **sent(request)
    )
    return redirect("exception", made.pk)


def _wish(request: Request) -> actions.Wish:
    form = WishForm(request.POST)
    drafts.read(form)
    return form.wish()


@require_POST
def exception_way(request: Request, deal_id: int):
    """Which way what is typed would go, before it is sent: as a piece beside the form, or with the whole form. For a
    request that is changed, ``of`` in the address names it."""
    facts = deal_page.deal_facts(request.user, deal_id)
    escalation_id = whole_number(request.GET.get("of"))
    form = WishForm(request.POST)
    readable = form.is_valid()
    found = way_page.way(
        request.user, deal_id, form.wish(), escalation_id=escalation_id
    ) if readable else way_page.Way("", next(iter(drafts.problems_of(form).values())))  # fmt: skip
    if request.htmx:
        return render(request, "escalations/_way.html", shown(way=found))
    request.draft = drafts.Draft(request.path, request.POST)  # type: ignore[attr-defined]
    demands = log.demands(request.user, facts.id)
    return _wish_form(request, facts, {}, demands, escalation_id=escalation_id, way=found)


def _prefilled(demands: Sequence[log.Demand], said: Mapping[str, str]) -> dict[str, Any]:
    """Return what is known already: what the address carries over from a concession, the demand that it names, and
    the reason behind that."""
    asked = next((one for one in demands if str(one.id) == said.get("demand", "")), None)
    known: dict[str, Any] = {"kind": Kind.PRICE.value}
    if asked is not None:
        price = asked.topic == "price"
        known = {
            "kind": (Kind.PRICE if price else Kind.TERMS).value,
            "demand": asked.id,
            "wanted": "" if price else asked.title,
            "reason": asked.why.text if asked.why else "",
        }
    carried = {name: said[name] for name in ("kind", "discount", "wanted", "return_asked") if said.get(name)}
    return known | carried


def _wish_form(
    request: Request,
    facts: deal_page.DealFacts,
    known: dict[str, Any],
    demands: Sequence[log.Demand],
    *,
    escalation_id: int | None = None,
    way: way_page.Way | None = None,
) -> HttpResponse:
    draft = drafts.of(request)
    context = shown(
        way=way,
        address=reverse("change-exception", args=[escalation_id])
        if escalation_id
        else reverse("ask-exception", args=[facts.id]),
    ) | {
        "facts": facts,
        "draft": draft,
        "both": draft.both(known, WISH_LABELS),
        "said": draft.over(drafts.blank(WishForm) | known),
        "problems": draft.problems,
        "kinds": KINDS,
        "demands": demands,
        "rules": rules_page.rules_now(request.user),
        "turnaround": waiting.turnaround(request.user, now=timezone.now()),
        "escalation_id": escalation_id,
    }
    return render(request, "escalations/ask.html", context)


@drafts.kept()
def change_exception(request: Request, escalation_id: int):
    """Change a request; only those whom the change concerns are asked again."""
    page = requests.request_page(request.user, escalation_id)
    facts = deal_page.deal_facts(request.user, page.request.deal_id)
    if not page.may_change:
        messages.error(request, "This request is closed. Ask anew, with what you have learned.")
        return redirect("exception", escalation_id)
    if request.method != "POST":
        named = ("wanted", "reason", "alternatives", "return_asked")
        known = {name: getattr(page.wish, name) for name in named} | {
            "kind": page.wish.kind.value,
            "demand": page.wish.demand_id,
            "discount": round(page.wish.discount * 100, 2) if page.wish.discount else "",
            "version": page.request.version,
        }
        demands = log.demands(request.user, facts.id)
        return _wish_form(request, facts, known, demands, escalation_id=escalation_id)
    entered = _wish(request)
    actions.revise(
        by=request.user,
        at=timezone.now(),
        escalation_id=escalation_id,
        wish=entered,
        expected_version=drafts.version_of(request.POST),
    )
    return redirect("exception", escalation_id)


# ---- one request ----


def exception(request: Request, escalation_id: int):
    """One request: what is asked and why, who is asked and what they said."""
    page, facts = weighing.to_decide(request.user, escalation_id, now=timezone.now())
    more = {
        "facts": facts,
        "charts": _where_it_lands(facts) if looks.is_open(request, page.request.deal_id) else [],
        "sides": ArguesFor.choices,
        "answers": ANSWERS,
        "came": CameBack.choices,
    }
    more |= cited_at(request, Place.EXCEPTION)
    return render(request, "escalations/exception.html", shown(page=page, one=page.request, **more))


def _where_it_lands(facts: weighing.Deciding | None) -> list[str]:
    """Return the corridor with what was given and what is asked, for the desk and for the phone; nothing for who
    may not read the corridor, or where none is set."""
    if facts is None or facts.corridor is None or facts.asked is None:
        return []
    line = corridor_chart.Corridor(
        opening=float(facts.corridor.opening),
        target=float(facts.corridor.target),
        walk_away=float(facts.corridor.walk_away),
        steps=[float(facts.now.amount)] if facts.now and facts.given else [],
        asked=float(facts.asked.amount),
        currency=facts.currency,
    )
    widths = (corridor_chart.WIDE, corridor_chart.NARROW)
    return [corridor_chart.draw(line, title=say("Where it lands"), width=width) for width in widths]


class AnswerForm(forms.Form):
    answer = forms.ChoiceField(choices=[(value, label) for value, label, _ in ANSWERS])
    granted = forms.FloatField(required=False, min_value=0, max_value=100)
    words = forms.CharField(required=False, max_length=5000)
    chance = forms.FloatField(required=False, label="The chance", min_value=1, max_value=99)


@drafts.kept("exception", "escalation_id", follow_next=False)
@require_POST
def answer_exception(request: Request, escalation_id: int):
    """Say yes, yes to less, or no to a request, or ask for something back first."""
    if not requests.request_page(request.user, escalation_id).may_answer:
        raise Hidden("nothing to answer")
    entered = drafts.read(AnswerForm(request.POST))
    done = actions.answer(
        by=request.user,
        at=timezone.now(),
        escalation_id=escalation_id,
        answer=Answer(entered["answer"]),
        granted=round(entered["granted"] / 100, 4) if entered["granted"] is not None else None,
        words=entered["words"],
        chance=entered["chance"] / 100 if entered["chance"] is not None else None,
        expected_version=drafts.version_of(request.POST),
    )
    said = say(
        "{deal}: your answer is kept. {seen}", deal=done.deal, seen=_NEXT.get(State(done.state), _SEEN)
    )
    page = reverse("exception", args=[escalation_id])
    return onward.onward(request, said, kind=onward.Kind.EXCEPTION, page=page)


_SEEN = words_of("The seller sees it now.")
#: What comes after an answer, by where the request stands then.
_NEXT = words_of(
    {
        State.OPEN: "Others are still asked.",
        State.RETURNED: "It comes back to you when the seller says what the customer gave.",
    }
)


class CameForm(forms.Form):
    came = forms.ChoiceField(choices=CameBack.choices)
    words = forms.CharField(required=False, max_length=5000)


@drafts.kept("exception", "escalation_id", follow_next=False)
@require_POST
@once()
def bring_back(request: Request, escalation_id: int):
    """Say what the customer gave for what was asked back: it waits again for who asked."""
    page = requests.request_page(request.user, escalation_id)
    if not page.sees_deal:
        raise Hidden("nothing to bring back")
    entered = drafts.read(CameForm(request.POST))
    actions.bring_back(
        by=request.user,
        at=timezone.now(),
        escalation_id=escalation_id,
        came=CameBack(entered["came"]),
        words=entered["words"],
    )
    messages.info(request, say("{title} waits for an answer again.", title=page.request.title))
    return redirect("exception", escalation_id)


@drafts.flashed("exception", "escalation_id")
@require_POST
def withdraw_exception(request: Request, escalation_id: int):
    """Take back a request that is not needed any more."""
    actions.withdraw(by=request.user, at=timezone.now(), escalation_id=escalation_id)
    return redirect("exception", escalation_id)


class PulseForm(forms.Form):
    defended = forms.ChoiceField(choices=words_of([("yes", "Yes"), ("no", "No")]))
    argues_for = forms.ChoiceField(choices=ArguesFor.choices)


@require_POST
def pulse(request: Request, escalation_id: int):
    """Two taps of an inside partner about a request; shown to nobody by name."""
    if not requests.request_page(request.user, escalation_id).may_pulse:
        raise Hidden("nothing to say here")
    form = PulseForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Two taps: did they defend our position, and whose side is it.")
        return register.back(request)
    actions.pulse(
        by=request.user,
        at=timezone.now(),
        escalation_id=escalation_id,
        defended=form.cleaned_data["defended"] == "yes",
        argues_for=ArguesFor(form.cleaned_data["argues_for"]),
    )
    messages.info(request, "Thank you. It counts only together with at least four others, never by name.")
    return register.back(request)


# ---- all of them ----


def exceptions(request: Request):
    """What waits for your answer, what was asked lately, how long answers take, and the pulse by team. A
    seller's home fetches what became of their own as a piece."""
    now = timezone.now()
    if request.htmx.target == "my-exceptions":
        mine = waiting.asked_by_me(request.user, now=now)
        return render(request, "escalations/_mine.html", shown(mine=mine, today=timezone.localdate()))
    readings, hidden = pulse_page.pulse(request.user, now=now)
    context = shown(
        waiting=waiting.waiting_for(request.user),
        sent_back=waiting.sent_back(request.user),
        answers=waiting.answers(request.user, now=now),
        recent=waiting.recent(request.user, now=now),
        turnaround=waiting.turnaround(request.user, now=now),
        readings=readings,
        hidden=hidden,
        reads_pulse=request.user.role in (Role.SPONSOR, Role.ANALYST, Role.MANAGER),
        sells=request.user.role != Role.INSIDE_PARTNER,
        today=timezone.localdate(),
        here=request.path,
    )
    return render(request, "escalations/exceptions.html", context)


def diary(request: Request) -> HttpResponse:
    """How likely the viewer thought deals were when they answered requests, and how they ended. Nobody else's."""
    context = {"diary": own_diary.diary(request.user), "least": calibration.LEAST}
    return render(request, "escalations/diary.html", context)


# ---- the rules ----


def _for_keepers(request: Request) -> None:
    if not rules_page.may_write_rules(request.user):
        raise Hidden("not theirs to write")


def rules(request: Request):
    """Who has to say yes to which exception; sponsors and analysts draft the next version here."""
    if request.user.role == Role.INSIDE_PARTNER:
        raise Hidden("not theirs to see")
    page = rules_page.rules_page(request.user, now=timezone.now())
    context = {
        "page": page,
        "lane_words": dict(Lane.choices),
        "approvers": Approver.choices,
        "kinds": Kind.choices,
    }
    return render(request, "escalations/rules.html", context)


@require_POST
def draft_rules(request: Request):
    """Begin the next version of the rules as a copy of those in force."""
    _for_keepers(request)
    actions.draft_policy(by=request.user, at=timezone.now())
    return redirect("exception-rules")


class LimitsForm(forms.Form):
    version = forms.CharField(required=False, max_length=40)
    own_discount = forms.FloatField(min_value=0, max_value=100)
    fast_discount = forms.FloatField(min_value=0, max_value=100)
    fast_value = forms.DecimalField(required=False, max_digits=19, decimal_places=4, min_value=0)


@drafts.kept("exception-rules")
@require_POST
@once()
def set_rule_limits(request: Request):
    """Set the limits of the draft: what sellers give alone, and how far the fast lane goes."""
    _for_keepers(request)
    entered = drafts.read(LimitsForm(request.POST))
    actions.set_limits(
        by=request.user,
        at=timezone.now(),
        version=entered["version"],
        fast_value=entered["fast_value"],
        own_discount=round(entered["own_discount"] / 100, 4),
        fast_discount=round(entered["fast_discount"] / 100, 4),
    )
    return redirect("exception-rules")


class RuleForm(forms.Form):
    approver = forms.ChoiceField(choices=[(each.value, each.value) for each in Approver])
    person = WholeNumber(required=False)
    kind = forms.ChoiceField(required=False, choices=Kind.choices)
    discount_from = forms.FloatField(required=False, min_value=0, max_value=100)
    value_from = forms.DecimalField(required=False, max_digits=19, decimal_places=4, min_value=0)


@drafts.kept("exception-rules")
@require_POST
@once()
def add_rule(request: Request):
    """Add a rule to the draft: whom to ask, for which requests."""
    _for_keepers(request)
    entered = drafts.read(RuleForm(request.POST))
    discount = entered["discount_from"]
    actions.add_rule(
        by=request.user,
        at=timezone.now(),
        approver=Approver(entered["approver"]),
        person=people.colleague(request.user, entered["person"]) if entered["person"] else None,
        kind=entered["kind"],
        discount_from=round(discount / 100, 4) if discount is not None else None,
        value_from=entered["value_from"],
    )
    return redirect("exception-rules")


@drafts.flashed("exception-rules")
@require_POST
def drop_rule(request: Request, rule_id: int):
    """Take a rule out of the draft."""
    _for_keepers(request)
    actions.drop_rule(by=request.user, at=timezone.now(), rule_id=rule_id)
    return redirect("exception-rules")


@drafts.flashed("exception-rules")
@require_POST
def publish_rules(request: Request):
    """Let the draft hold from now on; requests on their way keep the rules they were asked under."""
    _for_keepers(request)
    actions.publish_policy(by=request.user, at=timezone.now())
    return redirect("exception-rules")
