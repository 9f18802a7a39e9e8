"""Every table as migrations 0001 to 0007 leave it, for a database that has none of them yet."""

import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

import hingepoint.domain.proof.models
from hingepoint.domain.migrations._together import CreateModels


class Migration(migrations.Migration):
    replaces = [
        ("domain", "0001_initial"),
        ("domain", "0002_a_trial_states_what_decides_it"),
        ("domain", "0003_read_by_index_and_pass_on"),
        ("domain", "0004_a_form_sent_twice_is_kept_once"),
        ("domain", "0005_deals_are_asked_in_rounds"),
        ("domain", "0006_jobs_are_remembered"),
        ("domain", "0007_people_get_in_and_a_start_forgives"),
    ]

    initial = True

    dependencies = []

    operations = [
        CreateModels(
            [
                migrations.CreateModel(
                    name="Account",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=200, unique=True)),
                        ("name", models.CharField(max_length=300)),
                        ("region", models.CharField(blank=True, max_length=100)),
                        ("segment", models.CharField(blank=True, max_length=100)),
                        ("country", models.CharField(blank=True, max_length=2)),
                    ],
                ),
                migrations.CreateModel(
                    name="AgreementType",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=200, unique=True)),
                        (
                            "origin",
                            models.CharField(
                                choices=[
                                    ("shipped", "Shipped"),
                                    ("added", "Added here"),
                                    ("imported", "Found in a file"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("name", models.CharField(max_length=200)),
                        (
                            "side",
                            models.CharField(
                                choices=[
                                    ("customer", "Customer"),
                                    ("internal", "Internal"),
                                    ("supplier", "Supplier"),
                                    ("partner", "Partner"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("counterpart", models.CharField(blank=True, max_length=200)),
                        (
                            "stage",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("access", "Access"),
                                    ("discover", "Discover"),
                                    ("shape", "Shape"),
                                    ("prove", "Prove"),
                                    ("propose", "Propose"),
                                    ("negotiate", "Negotiate"),
                                    ("paper", "Paper"),
                                    ("close", "Close"),
                                    ("run", "Run"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("commits", models.CharField(default="them", max_length=4)),
                        ("description", models.TextField(blank=True)),
                        ("good", models.JSONField(default=list)),
                        ("metrics", models.JSONField(default=list)),
                        ("crm_trace", models.TextField(blank=True)),
                        ("starter", models.BooleanField(default=False)),
                        ("pressure", models.CharField(blank=True, max_length=40)),
                        ("proximity", models.CharField(default="mid", max_length=5)),
                        ("lever", models.CharField(default="influenced", max_length=10)),
                        ("recheck_days", models.PositiveSmallIntegerField(default=90)),
                        ("own_name", models.CharField(blank=True, max_length=200, null=True)),
                        (
                            "own_stage",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("access", "Access"),
                                    ("discover", "Discover"),
                                    ("shape", "Shape"),
                                    ("prove", "Prove"),
                                    ("propose", "Propose"),
                                    ("negotiate", "Negotiate"),
                                    ("paper", "Paper"),
                                    ("close", "Close"),
                                    ("run", "Run"),
                                ],
                                max_length=20,
                                null=True,
                            ),
                        ),
                        ("own_description", models.TextField(blank=True, null=True)),
                        ("own_recheck_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("hidden", models.BooleanField(default=False)),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                ),
                migrations.CreateModel(
                    name="DataSnapshot",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("digest", models.CharField(max_length=64, unique=True)),
                        ("deals", models.BinaryField()),
                        ("events", models.BinaryField()),
                        ("deal_count", models.PositiveIntegerField()),
                        ("event_count", models.PositiveIntegerField()),
                        ("made_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Finding",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=200)),
                        ("rank", models.PositiveIntegerField()),
                        (
                            "grade",
                            models.CharField(
                                choices=[
                                    ("strong", "Strong"),
                                    ("moderate", "Moderate"),
                                    ("weak", "Weak"),
                                    ("none", "None"),
                                    ("excluded", "Excluded"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("effect", models.FloatField(null=True)),
                        ("low", models.FloatField(null=True)),
                        ("high", models.FloatField(null=True)),
                        ("in_set", models.BooleanField(default=False)),
                        ("facts", models.JSONField()),
                        (
                            "verdict",
                            models.CharField(
                                blank=True,
                                choices=[("", "Not decided"), ("signed", "Signed"), ("rejected", "Rejected")],
                                default="",
                                max_length=10,
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="findings",
                                to="domain.run",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["rank"],
                        "indexes": [models.Index(fields=["key", "verdict"], name="finding_by_key")],
                        "constraints": [
                            models.UniqueConstraint(fields=("run", "key"), name="one_finding_of_a_type")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="User",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("password", models.CharField(max_length=128, verbose_name="password")),
                        (
                            "last_login",
                            models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                        ),
                        ("key", models.CharField(max_length=200, unique=True)),
                        ("name", models.CharField(max_length=200)),
                        ("email", models.EmailField(max_length=254, null=True, unique=True)),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("sponsor", "Sponsor"),
                                    ("manager", "Manager"),
                                    ("seller", "Seller"),
                                    ("analyst", "Analyst"),
                                    ("inside_partner", "Inside partner"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("title", models.CharField(blank=True, max_length=200)),
                        ("is_active", models.BooleanField(default=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "role__in",
                                        ["sponsor", "manager", "seller", "analyst", "inside_partner"],
                                    )
                                ),
                                name="user_role_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Agreement",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("not_needed", "Not needed"),
                                    ("needed", "Needed"),
                                    ("planned", "Planned"),
                                    ("asked", "Asked"),
                                    ("soft", "Soft"),
                                    ("gained", "Gained"),
                                    ("kept", "Kept"),
                                    ("broken", "Broken"),
                                    ("lapsed", "Lapsed"),
                                    ("declined", "Declined"),
                                    ("renegotiated", "Renegotiated"),
                                ],
                                default="needed",
                                max_length=12,
                            ),
                        ),
                        ("evidence", models.PositiveSmallIntegerField(default=0)),
                        ("quality", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("points_met", models.JSONField(blank=True, default=list)),
                        ("checks_met", models.JSONField(blank=True, default=list)),
                        ("act", models.CharField(blank=True, max_length=500)),
                        ("person_name", models.CharField(blank=True, max_length=200)),
                        ("due_on", models.DateField(blank=True, null=True)),
                        ("required", models.BooleanField(default=False)),
                        ("needed_by", models.DateField(blank=True, null=True)),
                        ("needed_because", models.CharField(blank=True, max_length=300)),
                        ("recheck_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("reason", models.TextField(blank=True)),
                        ("owed_in_return", models.TextField(blank=True)),
                        ("gained_at", models.DateTimeField(blank=True, null=True)),
                        ("changed_at", models.DateTimeField()),
                        ("expires_on", models.DateField(blank=True, null=True)),
                        (
                            "late_after",
                            models.GeneratedField(
                                db_persist=True,
                                expression=models.Case(
                                    models.When(
                                        models.Q(
                                            ("state__in", ("planned", "asked", "soft")),
                                            models.Q(("required", True), ("state", "needed")),
                                            _connector="OR",
                                        ),
                                        then=django.db.models.functions.comparison.Coalesce(
                                            "needed_by", "due_on"
                                        ),
                                    ),
                                    models.When(required=True, state="gained", then=models.F("due_on")),
                                    default=None,
                                ),
                                output_field=models.DateField(null=True),
                            ),
                        ),
                        ("batch", models.BigIntegerField(db_index=True, null=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "asked_of",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="asked",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "type",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="agreements",
                                to="domain.agreementtype",
                            ),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="agreements",
                                to="domain.contact",
                            ),
                        ),
                        (
                            "deal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="agreements",
                                to="domain.deal",
                            ),
                        ),
                        ("sorted_at", models.DateTimeField(blank=True, null=True)),
                        ("was_due_on", models.DateField(blank=True, null=True)),
                        ("asked_on", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["deal", "type", "state", "late_after"], name="agreement_states"
                            ),
                            models.Index(
                                condition=models.Q(("late_after__isnull", False)),
                                fields=["late_after", "deal"],
                                name="agreement_dates",
                            ),
                            models.Index(
                                fields=["type", "state"], include=("deal",), name="agreement_by_type"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("deal", "type"), name="one_agreement_of_a_type"),
                            models.CheckConstraint(
                                condition=models.Q(("evidence__range", (0, 4))), name="evidence_0_to_4"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("quality__isnull", True), ("quality__range", (0, 7)), _connector="OR"
                                ),
                                name="quality_0_to_7",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("state__in", ["gained", "kept", "renegotiated"]), _negated=True
                                    ),
                                    ("gained_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="standing_agreements_have_a_date",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AgreementEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("occurred_at", models.DateTimeField()),
                        ("recorded_at", models.DateTimeField()),
                        ("origin", models.CharField(default="hand", max_length=40)),
                        ("batch", models.BigIntegerField(db_index=True, null=True)),
                        ("fingerprint", models.BigIntegerField()),
                        ("counterpart", models.CharField(blank=True, max_length=200)),
                        ("actor", models.CharField(blank=True, max_length=200)),
                        (
                            "value",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        ("evidence", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("quality", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("note", models.TextField(blank=True)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("not_needed", "Not needed"),
                                    ("needed", "Needed"),
                                    ("planned", "Planned"),
                                    ("asked", "Asked"),
                                    ("soft", "Soft"),
                                    ("gained", "Gained"),
                                    ("kept", "Kept"),
                                    ("broken", "Broken"),
                                    ("lapsed", "Lapsed"),
                                    ("declined", "Declined"),
                                    ("renegotiated", "Renegotiated"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("act", models.CharField(blank=True, max_length=500)),
                        ("due_on", models.DateField(blank=True, null=True)),
                        (
                            "replaced",
                            models.JSONField(
                                blank=True, encoder=django.core.serializers.json.DjangoJSONEncoder, null=True
                            ),
                        ),
                        (
                            "agreement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="events",
                                to="domain.agreement",
                            ),
                        ),
                        (
                            "recorded_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "undoes",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="undone_by",
                                to="domain.agreementevent",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("agreement", "fingerprint"), name="agreement_event_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AnswerTry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("address", models.CharField(max_length=45)),
                        ("at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["address", "at"], name="answer_try_address")],
                    },
                ),
                migrations.CreateModel(
                    name="AuditEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("by_id_number", models.BigIntegerField(null=True)),
                        ("by_name", models.CharField(blank=True, max_length=200)),
                        ("action", models.CharField(max_length=80)),
                        ("subject", models.CharField(max_length=80)),
                        ("subject_id", models.CharField(max_length=200)),
                        ("changes", models.JSONField(default=dict)),
                        ("reason", models.TextField(blank=True)),
                        ("digest", models.CharField(max_length=64, unique=True)),
                    ],
                    options={
                        "ordering": ["id"],
                        "indexes": [
                            models.Index(
                                fields=["subject", "subject_id"], name="domain_audi_subject_2f72d1_idx"
                            ),
                            models.Index(fields=["-at", "-id"], name="audit_by_time"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AuditHead",
                    fields=[
                        (
                            "id",
                            models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                        ),
                        ("digest", models.CharField(blank=True, max_length=64)),
                        ("length", models.PositiveBigIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("id", 1)), name="one_audit_head")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Confirmation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("act", models.CharField(max_length=500)),
                        ("person_name", models.CharField(max_length=200)),
                        ("due_on", models.DateField()),
                        ("asked_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("revoked_at", models.DateTimeField(blank=True, null=True)),
                        ("answered_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "answer",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("confirmed", "Confirmed"),
                                    ("corrected", "Corrected"),
                                    ("declined", "Declined"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("words", models.TextField(blank=True)),
                        (
                            "agreement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="confirmations",
                                to="domain.agreement",
                            ),
                        ),
                        (
                            "asked_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("answered_from", models.CharField(blank=True, max_length=45)),
                        ("answered_where_we_work", models.BooleanField(default=False)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("answer", ""), ("answered_at__isnull", True)),
                                    models.Q(
                                        ("answered_at__isnull", False),
                                        models.Q(("answer", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="answered_confirmations_have_an_answer",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Contact",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=200, unique=True)),
                        ("name", models.CharField(max_length=200)),
                        ("title", models.CharField(blank=True, max_length=200)),
                        ("email", models.EmailField(blank=True, max_length=254)),
                        ("left_on", models.DateField(blank=True, null=True)),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="contacts",
                                to="domain.account",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Deal",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=200, unique=True)),
                        ("name", models.CharField(blank=True, max_length=300)),
                        (
                            "status",
                            models.CharField(
                                choices=[("open", "Open"), ("won", "Won"), ("lost", "Lost")],
                                default="open",
                                max_length=4,
                            ),
                        ),
                        ("stage", models.CharField(blank=True, max_length=100)),
                        ("created_at", models.DateTimeField()),
                        ("closed_at", models.DateTimeField(blank=True, null=True)),
                        ("expected_close_on", models.DateField(blank=True, null=True)),
                        (
                            "amount",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        (
                            "initial_amount",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        (
                            "list_price",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        (
                            "net_price",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        ("discount", models.FloatField(blank=True, null=True)),
                        ("cost", models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True)),
                        ("margin", models.FloatField(blank=True, null=True)),
                        (
                            "projected_amount",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        ("projected_margin", models.FloatField(blank=True, null=True)),
                        ("region", models.CharField(blank=True, max_length=100)),
                        ("segment", models.CharField(blank=True, max_length=100)),
                        ("product", models.CharField(blank=True, max_length=100)),
                        ("source", models.CharField(blank=True, max_length=100)),
                        ("extra", models.JSONField(blank=True, default=dict)),
                        ("link", models.URLField(blank=True, max_length=500)),
                        ("batch", models.BigIntegerField(db_index=True, null=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "account",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deals",
                                to="domain.account",
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deals",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "team",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="deals",
                                to="domain.team",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["status", "-amount", "id", "currency"], name="deal_by_amount"
                            ),
                            models.Index(
                                fields=["team", "status", "-amount", "currency"], name="deal_by_team"
                            ),
                            models.Index(
                                fields=["owner", "status", "-amount", "currency"], name="deal_by_owner"
                            ),
                            models.Index(fields=["status", "expected_close_on", "id"], name="deal_by_close"),
                            models.Index(fields=["segment"], name="deal_by_segment"),
                            models.Index(fields=["region"], name="deal_by_region"),
                            models.Index(fields=["product"], name="deal_by_product"),
                            models.Index(fields=["stage"], name="deal_by_stage"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("status", "open"), ("closed_at__isnull", False), _connector="OR"
                                ),
                                name="closed_deals_have_a_date",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("closed_at__isnull", True),
                                    ("closed_at__gte", models.F("created_at")),
                                    _connector="OR",
                                ),
                                name="deals_close_after_creation",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("discount__isnull", True), ("discount__range", (-1, 1)), _connector="OR"
                                ),
                                name="discount_is_a_share",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("margin__isnull", True), ("margin__range", (-1, 1)), _connector="OR"
                                ),
                                name="margin_is_a_share",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("projected_margin__isnull", True),
                                    ("projected_margin__range", (-1, 1)),
                                    _connector="OR",
                                ),
                                name="projected_margin_is_a_share",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CorridorWriting",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("opening", models.DecimalField(decimal_places=4, max_digits=19)),
                        ("target", models.DecimalField(decimal_places=4, max_digits=19)),
                        ("walk_away", models.DecimalField(decimal_places=4, max_digits=19)),
                        ("set_at", models.DateTimeField()),
                        (
                            "set_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "deal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="corridor_writings",
                                to="domain.deal",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["set_at", "id"],
                    },
                ),
                migrations.CreateModel(
                    name="Corridor",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("opening", models.DecimalField(decimal_places=4, max_digits=19)),
                        ("target", models.DecimalField(decimal_places=4, max_digits=19)),
                        ("walk_away", models.DecimalField(decimal_places=4, max_digits=19)),
                        ("set_at", models.DateTimeField()),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "set_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "deal",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="corridor",
                                to="domain.deal",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("opening__gte", models.F("target")),
                                    ("target__gte", models.F("walk_away")),
                                    ("walk_away__gte", 0),
                                ),
                                name="corridor_goes_down",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CoachingNote",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("written_at", models.DateTimeField()),
                        ("note", models.TextField()),
                        (
                            "written_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "written_for",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "deal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="coaching_notes",
                                to="domain.deal",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-written_at", "-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("written_by", models.F("written_for")), _negated=True),
                                name="coaching_takes_two",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DealContact",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "role",
                            models.CharField(
                                choices=[
                                    ("executive_sponsor", "Executive sponsor"),
                                    ("budget_owner", "Budget owner"),
                                    ("problem_owner", "Problem owner"),
                                    ("champion", "Champion"),
                                    ("evaluator", "Evaluator"),
                                    ("user", "User"),
                                    ("procurement", "Procurement"),
                                    ("legal", "Legal"),
                                    ("other", "Other"),
                                ],
                                default="other",
                                max_length=30,
                            ),
                        ),
                        ("since", models.DateField()),
                        ("until", models.DateField(blank=True, null=True)),
                        (
                            "contact",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="deals",
                                to="domain.contact",
                            ),
                        ),
                        (
                            "deal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="people",
                                to="domain.deal",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("deal", "contact", "role"), name="deal_contact_role_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DealEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("occurred_at", models.DateTimeField()),
                        ("recorded_at", models.DateTimeField()),
                        ("origin", models.CharField(default="hand", max_length=40)),
                        ("batch", models.BigIntegerField(db_index=True, null=True)),
                        ("fingerprint", models.BigIntegerField()),
                        ("counterpart", models.CharField(blank=True, max_length=200)),
                        ("actor", models.CharField(blank=True, max_length=200)),
                        (
                            "value",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        ("currency", models.CharField(blank=True, max_length=3)),
                        ("evidence", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("quality", models.PositiveSmallIntegerField(blank=True, null=True)),
                        ("note", models.TextField(blank=True)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("agreement", "Agreement"),
                                    ("stage", "Stage"),
                                    ("activity", "Activity"),
                                    ("field", "Field"),
                                    ("concession", "Concession"),
                                    ("demand", "Demand"),
                                    ("escalation", "Escalation"),
                                    ("executive", "Executive"),
                                    ("quote", "Quote"),
                                    ("document", "Document"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("name", models.CharField(max_length=200)),
                        ("state", models.CharField(blank=True, max_length=40)),
                        ("side", models.CharField(blank=True, max_length=10)),
                        (
                            "deal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="events",
                                to="domain.deal",
                            ),
                        ),
                        (
                            "recorded_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "undoes",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="undone_by",
                                to="domain.dealevent",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["deal", "occurred_at"], name="deal_event_by_time"),
                            models.Index(fields=["kind", "-occurred_at"], name="deal_event_by_kind"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("deal", "fingerprint"), name="deal_event_once"),
                            models.CheckConstraint(
                                condition=models.Q(("kind", "agreement"), _negated=True),
                                name="deal_event_is_no_agreement",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DetectionRule",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.SlugField(max_length=34, unique=True)),
                        ("on", models.BooleanField(default=False)),
                        ("switched_at", models.DateTimeField(null=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "type",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rules",
                                to="domain.agreementtype",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["key"],
                    },
                ),
                migrations.CreateModel(
                    name="Escalation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(choices=[("price", "Price"), ("terms", "Terms")], max_length=10),
                        ),
                        ("wanted", models.CharField(blank=True, max_length=500)),
                        ("discount", models.FloatField(blank=True, null=True)),
                        (
                            "value",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        ("reason", models.TextField(blank=True)),
                        ("alternatives", models.TextField(blank=True)),
                        ("return_asked", models.TextField(blank=True)),
                        ("policy", models.CharField(max_length=40)),
                        (
                            "lane",
                            models.CharField(
                                choices=[("own", "Own"), ("fast", "Fast"), ("full", "Full")], max_length=4
                            ),
                        ),
                        ("lane_why", models.CharField(max_length=500)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("open", "Waiting"),
                                    ("approved", "Approved"),
                                    ("in_part", "Approved in part"),
                                    ("declined", "Declined"),
                                    ("withdrawn", "Withdrawn"),
                                ],
                                default="open",
                                max_length=10,
                            ),
                        ),
                        ("granted", models.FloatField(blank=True, null=True)),
                        ("asked_at", models.DateTimeField()),
                        ("decided_at", models.DateTimeField(null=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "asked_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "deal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="escalations",
                                to="domain.deal",
                            ),
                        ),
                        (
                            "demand",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="domain.dealevent",
                            ),
                        ),
                        (
                            "event",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="escalation",
                                to="domain.dealevent",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["-asked_at"], name="escalation_by_time"),
                            models.Index(fields=["deal", "asked_at"], name="escalation_of_deal"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state", "open"), ("decided_at__isnull", False), _connector="OR"
                                ),
                                name="decided_requests_have_a_date",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Approval",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "whom",
                            models.CharField(
                                choices=[
                                    ("manager", "Manager"),
                                    ("leader", "Leader"),
                                    ("sponsor", "Sponsor"),
                                    ("person", "Person"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("because", models.CharField(max_length=300)),
                        (
                            "answer",
                            models.CharField(
                                choices=[
                                    ("waiting", "Waiting"),
                                    ("approved", "Approved"),
                                    ("in_part", "Approved in part"),
                                    ("declined", "Declined"),
                                    ("dropped", "Not needed any more"),
                                    ("passed_on", "Passed on"),
                                ],
                                default="waiting",
                                max_length=10,
                            ),
                        ),
                        ("granted", models.FloatField(blank=True, null=True)),
                        ("words", models.TextField(blank=True)),
                        ("asked_at", models.DateTimeField()),
                        ("answered_at", models.DateTimeField(null=True)),
                        (
                            "approver",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="approvals",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "escalation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="approvals",
                                to="domain.escalation",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["id"],
                        "indexes": [models.Index(fields=["approver", "answer"], name="approval_waiting")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("answer", "waiting")),
                                fields=("escalation", "approver"),
                                name="asked_once_at_a_time",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FindingDecision",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "verdict",
                            models.CharField(
                                choices=[("signed", "Signed"), ("rejected", "Rejected")], max_length=10
                            ),
                        ),
                        ("note", models.TextField()),
                        ("at", models.DateTimeField()),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "finding",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="decisions",
                                to="domain.finding",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("note", ""), _negated=True), name="decisions_say_why"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportBatch",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(db_index=True, max_length=64)),
                        ("files", models.JSONField(default=list)),
                        ("mapping", models.JSONField(blank=True, default=dict)),
                        ("skip_bad_rows", models.BooleanField(default=False)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("uploaded", "Not checked yet"),
                                    ("checking", "Being checked"),
                                    ("checked", "Checked, waiting for you"),
                                    ("importing", "Being imported"),
                                    ("done", "Imported"),
                                    ("refused", "Refused"),
                                    ("undone", "Taken back"),
                                ],
                                default="uploaded",
                                max_length=10,
                            ),
                        ),
                        ("begun_at", models.DateTimeField()),
                        ("touched_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("phase", models.CharField(blank=True, max_length=20)),
                        ("rows_done", models.PositiveBigIntegerField(default=0)),
                        ("created", models.PositiveBigIntegerField(default=0)),
                        ("updated", models.PositiveBigIntegerField(default=0)),
                        ("unchanged", models.PositiveBigIntegerField(default=0)),
                        ("rejected", models.PositiveBigIntegerField(default=0)),
                        ("report", models.JSONField(blank=True, default=dict)),
                        ("message", models.TextField(blank=True)),
                        (
                            "by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "done"), _negated=True),
                                    ("finished_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="done_imports_have_a_date",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImportChange",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("table", models.CharField(max_length=20)),
                        ("row_id", models.BigIntegerField()),
                        ("before", models.JSONField(null=True)),
                        ("version", models.PositiveIntegerField(null=True)),
                        (
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="changes",
                                to="domain.importbatch",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["table", "row_id"], name="import_change_by_row")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("batch", "table", "row_id"), name="import_change_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Involvement",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("value", "Value: what it is worth to them"),
                                    ("relationship", "Relationship: their executive knows ours"),
                                    ("decision", "Decision: help them decide"),
                                    ("delivery", "Delivery: stand for what we promise"),
                                    ("problem", "Problem: something went wrong"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("aim", models.TextField()),
                        ("not_to_say", models.TextField(blank=True)),
                        ("may_discuss_price", models.BooleanField(default=False)),
                        ("agreed_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "agreed_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "deal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="involvements",
                                to="domain.deal",
                            ),
                        ),
                        (
                            "executive",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="involvements",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("aim", ""), _negated=True), name="a_role_has_an_aim"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("deal", "executive"),
                                name="one_role_of_an_executive",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Plan",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("number", models.PositiveIntegerField(default=1)),
                        ("written_at", models.DateTimeField()),
                        ("talk_on", models.DateField(blank=True, null=True)),
                        ("parts", models.JSONField(default=dict)),
                        (
                            "agreement",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="plans",
                                to="domain.agreement",
                            ),
                        ),
                        (
                            "deal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="plans",
                                to="domain.deal",
                            ),
                        ),
                        (
                            "written_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-written_at", "-id"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("talk_on__isnull", False)),
                                fields=["talk_on"],
                                name="plan_by_talk",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("agreement", "number"), name="one_writing_of_a_number"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("agreement__isnull", True)),
                                fields=("deal", "number"),
                                name="one_deal_plan_of_a_number",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("agreement__isnull", True),
                                    ("parts__has_key", "best"),
                                    ("parts__has_key", "minimum"),
                                    _connector="OR",
                                ),
                                name="a_plan_asks_for_something",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Debrief",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("held_at", models.DateTimeField()),
                        (
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("gained", "Gained"),
                                    ("soft", "Soft"),
                                    ("declined", "Declined"),
                                    ("continuation", "Nothing agreed"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("learned", models.TextField(blank=True)),
                        ("written_at", models.DateTimeField()),
                        ("fingerprint", models.BigIntegerField()),
                        (
                            "agreement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="debriefs",
                                to="domain.agreement",
                            ),
                        ),
                        (
                            "demand",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="domain.dealevent",
                            ),
                        ),
                        (
                            "step",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="domain.agreementevent",
                            ),
                        ),
                        (
                            "written_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="debriefs",
                                to="domain.plan",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-held_at", "-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("agreement", "fingerprint"), name="one_debrief_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PlanReview",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "verdict",
                            models.CharField(
                                choices=[
                                    ("comment", "Comment"),
                                    ("approved", "Approved"),
                                    ("returned", "Returned"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("words", models.TextField(blank=True)),
                        ("at", models.DateTimeField()),
                        (
                            "by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "plan",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="reviews",
                                to="domain.plan",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["at", "id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("verdict", "approved"),
                                    models.Q(("words", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="a_return_says_why",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Playbook",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("published_at", models.DateTimeField(null=True)),
                        ("note", models.TextField(blank=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "published_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "strategy",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="playbooks",
                                to="domain.strategy",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-number"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("strategy", "number"), name="one_playbook_of_a_number"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("published_at__isnull", True)),
                                fields=("strategy",),
                                name="one_draft_playbook",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PivotalAgreement",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("judgement", models.TextField(blank=True)),
                        ("counterpart", models.CharField(blank=True, max_length=200)),
                        (
                            "needed_by",
                            models.CharField(
                                choices=[
                                    ("days", "Days after the deal was created"),
                                    ("stage", "Before the deal leaves a stage"),
                                    ("before_close", "Days before the expected close"),
                                ],
                                default="days",
                                max_length=12,
                            ),
                        ),
                        ("needed_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                        (
                            "needed_stage",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("access", "Access"),
                                    ("discover", "Discover"),
                                    ("shape", "Shape"),
                                    ("prove", "Prove"),
                                    ("propose", "Propose"),
                                    ("negotiate", "Negotiate"),
                                    ("paper", "Paper"),
                                    ("close", "Close"),
                                    ("run", "Run"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("evidence_wanted", models.PositiveSmallIntegerField(default=2)),
                        ("recheck_days", models.PositiveSmallIntegerField(default=90)),
                        ("segments", models.JSONField(blank=True, default=list)),
                        (
                            "least_amount",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        ("checks", models.JSONField(blank=True, default=list)),
                        ("questions", models.JSONField(blank=True, default=list)),
                        ("demands", models.JSONField(blank=True, default=list)),
                        ("principles", models.JSONField(blank=True, default=list)),
                        (
                            "finding",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="pivotal",
                                to="domain.finding",
                            ),
                        ),
                        (
                            "type",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="pivotal",
                                to="domain.agreementtype",
                            ),
                        ),
                        (
                            "playbook",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="pivotal",
                                to="domain.playbook",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["position"],
                        "constraints": [
                            models.UniqueConstraint(fields=("playbook", "type"), name="pivotal_type_once"),
                            models.UniqueConstraint(
                                fields=("playbook", "position"), name="pivotal_position_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("position__range", (1, 8))), name="at_most_eight_pivotal"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("finding__isnull", False),
                                    models.Q(("judgement", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="pivotal_says_why",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Policy",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("version", models.CharField(max_length=40, unique=True)),
                        ("own_discount", models.FloatField()),
                        ("fast_discount", models.FloatField()),
                        (
                            "fast_value",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        ("published_at", models.DateTimeField(null=True)),
                        (
                            "drafted_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-published_at", "-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("own_discount__range", (0, 1)), ("fast_discount__range", (0, 1))
                                ),
                                name="policy_shares",
                            ),
                            models.UniqueConstraint(
                                models.Value(1),
                                condition=models.Q(("published_at__isnull", True)),
                                name="one_draft_of_the_policy",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PolicyRule",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "approver",
                            models.CharField(
                                choices=[
                                    ("manager", "Manager"),
                                    ("leader", "Leader"),
                                    ("sponsor", "Sponsor"),
                                    ("person", "Person"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("kind", models.CharField(blank=True, max_length=10)),
                        ("discount_from", models.FloatField(blank=True, null=True)),
                        (
                            "value_from",
                            models.DecimalField(blank=True, decimal_places=4, max_digits=19, null=True),
                        ),
                        (
                            "person",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "policy",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="rules",
                                to="domain.policy",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("approver", "person"), _negated=True),
                                    ("person__isnull", False),
                                    _connector="OR",
                                ),
                                name="a_person_is_named",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Proof",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "strength",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (0, "none"),
                                    (1, "claimed"),
                                    (2, "told"),
                                    (3, "written"),
                                    (4, "acted"),
                                ]
                            ),
                        ),
                        ("link", models.URLField(blank=True, max_length=1000)),
                        ("words", models.TextField(blank=True)),
                        (
                            "file",
                            models.FileField(
                                blank=True, upload_to=hingepoint.domain.proof.models.random_name
                            ),
                        ),
                        ("name", models.CharField(blank=True, max_length=200)),
                        ("size", models.PositiveIntegerField(default=0)),
                        ("said_by", models.CharField(blank=True, max_length=200)),
                        ("added_at", models.DateTimeField()),
                        (
                            "added_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "agreement",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="proofs",
                                to="domain.agreement",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        models.Q(("link", ""), _negated=True), ("words", ""), ("file", "")
                                    ),
                                    models.Q(
                                        ("link", ""), models.Q(("words", ""), _negated=True), ("file", "")
                                    ),
                                    models.Q(
                                        ("link", ""), ("words", ""), models.Q(("file", ""), _negated=True)
                                    ),
                                    _connector="OR",
                                ),
                                name="proof_is_one_thing",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Pulse",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("defended", models.BooleanField()),
                        (
                            "argues_for",
                            models.CharField(
                                choices=[
                                    ("company", "Ours"),
                                    ("both", "Both sides"),
                                    ("customer", "The customer's"),
                                ],
                                max_length=8,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        (
                            "escalation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="pulses",
                                to="domain.escalation",
                            ),
                        ),
                        (
                            "partner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("escalation", "partner"), name="one_pulse_a_request"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Reason",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("text", models.TextField()),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("hypothesised", "Hypothesised"),
                                    ("stated", "Stated"),
                                    ("confirmed", "Confirmed"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("said_by", models.CharField(blank=True, max_length=200)),
                        ("confirmed_by", models.CharField(blank=True, max_length=200)),
                        ("written_at", models.DateTimeField()),
                        (
                            "event",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="reasons",
                                to="domain.dealevent",
                            ),
                        ),
                        (
                            "written_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["written_at", "id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("text", ""), _negated=True),
                                name="a_reason_says_something",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RuleVersion",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("definition", models.JSONField()),
                        ("written_at", models.DateTimeField()),
                        ("tested_at", models.DateTimeField(null=True)),
                        ("test", models.JSONField(null=True)),
                        (
                            "rule",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="versions",
                                to="domain.detectionrule",
                            ),
                        ),
                        (
                            "written_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("rule", "number"), name="one_version_of_a_number")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Detection",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("not_needed", "Not needed"),
                                    ("needed", "Needed"),
                                    ("planned", "Planned"),
                                    ("asked", "Asked"),
                                    ("soft", "Soft"),
                                    ("gained", "Gained"),
                                    ("kept", "Kept"),
                                    ("broken", "Broken"),
                                    ("lapsed", "Lapsed"),
                                    ("declined", "Declined"),
                                    ("renegotiated", "Renegotiated"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("evidence", models.PositiveSmallIntegerField()),
                        ("traced_at", models.DateTimeField()),
                        ("words", models.TextField()),
                        ("who", models.CharField(blank=True, max_length=200)),
                        ("found_at", models.DateTimeField()),
                        ("after", models.BigIntegerField()),
                        (
                            "outcome",
                            models.CharField(
                                choices=[
                                    ("open", "Not confirmed"),
                                    ("confirmed", "Confirmed"),
                                    ("wrong", "Wrong"),
                                    ("taken_back", "Taken back with its rule"),
                                ],
                                default="open",
                                max_length=10,
                            ),
                        ),
                        ("judged_at", models.DateTimeField(null=True)),
                        ("note", models.TextField(blank=True)),
                        ("batch", models.BigIntegerField(db_index=True, null=True)),
                        (
                            "deal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="detections",
                                to="domain.deal",
                            ),
                        ),
                        (
                            "judged_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "step",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="detection",
                                to="domain.agreementevent",
                            ),
                        ),
                        (
                            "rule",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="detections",
                                to="domain.detectionrule",
                            ),
                        ),
                        (
                            "by_version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="domain.ruleversion",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["deal", "outcome"], name="detection_by_deal")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("outcome", "taken_back"), _negated=True),
                                fields=("rule", "deal"),
                                name="found_once_a_deal",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Run",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("asked_at", models.DateTimeField()),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("database", "Deals of this installation"),
                                    ("files", "Uploaded files"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("inputs", models.JSONField(default=list)),
                        ("options", models.JSONField(default=dict)),
                        ("settings", models.JSONField(default=dict)),
                        ("code_version", models.CharField(blank=True, max_length=60)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("queued", "Waiting"),
                                    ("running", "Running"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                    ("cancelled", "Cancelled"),
                                ],
                                default="queued",
                                max_length=10,
                            ),
                        ),
                        ("attempt", models.PositiveSmallIntegerField(default=0)),
                        ("started_at", models.DateTimeField(null=True)),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("heartbeat_at", models.DateTimeField(null=True)),
                        ("progress", models.FloatField(default=0.0)),
                        ("doing", models.CharField(blank=True, max_length=200)),
                        ("cancel_asked", models.BooleanField(default=False)),
                        ("problem", models.TextField(blank=True)),
                        ("problem_rows", models.JSONField(default=list)),
                        ("metric", models.CharField(blank=True, max_length=200)),
                        ("record", models.JSONField(null=True)),
                        (
                            "asked_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "snapshot",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="domain.datasnapshot",
                            ),
                        ),
                        (
                            "repeats",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="domain.run",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status", "done"), _negated=True),
                                    ("record__isnull", False),
                                    _connector="OR",
                                ),
                                name="done_runs_have_a_record",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status", "failed"), _negated=True),
                                    models.Q(("problem", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="failed_runs_say_why",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status", "running"), _negated=True),
                                    ("heartbeat_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="running_runs_are_heard_of",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SavedMapping",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=100, unique=True)),
                        ("mapping", models.JSONField(default=dict)),
                        ("saved_at", models.DateTimeField()),
                        (
                            "by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="SavedView",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("page", models.CharField(max_length=50)),
                        ("name", models.CharField(max_length=100)),
                        ("query", models.CharField(blank=True, max_length=2000)),
                        ("shared", models.BooleanField(default=False)),
                        ("pinned", models.BooleanField(default=False)),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="saved_views",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("owner", "page", "name"), name="saved_view_name_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SignInFailure",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("account", models.CharField(max_length=254)),
                        ("address", models.CharField(max_length=45)),
                        ("at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["account", "at"], name="sign_in_failure_account"),
                            models.Index(fields=["address", "at"], name="sign_in_failure_address"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Strategy",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=120, unique=True)),
                        ("statement", models.TextField()),
                        ("metric", models.CharField(max_length=200)),
                        ("segment", models.CharField(blank=True, max_length=100)),
                        ("rank", models.PositiveSmallIntegerField(default=1)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("in_force", "In force"),
                                    ("retired", "Retired"),
                                ],
                                default="draft",
                                max_length=10,
                            ),
                        ),
                        ("starts_on", models.DateField(blank=True, null=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        (
                            "sponsor",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="strategies",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("grace_days", models.PositiveSmallIntegerField(default=14)),
                    ],
                    options={
                        "ordering": ["rank", "id"],
                    },
                ),
                migrations.CreateModel(
                    name="ResultMetric",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("metric", models.CharField(max_length=200)),
                        ("segment", models.CharField(blank=True, max_length=100)),
                        ("baseline", models.FloatField()),
                        ("target", models.FloatField()),
                        ("target_on", models.DateField()),
                        (
                            "strategy",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="result_metrics",
                                to="domain.strategy",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("strategy", "metric", "segment"), name="one_target_a_metric"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Team",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=200, unique=True)),
                        ("path", models.CharField(blank=True, db_index=True, max_length=400)),
                        (
                            "parent",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="children",
                                to="domain.team",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Membership",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("manages", models.BooleanField(default=False)),
                        ("since", models.DateField()),
                        ("until", models.DateField(null=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "team",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="memberships",
                                to="domain.team",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("until__isnull", True), ("until__gt", models.F("since")), _connector="OR"
                                ),
                                name="membership_lasts",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("until__isnull", True)),
                                fields=("user", "team", "manages"),
                                name="one_current_membership",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Trade",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "topic",
                            models.CharField(
                                choices=[
                                    ("price", "Price"),
                                    ("payment", "Payment"),
                                    ("extras", "Extras"),
                                    ("delivery", "Delivery"),
                                    ("liability", "Liability"),
                                    ("other", "Other"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("worth", models.PositiveSmallIntegerField(null=True)),
                        ("final", models.BooleanField(default=False)),
                        (
                            "demand",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="answers",
                                to="domain.dealevent",
                            ),
                        ),
                        (
                            "event",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="trade",
                                to="domain.dealevent",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("worth__isnull", True), ("worth__range", (1, 3)), _connector="OR"
                                ),
                                name="worth_1_to_3",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Trial",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "design",
                            models.CharField(
                                choices=[
                                    ("prompt", "Ask in every second deal"),
                                    ("wedge", "Teams start one after another"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("seed", models.PositiveBigIntegerField()),
                        ("starts_on", models.DateField()),
                        ("step_days", models.PositiveSmallIntegerField(default=0)),
                        ("steps", models.JSONField(default=list)),
                        ("promised", models.JSONField(default=dict)),
                        ("drawn_at", models.DateTimeField()),
                        (
                            "drawn_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "finding",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="trials",
                                to="domain.finding",
                            ),
                        ),
                        ("agreement", models.CharField(default="", max_length=200)),
                        ("currency", models.CharField(blank=True, default="", max_length=3)),
                        ("horizon_days", models.PositiveSmallIntegerField(default=182)),
                        ("metric", models.CharField(default="", max_length=200)),
                        ("segment", models.CharField(blank=True, default="", max_length=100)),
                        ("teams", models.JSONField(default=list)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "indexes": [models.Index(fields=["agreement", "metric"], name="trial_by_agreement")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("design", "prompt"), ("step_days", 0)),
                                    models.Q(("design", "wedge"), ("step_days__gt", 0)),
                                    _connector="OR",
                                ),
                                name="steps_have_a_length",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("horizon_days__gt", 0)), name="trials_have_a_horizon"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TrialLook",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("early", models.BooleanField()),
                        ("reason", models.TextField(blank=True)),
                        ("record", models.JSONField()),
                        (
                            "by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "trial",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="looks",
                                to="domain.trial",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("early", False),
                                    models.Q(models.Q(("reason", ""), _negated=True), ("by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="early_looks_say_why",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SentForm",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("by_id_number", models.BigIntegerField()),
                        ("key", models.BigIntegerField()),
                        ("made", models.CharField(max_length=40)),
                        ("made_id", models.BigIntegerField()),
                        ("at", models.DateTimeField(db_index=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("by_id_number", "key"), name="one_form_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AskingRound",
                    fields=[
                        (
                            "id",
                            models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                        ),
                        ("number", models.PositiveIntegerField(default=0)),
                        ("begun_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("after", models.BigIntegerField(default=0)),
                        ("done", models.PositiveIntegerField(default=0)),
                        ("total", models.PositiveIntegerField(default=0)),
                        ("added", models.PositiveIntegerField(default=0)),
                        ("changed", models.PositiveIntegerField(default=0)),
                        ("released", models.PositiveIntegerField(default=0)),
                        ("days_to_stage", models.JSONField(null=True)),
                        ("trail", models.BigIntegerField(default=0)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("id", 1)), name="one_asking_round")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Job",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=100, unique=True)),
                        (
                            "schedule",
                            models.CharField(
                                choices=[
                                    ("hourly", "Hourly"),
                                    ("nightly", "Nightly"),
                                    ("weekly", "Weekly"),
                                    ("monthly", "Monthly"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("begun_at", models.DateTimeField(null=True)),
                        ("beat_at", models.DateTimeField(null=True)),
                        ("ended_at", models.DateTimeField(null=True)),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[("", "None yet"), ("done", "Done"), ("failed", "Failed")],
                                max_length=10,
                            ),
                        ),
                        ("error", models.CharField(blank=True, max_length=500)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("ended_at__isnull", True), ("outcome", "")),
                                    models.Q(
                                        ("ended_at__isnull", False), models.Q(("outcome", ""), _negated=True)
                                    ),
                                    _connector="OR",
                                ),
                                name="job_that_ended_has_an_outcome",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("beat_at__isnull", True),
                                        ("begun_at__isnull", True),
                                        ("ended_at__isnull", True),
                                    ),
                                    models.Q(("beat_at__isnull", False), ("begun_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="job_begins_before_it_ends",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OtherName",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=200, unique=True)),
                        ("name", models.CharField(max_length=200)),
                        ("email", models.EmailField(max_length=254, null=True, unique=True)),
                        ("was", models.BigIntegerField(unique=True)),
                        ("merged_at", models.DateTimeField()),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="other_names",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="DifferentPeople",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("said_at", models.DateTimeField()),
                        (
                            "one",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "other",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "said_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("one", "other"), name="two_people_said_once"),
                            models.CheckConstraint(
                                condition=models.Q(("one__lt", models.F("other"))), name="two_people_in_order"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Invitation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("digest", models.CharField(blank=True, max_length=64)),
                        ("to", models.EmailField(blank=True, max_length=254)),
                        ("page", models.CharField(blank=True, max_length=300)),
                        ("made_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("sent_at", models.DateTimeField(null=True)),
                        ("used_at", models.DateTimeField(null=True)),
                        ("revoked_at", models.DateTimeField(null=True)),
                        ("problem", models.CharField(blank=True, max_length=300)),
                        (
                            "made_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="invitations",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("revoked_at__isnull", True), ("used_at__isnull", True)),
                                fields=("user",),
                                name="one_open_invitation",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("digest", ""), _negated=True),
                                fields=("digest",),
                                name="one_link_one_person",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("digest", ""), _negated=True),
                                    models.Q(("to", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="a_link_or_a_mail_to_send",
                            ),
                        ],
                    },
                ),
            ]
        ),
    ]
