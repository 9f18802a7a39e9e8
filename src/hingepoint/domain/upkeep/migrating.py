"""Bringing the tables up to date: a step is there whole and known to be, or not at all, whenever the program is killed."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.commands import migrate as command
from django.db.migrations.executor import MigrationExecutor


class WholeSteps(MigrationExecutor):
    """As Django's, which notes a step that leaves statements for its end in a transaction of its own: killed between the two, the
    step would be done once more, and fail for its tables are there."""

    def apply_migration(
        self, state: Any, migration: Any, fake: bool = False, fake_initial: bool = False
    ) -> Any:
        if fake or fake_initial or not migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        with self.connection.schema_editor(atomic=True) as editor:
            state = migration.apply(state, editor)
            while editor.deferred_sql:
                editor.execute(editor.deferred_sql.pop(0), None)
            self.record_migration(migration)  # type: ignore[call-arg]  # the stubs take it for a static function
        return state


def is_ended() -> bool:
    """Return whether Django has done what it does after the last step: a permission stands for whatever may be done to any table."""
    known = set(Permission.objects.values_list("content_type__app_label", "content_type__model", "codename"))
    return all(
        (model._meta.app_label, model._meta.model_name, f"{what}_{model._meta.model_name}") in known
        for model in apps.get_models()
        for what in model._meta.default_permissions
    )


def migrate() -> None:
    """Take every step that is missing, each in one transaction."""
    command.MigrationExecutor = WholeSteps  # type: ignore[attr-defined]  # the command has no other way to be told
    call_command("migrate", verbosity=0, interactive=False)
