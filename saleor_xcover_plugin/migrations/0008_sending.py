from django.db import migrations, models

TABLE = "saleor_xcover_plugin_outboxmessage"


class Migration(migrations.Migration):
    """Each message knows whether its call was never sent, refused, or may have been carried out.

    The column keeps its default in the database: workers of the version before go on appending
    messages while this one is rolled out. A body they kept counts as one whose outcome is unknown.
    """

    dependencies = [("saleor_xcover_plugin", "0007_times_in_the_window")]

    operations = [
        migrations.AddField(
            "outboxmessage",
            "sending",
            models.CharField(
                choices=[
                    ("never_sent", "never_sent"),
                    ("definitely_refused", "definitely_refused"),
                    ("outcome_unknown", "outcome_unknown"),
                ],
                default="never_sent",
                max_length=18,
            ),
        ),
        migrations.RunSQL(
            f"ALTER TABLE {TABLE} ALTER COLUMN sending SET DEFAULT 'never_sent'",
            f"ALTER TABLE {TABLE} ALTER COLUMN sending DROP DEFAULT",
        ),
    ]
