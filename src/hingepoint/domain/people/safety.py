"""A mail to whom a change of rights or of a way in concerns, so that nobody takes an account over unnoticed."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction

from hingepoint.domain.people.models import User
from hingepoint.records.languages import say, speaking, told_again

#: Who did what nobody asked for.
PROGRAM = "Hingepoint"


def tell(
    user: User | None, what: str, *, by: User | None, at: dt.datetime, to: str | None = None, who: str = ""
) -> None:
    """Have ``user``, and nobody else, mailed ``what`` changed and who did it, once it is kept; ``who`` says it where no person
    did. ``to`` is where they are reached, if it is not their address of now. Who has no address, and an installation without mail, learns it from the trail;
    who was never here and cannot come in yet is not told what is made ready for them."""
    if user is None or not (user.visited_on or user.can_sign_in) or not settings.ENVIRONMENT.mail_server:
        return
    address = to or user.email
    if not address:
        return
    from hingepoint.domain.people.tasks import mail_change  # it calls back

    with speaking(user.reads):
        itself = who == PROGRAM
        who = told_again(who) or (say("You") if by == user else by.name if by else say("Your administrator"))
        told = (address, user.name, told_again(what), who, at.isoformat(), user.reads, itself)
    transaction.on_commit(lambda: mail_change.enqueue(*told))
