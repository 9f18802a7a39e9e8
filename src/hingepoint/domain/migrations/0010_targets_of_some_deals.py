"""A target may be set on the deals of a region, a product or a team, as it could on those of a segment."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

OF_WHAT = ["strategy", "metric", "segment", "region", "product"]


class Migration(migrations.Migration):
    dependencies = [
        ("domain", "0009_kind_words"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="resultmetric", name="one_target_a_metric"),
        migrations.AddField(
            model_name="resultmetric",
            name="region",
            field=models.CharField(blank=True, default="", max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="resultmetric",
            name="product",
            field=models.CharField(blank=True, default="", max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="resultmetric",
            name="team",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="domain.team",
            ),
        ),
        migrations.AddConstraint(
            model_name="resultmetric",
            constraint=models.UniqueConstraint(
                condition=Q(team__isnull=True), fields=OF_WHAT, name="one_target_a_metric"
            ),
        ),
        migrations.AddConstraint(
            model_name="resultmetric",
            constraint=models.UniqueConstraint(
                condition=Q(team__isnull=False),
                fields=[*OF_WHAT, "team"],
                name="one_target_a_metric_of_a_team",
            ),
        ),
    ]
