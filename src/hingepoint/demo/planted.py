"""What is true in the demo company: which agreements matter, which only look so, what drifts where.

Everything the simulator decides by a constant stands here, so that the page "what this data was built
with" and the tests read the same facts as the simulator.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.records.pressures import Pressure

STRATEGY = "Discount less without losing deals"
#: A sale serves the strategy when it is won at this discount or less.
DISCOUNT_ON_TARGET = 0.15
SUPPORTIVE = f"supportive:discount<={DISCOUNT_ON_TARGET}"


#: The close that a seller names at creation lies so many days before the day on which the deal will close, spread by so
#: many, and at least this share of the sale away. It is put off by so many weeks whenever it comes and the deal still
#: lives. Nothing about that ever changes.
NAMED_EARLY_DAYS, NAMED_SPREAD_DAYS, NAMED_LEAST, PUT_OFF_WEEKS = 24, 35, 0.3, (3, 9)


#: The customer names the day by which they want it on such a share of deals, so many days after creation at least and at most:
#: where time presses, and where it does not.
DAY_NAMED, DAYS_PRESSED, DAYS_EASY = 0.6, (40, 110), (90, 280)
#: What a manager says who passes up a request that they sharpened first; who passes it up as it came says nothing.
PASSED_SHARPER = "What we ask in return is sharper now."
#: What inside partners say with a decision that is no yes.
DECIDED = {"approved in part": "Part of it, against what we get back.", "declined": "Not on these grounds."}
#: Countries that buy together where sourcing is global; else it is the account's own.
COUNTRIES_TOGETHER = (2, 5)
#: On such a share of deals with a competitor their price is known: below our list price by so much, the newcomer's, and spread.
PRICE_KNOWN, PRICE_BELOW, PRICE_BELOW_OF_NEWCOMER, PRICE_SPREAD = 0.4, 0.12, 0.38, 0.06


@dataclass(frozen=True, slots=True)
class Lever:
    """An agreement that does something. Effects are those of one of average quality.

    ``discount`` is taken off the final discount (a share); ``loss`` and ``stall`` are multiplied into
    the weekly risk of losing and of going quiet, ``speed`` into the weekly chance of moving on, all as
    logarithms; ``cost`` is taken off the cost of delivery (a share of list price). Gained only after
    the proposal, a lever with ``early`` keeps that share of its effect on the discount.
    """

    key: str
    why: str
    discount: float = 0.0
    loss: float = 0.0
    stall: float = 0.0
    speed: float = 0.0
    cost: float = 0.0
    early: float = 1.0
    reach: float = 0.22


#: The seven pivotal agreements of the strategy.
PIVOTAL = (
    Lever(
        "cust.data_access",
        "With their own figures on the table the talk is about value, and the price holds.",
        discount=0.050,
        loss=-0.30,
        early=0.3,
    ),
    Lever(
        "cust.executive_meeting",
        "An executive who wants the outcome keeps the deal alive and the haggling short.",
        discount=0.030,
        loss=-0.35,
        stall=-0.30,
    ),
    Lever(
        "cust.value_before_price",
        "Who settles first what is solved asks later for less.",
        discount=0.064,
        early=0.3,
    ),
    Lever(
        "cust.value_criteria",
        "A scorecard that counts running cost takes the cheapest bid out of the argument.",
        discount=0.031,
        loss=-0.20,
    ),
    Lever(
        "cust.joint_business_case",
        "A case in the customer's own format survives procurement.",
        discount=0.038,
        loss=-0.30,
        stall=-0.20,
    ),
    Lever(
        "int.price_corridor",
        "A seller who knows the floor before the first quote does not start there.",
        discount=0.064,
    ),
    Lever(
        "int.concession_plan",
        "Trades planned in order are smaller than trades invented in the room.",
        discount=0.058,
    ),
)

#: Agreements that matter for other strategies: faster sales, cheaper delivery.
OTHER_LEVERS = (
    Lever("cust.deal_sponsor", "A sponsor clears the calendar.", speed=0.16, reach=0.14),
    Lever("cust.compelling_event", "A date of their own moves everybody.", speed=0.15, reach=0.14),
    Lever("cust.mutual_plan", "A plan they edited is a plan they keep.", speed=0.13, reach=0.12),
    Lever("cust.standard_offer", "Standard is cheaper to deliver.", cost=0.05, reach=0.14),
    Lever("cust.out_of_scope", "What is written down is not done for free.", cost=0.03, reach=0.12),
)
LEVERS = {lever.key: lever for lever in (*PIVOTAL, *OTHER_LEVERS)}

#: What each pressure adds to the final discount where nothing answers it; all but the competitor who comes with it.
PRESSURE_DISCOUNT = {
    Pressure.COMMODITY: 0.015,
    Pressure.COMPETITORS: 0.010,
    Pressure.TIME: 0.008,
    Pressure.BUYERS: 0.061,
    Pressure.SOURCING: 0.008,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agreement of average quality takes off the discount under one pressure, beyond what it does anyway."""

    pressure: Pressure
    key: str
    discount: float


#: The only pivotal agreement that does more under a pressure than without it.
ANSWER = Answer(Pressure.BUYERS, "cust.value_criteria", 0.07)

#: Gained in the same meeting as a lever, without an effect: twin -> (lever, chance to come along).
TWINS = {
    "cust.outcome_target": ("cust.executive_meeting", 0.35),
    "cust.site_access": ("cust.data_access", 0.35),
    "cust.value_accepted": ("cust.joint_business_case", 0.35),
}
#: Gained by good sellers, without an effect.
SKILL_PROXIES = ("int.debrief", "cust.meeting_outcome", "int.call_plan_review", "cust.champion_role")
#: Gained when the deal moves to a stage, without an effect: key -> (stage entered, chance).
STAGE_LIKE = {
    "cust.requirements": ("prove", 0.75),
    "cust.solution_outline": ("propose", 0.75),
    "cust.live_review": ("negotiate", 0.75),
}
#: Gained on large deals, without an effect.
SIZE_PROXIES = ("cust.tender_access", "int.exec_pairing", "par.roles")
#: Part of winning, not a cause: key -> (weekly chance once the customer has decided for us).
MECHANICAL = {
    "cust.selected": 0.50,
    "cust.final_approver": 0.40,
    "cust.signature_date": 0.45,
    "cust.po_ready": 0.40,
    "cust.kickoff": 0.30,
}
#: Written down once the decision has fallen but before anybody says so.
ANTICIPATORY = "cust.project_lead"
#: A type the company added itself: seller and manager agree to open with a discount, before anybody asked.
#: It looks generous and costs the deal its price.
OPENING_DISCOUNT = "int.opening_discount"
OPENING_DISCOUNT_COSTS = 0.055

DECOYS = frozenset(
    {*TWINS, *SKILL_PROXIES, *STAGE_LIKE, *SIZE_PROXIES, *MECHANICAL, ANTICIPATORY},
)


@dataclass(frozen=True, slots=True)
class Drift:
    """A change planted for one early-warning signal, in one place, from a day on."""

    signal: int
    name: str
    place: str
    since: dt.date
    what: str


def drifts(ends_on: dt.date) -> dict[int, Drift]:
    """Return the planted change behind each of the ten signals, by its number."""

    def ago(weeks: int) -> dt.date:
        return ends_on - dt.timedelta(weeks=weeks)

    return {
        drift.signal: drift
        for drift in (
            Drift(1, "account margins creep", "South", ago(52), "Free extras grow; price and mix stay."),
            Drift(2, "more deals escalated", "East", ago(22), "Twice as many requests for special terms."),
            Drift(
                3,
                "costly concessions without plan",
                "North",
                march(ends_on),
                "A new head of region asks for volume; planning of concessions stops.",
            ),
            Drift(
                4,
                "pockets of non-compliance",
                "Warsaw",
                ago(26),
                "Half of the routines are late or left out.",
            ),
            Drift(
                5, "executives save the day", "West", ago(30), "Executives join late, without a role agreed."
            ),
            Drift(
                6,
                "executives' help turns to price",
                "South",
                ago(34),
                "Price moves within days of their visit.",
            ),
            Drift(
                7, "managers tolerate mediocre execution", "Dublin", ago(52), "Requests pass up unchanged."
            ),
            Drift(
                8,
                "demands known, reasons unknown",
                "Lyon",
                ago(28),
                "Reasons are left out or repeat the demand.",
            ),
            Drift(
                9,
                "inside staff see sellers take the customer's side",
                "West",
                ago(36),
                "Our position is no longer defended before an exception is asked for.",
            ),
            Drift(
                10, "contracts end smaller than projected", "East", ago(38), "Scope shrinks before signature."
            ),
        )
    }


def march(ends_on: dt.date) -> dt.date:
    """Return the last first of March that lies at least four months back."""
    march_now = dt.date(ends_on.year, 3, 1)
    return march_now if march_now <= ends_on - dt.timedelta(weeks=17) else dt.date(ends_on.year - 1, 3, 1)


def policy_versions(ends_on: dt.date) -> tuple[tuple[dt.date, str, float], ...]:
    """Return the price policies as (valid from, version, discount a seller may give alone)."""
    return (
        (ends_on - dt.timedelta(weeks=520), "2.0", 0.20),
        (ends_on - dt.timedelta(weeks=86), "2.1", 0.17),
    )


#: Teams start the discipline in waves, in an order drawn by lot: weeks before the end.
WAVES = (64, 52, 40, 28)
#: Why the teams that the lot put behind the last wave have not started.
WAITS_BECAUSE = (
    "They wait on purpose: until the result is read, somebody must show what happens without the discipline."
)
#: The logarithm added to the weekly chance of each pivotal agreement once a team lives the discipline.
ROLLOUT_LIFT = 0.60


@dataclass(frozen=True, slots=True)
class Prompt:
    """A trial of the company: in every second deal created since then, by lot, the seller is asked for it.

    ``began``: weeks before the end; ``lasted``: for so many weeks deals entered. ``lift`` is added to the
    logarithm of the weekly chance of gaining it where asked. ``effect`` and ``take_up``: what the analyst
    planned with, not what is true.
    """

    key: str
    seed: int
    began: int
    lasted: int
    lift: float
    effect: float
    take_up: float

    def starts_on(self, ends_on: dt.date) -> dt.date:
        return ends_on - dt.timedelta(weeks=self.began)

    def full_on(self, ends_on: dt.date) -> dt.date:
        """Return the first day on which a new deal does not count any more."""
        return self.starts_on(ends_on) + dt.timedelta(weeks=self.lasted)


#: The trial that has ended asked for a pivotal agreement; the one under way asks for one that does nothing.
ENDED_TRIAL = Prompt("int.price_corridor", 2024, 100, 52, lift=1.5, effect=0.09, take_up=0.44)
RUNNING_TRIAL = Prompt("cust.problem_cost", 2025, 10, 26, lift=2.2, effect=0.14, take_up=0.36)
PROMPTS = (ENDED_TRIAL, RUNNING_TRIAL)
#: After so many weeks from its creation the outcome of a deal is told in a trial.
TRIAL_WEEKS = 40
