"""What a CRM tells, in one form for all of them: records, the history of their fields, and what cannot be known.

Identities are texts as the CRM gives them. Moments carry a zone (UTC); days have none. Money is a Decimal in
``currency``. Empty text and None mean "the CRM says nothing"; nothing is filled in by a default.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from hingepoint.records.deals import DealStatus
from hingepoint.records.words import Worded


class CrmObject(Worded):
    """Kinds of records, each with a cursor of its own, in the order in which they are read."""

    USERS = "users", "People and teams"
    ACCOUNTS = "accounts", "Accounts"
    CONTACTS = "contacts", "Contacts"
    DEALS = "deals", "Deals"
    CHANGES = "changes", "Changes of fields"
    QUOTES = "quotes", "Quotes and lines"
    APPROVALS = "approvals", "Approvals"
    ACTIVITIES = "activities", "Activities"


class Capability(Worded):
    """What the self-test tries, one line each."""

    DEALS = "deals", "Deals"
    USERS = "users", "Users and teams"
    STAGE_HISTORY = "stage_history", "Changes of stage"
    AMOUNT_HISTORY = "amount_history", "Changes of amount"
    CLOSE_DATE_HISTORY = "close_date_history", "Changes of the expected close"
    OWNER_HISTORY = "owner_history", "Changes of owner"
    CONTACT_ROLES = "contact_roles", "People in their roles"
    QUOTE_LINES = "quote_lines", "Quotes and lines, list and net price"
    LINE_HISTORY = "line_history", "Changes of discount on lines"
    APPROVALS = "approvals", "Approvals"
    ACTIVITIES = "activities", "Activities"
    DELETIONS = "deletions", "Deleted and merged records"
    WRITE_BACK = "write_back", "Writing back"


class Found(Worded):
    """What a self-test found of one capability."""

    TRACKED = "tracked", "Yes"
    TRACKED_SINCE = "tracked_since", "In part"
    NOT_TRACKED = "not_tracked", "Not kept by the CRM"
    NO_RIGHT = "no_right", "No right to see it"
    NOT_THERE = "not_there", "Not in this CRM"


@dataclass(frozen=True, slots=True)
class CapabilityFound:
    """One line of the self-test. ``count`` are the records seen; None where they cannot be counted, and with ``at_least`` as
    far as the CRM counts.

    ``since`` is the first day of history; ``ask_for`` is the right or switch to ask the administrator for,
    in the words of the CRM.
    """

    capability: Capability
    found: Found
    count: int | None = None
    since: dt.date | None = None
    ask_for: str = ""
    detail: str = ""
    at_least: bool = False


class DealField(Worded):
    """Fields of a deal whose changes are history."""

    STAGE = "stage", "Stage"
    AMOUNT = "amount", "Amount"
    EXPECTED_CLOSE = "expected_close", "Expected close"
    OWNER = "owner", "Owner"
    STATUS = "status", "Status"  # open, won, lost: an outcome reached or taken back
    PROBABILITY = "probability", "Probability"
    EXTRA = "extra", "A field of your own"


class Origin(Worded):
    """How a change is known."""

    NATIVE = "native", "Kept by the CRM itself"
    SNAPSHOT = "snapshot", "Seen between two readings"
    INFERRED = "inferred", "Concluded from another fact"


@dataclass(frozen=True, slots=True)
class CrmUser:
    id: str
    name: str
    email: str = ""
    team: str = ""
    manager_id: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class CrmStage:
    """``status`` is what the CRM itself says of the stage; None where only the company knows."""

    id: str
    name: str
    pipeline: str = ""
    order: int = 0
    status: DealStatus | None = None


@dataclass(frozen=True, slots=True)
class CrmField:
    """A field as discovered; ``tracked`` is None where the CRM does not say; ``formula`` fields move no mark; into
    ``text`` any words can be written."""

    object: CrmObject
    name: str
    label: str
    type: str
    custom: bool = False
    tracked: bool | None = None
    formula: bool = False
    writable: bool = False
    text: bool = False


@dataclass(frozen=True, slots=True)
class CrmAccount:
    id: str
    name: str
    region: str = ""
    segment: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class CrmContact:
    id: str
    account_id: str
    name: str
    title: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class CrmRole:
    """A contact's part in a deal, in the CRM's own word."""

    contact_id: str
    role: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class CrmDeal:
    """A deal as it is now. ``status`` is the CRM's own answer, None where it follows from the stage alone.

    ``archived`` is neither lost nor deleted. ``merged_from`` are the deals that went into this one.
    ``extra`` are further fields asked for, by their name.
    """

    id: str
    name: str
    created_at: dt.datetime
    modified_at: dt.datetime
    account_id: str = ""
    owner_id: str = ""
    team: str = ""
    pipeline: str = ""
    stage_id: str = ""
    status: DealStatus | None = None
    amount: Decimal | None = None
    currency: str = ""
    probability: float | None = None
    expected_close_on: dt.date | None = None
    closed_at: dt.datetime | None = None
    loss_reason: str = ""
    source: str = ""
    product: str = ""
    archived: bool = False
    merged_from: tuple[str, ...] = ()
    roles: tuple[CrmRole, ...] = ()
    link: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CrmChange:
    """One field of a deal took a value. ``old`` is None where the CRM keeps new values only.

    Values are ids for stage and owner (with the words of then in ``old_label``, ``new_label``), ISO days, and
    numbers as text. ``native_id`` identifies the change within its CRM. ``bulk`` marks imports and mass updates.
    ``name`` is what a field of the company's own is called here, empty for all others.
    """

    deal_id: str
    field: DealField
    new: str
    at: dt.datetime
    old: str | None = None
    old_label: str = ""
    new_label: str = ""
    currency: str = ""
    actor_id: str = ""
    origin: Origin = Origin.NATIVE
    native_id: str = ""
    bulk: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class CrmLine:
    """One line of a quote, money for the whole line: before and after every discount, and what it costs us. ``quantity`` is
    None where the CRM does not say how many."""

    id: str
    product: str
    quantity: Decimal | None
    list_price: Decimal | None = None
    net_price: Decimal | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CrmQuote:
    """An offer. ``current`` is the one that counts for the deal; ``at`` is when it took this form."""

    id: str
    deal_id: str
    at: dt.datetime
    state: str = ""
    currency: str = ""
    net_price: Decimal | None = None
    lines: tuple[CrmLine, ...] = ()
    current: bool = True
    origin: Origin = Origin.NATIVE


@dataclass(frozen=True, slots=True)
class CrmApproval:
    id: str
    deal_id: str
    asked_at: dt.datetime
    asked_by: str = ""
    decided_at: dt.datetime | None = None
    decided_by: str = ""
    approved: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CrmActivity:
    """A call, meeting, task or mail: kind and moment, never its body."""

    id: str
    deal_id: str
    kind: str
    at: dt.datetime
    actor_id: str = ""


CrmRecord = CrmUser | CrmAccount | CrmContact | CrmDeal | CrmChange | CrmQuote | CrmApproval | CrmActivity


class Fate(Worded):
    """What became of a record that is not listed any more."""

    LIVE = "live", "Still there"
    ARCHIVED = "archived", "Archived"
    DELETED = "deleted", "Deleted"
    MERGED = "merged", "Merged into another"
    VANISHED = "vanished", "Not there any more"


@dataclass(frozen=True, slots=True)
class CrmFate:
    """What became of one record; ``into`` is the survivor of a merge, empty where the CRM does not say."""

    object: CrmObject
    id: str
    fate: Fate
    into: str = ""
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class CrmPage:
    """One page of work: what is stored together with ``mark``, from which the next page is asked.

    ``mark`` is a text that only the source understands, and it is enough to go on after a restart.
    ``more`` is False on the last page for now. ``server_time`` is the clock of the CRM.
    """

    object: CrmObject
    records: tuple[CrmRecord, ...]
    mark: str
    more: bool
    server_time: dt.datetime
    fates: tuple[CrmFate, ...] = ()


class Written(Worded):
    """What became of a value that was to be written back."""

    DONE = "done", "Written"
    SAME = "same", "Was there already"
    LOCKED = "locked", "The record does not take changes"
    REFUSED = "refused", "Refused by a rule of the CRM"
    GONE = "gone", "The record is not there"
    NO_FIELD = "no_field", "The CRM has no such field"
    FAILED = "failed", "The CRM failed on it"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """``detail`` is what the CRM said, shortened; ``modified_at`` the record's new time, to know our own echo."""

    written: Written
    detail: str = ""
    modified_at: dt.datetime | None = None
    task_id: str = ""
