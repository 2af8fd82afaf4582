from django.db import migrations, models


class Migration(migrations.Migration):
    """Who asks how often is counted, so that nobody uses up what all share."""

    dependencies = [("saleor_xcover_plugin", "0008_sending")]

    operations = [
        migrations.CreateModel(
            "Usage",
            [
                (
                    "key",
                    models.CharField(max_length=80, primary_key=True, serialize=False),
                ),
                ("used_until", models.DateTimeField()),
            ],
            options={
                "indexes": (
                    models.Index(fields=["used_until"], name="xcover_usage_past"),
                ),
            },
        )
    ]
