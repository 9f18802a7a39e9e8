"""Hands over what webhooks are told, every few seconds, beside the scheduled jobs of the worker."""

from __future__ import annotations

import logging
import threading

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from hingepoint.domain.webhooks import actions

LOOK_EVERY = 5.0  # seconds

log = logging.getLogger(__name__)


def keep_delivering(over: threading.Event) -> None:
    """Deliver what is due until ``over`` is set; a round that fails stops no other."""
    while not over.is_set():
        try:
            actions.deliver_what_is_due(clock=timezone.now)
        except DatabaseError:
            log.exception("Webhooks could not be looked up. The next look is in %.0f seconds.", LOOK_EVERY)
        except Exception:
            log.exception("A round of webhooks failed.")
        close_old_connections()
        over.wait(LOOK_EVERY)
