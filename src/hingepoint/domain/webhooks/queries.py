"""The webhooks, and what became of their messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from django.db.models import Count, Q, QuerySet

from hingepoint.domain.people.models import Viewer, sees_all
from hingepoint.domain.webhooks.models import Webhook, WebhookDelivery
from hingepoint.records.errors import Hidden
from hingepoint.records.webhooks import DeliveryState, HookKind

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

#: Messages on the page of a webhook.
LATEST = 50


@dataclass(frozen=True, slots=True)
class HookLine:
    """A webhook in a list. ``waiting`` and ``given_up`` count its messages."""

    id: int
    name: str
    url: str
    kinds: tuple[str, ...]
    on: bool
    off_because: str
    off_at: dt.datetime | None
    failing_since: dt.datetime | None
    waiting: int
    given_up: int
    version: int
    old_until: dt.datetime | None

    @property
    def told(self) -> str:
        """What it is told, in words."""
        if not self.kinds:
            return "everything"
        return "; ".join(HookKind(one).label.lower() for one in self.kinds)


@dataclass(frozen=True, slots=True)
class Answered:
    """A try. ``status`` is None where nobody answered."""

    at: dt.datetime
    status: int | None
    answer: str


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A message with its tries, the newest first."""

    id: int
    key: str
    kind: HookKind
    state: DeliveryState
    tries: int
    made_at: dt.datetime
    next_at: dt.datetime | None
    body: str
    answers: tuple[Answered, ...]

    @property
    def done(self) -> bool:
        return self.state != DeliveryState.WAITING


@dataclass(frozen=True, slots=True)
class HookPage:
    """One webhook with its newest messages."""

    hook: HookLine
    deliveries: tuple[DeliveryLine, ...]


class _Counts(TypedDict):
    waiting: int
    given_up: int


def may_keep(viewer: Viewer) -> bool:
    """Return whether somebody looks after webhooks."""
    return sees_all(viewer)


def webhooks(viewer: Viewer) -> tuple[HookLine, ...]:
    """Return every webhook by name. One SQL query. Raises Hidden."""
    _require(viewer)
    return tuple(_line(row) for row in _counted(viewer))


def webhook_page(viewer: Viewer, webhook_id: int) -> HookPage:
    """Return one webhook with its newest messages. Three SQL queries. Raises Hidden."""
    _require(viewer)
    row = _counted(viewer).filter(pk=webhook_id).first()
    if row is None:
        raise Hidden("There is no such webhook.")
    found = WebhookDelivery.objects.visible_to(viewer).filter(webhook=row).prefetch_related("attempts")
    return HookPage(_line(row), tuple(map(_delivery, found[:LATEST])))


def switched_off(viewer: Viewer) -> Sequence[HookLine]:
    """Return the webhooks that were switched off because nobody took what they tell. One SQL query."""
    rows = _counted(viewer).filter(on=False).exclude(off_because="")
    return [_line(row) for row in rows]


def for_command() -> tuple[HookLine, ...]:
    """Return every webhook, for whoever runs the installation."""
    return tuple(_line(row) for row in _with_counts(Webhook.objects.all()))


def _require(viewer: Viewer) -> None:
    if not may_keep(viewer):
        raise Hidden("Only an analyst or a sponsor looks after webhooks.")


def _counted(viewer: Viewer) -> QuerySet[WithAnnotations[Webhook, _Counts]]:
    return _with_counts(Webhook.objects.visible_to(viewer))


def _with_counts(rows: QuerySet[Webhook]) -> QuerySet[WithAnnotations[Webhook, _Counts]]:
    of = {name: Count("deliveries", filter=Q(deliveries__state=name)) for name in ("waiting", "given_up")}
    return rows.annotate(**of)  # type: ignore[return-value]  # the plugin does not follow a dictionary


def _line(row: WithAnnotations[Webhook, _Counts]) -> HookLine:
    names = ("name", "url", "on", "off_because", "off_at", "failing_since", "waiting", "given_up", "version")
    told = {name: getattr(row, name) for name in (*names, "old_until")}
    return HookLine(id=row.pk, kinds=tuple(row.kinds), **told)


def _delivery(row: WebhookDelivery) -> DeliveryLine:
    return DeliveryLine(
        id=row.pk,
        key=row.key,
        kind=HookKind(row.kind),
        state=DeliveryState(row.state),
        tries=row.tries,
        made_at=row.made_at,
        next_at=row.next_at,
        body=row.body,
        answers=tuple(Answered(one.at, one.status, one.answer) for one in row.attempts.all()),
    )
