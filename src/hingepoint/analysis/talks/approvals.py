"""Who has to say yes to an exception, and why: the path of approval by rule, as data in, data out.

All conditions of a rule must hold for it to apply; alternatives are further rules. Whoever is asked by
several rules is asked once. Clean requests take the fast lane: one approver, whatever the rules say of those above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hingepoint.records.escalations import Approver, Lane


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for. ``discount`` is a share, ``value`` the deal's amount; None: not known.

    ``reasoned``: there is a reason at all; ``explained``: one that says more than the demand. ``inside``: whether
    the price stays above the walk-away; None without a corridor or price.
    """

    kind: str
    discount: float | None = None
    value: float | None = None
    reasoned: bool = False
    explained: bool = False
    alternatives: bool = False
    in_return: bool = False
    inside: bool | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Whom to ask for requests of a kind (empty: any) from a discount and from a deal value on."""

    approver: Approver
    kind: str = ""
    discount_from: float | None = None
    value_from: float | None = None
    person: int | None = None
    id: int | None = None

    def applies(self, request: Request) -> bool:
        """Return whether all conditions hold. A deal of unknown value counts as large; without a discount
        none is asked for."""
        large = request.value is None or self.value_from is None or request.value >= self.value_from
        deep = self.discount_from is None or (request.discount or 0.0) >= self.discount_from
        return self.kind in ("", request.kind) and large and deep

    @property
    def whom(self) -> tuple[Approver, int | None]:
        return self.approver, self.person

    @property
    def because(self) -> str:
        """Return the conditions in words."""
        what = {"price": "a lower price is asked for", "terms": "other terms are asked for"}
        said = [what.get(self.kind, f"{self.kind} is asked for")] if self.kind else []
        if self.discount_from is not None:
            said.append(f"the discount is {self.discount_from:.0%} or more")
        if self.value_from is not None:
            said.append(f"the deal is {self.value_from:,.0f} or more")
        return " and ".join(said) or "it is an exception"


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of the policy. A seller gives up to ``own_discount`` alone; a clean request up to
    ``fast_discount`` and ``fast_value`` (None: any) needs one approver."""

    version: str
    own_discount: float
    fast_discount: float
    fast_value: float | None = None
    rules: tuple[Rule, ...] = ()


#: What holds until a company publishes rules of its own.
USUAL = Rules(
    version="usual",
    own_discount=0.10,
    fast_discount=0.20,
    fast_value=None,
    rules=(
        Rule(Approver.MANAGER),
        Rule(Approver.LEADER, discount_from=0.20),
        Rule(Approver.SPONSOR, discount_from=0.30),
    ),
)


@dataclass(frozen=True, slots=True)
class Ask:
    """One approver to be asked, and why them."""

    approver: Approver
    person: int | None
    because: str


@dataclass(frozen=True, slots=True)
class Path:
    """How a request travels, why, and who is asked. ``missing``: what it lacks for the fast lane; ``large``: in what
    it is too large for it."""

    lane: Lane
    why: str
    asks: tuple[Ask, ...]
    missing: tuple[str, ...] = ()
    large: tuple[str, ...] = ()


def path(request: Request, rules: Rules) -> Path:
    """Return the path of a request under a version of the policy."""
    if request.kind == "price" and request.discount is not None and request.discount <= rules.own_discount:
        return Path(Lane.OWN, f"A seller may give up to {rules.own_discount:.0%} alone.", ())
    missing, large = missing_to_be_clean(request), too_large(request, rules)
    if not missing and not large:
        return Path(Lane.FAST, "Complete, and small enough for one approver.", (_one_ask(request, rules),))
    why = "; ".join((_lacks(missing), *large) if missing else large)
    return Path(Lane.FULL, f"Not in the fast lane: {why}.", _asks(request, rules), missing, large)


def missing_to_be_clean(request: Request) -> tuple[str, ...]:
    """Return what a request lacks for the fast lane, in words."""
    reason = "a reason that says more than the demand" if request.reasoned else "a reason"
    present = {
        reason: request.explained,
        "what was tried instead": request.alternatives,
        "what we ask in return": request.in_return,
        "a price above the walk-away": request.inside is not False,
    }
    return tuple(words for words, there in present.items() if not there)


def too_large(request: Request, rules: Rules) -> tuple[str, ...]:
    """Return in what a request goes beyond the limits of the fast lane, in words. A deal of unknown value counts as
    large."""
    found = []
    if (request.discount or 0.0) > rules.fast_discount:
        found.append(
            f"{_percent(request.discount)} is more than its limit of {_percent(rules.fast_discount)}"
        )
    if rules.fast_value is not None:
        found += _too_large_a_deal(request.value, rules.fast_value)
    return tuple(found)


def _too_large_a_deal(value: float | None, limit: float) -> list[str]:
    if value is None:
        return [f"the value of the deal is not known, and its limit is {limit:,.0f}"]
    return [f"the deal of {value:,.0f} is above its limit of {limit:,.0f}"] if value > limit else []


def _percent(value: float | None) -> str:
    return f"{100 * (value or 0.0):g}%"


def _lacks(words: Sequence[str]) -> str:
    """Return what a request lacks, as a sentence lists it."""
    head, last = ", ".join(words[:-1]), words[-1]
    return f"it lacks {head} and {last}" if head else f"it lacks {last}"


def _one_ask(request: Request, rules: Rules) -> Ask:
    """Return the one who is asked in the fast lane: the colleague named for this kind, else the manager."""
    named = [rule for rule in rules.rules if rule.kind and rule.person and rule.applies(request)]
    because = "the request is complete and small enough for one approver"
    return Ask(Approver.PERSON, named[0].person, because) if named else Ask(Approver.MANAGER, None, because)


def _asks(request: Request, rules: Rules) -> tuple[Ask, ...]:
    """Return one ask per approver, for the first reason that names them; the manager where no rule does."""
    found: dict[tuple[Approver, int | None], Ask] = {}
    for rule in rules.rules:
        if rule.applies(request):
            found.setdefault(rule.whom, Ask(rule.approver, rule.person, rule.because))
    return tuple(found.values()) or (Ask(Approver.MANAGER, None, "no rule names anybody else"),)


def affected(before: Request, after: Request, rules: Rules, ask: Ask) -> bool:
    """Return whether somebody who has said yes to ``before`` must be asked again for ``after``.

    A yes covers everything smaller. It ends when what their own rule looks at grew, when another kind of
    exception is asked for, or when what came in return is gone.
    """
    if before.kind != after.kind or (before.in_return and not after.in_return):
        return True
    own = [rule for rule in rules.rules if rule.whom == (ask.approver, ask.person) and rule.applies(after)]
    plain = not own or any(rule.discount_from is None and rule.value_from is None for rule in own)
    looks_at_price = plain or any(rule.discount_from is not None for rule in own)
    looks_at_value = plain or any(rule.value_from is not None for rule in own)
    return (looks_at_price and _grew(before.discount, after.discount)) or (
        looks_at_value and _grew(before.value, after.value)
    )


def _grew(before: float | None, after: float | None) -> bool:
    return after is not None and (before is None or after > before)
