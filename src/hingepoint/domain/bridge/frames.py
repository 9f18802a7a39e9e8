"""Tables -> frame of what was gained when in a sale (``analysis.bridge.suggesting.GAINS``)."""

from __future__ import annotations

import polars as pl

from hingepoint.analysis.bridge import suggesting
from hingepoint.domain.agreements.models import Agreement
from hingepoint.domain.deals.frames import read
from hingepoint.domain.deals.models import that_count

#: The newest so many gains tell when in a sale a type is gained.
MOST_GAINS = 100_000

_COLUMNS = {
    "type": "type__key",
    "created": "deal__created_at",
    "closed": "deal__closed_at",
    "at": "gained_at",
}


def gains() -> pl.DataFrame:
    """Return the newest gains on closed deals, for the system: the caller asks who may see them. Reads up to
    100,000 rows."""
    rows = Agreement.objects.filter(
        that_count("deal"), gained_at__isnull=False, deal__closed_at__isnull=False
    )
    return read(rows.order_by("-pk")[:MOST_GAINS], _COLUMNS, suggesting.GAINS)
