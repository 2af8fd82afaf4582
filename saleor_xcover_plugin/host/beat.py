"""When Celery beat asked for our work last, where its schedule is kept in the database."""

from __future__ import annotations

from datetime import datetime

from django_celery_beat.models import PeriodicTask


def last_run(entry: str) -> datetime | None:
    """Return when beat sent the entry's task last; None when no row tells."""
    return PeriodicTask.objects.filter(name=entry).values_list("last_run_at", flat=True).first()
