"""Whatever points at a row is found by an index, also where the key has none of its own (decision 603)."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL scans tables as small as these"),
]

KEYS = sorted(
    (model._meta.db_table, field.column)
    for model in apps.get_app_config("domain").get_models(include_auto_created=True)
    for field in model._meta.concrete_fields
    if field.is_relation
)


def plan(table: str, column: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f'EXPLAIN QUERY PLAN SELECT 1 FROM "{table}" WHERE "{column}" = 1')
        return cursor.fetchone()[3]


def test_every_key_is_looked_up_by_an_index():
    assert len(KEYS) > 100
    scanned = sorted(".".join(key) for key in KEYS if not plan(*key).startswith("SEARCH"))
    assert scanned == []


def test_keys_that_are_nearly_always_empty_keep_only_what_is_there():
    assert "agreement_by_person" in plan("domain_agreement", "person_id")
    assert "agreement_by_asked_of" in plan("domain_agreement", "asked_of_id")
    assert "agreement_event_by_hand" in plan("domain_agreementevent", "recorded_by_id")
    assert "deal_event_by_hand" in plan("domain_dealevent", "recorded_by_id")


@pytest.mark.parametrize("table", ["domain_agreement", "domain_agreementevent", "domain_dealevent"])
def test_no_index_of_a_large_table_is_the_beginning_of_another(table):
    with connection.cursor() as cursor:
        whole = [
            name for _, name, _, _, partial in cursor.execute(f"PRAGMA index_list({table})") if not partial
        ]
        columns = [tuple(row[2] for row in cursor.execute(f'PRAGMA index_info("{name}")')) for name in whole]
    assert [
        one for one in columns for other in columns if one != other and other[: len(one)] == one
    ] == BEGINNINGS.get(table, [])


#: The unique one cannot be left out; the wider one is read alone by the matrix.
BEGINNINGS = {"domain_agreement": [("deal_id", "type_id")]}
