"""Demands, concessions, exceptions and executives of the demo company: their details, and live ones to work on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl

from hingepoint.analysis.talks import approvals, reasons
from hingepoint.analysis.talks.approvals import Request
from hingepoint.demo import planted, tour
from hingepoint.demo.company import Company
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.escalations.models import Policy
from hingepoint.domain.escalations.rules import rules_of
from hingepoint.domain.imports import talks
from hingepoint.domain.involvement import actions as involvement
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.people import queries as people
from hingepoint.domain.people.models import Team, User
from hingepoint.records.deals import BuyingRole
from hingepoint.records.escalations import Answer, Approver, CameBack, Kind, State
from hingepoint.records.involvement import Purpose
from hingepoint.records.people import Role
from hingepoint.records.talks import ReasonState, Topic

#: What the corridor of a deal is made of: shares of its list price.
TARGET, WALK_AWAY = Decimal("0.92"), Decimal("0.84")
_DECISIONS = {
    "approved": State.APPROVED,
    "approved in part": State.IN_PART,
    "declined": State.DECLINED,
    None: State.OPEN,
}


def write(company: Company, *, at: dt.datetime) -> None:
    """Write the details of three years, and what waits on the live deals of the home team."""
    write_policies(company, at=at)
    talks.know_reasons(by=None, at=at, reasons=_reasons(company))
    talks.know_trades(by=None, at=at, trades=_trades(company))
    talks.know_corridors(by=None, at=at, corridors=_corridors(company))
    talks.know_exceptions(by=None, at=at, exceptions=_exceptions(company))
    talks.know_roles(by=None, at=at, roles=_roles(company))
    write_live(at=at)


# ---- the rules ----


def write_policies(company: Company, *, at: dt.datetime) -> None:
    """The two price policies, the stricter one in force; published when the company did."""
    legal = people.persona(Role.INSIDE_PARTNER)
    money = User.objects.active().filter(title="Commercial controller").order_by("id")[0]
    for since, version, own in planted.policy_versions(company.ends_on):
        escalations.draft_policy(by=None, at=at)
        for rule in list(Policy.objects.get(published_at__isnull=True).rules.all()):
            escalations.drop_rule(by=None, at=at, rule_id=rule.pk)
        limits = {"own_discount": own, "fast_discount": own + 0.05, "fast_value": None}
        escalations.set_limits(by=None, at=at, version=version, **limits)
        add = {"by": None, "at": at}
        escalations.add_rule(**add, approver=Approver.MANAGER)
        escalations.add_rule(**add, approver=Approver.PERSON, person=legal, kind=Kind.TERMS)
        escalations.add_rule(
            **add, approver=Approver.PERSON, person=money, kind=Kind.PRICE, discount_from=0.25
        )
        escalations.add_rule(**add, approver=Approver.SPONSOR, discount_from=0.30)
        began = dt.datetime.combine(
            max(since, company.ends_on - dt.timedelta(weeks=156)), dt.time(9), at.tzinfo
        )
        escalations.publish_policy(by=None, at=began)


# ---- three years ----


def _rows(table: pl.DataFrame) -> Iterator[dict[str, Any]]:
    return table.iter_rows(named=True)


def _reasons(company: Company) -> Iterator[talks.Row]:
    """Reasons as recorded: what the manager thought first, then the owner's, said by whoever asked and
    confirmed by a second person."""
    names = dict(company.contacts.select("contact", "name").iter_rows())
    second = _second_people(company.contacts)
    given = company.demands.filter(pl.col("reason").is_not_null())
    for row in _rows(given.join(company.deals.select("deal_id", "owner", "manager"), on="deal_id")):
        known = ReasonState(row["reason_state"])
        other = second.get(row["contact"], "")
        if known == ReasonState.CONFIRMED and not other:
            known = ReasonState.STATED
        event = {"deal": row["deal_id"], "name": row["kind"], "happened_at": row["at"]}
        yield event | {
            "text": _sentence(row["managers_reason"]),
            "state": ReasonState.HYPOTHESISED,
            "written_by": row["manager"],
            "written_at": row["at"] + (row["reason_at"] - row["at"]) / 2,
        }
        yield event | {
            "text": _sentence(row["reason"]),
            "state": known,
            "said_by": "" if known == ReasonState.HYPOTHESISED else names[row["contact"]],
            "confirmed_by": other if known == ReasonState.CONFIRMED else "",
            "written_by": row["owner"],
            "written_at": row["reason_at"],
        }


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _second_people(contacts: pl.DataFrame) -> dict[str, str]:
    """Return, per contact, the name of a colleague of theirs."""
    found = {}
    for _, group in contacts.group_by("account", maintain_order=True):
        keys, names = group["contact"].to_list(), group["name"].to_list()
        found |= {key: names[(place + 1) % len(names)] for place, key in enumerate(keys) if len(names) > 1}
    return found


def _trades(company: Company) -> Iterator[talks.Row]:
    demands = {row["demand"]: (row["deal_id"], row["kind"], row["at"]) for row in _rows(company.demands)}
    for row in _rows(company.concessions):
        yield {
            "deal": row["deal_id"],
            "name": row["kind"],
            "happened_at": row["at"],
            "topic": row["kind"],
            "worth": row["worth"],
            "final": bool(row["final"]),
            "demand": demands.get(row["demand"]),
        }


def _corridors(company: Company) -> Iterator[talks.Row]:
    """The corridor as it was set, or gone through once more, for each concession that was planned."""
    planned = company.concessions.filter(pl.col("plan_at").is_not_null()).select("deal_id", "plan_at")
    for row in _rows(planned.join(company.deals.select("deal_id", "owner", "list_price"), on="deal_id")):
        opening = Decimal(str(round(row["list_price"], 2)))
        yield {
            "deal": row["deal_id"],
            "opening": opening,
            "target": round(opening * TARGET, -2),
            "walk_away": round(opening * WALK_AWAY, -2),
            "set_by": row["owner"],
            "set_at": row["plan_at"],
        }


def _exceptions(company: Company) -> Iterator[talks.Row]:
    rules = {each.version: rules_of(each) for each in Policy.objects.prefetch_related("rules")}
    facts = company.deals.select("deal_id", "owner", "initial_amount")
    for place, row in enumerate(_rows(company.escalations.join(facts, on="deal_id"))):
        state = _DECISIONS[row["decision"]]
        way = approvals.path(_as_request(row), rules[row["policy"]])
        share = row["share"]
        yield {
            "deal": row["deal_id"],
            "name": row["kind"],
            "happened_at": row["at"],
            "kind": row["kind"],
            "wanted": "" if share else _TERMS[place % len(_TERMS)],
            "discount": share,
            "value": Decimal(str(row["initial_amount"])),
            "reason": row["reason"] or "",
            "alternatives": row["alternatives"] or "",
            "return_asked": row["return_asked"] or "",
            "policy": row["policy"],
            "lane": way.lane,
            "lane_why": way.why,
            "state": state,
            "granted": _granted(state, share),
            "asked_by": row["owner"],
            "asked_at": row["at"],
            "decided_at": row["decided_at"],
            "approvals": _answers(row, state),
            "pulses": _pulses(row),
        }


_TERMS = ("60 days to pay", "A higher cap on liability", "Their own contract text")


def _as_request(row: dict[str, Any]) -> Request:
    reason, topic = row["reason"] or "", Topic.PRICE if row["kind"] == "price" else Topic.OTHER
    return Request(
        kind=row["kind"],
        discount=row["share"],
        value=row["initial_amount"],
        reasoned=bool(reason),
        explained=bool(reason) and not reasons.repeats(reason, demand="", topic=topic),
        alternatives=bool(row["alternatives"]),
        in_return=bool(row["return_asked"]),
    )


def _granted(state: State, share: float | None) -> float | None:
    if share is None or state not in (State.APPROVED, State.IN_PART):
        return None
    return share if state == State.APPROVED else round(share * 0.7, 3)


def _answers(row: dict[str, Any], state: State) -> list[talks.Row]:
    """The manager first, then the inside partner, who decides. Managers pass a request up as it came, without a
    word, or once what they asked back for it has come."""
    asked, decided = row["at"], row["decided_at"]
    said = {State.APPROVED: Answer.YES, State.IN_PART: Answer.IN_PART, State.DECLINED: Answer.NO}.get(state)
    granted = _granted(state, row["share"]) if state == State.IN_PART else None
    manager = {
        "approver": row["manager"],
        "whom": Approver.MANAGER,
        "because": "it is an exception",
        "answer": Answer.YES if decided else Answer.WAITING,
        "granted": None,
        "words": "",
        "asked_at": asked,
        "answered_at": decided and asked + (decided - asked) * 0.4,
    }
    partner = manager | {
        "approver": row["partner"],
        "whom": Approver.PERSON,
        "because": "other terms are asked for" if row["kind"] == "terms" else "a lower price is asked for",
        "answer": said or Answer.WAITING,
        "granted": granted,
        "words": planted.DECIDED.get(row["decision"], ""),
        "answered_at": decided,
    }
    if row["unchanged"] or not decided:
        return [manager, partner]
    returned, again = _sent_back(row, manager)
    return [returned, again, partner]


def _sent_back(row: dict[str, Any], manager: talks.Row) -> tuple[talks.Row, talks.Row]:
    """Return the manager's answer as two: what is asked back first, and the yes after the seller told what came."""
    asked, decided = row["at"], row["decided_at"]
    came_at = asked + (decided - asked) * 0.3
    came = {"came": CameBack.GIVEN, "came_words": row["return_asked"]} if row["return_asked"] else _NOTHING
    returned = manager | came | {
        "answer": Answer.BACK,
        "words": "Ask for something in return first, and say what you tried.",
        "answered_at": asked + (decided - asked) * 0.2,
        "came_at": came_at,
        "came_by": row["owner"],
    }  # fmt: skip
    return returned, manager | {"asked_at": came_at, "words": planted.PASSED_SHARPER}


_NOTHING = {"came": CameBack.NOTHING, "came_words": ""}


def _pulses(row: dict[str, Any]) -> list[talks.Row]:
    if row["defended"] is None:
        return []
    facts = {"partner": row["partner"], "defended": row["defended"], "argues_for": row["advocates"]}
    return [{**facts, "at": row["decided_at"] or row["at"]}]


_AIMS = (
    "Meet their executive and hear what has to be different next year.",
    "Say why this outcome matters to us, and stay with value.",
    "Open the door to the plant director; leave the terms to the seller.",
)


def _roles(company: Company) -> Iterator[talks.Row]:
    agreed = company.visits.filter(pl.col("role_at").is_not_null())
    facts = company.deals.select("deal_id", "owner", "closed")
    for place, row in enumerate(_rows(agreed.join(facts, on="deal_id"))):
        yield {
            "deal": row["deal_id"],
            "executive": row["executive"],
            "purpose": Purpose.VALUE,
            "aim": _AIMS[place % len(_AIMS)],
            "not_to_say": "",
            "may_discuss_price": False,
            "agreed_by": row["owner"],
            "agreed_at": row["role_at"],
            "ended_at": row["closed"],
        }


# ---- what waits ----


def write_live(*, at: dt.datetime) -> None:
    """What the personas find to do: demands just asked, exceptions to answer, a visit to prepare."""
    seller, sponsor = people.persona(Role.SELLER), people.persona(Role.SPONSOR)
    home = seller.memberships.get(until__isnull=True, manages=False).team
    own = list(Deal.objects.open().filter(owner=seller).exclude(key=tour.KEY).order_by("-amount", "id")[:4])
    others = list(_deals_of(home).exclude(owner=seller).order_by("-amount", "id")[:2])
    if len(own) < 4 or len(others) < 2:
        return  # too small a company to show more
    hours = [at - dt.timedelta(hours=hour) for hour in (46, 30, 22, 7, 3)]
    asked = negotiation.log_demand(
        by=seller, at=hours[0], deal_id=own[0].pk, topic=Topic.PRICE, words="12 percent off before the board meets",
        asked_by=_somebody(own[0]),
        why=negotiation.Why("The budget was set before the second line was added", ReasonState.HYPOTHESISED),
    )  # fmt: skip
    negotiation.log_demand(
        by=seller, at=hours[1], deal_id=own[1].pk, topic=Topic.PAYMENT, words="60 days to pay",
        asked_by=_somebody(own[1]),
        why=negotiation.Why("They want to pay later", ReasonState.HYPOTHESISED),
    )  # fmt: skip
    price = escalations.Wish(
        Kind.PRICE, discount=0.22, reason="The budget was set before the second line was added",
        alternatives="offered training in place of price, declined", return_asked="second site in the same order",
        demand_id=asked.pk,
    )  # fmt: skip
    terms = escalations.Wish(
        Kind.TERMS, wanted="60 days to pay", reason="The money comes from next year's budget",
        alternatives="half on order, half at acceptance", return_asked="three-year term",
    )  # fmt: skip
    steep = escalations.Wish(
        Kind.PRICE, discount=0.32, reason="The newcomer is a third below us and the director wants to see us move",
    )  # fmt: skip
    escalations.ask(by=seller, at=hours[2], deal_id=own[0].pk, wish=price)
    escalations.ask(by=seller, at=hours[3], deal_id=own[1].pk, wish=terms)
    for deal, wish in zip(others, (steep, terms), strict=True):
        escalations.ask(by=deal.owner, at=hours[4], deal_id=deal.pk, wish=wish)
    if not own[2].involvements.filter(executive=sponsor, ended_at__isnull=True).exists():
        involvement.agree_role(
            by=seller, at=hours[1], deal_id=own[2].pk, executive=sponsor, purpose=Purpose.VALUE,
            aim="Meet their plant director for half an hour and hear what has to be different by spring.",
            not_to_say="No dates for the second line: delivery has not said yes yet.",
        )  # fmt: skip


def _somebody(deal: Deal) -> str:
    """Return the name of somebody of the customer on a deal, procurement if they have it."""
    people = deal.people.select_related("contact").order_by("id")
    buyer = people.filter(role=BuyingRole.PROCUREMENT).first() or people.first()
    return buyer.contact.name if buyer else ""


def _deals_of(team: Team):
    return Deal.objects.open().filter(team=team, owner__isnull=False)
