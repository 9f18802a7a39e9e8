"""What people of the demo company write: acts, reasons, demands, notes.

Acts complete "they will …". ``{site}`` is a place of the customer, ``{month}`` the month of the promise,
``{n}`` a small number.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

SITES = (
    "the north plant",
    "the river site",
    "line 2",
    "line 4",
    "the main works",
    "the cold store",
    "the pump house",
    "the old mill",
    "the harbour terminal",
    "building C",
    "the test centre",
    "the bottling hall",
)
MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905

ACTS: dict[str, tuple[str, ...]] = {
    "cust.meeting_outcome": (
        "confirm in the invitation that we leave with a yes or no to the site visit",
        "open the meeting with the decision we want at its end",
    ),
    "cust.problem_owner": ("take the stoppages at {site} as their own target for this year",),
    "cust.nda": ("sign the mutual confidentiality agreement without changes",),
    "cust.data_access": (
        "send the stoppage log of {site} for the last {n} months",
        "open the energy readings of {site} to our engineer, read only",
        "hand over the maintenance cost by line, as the controller reports it",
        "share scrap and rework figures for {n} product groups",
    ),
    "cust.site_access": (
        "let two of us follow a full shift at {site}",
        "take us through {site} with the shift leaders",
    ),
    "cust.introductions": (
        "introduce us in person to the head of controlling",
        "bring the two sister plants into the call in {month}",
    ),
    "cust.executive_meeting": (
        "give us 45 minutes on what has to be different by {month}",
        "meet our head of region at {site} and set the target together",
        "host a talk about availability, with price off the agenda",
    ),
    "cust.deal_sponsor": (
        "chair the project call every second Monday",
        "clear the IT queue for us before {month}",
    ),
    "cust.champion_role": ("present our case in the engineers' round in {month}",),
    "cust.problem_cost": (
        "put the cost of a standstill at {site} in writing",
        "confirm the yearly loss with the controller",
    ),
    "cust.outcome_target": ("set {n} percent fewer stoppages by {month} as the measure of success",),
    "cust.baseline": ("freeze last year's average at {site} as the starting point",),
    "cust.compelling_event": (
        "have the new line measured before the audit in {month}",
        "switch off the old system when its support ends in {month}",
    ),
    "cust.budget": ("name the cost centre and the part already approved",),
    "cust.funding_path": ("put the request on the investment committee's list for {month}",),
    "cust.fit_no_fit": ("tell us by {month} if this is not worth going on with",),
    "cust.decision_process": (
        "write down the {n} steps to a decision with a name at each",
        "walk us through procurement, safety and the works council, with dates",
    ),
    "cust.decision_criteria": ("send the scoring sheet before the demonstration",),
    "cust.value_criteria": (
        "score cost over seven years and not the price of the first",
        "count stoppages and energy in the comparison, for every bidder",
        "lower the weight of purchase price to {n} points of a hundred",
    ),
    "cust.buying_group": ("go through the list of everybody with a say, the quiet ones too",),
    "cust.procurement_rules": (
        "keep the plant manager in the room when terms are discussed",
        "talk price through one person and only after the technical yes",
    ),
    "cust.mutual_plan": ("keep the {n}-step plan to go-live with us and move dates only together",),
    "cust.timeline": ("decide in {month} and go live two months later",),
    "cust.tender_access": ("allow one meeting with the plant before the bids are due",),
    "cust.alternatives_known": ("tell us which {n} options are still on the table",),
    "cust.value_before_price": (
        "settle scope and benefit with us before a figure is asked for",
        "take the written quote only after the workshop at {site}",
        "agree what it is worth to {site} before we speak of price",
    ),
    "cust.requirements": ("sign off the list of musts and wishes",),
    "cust.out_of_scope": ("accept the page that says what is not included",),
    "cust.solution_outline": ("confirm the sketch for {site} with the engineers",),
    "cust.standard_offer": ("take the standard panel and drop {n} special wishes",),
    "cust.demo_group": ("send the shift leader and the controller to the demonstration",),
    "cust.pilot_terms": ("judge the pilot at {site} by one number after six weeks",),
    "cust.pilot_leads_to_buy": ("release the order within four weeks if the pilot passes",),
    "cust.pilot_resources": ("free a technician for {n} hours a week during the trial",),
    "cust.technical_ok": ("confirm in writing that it fits their network",),
    "cust.security_start": ("open the security review now, with a named reviewer",),
    "cust.joint_business_case": (
        "build the case with us in their own spreadsheet",
        "bring the controller's numbers and defend the case in {month}",
        "put our joint case before the investment committee",
    ),
    "cust.value_accepted": ("stand by a yearly benefit in the range we worked out",),
    "cust.risk_plan": ("name what may go wrong at {site} and who watches it",),
    "cust.group_consensus": ("ask each of the {n} members for a yes before terms are final",),
    "cust.incumbent_exit": ("give notice to the present supplier by {month}",),
    "cust.project_lead": ("free a project lead for the roll-out at {site}",),
    "cust.proposal_preview": ("correct our draft before it is sent to everybody",),
    "cust.live_review": ("go through the proposal with us, deciders in the room",),
    "cust.selected": ("tell the others that we are the choice, terms to follow",),
    "cust.full_issue_list": ("put all open points on one list before any is traded",),
    "cust.reason_for_demand": ("explain what the lower price is meant to solve",),
    "cust.reciprocal_trade": ("match each step of ours with one of theirs",),
    "cust.last_request": ("close the list: nothing more is asked for after this",),
    "cust.price_basis": ("pay by measuring point and not by user",),
    "cust.volume": ("order {n} sites within two years in return for the price",),
    "cust.term": ("commit for three years",),
    "cust.payment_terms": ("pay 30 percent on order, the rest at acceptance",),
    "cust.uplift": ("accept the yearly index in the contract",),
    "cust.service_swap": ("take operator training in place of a price cut",),
    "cust.country_scope": ("name the countries that buy under this agreement",),
    "cust.reference_right": ("speak at our users' day once the target is reached",),
    "cust.signature_date": ("sign on the second Thursday of {month}",),
    "cust.final_approver": ("have the managing director see the terms as they are",),
    "cust.paper": ("work from our contract text",),
    "cust.legal_calendar": ("have both lawyers meet twice and no more",),
    "cust.liability": ("stay within our standard cap",),
    "cust.service_levels": ("accept 99.5 percent, measured by month",),
    "cust.acceptance": ("accept within ten days by the test list",),
    "cust.change_rule": ("approve changes in writing at the agreed rates",),
    "cust.po_ready": ("open our vendor number and prepare the order",),
    "cust.kickoff": ("start in the first week of {month} with names on the list",),
    "cust.governance": ("meet us each quarter with the same measures as in the case",),
    "cust.value_review": ("measure with us what the first line brought",),
    "cust.renewal_intent": ("say by {month} on what terms they renew",),
    "cust.expansion_test": ("name the result that brings in the sister plant",),
    "int.pursue": ("go for it: fits the strategy, cost of pursuit accepted",),
    "int.strategy_link": ("run this one under 'discount less', target ten percent",),
    "int.agreement_plan": ("aim for the agreements on the list by the dates beside them",),
    "int.call_plan_review": ("read the plan the day before and bring one question",),
    "int.debrief": ("sit down for ten minutes after the talk",),
    "int.price_corridor": (
        "open at list, aim for eight percent, stop at fourteen",
        "hold list price until scope is settled, floor at twelve percent",
        "keep to the corridor; below it only with the region",
    ),
    "int.concession_plan": (
        "trade training first, payment terms second, price last",
        "give the longer warranty only against the three-year term",
        "move in steps of two points at most, each against something",
    ),
    "int.price_approval": ("approve the price against a two-year volume",),
    "int.terms_approval": ("accept the longer payment term this once",),
    "int.seller_position": ("state our position to the customer before asking for an exception",),
    "int.exec_role": ("join once, on value, without authority over price",),
    "int.exec_pairing": ("call their director every six weeks",),
    "int.feasible": ("deliver at {site} in {n} weeks, crane included",),
    "int.cost_estimate": ("stand by the cost figure until {month}",),
    "int.roadmap_promise": ("ship the export in the release of {month}",),
    "int.supply": ("hold {n} sensors until the end of {month}",),
    "int.credit": ("clear the credit limit",),
    "int.country_alignment": ("quote one corridor in all countries",),
    "int.forecast_call": ("count it in once the list is final",),
    "int.handover": ("take over with all promises on one page",),
    "int.review_after": ("look back within ten days, customer included",),
    "int.opening_discount": ("open with five percent off, to look serious",),
    "sup.cost_quote": ("hold the sensor price until {month}",),
    "sup.special_price": ("support this deal with a special price",),
    "sup.lead_time": ("deliver the cabinets in {n} weeks",),
    "sup.back_to_back": ("carry the same warranty as we do",),
    "par.registration": ("have this deal registered to one of us",),
    "par.roles": ("lead the installation while we lead the talk on price",),
    "par.margin": ("share any concession half and half",),
    "par.delivery": ("send the two fitters we asked for",),
}

REASONS = (
    "They lose a shift a week and the board has noticed.",
    "The plant manager's bonus hangs on availability.",
    "Energy is their second largest cost and rising.",
    "The audit found gaps that need figures by spring.",
    "They want to be ready before the new line starts.",
    "Controlling asked for a figure it can defend.",
    "Two suppliers let them down last year; they want dates that hold.",
    "The sister plant did it and talks about it.",
    "Their engineer needs our numbers for his own case.",
    "Nobody wants to explain a second standstill.",
    "The director promised it at the works meeting.",
    "They fear the roll-out more than the price.",
)
INSIDE_REASONS = (
    "The margin of the region depends on deals like this.",
    "Last time we improvised and gave away the training.",
    "Delivery is full in autumn; early notice helps both.",
    "One voice on price keeps the second round away.",
    "It fits what we said we would do this year.",
    "The customer reads hesitation as room.",
)
OWED = (
    "a calculation with their figures by Friday",
    "a visit to a user in their trade",
    "two engineer days",
    "a named project lead on our side",
    "a draft of the case",
    "our data protection papers",
    "",
    "",
    "",
)

DEMANDS: dict[str, tuple[str, ...]] = {
    "price": (
        "{n} percent off before this goes to the board",
        "match the offer from the other side",
        "the price of the sister plant",
        "a round figure that procurement can report",
        "the same discount as last year",
        "a better price for the whole package",
    ),
    "payment": ("60 days to pay", "nothing on order, all at acceptance", "payment by quarter"),
    "extras": (
        "training for both shifts at no charge",
        "a second year of service included",
        "free spare sensors",
    ),
    "delivery": ("go-live four weeks earlier", "installation on weekends only", "stock held on site"),
    "liability": ("a higher cap on liability", "penalties for late delivery", "their own contract text"),
}
DEMAND_REASONS: dict[str, tuple[str, ...]] = {
    "price": (
        "the budget was set before the second line was added",
        "procurement is measured on the first-year saving",
        "the newcomer's offer is on the director's desk",
        "the plant has to show a payback below two years",
        "last year's price is in their system and a rise needs a board paper",
        "they must show that they compared",
    ),
    "payment": (
        "cash is short until the harvest is sold",
        "the group pays all suppliers at sixty days",
        "the money comes from next year's budget",
    ),
    "extras": (
        "the night shift was left alone at the last roll-out",
        "they have nobody who can calibrate",
        "spares took nine days last winter",
    ),
    "delivery": (
        "the audit comes before our date",
        "the line stands still only in summer",
        "the old system loses its support",
    ),
    "liability": (
        "their insurer asks for it",
        "a supplier failed them and it went to court",
        "group legal has a new standard",
    ),
}
#: A "reason" that only says the demand again.
REPEATS: dict[str, tuple[str, ...]] = {
    "price": ("they want a lower price", "too expensive", "price"),
    "payment": ("they want to pay later",),
    "extras": ("they want it for free",),
    "delivery": ("they want it sooner",),
    "liability": ("they want it in the contract",),
}
RETURNS = (
    "three-year term",
    "order by the end of the month",
    "second site in the same order",
    "reference visit",
    "payment on order",
    "standard configuration",
    "project lead freed for six weeks",
    "no further requests",
)
ESCALATION_REASONS = (
    "The plant has to show payback within two years; with a second site it does.",
    "Their budget is fixed until January; the rest follows with the next phase.",
    "Group rules ask for sixty days; they offer a longer term for it.",
    "The newcomer is a third below us and the director wants to see us move.",
    "Public buyer: the cap on liability is set by decree.",
    "They commit to four sites if the first is at this price.",
)
ALTERNATIVES = (
    "offered training in place of price, declined",
    "offered a smaller scope, kept as fallback",
    "split over two budgets, procurement refused",
    "longer term against price, partly taken",
    "",
)
#: What a talk told when nobody promised anything.
LEARNED = (
    "They want to see it first in one plant; nobody said which.",
    "Their budget round ends next month. Until then everybody waits.",
    "A second supplier was there last week. They compare service, not price.",
    "The plant is for it; finance was not in the room.",
    "They asked again what we do if the line stops. We owe them an answer.",
    "Their new head of purchasing decides from now on.",
    "",
)
COACHING_NOTES = (
    "Asks for the data but leaves the date open; agreed to name a day each time.",
    "Strong with engineers, avoids the controller. Next talk together.",
    "Gives before the question is out. We practised waiting.",
    "Reads kind words as a yes. Restate act and date at the end.",
    "Corridor written, then left at the first silence. Try the trade list.",
    "Very good preparation for the board talk; share it with the team.",
)
MINUTES = (
    "Two deals need the business owner before price is on the table. Owners named.",
    "One exception sent back: the reason repeats the demand.",
    "Agreed to stop one quiet deal and to ask for the data in three others.",
    "Plan for the large tender read together; first ask moved up.",
    "Concession log looked at; one step had nothing in return.",
)


def pick(choices: Iterable[str], draws: np.ndarray) -> list[str]:
    """Return one of ``choices`` for each draw in [0, 1)."""
    listed = list(choices)
    return [listed[int(d * len(listed))] for d in draws]


def act(key: str, *, draw: float, month: int) -> str:
    """Return what is promised in an agreement of this type."""
    variants = ACTS[key]
    whole = draw * len(variants)
    rest = whole % 1.0
    return variants[int(whole)].format(
        site=SITES[int(rest * len(SITES))], month=MONTHS[month % 12], n=3 + int(rest * 97) % 9
    )
