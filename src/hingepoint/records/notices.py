"""What reaches a person outside these pages: the mail of a day and the entries of a calendar."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hingepoint.records.words import Worded


class NoticeKind(Worded):
    """What a line of the daily mail is about, in the order in which the mail tells them."""

    DECIDE = "decide", "Requests that wait for your word"
    SIGNALS = "signals", "Signals that rose"
    COMMITMENTS = "commitments", "What you promised in reviews"
    GAPS = "gaps", "What a review asks of you"
    PREMORTEMS = "premortems", "Pre-mortems that wait for your answer"
    TALKS = "talks", "Talks to prepare or to debrief"
    AGREEMENTS = "agreements", "Agreements that are late"
    ROUTINES = "routines", "Your routines"
    WEBHOOKS = "webhooks", "Programs that are told nothing any more"


class ChatService(Worded):
    """A chat that takes messages at a secret address of a channel."""

    SLACK = "slack", "Slack"
    TEAMS = "teams", "Microsoft Teams"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing for one person. ``key`` names it, so that it is told once; ``page`` and ``about`` name its page here."""

    kind: NoticeKind
    key: str
    words: str
    page: str
    about: tuple[int | str, ...] = ()


class EntryKind(Worded):
    """What an entry of the calendar is about."""

    TALK = "talk", "Talk"
    PLANS = "plans", "Plans to review"
    REVIEW = "review", "Review"
    ROUTINE = "routine", "Routine"
    COMMITMENT = "commitment", "Promised in a review"
    AGREEMENTS = "agreements", "Agreements due"


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands on one day of a person's calendar. ``key`` stays the same when its day moves; ``page`` and ``about`` name
    its page here."""

    kind: EntryKind
    key: str
    on: dt.date
    title: str
    words: str
    page: str
    about: tuple[int | str, ...] = ()
