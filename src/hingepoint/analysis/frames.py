"""Every column that the analysis knows: name, type and meaning, once.

A frame is a polars ``DataFrame``. Tables, files and the simulator make frames with these columns
(missing optional columns are allowed), and every function of ``analysis`` takes them. Moments are
``Datetime("us")`` in the company's own time zone without offset; money is in the company's
currency; shares are in [0, 1].
"""

from __future__ import annotations

import polars as pl

MOMENT = pl.Datetime("us")

#: column -> (type, meaning). The first three are required, and ``closed`` of every deal that is not open.
DEALS: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal, unique"),
    "created": (MOMENT, "when the deal was created"),
    "status": (pl.String(), "open, won or lost"),
    "closed": (MOMENT, "when it was won or lost; empty while open"),
    "amount": (pl.Float64(), "value at close or now; an outcome of the sale, never a covariate"),
    "currency": (pl.String(), "ISO 4217 code of the amounts"),
    "initial_amount": (pl.Float64(), "value as known at creation: the size covariate"),
    "list_price": (pl.Float64(), "price before discount"),
    "net_price": (pl.Float64(), "price after discount"),
    "discount": (pl.Float64(), "1 - net / list, a share"),
    "cost": (pl.Float64(), "cost of what is sold"),
    "margin": (pl.Float64(), "(net - cost) / net, a share"),
    "owner": (pl.String(), "seller; clusters"),
    "manager": (pl.String(), "the seller's manager"),
    "team": (pl.String(), "the seller's team"),
    "region": (pl.String(), "region of the account"),
    "segment": (pl.String(), "market segment"),
    "product": (pl.String(), "product line"),
    "source": (pl.String(), "where the deal came from"),
    "account": (pl.String(), "customer; clusters"),
    "stage": (pl.String(), "current stage"),
    "expected_close": (MOMENT, "current expected close"),
    "projected_amount": (pl.Float64(), "value as projected at qualification"),
    "projected_margin": (pl.Float64(), "margin as projected at qualification"),
}

EVENTS: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "agreement": (pl.String(), "key of an agreement type, or name of the step in the log"),
    "at": (MOMENT, "when it happened"),
    "state": (pl.String(), "life-cycle state reached; gained when not said"),
    "kind": (
        pl.String(),
        "agreement, stage, activity, field, concession, demand, escalation, executive, quote",
    ),
    "side": (pl.String(), "customer, internal, supplier or partner"),
    "counterpart": (pl.String(), "role or person it was made with"),
    "actor": (pl.String(), "who on our side"),
    "evidence": (pl.Int8(), "0 none, 1 we say so, 2 they said it, 3 they wrote it, 4 they acted on it"),
    "quality": (pl.Int8(), "0 to 7"),
    "value": (pl.Float64(), "money it concerns"),
    "currency": (pl.String(), "ISO 4217 code of the value"),
    "note": (pl.String(), "free text"),
    "recorded_at": (MOMENT, "when it was written down; empty where that is not known"),
}

#: What the early-warning signals read beside deals. ``written_at`` and the like are true times of writing:
#: what was written down afterwards has a later one, whatever day it names.
CONCESSIONS: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "at": (MOMENT, "when it was given"),
    "topic": (pl.String(), "what was given: price, payment, extras, ..."),
    "value": (pl.Float64(), "money given"),
    "in_return": (pl.String(), "what came back; empty for nothing"),
    "last_word": (pl.Boolean(), "whether it was said to be the last"),
}

PLANS: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "about": (pl.String(), "corridor, conversation or reason"),
    "written_at": (MOMENT, "when it was really written"),
}

EXCEPTIONS: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "at": (MOMENT, "when the step was taken"),
    "topic": (pl.String(), "price or terms"),
    "state": (pl.String(), "asked, returned, passed, approved, partly or declined"),
    "actor": (pl.String(), "who took the step"),
    "value": (pl.Float64(), "how much is asked for at this step"),
    "reason": (pl.String(), "why"),
}

VISITS: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "at": (MOMENT, "when the executive attended, or when the role was written down"),
    "state": (pl.String(), "agreed (a role was agreed) or attended"),
    "executive": (pl.String(), "who"),
}

QUOTES: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "at": (MOMENT, "when it was sent"),
    "value": (pl.Float64(), "net price"),
}

DEMANDS: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "at": (MOMENT, "when it was heard"),
    "topic": (pl.String(), "what was asked for"),
    "reason": (pl.String(), "why they ask; empty for not known"),
    "other_reason": (pl.String(), "why they ask as somebody else wrote it; empty where nobody did"),
}

PULSES: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "at": (MOMENT, "when the inside partner answered"),
    "position": (pl.String(), "whose position the seller stood for: company or customer"),
    "value": (pl.Float64(), "how much, from 0 to 1"),
    "partner": (
        pl.String(),
        "who answered, where that is known: people are counted by it, and it is told to nobody",
    ),
}

ROUTINES: dict[str, tuple[pl.DataType, str]] = {
    "person": (pl.String(), "of whom it is required"),
    "team": (pl.String(), "that person's team"),
    "routine": (pl.String(), "what is required"),
    "due": (MOMENT, "by when"),
    "done": (MOMENT, "when it was done; empty for not done"),
    "recorded_at": (MOMENT, "when that was written down"),
}

TALKS: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "at": (MOMENT, "the day of the talk, or when its plan was approved"),
    "what": (pl.String(), "held or approved"),
    "done": (pl.Boolean(), "held: whether it was debriefed; approved: whether the plan was complete"),
}

STEPS: dict[str, tuple[pl.DataType, str]] = {
    "deal_id": (pl.String(), "the deal"),
    "agreement": (pl.String(), "key of an agreement type"),
    "at": (MOMENT, "when it came there"),
    "state": (pl.String(), "life-cycle state reached; gained when not said"),
    "evidence": (pl.Int8(), "0 none, 1 we say so, 2 they said it, 3 they wrote it, 4 they acted on it"),
}

POLICIES: dict[str, tuple[pl.DataType, str]] = {
    "at": (MOMENT, "since when the version of the rules holds"),
    "version": (pl.String(), "its name"),
}

LIMITS: dict[str, tuple[pl.DataType, str]] = {
    "at": (MOMENT, "from when on people set the limits of a signal anew"),
    "signal": (pl.String(), "the key of the signal"),
    "reason": (pl.String(), "why"),
}

DEAL_REQUIRED = ("deal_id", "created", "status")
EVENT_REQUIRED = ("deal_id", "agreement", "at")

#: Covariates known at creation that the analysis uses when they are present.
KNOWN_AT_CREATION = ("segment", "source", "product", "region")


def schema(columns: dict[str, tuple[pl.DataType, str]]) -> dict[str, pl.DataType]:
    """Return ``{column: type}`` of ``DEALS`` or ``EVENTS``."""
    return {name: dtype for name, (dtype, _) in columns.items()}
