from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("saleor_xcover_plugin", "0001_initial")]

    operations = [
        migrations.AddField("offer", "groups", models.JSONField(default=list)),
        migrations.AddField("offer", "turns", models.JSONField(default=list)),
    ]
