"""The columns of the tables: what each holds and under which headings it is recognised, once.

The reference page is made from these tables. Names and types are those of ``analysis.frames``, which
connectors may not import; a test holds the two together.
"""

from __future__ import annotations

import enum
import unicodedata
from dataclasses import dataclass, replace

import polars as pl

from hingepoint.connectors.files import headings
from hingepoint.records.agreements import AgreementState, Side
from hingepoint.records.deals import DealStatus, EventKind
from hingepoint.records.names import normal
from hingepoint.records.signals import StepState, TraceKind


class Kind(enum.StrEnum):
    """How the values of a column are read."""

    TEXT = "text"
    MOMENT = "date or date-time"
    NUMBER = "number"
    SHARE = "share"
    WHOLE = "whole number"
    CHOICE = "one of a list"
    CURRENCY = "ISO 4217 code"


@dataclass(frozen=True, slots=True)
class Field:
    """One column: ``synonyms`` in order of preference, ``choices``, ``most`` and ``longest`` (characters) where
    values are limited."""

    name: str
    kind: Kind
    synonyms: tuple[str, ...] = ()
    must: bool = False
    choices: tuple[str, ...] = ()
    most: int = 0
    longest: int = 0
    default: str = ""

    @property
    def type(self) -> pl.DataType:
        """Return the type of the column that is read."""
        return _TYPES.get(self.kind, pl.String())


_TYPES: dict[Kind, pl.DataType] = {
    Kind.MOMENT: pl.Datetime("us"),
    Kind.NUMBER: pl.Float64(),
    Kind.SHARE: pl.Float64(),
    Kind.WHOLE: pl.Int8(),
}


#: Characters that are kept of a text at most; the tables hold no more.
LONGEST = {
    **dict.fromkeys(
        ("deal_id", "owner", "manager", "team", "account", "agreement", "counterpart", "actor"), 200
    ),
    **dict.fromkeys(("region", "segment", "product", "source", "stage"), 100),
    "act": 500,
    "needed_because": 300,
    **dict.fromkeys(("name", "title", "key"), 200),
    "email": 254,
}

#: Money is below this amount.
MOST_MONEY = 1e15


def _field(name: str, kind: Kind, synonyms: str = "", **more: object) -> Field:
    return Field(name, kind, _parts(synonyms), longest=LONGEST.get(name, 0), **more)  # type: ignore[arg-type]


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _with_other_languages(fields: tuple[Field, ...], more: dict[str, str]) -> tuple[Field, ...]:
    """Return ``fields`` also recognised by the headings of other languages; each heading names one field."""
    taken = {normal(word) for field in fields for word in (field.name, *field.synonyms)}
    found = []
    for each in fields:
        new = [word for word in _parts(more.get(each.name, "")) if normal(word) not in taken]
        taken |= {normal(word) for word in new}
        found.append(replace(each, synonyms=(*each.synonyms, *dict.fromkeys(new))))
    return tuple(found)


_DEAL_FIELDS: tuple[Field, ...] = (
    _field(
        "deal_id",
        Kind.TEXT,
        "opportunity id, case_id, case:concept:name, deal id, deal number, opportunity number, opportunityid,"
        " dealid, record id, hs_object_id, id, deal - id, case",
        must=True,
    ),
    _field(
        "created",
        Kind.MOMENT,
        "created date, create date, created at, created on, date created, creation date, createdate, createdon,"
        " create_date, property_createdate, hs_createdate, add time, deal - deal created, deal created, opened,"
        " open date, start date",
        must=True,
    ),
    _field(
        "status",
        Kind.CHOICE,
        "deal status, opportunity status, outcome, result, deal - status",
        must=True,
        choices=tuple(DealStatus),
    ),
    _field(
        "closed",
        Kind.MOMENT,
        "closed date, close date, closedate, closed at, closed on, date closed, actual close date,"
        " actualclosedate, property_closedate, close time, deal - closed time, won/lost date",
    ),
    _field(
        "amount",
        Kind.NUMBER,
        "deal value, deal amount, value, close value, opportunity amount, actual value, actualvalue, actual"
        " revenue, property_amount, deal - value, revenue, amount converted, expected revenue, expected_revenue",
    ),
    _field(
        "currency",
        Kind.CURRENCY,
        "currency code, currency iso code, currencyisocode, amount currency, amountcurrency, deal currency,"
        " deal_currency_code, deal - currency, transactioncurrencyid, currency_id",
    ),
    _field("initial_amount", Kind.NUMBER, "amount at creation, initial value, original amount"),
    _field("list_price", Kind.NUMBER, "list value, gross price, price before discount, list amount"),
    _field("net_price", Kind.NUMBER, "net value, net amount, price after discount, sold price"),
    _field("discount", Kind.SHARE, "discount rate, discount share, discount given"),
    _field("cost", Kind.NUMBER, "costs, total cost, cogs"),
    _field("margin", Kind.SHARE, "margin rate, gross margin share, margin share"),
    _field(
        "owner",
        Kind.TEXT,
        "deal owner, opportunity owner, seller, sales agent, sales rep, salesperson, assigned to,"
        " assigned user name, account executive, owner name, property_hubspot_owner_id, hubspot_owner_id,"
        " owner id, ownerid, assigned user id, user_id, deal - owner",
    ),
    _field("manager", Kind.TEXT, "sales manager, owner manager, owner's manager"),
    _field("team", Kind.TEXT, "sales team, team name, hubspot team, owner role, team_id, business unit"),
    _field("region", Kind.TEXT, "territory, sales region, regional office, country"),
    _field("segment", Kind.TEXT, "market segment, customer segment, account segment, industry, sector"),
    _field("product", Kind.TEXT, "product line, product name, product family"),
    _field(
        "source", Kind.TEXT, "lead source, deal source, original source, leadsource, source_id, utm source"
    ),
    _field(
        "account",
        Kind.TEXT,
        "account name, customer, company, company name, client, organization, organisation, associated company,"
        " parent account, parentaccountid, customer id, customerid, account id, accountid, partner_id,"
        " deal - organization",
    ),
    _field(
        "stage",
        Kind.TEXT,
        "deal stage, stage name, stagename, sales stage, opportunity stage, pipeline stage, dealstage, stage_id,"
        " deal_pipeline_stage_id, stepname, deal - stage",
    ),
    _field(
        "expected_close",
        Kind.MOMENT,
        "expected close date, estimated close date, estimatedclosedate, expected closing, date_deadline,"
        " deal - expected close date",
    ),
    _field("projected_amount", Kind.NUMBER, "projected value, qualified amount"),
    _field("projected_margin", Kind.SHARE, "qualified margin"),
)

_EVENT_FIELDS: tuple[Field, ...] = (
    _field(
        "deal_id",
        Kind.TEXT,
        "opportunity id, case_id, case:concept:name, deal, opportunity, dealid, opportunityid, case",
        must=True,
    ),
    _field(
        "agreement",
        Kind.TEXT,
        "activity, concept:name, agreement key, agreement type, event, event name, step, task, new value,"
        " to stage, newvalue, stage name",
        must=True,
    ),
    _field(
        "at",
        Kind.MOMENT,
        "time:timestamp, gained_at, occurred_at, timestamp, date, event date, event time, happened at, datetime,"
        " created date, edit date, start time, start timestamp, last modified, change time, change date, changed at,"
        " changed on, log time, log timestamp, time of change, modified on, modified at, create date",
        must=True,
    ),
    _field(
        "state",
        Kind.CHOICE,
        "agreement state, life-cycle state",
        choices=tuple(AgreementState),
        default=AgreementState.GAINED.value,
    ),
    _field(
        "kind",
        Kind.CHOICE,
        "event kind, event type",
        choices=tuple(EventKind),
        default=EventKind.AGREEMENT.value,
    ),
    _field("side", Kind.CHOICE, "party", choices=tuple(Side)),
    _field("counterpart", Kind.TEXT, "contact, with, counterpart role, made with"),
    _field("actor", Kind.TEXT, "org:resource, resource, user, edited by, changed by, modified by, owner"),
    _field("evidence", Kind.WHOLE, "evidence level, evidence strength", most=4),
    _field("quality", Kind.WHOLE, "quality points", most=7),
    _field("value", Kind.NUMBER, "amount, money"),
    _field("currency", Kind.CURRENCY, "currency code, currencyisocode"),
    _field("note", Kind.TEXT, "notes, comment, description, remark"),
    _field("recorded_at", Kind.MOMENT, "recorded, entered"),
    _field("act", Kind.TEXT),
    _field("due_on", Kind.MOMENT),
)

#: What a table of agreements as they stand says beyond a table of events.
_STANDING_FIELDS: tuple[Field, ...] = (
    _field("required", Kind.CHOICE, choices=("yes", "no")),
    _field("needed_by", Kind.MOMENT),
    _field("needed_because", Kind.TEXT),
    _field("standing_since", Kind.MOMENT),
    _field("expires_on", Kind.MOMENT),
    _field("reason", Kind.TEXT),
    _field("owed_in_return", Kind.TEXT),
)

PEOPLE_FIELDS: tuple[Field, ...] = (
    _field(
        "name",
        Kind.TEXT,
        "full name, person, employee, employee name, colleague, user name, display name, owner name, sales rep, seller",
        must=True,
    ),
    _field(
        "email",
        Kind.TEXT,
        "e-mail, email address, e-mail address, mail, mail address, address, work email, owner email, user email",
    ),
    _field("role", Kind.TEXT, "role here, hingepoint role, what they do"),
    _field("title", Kind.TEXT, "job title, position, function"),
    _field("key", Kind.TEXT, "crm id, id in the crm, owner id, user id, salesforce id, employee id, id"),
    _field(
        "manager",
        Kind.TEXT,
        "reports to, supervisor, line manager, manager name, manager email, sales manager",
    ),
    _field("team", Kind.TEXT, "sales team, team name, department, unit, group"),
    _field("since", Kind.MOMENT, "from, start, start date, valid from, joined, joined on, in the team from"),
    _field("until", Kind.MOMENT, "to, end, end date, valid to, left, left on, in the team until"),
)

_RECORDED_AT = _field("recorded_at", Kind.MOMENT, "recorded, entered, written at, entered at, recorded on")

_ROUTINE_FIELDS: tuple[Field, ...] = (
    _field("person", Kind.TEXT, "seller, owner, sales rep, who, name", must=True),
    _field("team", Kind.TEXT, "sales team, team name", must=True),
    _field("routine", Kind.TEXT, "kind, what, routine name", must=True),
    _field("due", Kind.MOMENT, "due on, due at, due date, required by, deadline", must=True),
    _field("done", Kind.MOMENT, "done on, done at, done date, completed, completed on, completed at"),
    _RECORDED_AT,
)

DEAL_FIELDS = _with_other_languages(_DEAL_FIELDS, headings.DEALS)
EVENT_FIELDS = _with_other_languages(_EVENT_FIELDS, headings.EVENTS)
#: An agreement that nobody took a step on has no date.
AGREEMENT_FIELDS = (
    *(replace(each, must=each.must and each.name != "at") for each in EVENT_FIELDS),
    *_STANDING_FIELDS,
)

#: What each column holds, for the owner of a file.
MEANINGS: dict[str, dict[str, str]] = {
    "deals": {
        "deal_id": "the deal, unique",
        "created": "when the deal was created",
        "closed": "when it was won or lost; empty while open",
        "status": "open, won or lost",
        "amount": "value at close or now",
        "currency": "currency of the amounts",
        "initial_amount": "value as known at creation",
        "list_price": "price before discount",
        "net_price": "price after discount",
        "discount": "share of the list price given away",
        "cost": "cost of what is sold",
        "margin": "share of the net price that is left after cost",
        "owner": "seller",
        "manager": "the seller's manager",
        "team": "the seller's team",
        "region": "region of the account",
        "segment": "market segment",
        "product": "product line",
        "source": "where the deal came from",
        "account": "customer",
        "stage": "current stage",
        "expected_close": "current expected close",
        "projected_amount": "value as projected at qualification",
        "projected_margin": "margin as projected at qualification",
    },
    "events": {
        "deal_id": "the deal",
        "agreement": "key of an agreement type, or the name of the step in the log",
        "at": "when it happened",
        "state": "life-cycle state reached",
        "kind": "what kind of trace it is",
        "side": "with whom it was made",
        "counterpart": "role or person it was made with",
        "actor": "who on our side; `rule:KEY` names the detection rule that found a step",
        "evidence": "0 none, 1 we say so, 2 they said it, 3 they wrote it, 4 they acted on it",
        "quality": "how many of the seven points of a good agreement it meets",
        "value": "money it concerns",
        "currency": "currency of the value",
        "note": "free text",
        "recorded_at": "when it was written down; later than `at` is written afterwards. Empty: when it is imported",
        "act": "what they will do, for an agreement",
        "due_on": "the day by which they promised to do it",
    },
    "agreements": {
        "at": "since when it stands so; may be empty while nobody took a step",
        "state": "how it stands",
        "required": "whether it is one of the few that the strategy asks of this deal",
        "needed_by": "the day by which we need it",
        "needed_because": "how that day was computed",
        "standing_since": "when it was first gained",
        "expires_on": "the day until which it is relied on without being checked",
        "reason": "why it was declined, broken or is not needed",
        "owed_in_return": "what we owe them for it",
    },
    "people": {
        "name": "the person",
        "email": "the address they sign in with",
        "role": "seller, manager, sponsor, analyst or inside partner; a new person without one is a seller",
        "title": "as on the business card",
        "key": "their id in the CRM, as your deals name their owner",
        "manager": "who manages the team, by name, address or id; without a team column, the team is theirs",
        "team": "the team they are in, or manage where their role is manager; a new one is made",
        "since": "the day from which they are in the team; today where it is empty",
        "until": "the day on which they leave the team; empty while they are in it",
    },
    "traces": {
        "kind": "what kind of trace it is; `plan`, `policy` and `pulse` are read by the signals alone",
        "state": "the step that was taken",
        "recorded_at": "when it was written down; later than `at`: afterwards",
    },
    "routines": {
        "person": "of whom it is required",
        "team": "that person's team",
        "routine": "what is required",
        "due": "by when",
        "done": "when it was done; empty: not done",
        "recorded_at": "when that was written down",
    },
}
MEANINGS["agreements"] = MEANINGS["events"] | MEANINGS["agreements"]

_MORE: dict[str, tuple[str, ...]] = {"kind": tuple(TraceKind), "state": tuple(StepState)}
#: Events as the signals read them: with further kinds and states, and when each was written down.
TRACE_FIELDS: tuple[Field, ...] = (
    *(
        replace(field, choices=tuple(dict.fromkeys(map(str, (*field.choices, *_MORE.get(field.name, ()))))))
        for field in EVENT_FIELDS
        if field.name != _RECORDED_AT.name
    ),
    _RECORDED_AT,
)

FIELDS = {
    "deals": DEAL_FIELDS,
    "events": EVENT_FIELDS,
    "agreements": AGREEMENT_FIELDS,
    "people": PEOPLE_FIELDS,
    "traces": TRACE_FIELDS,
    "routines": _ROUTINE_FIELDS,
}

#: Of these kinds an event may name no deal.
OF_NO_DEAL = (TraceKind.POLICY.value,)

#: Headings of columns that tell the outcome without a status: flags, Odoo's archive, Pipedrive's times.
MARKS: dict[str, tuple[str, ...]] = {
    "closed": ("is closed", "isclosed", "closed?", "hs_is_closed"),
    "won": ("is won", "iswon", "won", "won?", "hs_is_closed_won", "is closed won"),
    "lost": ("is lost", "islost", "lost", "lost?", "hs_is_closed_lost", "is closed lost"),
    "active": ("active", "is active", "aktiv", "actif", "activo", "actief", "attivo", "ativo"),
    "probability": (
        "probability",
        "probability %",
        "wahrscheinlichkeit",
        "probabilité",
        "probabilidad",
        "waarschijnlijkheid",
        "probabilità",
        "probabilidade",
        "確度",
    ),
    "won_at": ("won time", "deal - won time", "won date", "won at", "won on", "date won", "closed won date"),
    "lost_at": (
        "lost time",
        "deal - lost time",
        "lost date",
        "lost at",
        "lost on",
        "date lost",
        "closed lost date",
    ),
}

#: Words for a status, in any case and spelling of spaces; ``Closed - Won`` and ``closedwon`` are one word.
STATUS_WORDS: dict[str, str] = {
    "open": "open, in progress, active, ongoing, working, pending, not closed, offen, offene, laufend, in Bearbeitung,"
    " aktiv, ouvert, ouverte, ouverts, ouvertes, en cours, abierto, abierta, abiertos, abiertas, en curso,"
    " en proceso, lopend, in behandeling, aperto, aperta, aperti, aperte, in corso, aberto, aberta, abertos,"
    " abertas, em aberto, em andamento, 進行中, 商談中, オープン",
    "won": "won, closed won, win, won closed, deal won, gewonnen, abgeschlossen gewonnen, geschlossen gewonnen,"
    " gagné, gagnée, gagnés, gagnées, fermé gagné, fermée gagnée, clôturé gagné, clôturée gagnée, conclu gagné,"
    " conclue gagnée, ganado, ganada, ganados, ganadas, cerrado ganado, cerrada ganada, gesloten gewonnen,"
    " afgesloten gewonnen, vinto, vinta, vinti, vinte, chiuso vinto, chiusa vinta, ganho, ganha, ganhos, ganhas,"
    " fechado ganho, fechada ganha, 受注, 受注済, 受注済み, 成約, 成約済み, 商談成立",
    "lost": "lost, closed lost, loss, lost closed, deal lost, verloren, abgeschlossen verloren, geschlossen verloren,"
    " perdu, perdue, perdus, perdues, fermé perdu, fermée perdue, clôturé perdu, clôturée perdue, conclu perdu,"
    " conclue perdue, perdido, perdida, perdidos, perdidas, cerrado perdido, cerrada perdida, gesloten verloren,"
    " afgesloten verloren, perso, persa, persi, perse, chiuso perso, chiusa persa, fechado perdido,"
    " fechada perdida, 失注, 失注済, 失注済み, 不成立, 商談不成立",
}

#: Stages of open deals as CRMs come with them. With a close date they are open only where lost deals have
#: a word or a flag of their own: otherwise a lost deal may have stayed in its last stage.
OPEN_STAGES = (
    "new, lead, lead in, prospect, prospecting, qualification, qualified, qualify, discovery, demo, demo scheduled,"
    " needs analysis, value proposition, id. decision makers, perception analysis, proposal, proposal made,"
    " proposal/price quote, proposition, propose, develop, quote, quoted, negotiation, negotiation/review,"
    " negotiations started, contact made, appointment scheduled, qualified to buy, presentation scheduled,"
    " decision maker bought-in, contract sent, Erstkontakt, Qualifizierung, Bedarfsanalyse, Angebot, Verhandlung,"
    " prospection, devis, négociation, prospección, calificación, cualificación, propuesta, negociación, kwalificatie,"
    " offerte, onderhandeling, qualificazione, offerta, proposta, trattativa, negoziazione, qualificação, negociação,"
    " 引合, 商談, 提案, 見積, 見積もり, 交渉"
)

#: Words for yes, no and unknown in agreement columns of a table without dates.
ANSWER_WORDS: dict[str, str] = {
    "yes": "yes, y, true, 1, gained, x, ja, oui, si, sí",
    "no": "no, n, false, 0, declined, nein, non, nee",
    "unknown": "unknown, ?, not known, n/a, na, unbekannt, inconnu",
}


def schema(role: str) -> dict[str, pl.DataType]:
    """Return ``{column: type}`` of the frames that are read as deals, events or agreements, in their order."""
    return {field.name: field.type for field in FIELDS[role]}


def words(table: dict[str, str]) -> dict[str, str]:
    """Return ``{normal word: meaning}`` of ``STATUS_WORDS`` or ``ANSWER_WORDS``; also of words without accents."""
    found = {}
    for meaning, text in table.items():
        for word in text.split(","):
            found[normal(word) or word.strip()] = meaning
            found.setdefault(normal(without_accents(word)), meaning)
    found.pop("", None)
    return found


def without_accents(text: str) -> str:
    """Return ``text`` with its Latin letters bare: ``gagnée`` is ``gagnee``."""
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(char for char in parts if not "\u0300" <= char <= "\u036f"))
