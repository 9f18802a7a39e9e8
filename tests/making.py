"""Files that somebody asked for, made in the background."""

from __future__ import annotations

from cast import NOW
from hingepoint.domain.deals.queries.lists import DealFilter
from hingepoint.domain.made_files import actions
from hingepoint.domain.made_files.models import MadeFile


def asked_for(by, *, table="deals", format="csv", at=NOW, **wanted) -> MadeFile:
    """A table that ``by`` asked for and that waits to be made."""
    return actions.ask(by=by, at=at, table=table, format=format, wanted=DealFilter(**wanted))


def a_made_file(by, **asked) -> MadeFile:
    """One that is ready."""
    row = asked_for(by, **asked)
    actions.make(at=NOW, number=row.pk)
    row.refresh_from_db()
    return row
