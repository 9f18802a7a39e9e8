"""Who writes events says from which number on, so that who reads them one after the other leaves none out (decision 1043)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# The key of the lock is read again in ``deals/queries/feed.py``.
_MAKE = """
CREATE FUNCTION hingepoint_writes_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF coalesce(current_setting('hingepoint.writes_events', true), '') = '' THEN
    PERFORM pg_advisory_xact_lock_shared((18518::bigint << 48)
      | coalesce(pg_sequence_last_value(pg_get_serial_sequence('domain_dealevent', 'id')::regclass), 0));
    PERFORM set_config('hingepoint.writes_events', 'yes', true);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER writes_events BEFORE INSERT ON domain_dealevent
FOR EACH STATEMENT EXECUTE FUNCTION hingepoint_writes_events();
"""
_TAKE_AWAY = "DROP TRIGGER writes_events ON domain_dealevent; DROP FUNCTION hingepoint_writes_events();"


def make(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """On SQLite one writes at a time, and numbers are in the order of commits."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_MAKE)


def take_away(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_TAKE_AWAY)


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0050_own_tasks"),
    ]

    operations = [migrations.RunPython(make, take_away)]
