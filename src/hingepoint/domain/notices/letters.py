"""The mail of a day: its words, and handing it to the mail server of the settings."""

from __future__ import annotations

import smtplib
from collections.abc import Callable

from django.conf import settings
from django.core.mail import EmailMessage

from hingepoint.domain.notices.models import Digest
from hingepoint.domain.notices.queries import told
from hingepoint.records.notices import Line

#: Makes a whole address of a line's page.
Link = Callable[[str, tuple[int | str, ...]], str]

#: What is asked below every message, and what is offered where a kind led to nothing.
LED = "Did any of it lead to anything? Say so, kind by kind:"
VAIN = "Three times in a row of no use: leave it out?"


def send(row: Digest, link: Link) -> None:
    """Hand one mail to the mail server. Raises OSError where it is not taken."""
    mail = EmailMessage(subject_of(row), words_of(row, link), to=[row.user.email or ""])
    try:
        mail.send()
    except smtplib.SMTPException as error:
        raise OSError(f"The mail server did not take the mail: {type(error).__name__}.") from error


def subject_of(row: Digest) -> str:
    new = len(row.new)
    company = settings.ENVIRONMENT.company
    return f"{new} new thing{'' if new == 1 else 's'} for you{f' at {company}' if company else ''}"


def words_of(row: Digest, link: Link) -> str:
    """Return the text of a mail: kind by kind, each line with its address, and how to have fewer of them."""
    parts = [f"Hello {row.user.name},"]
    notices = link("notices", ())
    for group in told(row):
        lines = "\n".join(_line(line, line.key in row.new, link) for line in group.lines)
        more = f"\n  and {group.more} more: {link('home', ())}" if group.more else ""
        vain = f"\n  {VAIN} {notices}#kinds" if group.vain else ""
        parts.append(f"{group.kind.label}\n{lines}{more}{vain}")
    parts.append(f"{LED} {notices}#mails")
    parts.append(
        f"At most one mail a day comes, and none when nothing is new. Choose the hour, what it tells, or none at all: {notices}"
    )
    return "\n\n".join(parts) + "\n"


def _line(line: Line, new: bool, link: Link) -> str:
    return f"  {'*' if new else '-'} {line.words}\n    {link(line.page, line.about)}"
