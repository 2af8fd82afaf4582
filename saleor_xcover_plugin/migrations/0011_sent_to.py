from django.db import migrations, models

TABLE = "saleor_xcover_plugin_outboxmessage"


class Migration(migrations.Migration):
    """Each message knows the account it was sent to, and whether an earlier key's may stand open.

    A database that was migrated while 0008 made the column has it already. It keeps its default in
    the database: workers of the version before go on appending messages.
    """

    dependencies = [("saleor_xcover_plugin", "0010_installation_and_payer")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    f"ALTER TABLE {TABLE} ADD COLUMN IF NOT EXISTS "
                    "sent_to varchar(64) NOT NULL DEFAULT ''",
                    f"ALTER TABLE {TABLE} DROP COLUMN IF EXISTS sent_to",
                )
            ],
            [
                migrations.AddField(
                    "outboxmessage",
                    "sent_to",
                    models.CharField(blank=True, default="", max_length=64),
                )
            ],
        ),
        migrations.AlterField(
            "outboxmessage",
            "sending",
            models.CharField(
                choices=[
                    ("never_sent", "never_sent"),
                    ("definitely_refused", "definitely_refused"),
                    ("outcome_unknown", "outcome_unknown"),
                    ("earlier_unknown", "earlier_unknown"),
                ],
                default="never_sent",
                max_length=18,
            ),
        ),
    ]
