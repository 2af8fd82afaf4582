from datetime import UTC, datetime
from typing import Any

from django.db import migrations
from django.db.models import Q

_WINDOW = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


def _outside(name: str) -> Q:
    return Q(**{f"{name}__lt": _WINDOW[0]}) | Q(**{f"{name}__gte": _WINDOW[1]})


def forget_other_times(apps: Any, _schema_editor: Any) -> None:
    """Take out what was stored before times were checked: Python cannot even read such a row."""
    offers = apps.get_model("saleor_xcover_plugin", "Offer").objects
    offers.filter(_outside("event_starts_at")).update(event_starts_at=None)
    changes = apps.get_model("saleor_xcover_plugin", "EventChange").objects
    changes.filter(_outside("starts_at")).delete()


class Migration(migrations.Migration):
    """Times of events outside 1970 to 2199 are no times."""

    dependencies = [("saleor_xcover_plugin", "0006_failures")]

    operations = [migrations.RunPython(forget_other_times, migrations.RunPython.noop)]
