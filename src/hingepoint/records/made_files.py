"""Words of files that are made in the background."""

from __future__ import annotations

import datetime as dt

from hingepoint.records.words import Worded

#: So long a file is kept after it was asked for.
KEPT = dt.timedelta(days=1)
#: One that is not made by then will not be; it may be asked for again.
GIVEN_UP = dt.timedelta(minutes=10)


class MadeState(Worded):
    """How far a file is."""

    WAITING = "waiting", "Being made"
    READY = "ready", "Ready"
    REFUSED = "refused", "Not made"
