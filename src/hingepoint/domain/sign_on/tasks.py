"""The mail that tells that somebody signed in by password while only the company's account counts."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from hingepoint.domain.people.actions import NotDelivered
from hingepoint.domain.people.letters import deliver
from hingepoint.domain.sign_on import queries

_WORDS = """Hello {name},

{who} signed in to Hingepoint{company} by password on {when}. Everybody else signs in with the company's account; this one
account is kept for the day on which that does not work.

If you know why, there is nothing to do. If not, ask {who} now: somebody else may have their password and their second factor.
"""


@task()
def tell_keepers(by_id: int, at: str) -> None:
    """Mail all who keep people. Without a mail server the trail alone tells."""
    if not settings.ENVIRONMENT.mail_server:
        return
    who, keepers = queries.keepers_to_tell(by_id)
    when = timezone.localtime(dt.datetime.fromisoformat(at))
    company = f" of {settings.ENVIRONMENT.company}" if settings.ENVIRONMENT.company else ""
    for name, mail in keepers:
        told = _WORDS.format(name=name, who=who, company=company, when=f"{when.day} {when:%B %Y at %H:%M}")
        try:
            deliver("The way out was used to sign in to Hingepoint", told, to=mail)
        except NotDelivered:
            continue  # the others are told all the same
