"""Agreement debt: what kind of debt an agreement is, and why one has no value or is no debt any more."""

from __future__ import annotations

from hingepoint.records.words import Worded


class DebtKind(Worded):
    """Why an agreement is owed; what is overdue and kind words only is *kind words*."""

    OVERDUE = "overdue", "Overdue"
    SOFT = "soft", "Kind words"
    BROKEN = "broken", "Broken"


class Unvalued(Worded):
    """Why a debt is counted and not valued."""

    NOT_SIGNED = "not_signed", "no finding on it is signed"
    NO_HELP = "no_help", "its finding shows no gain on a deal like this"
    NO_MONEY = "no_money", "its strategy is judged by days, which are no money"
    NO_AMOUNT = "no_amount", "the deal has no amount"
