"""What a session remembers of its browser, and how long it may rest."""

from __future__ import annotations

import datetime as dt
import hashlib

from hingepoint.records.languages import say

#: Keys of what a session holds: when it began and was last used (ISO 8601), from where, in which browser.
BEGAN, SEEN, ADDRESS, BROWSER = "began", "seen", "address", "browser"
#: When its person last showed that it is they: at sign-in, or when they were asked before something sensitive.
PROVEN = "proven"
#: How long that holds for what is sensitive.
PROOF_HOLDS = dt.timedelta(minutes=15)
#: Use is noted at most so often: a page that is only read costs no write.
NOTED_EVERY = dt.timedelta(minutes=10)

_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)


def browser_in_words(agent: str) -> str:
    """Return ``Firefox on Windows`` for what a browser says of itself; it may say anything, so only known words."""
    browser, system = (
        next((word for mark, word in known if mark in agent), "") for known in (_BROWSERS, _SYSTEMS)
    )
    if system:
        return say("{browser} on {system}", browser=browser or say("A browser"), system=system)
    return browser or say("An unknown browser")


def longer_ago(moment: str | None, *, at: dt.datetime, most: dt.timedelta) -> bool:
    """Return whether a session began or was last used longer ago than ``most``; of one that never said so it is not known."""
    return moment is not None and at - dt.datetime.fromisoformat(moment) > most


def recently_proven(moment: str | None, *, at: dt.datetime) -> bool:
    """Return whether somebody showed lately that it is they; a moment still to come was written by another clock."""
    return moment is not None and abs(at - dt.datetime.fromisoformat(moment)) <= PROOF_HOLDS


def to_be_noted(seen: str | None, *, at: dt.datetime) -> bool:
    return seen is None or at - dt.datetime.fromisoformat(seen) > NOTED_EVERY


def handle(key: str) -> str:
    """Return what names a session on a page without being it."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]
