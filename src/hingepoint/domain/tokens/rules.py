"""How tokens look, how long they last, and how often their use is noted."""

from __future__ import annotations

import datetime as dt
import secrets

#: What a token begins with, so that it is known when it turns up where it does not belong.
OURS, OF_A_SERVICE = "hpp_", "hps_"
#: How many characters of a token are kept readable.
BEGINS = 12
USUAL_DAYS, MOST_DAYS = 90, 366
#: Use is noted at most so often: reading costs no write.
NOTED_EVERY = dt.timedelta(hours=1)
#: An answer is given again for so long.
ANSWERS_KEPT = dt.timedelta(hours=24)


def new_token(*, service: bool) -> str:
    """Return a token that nobody guesses."""
    return (OF_A_SERVICE if service else OURS) + secrets.token_urlsafe(32)


def to_be_noted(used_at: dt.datetime | None, *, at: dt.datetime) -> bool:
    return used_at is None or at - used_at > NOTED_EVERY
