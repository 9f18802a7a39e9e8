"""What is done every week, in Monday's night: one line a job, called with ``at``."""

import datetime as dt

from hingepoint.domain.audit import queries as audit
from hingepoint.domain.principles import actions as principles


class TrailBroken(Exception):
    """The audit trail was altered or cut; the message says where."""


def check_the_audit_trail(*, at: dt.datetime) -> None:
    """Read the whole trail. Raises TrailBroken, which ``hingepoint doctor`` then tells."""
    broken = audit.first_broken_link()
    if broken is not None:
        raise TrailBroken(f"the trail was altered or cut at entry {broken}")


def read_principles(*, at: dt.datetime) -> None:
    """Keep whether deals end better where the company's principles are kept."""
    principles.read_principles(at=at)


JOBS = (check_the_audit_trail, read_principles)
