"""The mail of a day: its words, and handing it to the mail server of the settings."""

from __future__ import annotations

import smtplib
from collections.abc import Callable

from django.conf import settings
from django.core.mail import EmailMessage

from hingepoint.domain.notices.models import Digest
from hingepoint.domain.notices.queries import told
from hingepoint.records import conventions
from hingepoint.records.languages import say, say_many, speaking
from hingepoint.records.languages import words_of as marked
from hingepoint.records.notices import Line

#: Makes a whole address of a line's page.
Link = Callable[[str, tuple[int | str, ...]], str]

#: What is asked below every message, and what is offered where a kind led to nothing.
LED = marked("Did any of it lead to anything? Say so, kind by kind:")
RARELY = marked(
    "At most one mail a day comes, and none when nothing is new. Choose the hour, what it tells, or none at all:"
)
VAIN = marked("Three times in a row of no use: leave it out?")


def send(row: Digest, link: Link) -> None:
    """Hand one mail to the mail server. Raises OSError where it is not taken."""
    with speaking(row.user.reads):
        mail = EmailMessage(subject_of(row), words_of(row, link), to=[row.user.email or ""])
    try:
        mail.send()
    except smtplib.SMTPException as error:
        raise OSError(f"The mail server did not take the mail: {type(error).__name__}.") from error


def subject_of(row: Digest) -> str:
    new = len(row.new)
    company = settings.ENVIRONMENT.company
    what = say_many("{n} new thing for you", "{n} new things for you", new, n=conventions.number(new))
    return say("{what} at {company}", what=what, company=company) if company else what


def words_of(row: Digest, link: Link) -> str:
    """Return the text of a mail: kind by kind, each line with its address, and how to have fewer of them."""
    parts = [say("Hello {name},", name=row.user.name)]
    notices = link("notices", ())
    for group in told(row):
        lines = "\n".join(_line(line, line.key in row.new, link) for line in group.lines)
        more = f"\n  {and_more(group.more)}: {link('home', ())}" if group.more else ""
        vain = f"\n  {VAIN} {notices}#kinds" if group.vain else ""
        parts.append(f"{group.kind.label}\n{lines}{more}{vain}")
    parts.append(f"{LED} {notices}#mails")
    parts.append(f"{RARELY} {notices}")
    return "\n\n".join(parts) + "\n"


def and_more(count: int) -> str:
    """Return how many lines of a kind are left out."""
    return say("and {n} more", n=conventions.number(count))


def _line(line: Line, new: bool, link: Link) -> str:
    return f"  {'*' if new else '-'} {line.words}\n    {link(line.page, line.about)}"
