from django.db import migrations, models


class Migration(migrations.Migration):
    """What a cover did to its checkout once money had begun, beyond what it cost."""

    dependencies = [("saleor_xcover_plugin", "0003_offers_without_groups")]

    operations = [migrations.AddField("offer", "effect", models.JSONField(null=True))]
