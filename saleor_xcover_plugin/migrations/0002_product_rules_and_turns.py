from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("saleor_xcover_plugin", "0001_initial")]

    # Nullable: during an update processes of the version before still write offers.
    operations = [
        migrations.AddField("offer", "groups", models.JSONField(default=list, null=True)),
        migrations.AddField("offer", "turns", models.JSONField(default=list, null=True)),
    ]
