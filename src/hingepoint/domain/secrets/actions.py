"""Changing the key."""

from __future__ import annotations

import datetime as dt

from django.apps import apps

from hingepoint.domain.audit.actions import record
from hingepoint.domain.secrets import rules
from hingepoint.domain.turns.actions import action


@action
def renew(*, at: dt.datetime) -> int:
    """Seal every secret anew under the first key, all or none; return how many. Raises WrongKey where one cannot be opened."""
    renewed = sum(_renewed(field) for field in rules.sealed_fields(apps.get_models()))
    record(by=None, at=at, action="renew key", subject="secrets", subject_id="", changes={"secrets": renewed})
    return renewed


def _renewed(field: rules.SealedField) -> int:
    rows = field.model._base_manager.select_for_update().exclude(**{field.name: ""})
    for row in rows:
        anew = rules.sealed_anew(getattr(row, field.name), purpose=field.purpose)
        field.model._base_manager.filter(pk=row.pk).update(**{field.name: anew})
    return len(rows)
