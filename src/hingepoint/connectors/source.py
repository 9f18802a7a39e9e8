"""The one shape of every CRM here: asked page by page since a mark, and what it cannot know.

A source keeps nothing between two calls but its sign-in and its fields: whoever calls keeps the mark together
with the records of the page. Pages may hold a record twice or again; whoever stores them takes the same fact once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from hingepoint.connectors.exchange import Exchange
from hingepoint.connectors.own import Unread
from hingepoint.records.crm import (
    CapabilityFound,
    CrmFate,
    CrmField,
    CrmObject,
    CrmPage,
    CrmStage,
    WriteResult,
)

#: How far before its mark a source asks again, as late commits carry earlier times (CRM clocks, open transactions).
OVERLAP = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a CRM is and how to sign in. ``secrets`` never stand in logs, messages or representations."""

    url: str
    secrets: Mapping[str, str] = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)  # database, API version, ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked beyond the canonical fields: the CRM's names by our columns (``extra`` and re-mapped ones)."""

    fields: Mapping[str, str] = field(default_factory=dict)
    since: dt.date | None = None  # deals created before are not asked for


@dataclass(frozen=True, slots=True)
class SignIn:
    """One way of signing in: the secrets it needs with their words; ``ends`` from the maker's announcement.

    ``ends_hosted`` is the day for installations that the maker runs, by the end of their host.
    """

    key: str
    label: str
    secrets: Mapping[str, str]
    ends: dt.date | None = None
    ends_source: str = ""
    ends_hosted: tuple[str, dt.date] | None = None

    def ends_on(self, url: str) -> dt.date | None:
        """Return the day on which this way ends at an address, None where none is announced."""
        host = urlsplit(url).hostname or ""
        if self.ends_hosted and host.endswith(self.ends_hosted[0]):
            return self.ends_hosted[1]
        return self.ends


@dataclass(frozen=True, slots=True)
class Described:
    """The instance as found: its name and version, its own currency, its stages and fields.

    ``kept`` are those fields of the company's own, by what they are called here, whose changes come with the others; what
    changes in the rest is seen between two readings.
    """

    instance: str
    version: str
    server_time: dt.datetime
    currency: str
    stages: tuple[CrmStage, ...]
    fields: tuple[CrmField, ...]
    user: str = ""  # as whom we are signed in: its changes are our own echo
    kept: tuple[str, ...] = ()


class Source(Protocol):
    """A CRM, signed in. All methods raise the errors of ``exchange`` and nothing else."""

    #: Which objects it gives, in the order they are read.
    objects: tuple[CrmObject, ...]
    #: Values of the company's own fields that were not of their field's kind, since it was opened: kept as text.
    unread: Unread

    def describe(self) -> Described:
        """Return what is there now: asked at the start of every sync, never assumed."""
        ...

    def test(self) -> Iterator[CapabilityFound]:
        """Try each capability with this sign-in; never raises for a right that is missing."""
        ...

    def page(self, object: CrmObject, mark: str) -> CrmPage:
        """Return the next page after ``mark`` (empty: from the beginning).

        Where a kind is several lists of its CRM, a reading goes through them one after the other. So one that was
        stopped and went on later says nothing new of the lists behind it: another reading follows it.
        """
        ...

    def ids(self, object: CrmObject, mark: str) -> tuple[frozenset[str], str]:
        """Return identities that are there now, a page at a time, and the next mark (empty: that was all)."""
        ...

    def fates(self, object: CrmObject, ids: Sequence[str]) -> tuple[CrmFate, ...]:
        """Say what became of records that are listed no more."""
        ...

    def again(self, object: CrmObject, ids: Sequence[str]) -> CrmPage:
        """Read some records anew: formula fields and what a mark may have missed. ``mark`` of the page is empty.

        Of changes, ``ids`` are those of deals.
        """
        ...

    def write(self, deal_id: str, values: Mapping[str, str]) -> WriteResult:
        """Write fields of a deal, by the CRM's names: only those given, never stage or amount."""
        ...

    def held(self, ids: Sequence[str], names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return what stands in fields of deals now, by deal and the CRM's name, in one request for many deals. A deal or field
        that is not there is left out."""
        ...

    def write_task(self, deal_id: str, task_id: str, subject: str, due_on: dt.date | None) -> WriteResult:
        """Make the task of the next agreement, or bring the one made before up to date."""
        ...

    def find_task(self, deal_id: str, subject: str) -> str:
        """Return the newest task of a deal that is to be done and called so, empty where there is none: one may have been made
        though its answer never came."""
        ...

    def finish_task(self, task_id: str) -> WriteResult:
        """Close the task made before: nothing is next any more. One that is not there is told as gone."""
        ...


@dataclass(frozen=True, slots=True)
class Connector:
    """One kind of CRM in the list ``connectors.CRMS``: how it is called, signed in to and opened."""

    key: str
    label: str
    sign_ins: tuple[SignIn, ...]
    open: Callable[[Address, Exchange, Wanted], Source]
    #: Names of ``Address.options`` with their words.
    options: Mapping[str, str] = field(default_factory=dict)
    #: Requests of a day that the maker allows where its answers do not say; None where there is no limit.
    daily_budget: int | None = None
