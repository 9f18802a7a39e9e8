"""Tables -> the facts that the signals read. To be replaced by the reading of every table: it reads deals alone so far."""

from __future__ import annotations

import datetime as dt

from hingepoint.analysis.signals.shape import Facts
from hingepoint.domain.deals.frames import deals_frame


def facts(as_of: dt.date) -> Facts:
    """Return what was known at the end of ``as_of``."""
    from hingepoint.analysis.signals.engine.facts import from_log  # with its statistics, which no page needs

    return from_log(deals_frame(None), as_of=as_of)
