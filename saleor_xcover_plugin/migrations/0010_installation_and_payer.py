import uuid
from typing import Any

from django.db import migrations, models

_SAID_SO = "XCover says it refunds this buyer itself."


def make_installation(apps: Any, _schema_editor: Any) -> None:
    """Give the store its id here, so that no sale has to."""
    apps.get_model("saleor_xcover_plugin", "Installation").objects.get_or_create(
        pk=1, defaults={"installation_id": uuid.uuid4()}
    )


def note_payer(apps: Any, _schema_editor: Any) -> None:
    """Write down who pays where the version before only put it into the sentence."""
    cancellations = apps.get_model("saleor_xcover_plugin", "Cancellation").objects
    cancellations.filter(sentence__startswith=_SAID_SO).update(xcover_refunds_buyer=True)


def leave(_apps: Any, _schema_editor: Any) -> None:
    """Undo nothing: the columns and the table go with what is in them."""


class Migration(migrations.Migration):
    """Which store these rows belong to, and who pays a refund to the buyer.

    Processes of the version before go on writing beside it: they know neither.
    """

    dependencies = [("saleor_xcover_plugin", "0009_usage")]

    operations = [
        migrations.CreateModel(
            "Installation",
            [
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False),
                ),
                ("installation_id", models.UUIDField()),
                ("bound_to", models.CharField(blank=True, default="", max_length=200)),
                ("bound_at", models.DateTimeField(null=True)),
                ("copied_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            "cancellation", "xcover_refunds_buyer", models.BooleanField(null=True)
        ),
        migrations.RunPython(make_installation, leave),
        migrations.RunPython(note_payer, leave),
    ]
