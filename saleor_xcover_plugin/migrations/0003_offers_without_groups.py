from django.db import migrations, models


class Migration(migrations.Migration):
    """During an update processes of the version before still write offers, without new columns."""

    dependencies = [("saleor_xcover_plugin", "0002_product_rules_and_turns")]

    operations = [
        migrations.AlterField("offer", "groups", models.JSONField(default=list, null=True)),
        migrations.AlterField("offer", "turns", models.JSONField(default=list, null=True)),
    ]
