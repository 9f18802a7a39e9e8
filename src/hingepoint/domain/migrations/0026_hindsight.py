"""Deals that ended are looked back on: two views, and from which value on."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0025_sponsorship"),
    ]

    operations = [
        migrations.CreateModel(
            name="HindsightLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("least_amount", models.DecimalField(decimal_places=4, max_digits=19)),
                ("set_at", models.DateTimeField()),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("least_amount__gte", 0)), name="hindsight_limit_is_money"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HindsightView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "side",
                    models.CharField(choices=[("seller", "Seller"), ("manager", "Manager")], max_length=8),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("agreement", "An agreement was missing"),
                            ("price", "We were too dear for what they saw in it"),
                            ("rival", "Somebody else had what they needed"),
                            ("no_need", "They did not need it now"),
                            ("late", "We came too late"),
                            ("people", "We did not reach who decides"),
                            ("other", "Something else"),
                        ],
                        max_length=10,
                    ),
                ),
                ("words", models.TextField()),
                ("shown", models.BooleanField(null=True)),
                ("written_at", models.DateTimeField()),
                (
                    "deal",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="hindsight_views",
                        to="domain.deal",
                    ),
                ),
                (
                    "type",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="domain.agreementtype",
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["side", "-number"],
                "constraints": [
                    models.UniqueConstraint(fields=("deal", "side", "number"), name="hindsight_version_once"),
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True), name="hindsight_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("why", "agreement"), _negated=True),
                            ("type__isnull", False),
                            _connector="OR",
                        ),
                        name="a_missing_agreement_is_named",
                    ),
                ],
            },
        ),
    ]
