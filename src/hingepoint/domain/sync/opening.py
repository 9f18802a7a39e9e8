"""Opening a connection: its secrets unsealed, its requests counted against what it may take of a day."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone

from hingepoint import connectors
from hingepoint.connectors.exchange import Budget, Exchange
from hingepoint.connectors.source import Address, Source, Wanted
from hingepoint.domain.sync import secrets
from hingepoint.domain.sync.models import Connection
from hingepoint.domain.sync.understood import understood


@dataclass(slots=True)
class Opened:
    """A CRM, ready to be asked. ``waited`` are the seconds that it made us wait."""

    source: Source
    exchange: Exchange
    asked_before: int
    waited: list[float] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return self.exchange.budget.made - self.asked_before


@contextmanager
def opened(connection: Connection, *, at: dt.datetime) -> Iterator[Opened]:
    """Open a connection; what was asked is counted when it is left, however it ends."""
    connector = connectors.crm(connection.crm)
    today = timezone.localdate(at)
    before = connection.requests if connection.requests_on == today else 0
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        time.sleep(seconds)

    allowance = connection.allowance or connector.daily_budget
    exchange = Exchange(
        connection.url,
        allowed={*connection.allowed, *settings.ENVIRONMENT.allow_outbound},
        budget=Budget(made=before, allowed=allowance, share=connection.budget_share),
        sleep=wait,
    )
    address = Address(connection.url, secrets.unseal(connection.secrets), connection.options)
    try:
        source = connector.open(address, exchange, Wanted(connection.fields, connection.since))
        yield Opened(understood(source), exchange, before, waited)
    finally:
        connection.requests_on, connection.requests = today, exchange.budget.made
        connection.allowance = exchange.budget.allowed
        connection.save(update_fields=["requests_on", "requests", "allowance"])
        exchange.close()
