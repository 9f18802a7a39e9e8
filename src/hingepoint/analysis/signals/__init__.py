"""The early-warning signals: one module each, a pure function of facts, in the order of the paper.

``SIGNALS`` is the list. ``shape`` says what they have in common, ``engine`` reads all of them alike.
To add one, copy ``unknown_reasons``.
"""

from __future__ import annotations

from hingepoint.analysis.signals import (
    account_margins,
    exceptions,
    executive_rescues,
    executives_on_price,
    low_advocacy,
    review_discipline,
    shrinking_contracts,
    tolerant_managers,
    unknown_reasons,
    unplanned_concessions,
)
from hingepoint.analysis.signals.shape import Signal

SIGNALS: dict[str, Signal] = {
    signal.key: signal
    for signal in (
        account_margins.SIGNAL,
        exceptions.SIGNAL,
        unplanned_concessions.SIGNAL,
        review_discipline.SIGNAL,
        executive_rescues.SIGNAL,
        executives_on_price.SIGNAL,
        tolerant_managers.SIGNAL,
        unknown_reasons.SIGNAL,
        low_advocacy.SIGNAL,
        shrinking_contracts.SIGNAL,
    )
}
