"""What several pages and actions decide by."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from hingepoint import connectors
from hingepoint.connectors.source import SignIn
from hingepoint.domain.agreements.models import AgreementQuerySet
from hingepoint.domain.sync import payload
from hingepoint.domain.sync.models import Connection, Landed
from hingepoint.records.agreements import AgreementState
from hingepoint.records.crm import CrmObject, CrmStage
from hingepoint.records.sync import WriteBackPart

#: Data of a connection that is on and older than this is said on every page.
OLD = dt.timedelta(days=1)
#: Parts that need a field of the CRM.
IN_FIELDS = tuple(part for part in WriteBackPart if part != WriteBackPart.TASK)


def stages_of(connection: Connection) -> list[CrmStage]:
    return [payload.read(CrmStage, each) for each in connection.described.get("stages", ())]


def open_questions(connection: Connection) -> list[str]:
    """Return the stages of which neither the CRM nor the company has said what they mean."""
    return [
        stage.name
        for stage in stages_of(connection)
        if stage.status is None and stage.id not in connection.stages
    ]


def may_be_forgotten(connection: Connection) -> bool:
    """Return whether a connection has brought no deal in: nothing here hangs on it."""
    return not Landed.objects.filter(connection=connection, object=CrmObject.DEALS).exists()


def sign_in_of(connection: Connection) -> SignIn | None:
    """Return the way of signing in, None where this version knows the CRM no more."""
    try:
        ways = connectors.crm(connection.crm).sign_ins
    except KeyError:
        return None
    return next((one for one in ways if one.key == connection.sign_in), None)


def answered(connection: Connection, parts: Sequence[str], fields: Mapping[str, str]) -> str:
    """Return why these parts cannot be written into these fields; empty where they can."""
    known = {each["name"]: each for each in own_fields(connection)}
    for part in IN_FIELDS:
        if part.value not in parts:
            continue
        name = fields.get(part.value, "")
        if not name:
            return f"Choose the field of the CRM for “{part.label}”."
        if name not in known:
            return (
                f"“{name}” is no field of your own that may be written. Stage and amount are never written."
            )
        if not known[name].get("text", True):
            return f"“{known[name]['label']}” holds no text there. Choose a field of your own for “{part.label}” that does."
    return ""


def own_fields(connection: Connection) -> list[Mapping[str, Any]]:
    """Return the company's own fields of deals that may be written. Of those that were found by an earlier version nobody
    knows yet whether they hold ``text``."""
    return [
        each
        for each in connection.described.get("fields", ())
        if each["object"] == CrmObject.DEALS and each["custom"] and each["writable"]
    ]


#: What people, files and rules have put onto an agreement.
_SAID = ("events", "plans", "debriefs", "proofs", "confirmations")


def with_words(rows: AgreementQuerySet) -> AgreementQuerySet:
    """Return the agreements of which anything was said; the others are only asked for."""
    said = reduce(or_, (Q(**{f"{name}__isnull": False}) for name in _SAID), ~Q(state=AgreementState.NEEDED))
    return rows.filter(pk__in=rows.order_by().filter(said).values("pk"))


def is_old(read: dt.datetime | None, *, at: dt.datetime) -> bool:
    """Return whether what a CRM told when it was last read to its end is too old to be shown without a word."""
    return read is not None and at - read > OLD
