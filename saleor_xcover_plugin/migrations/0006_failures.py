from django.db import migrations, models


class Migration(migrations.Migration):
    """What fails is remembered until it succeeds, so that it is seen and tried again."""

    dependencies = [("saleor_xcover_plugin", "0005_money_back_for_cover")]

    operations = [
        migrations.CreateModel(
            "Failure",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("work", models.CharField(max_length=40)),
                ("subject", models.CharField(blank=True, default="", max_length=64)),
                ("label", models.CharField(blank=True, default="", max_length=64)),
                ("error", models.CharField(max_length=80)),
                ("times", models.PositiveIntegerField(default=1)),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("next_attempt_at", models.DateTimeField()),
            ],
            options={
                "constraints": (
                    models.UniqueConstraint(
                        fields=["work", "subject"], name="xcover_failure_once"
                    ),
                )
            },
        )
    ]
