"""Findings and the runs that bring them: how far a run is, how much evidence, what an analyst says."""

from __future__ import annotations

from hingepoint.records.languages import words_of
from hingepoint.records.words import Worded


class Grade(Worded):
    """Evidence grade of a finding. Harmful = strong or moderate with an effect against the metric."""

    STRONG = "strong", "Strong"
    MODERATE = "moderate", "Moderate"
    WEAK = "weak", "Weak"
    NONE = "none", "Not enough evidence"
    EXCLUDED = "excluded", "Left out"


class Audited(Worded):
    """What a check of the record came to."""

    FINE = "fine", "In order"
    FAULT = "fault", "Look at this"
    UNKNOWN = "unknown", "Cannot be checked"


class Held(Worded):
    """What became of earlier advice on later deals."""

    FAILED = "failed", "Did not hold"
    LESS = "less", "Held, but weaker"
    HELD = "held", "Held", "advice that was right"
    UNTOLD = "untold", "Cannot be told yet"


#: The word for a finding whose effect goes against the metric, whatever its grade.
HARMFUL = words_of("Harmful")


class Verdict(Worded):
    """What an analyst says to a finding."""

    OPEN = "", "Not decided"
    SIGNED = "signed", "Signed"
    REJECTED = "rejected", "Rejected"


class Status(Worded):
    """How far a run is."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Source(Worded):
    """Where the deals of a run come from."""

    DATABASE = "database", "Deals of this installation"
    FILES = "files", "Uploaded files"
