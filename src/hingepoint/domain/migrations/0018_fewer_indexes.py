"""Keys lose the index of their own where another begins with them, or where nearly all rows are empty: there a partial
one takes its place."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Index, Q


class WithoutItsIndex(migrations.AlterField):
    """Drop the index that a key has of its own. Django's operation would write the whole table anew on SQLite."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = from_state.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.name).column
        named = {index.name for index in model._meta.indexes}
        for name in schema_editor._constraint_names(
            model, [column], index=True, unique=False, type_=Index.suffix, exclude=named
        ):
            schema_editor.execute(schema_editor._delete_index_sql(model, name))

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        schema_editor.execute(schema_editor._create_index_sql(model, fields=[field]))


def key(to: str, on_delete, related_name: str, **how):
    return models.ForeignKey(to=to, on_delete=on_delete, related_name=related_name, db_index=False, **how)


def without_the_empty(model: str, field: str, name: str) -> migrations.AddIndex:
    index = Index(fields=[field], name=name, condition=Q((f"{field}__isnull", False)))
    return migrations.AddIndex(model_name=model, index=index)


DELETION = django.db.models.deletion
CASCADE, PROTECT, SET_NULL = DELETION.CASCADE, DELETION.PROTECT, DELETION.SET_NULL
USER = settings.AUTH_USER_MODEL
BY_HAND = key(USER, PROTECT, "+", null=True)


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0017_self_assessment"),
    ]

    operations = [
        WithoutItsIndex("agreement", "deal", key("domain.deal", CASCADE, "agreements")),
        WithoutItsIndex("agreement", "type", key("domain.agreementtype", PROTECT, "agreements")),
        WithoutItsIndex("agreement", "person", key("domain.contact", SET_NULL, "agreements", null=True)),
        WithoutItsIndex("agreement", "asked_of", key(USER, SET_NULL, "asked", null=True)),
        WithoutItsIndex("agreementevent", "agreement", key("domain.agreement", CASCADE, "events")),
        WithoutItsIndex("agreementevent", "recorded_by", BY_HAND.clone()),
        WithoutItsIndex("dealevent", "deal", key("domain.deal", CASCADE, "events")),
        WithoutItsIndex("dealevent", "recorded_by", BY_HAND.clone()),
        WithoutItsIndex("deal", "owner", key(USER, PROTECT, "deals", null=True)),
        WithoutItsIndex("deal", "team", key("domain.team", PROTECT, "deals", null=True)),
        without_the_empty("agreement", "person", "agreement_by_person"),
        without_the_empty("agreement", "asked_of", "agreement_by_asked_of"),
        without_the_empty("agreementevent", "recorded_by", "agreement_event_by_hand"),
        without_the_empty("dealevent", "recorded_by", "deal_event_by_hand"),
    ]
