"""The background tasks that mail links and codes to customers; ``hingepoint serve`` runs them in its worker."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django_tasks import task

from hingepoint.domain.people import letters
from hingepoint.domain.proof import actions
from hingepoint.domain.proof import letters as links

_WORDS = """Your code is {code}

Type it on the page on which you were asked to confirm what you agreed. It holds until {until:%H:%M} o'clock ({until:%Z}).

Nobody will ask you for it in another way. If you did not ask for it, leave this mail: nothing happens.
"""


@task()
def send_links() -> None:
    mail_links(at=timezone.now())


def mail_links(*, at: dt.datetime) -> int:
    """Mail the links that wait; return how many went out. Bears being run twice."""
    return actions.send_waiting_links(at=at, send=links.send)


@task()
def send_codes() -> None:
    actions.send_waiting_codes(at=timezone.now(), send=mail_code)


def mail_code(address: str, code: str, until: dt.datetime) -> None:
    """Mail a code. Raises NotDelivered, or OSError where the mail server cannot be used."""
    words = _WORDS.format(code=code, until=timezone.localtime(until))
    letters.deliver(f"{code} is your code", words, to=address)
