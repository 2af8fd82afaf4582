from django.db import migrations, models


class Migration(migrations.Migration):
    """What is due falls by what goes back for the cover's line, also in parts."""

    dependencies = [("saleor_xcover_plugin", "0004_effect_after_payment")]

    operations = [
        migrations.AddField(
            "cover",
            "for_cover_when_due",
            models.DecimalField(max_digits=20, decimal_places=3, default=0, null=True),
        )
    ]
