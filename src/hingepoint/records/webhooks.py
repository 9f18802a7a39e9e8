"""What is told to other programs by webhook, and how that went."""

from __future__ import annotations

from hingepoint.records.words import Worded


class HookKind(Worded):
    """What a webhook tells of: its value is the ``type`` of the message, and never changes."""

    AGREEMENT = "agreement.changed", "An agreement took a step"
    DEAL = "deal.changed", "A deal was added or changed"
    PLAN = "plan.changed", "A plan was written, reviewed or debriefed"
    EXCEPTION = "exception.changed", "An exception was asked for or answered"
    FINDING = "finding.decided", "A finding was signed or rejected"
    SIGNAL = "signal.raised", "A signal rose"
    SIGNAL_ANSWERED = "signal.answered", "A raise of a signal was answered"
    SIGNAL_ENDED = "signal.ended", "A signal is back to what is usual"
    SYNC_FAILED = "sync.failed", "A CRM could not be read"
    SYNC_WELL = "sync.recovered", "A CRM could be read again"
    MANY = "many.changed", "Many changed at once: an import, a file, a night"
    TEST = "test", "A test"


class DeliveryState(Worded):
    """Where a message is."""

    WAITING = "waiting", "Waiting"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given_up", "Given up"
