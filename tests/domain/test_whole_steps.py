"""A step of an upgrade is there and noted, or neither: a program that is killed can take it again."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, migrations, models
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState

from hingepoint.cli import serve
from hingepoint.domain.upkeep.migrating import WholeSteps

pytestmark = pytest.mark.django_db(transaction=True)


def step():
    """Make a table with an index, which Django makes when all else is done."""
    made = migrations.Migration("0001_hinges", "hinges")
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("word", models.CharField(max_length=9, db_index=True)),
    ]
    made.operations = [migrations.CreateModel("Hinge", fields)]
    return made


@pytest.fixture
def executor():
    yield WholeSteps(connection)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS hinges_hinge")
    MigrationRecorder(connection).record_unapplied("hinges", "0001_hinges")


def there() -> tuple[bool, bool]:
    noted = MigrationRecorder(connection).migration_qs.filter(app="hinges").exists()
    return "hinges_hinge" in connection.introspection.table_names(), noted


def test_a_step_is_there_with_its_indexes_and_noted(executor):
    state = executor.apply_migration(ProjectState(), step())
    assert there() == (True, True)
    assert ("hinges", "hinge") in state.models
    with connection.cursor() as cursor:
        made = connection.introspection.get_constraints(cursor, "hinges_hinge").values()
    assert ["word"] in [one["columns"] for one in made if one["index"]]


def test_a_step_that_cannot_be_noted_is_not_there(executor, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(executor, "record_migration", cut)
        with pytest.raises(KeyboardInterrupt):
            executor.apply_migration(ProjectState(), step())
    assert there() == (False, False)
    executor.apply_migration(ProjectState(), step())
    assert there() == (True, True)


def cut(migration):
    raise KeyboardInterrupt


def test_an_upgrade_that_was_killed_after_its_last_step_is_brought_to_its_end(capfd):
    """Django makes its own rows when the last step is done; nothing else would be missing at the next start."""
    known = Permission.objects.count()
    Permission.objects.filter(content_type__app_label="domain").last().delete()
    serve.bring_database_up_to_date()
    assert "what an upgrade that was cut off left" in capfd.readouterr().err
    assert Permission.objects.count() == known
    serve.bring_database_up_to_date()
    assert "Bringing" not in capfd.readouterr().err
