"""Django app configuration, and the beat schedule of the periodic tasks."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from celery.schedules import crontab
from django.apps import AppConfig, apps
from django.conf import settings

from .supported import why_inactive

SWEEP_SECONDS = 60
"""Seconds between two runs of the sweep."""

BEAT_ENTRY = "saleor_xcover_plugin.sweep"
"""Name of the sweep in ``CELERY_BEAT_SCHEDULE``."""
NIGHTLY_ENTRY = "saleor_xcover_plugin.reconcile"
"""Name of the nightly comparison in ``CELERY_BEAT_SCHEDULE``."""
PURGE_ENTRY = "saleor_xcover_plugin.purge"
"""Name of the nightly purge in ``CELERY_BEAT_SCHEDULE``."""
BEAT_ENTRIES = (BEAT_ENTRY, NIGHTLY_ENTRY, PURGE_ENTRY)
"""All entries the plugin adds to the beat schedule."""


class XCoverConfig(AppConfig):
    """Register the tables, checks, signals and periodic tasks of the plugin."""

    name = "saleor_xcover_plugin"
    label = "saleor_xcover_plugin"
    verbose_name = "XCover ticket protection"
    # Saleor's own default is AutoField.
    default_auto_field = "django.db.models.BigAutoField"

    def __init__(self, app_name: str, app_module: Any) -> None:
        super().__init__(app_name, app_module)
        # Now: other apps of Saleor may look for plugins and tasks before ours is ready.
        if why_inactive() is not None:
            import_module(f"{self.name}.unsupported_saleor").start()

    def import_models(self) -> None:
        """Leave our tables where this Saleor is too old for them, with its Django."""
        if why_inactive() is None:
            super().import_models()
        else:
            self.models = apps.all_models[self.label]

    def ready(self) -> None:
        """Add the periodic tasks to the beat schedule and, inside Saleor, connect to its models."""
        if why_inactive() is not None:
            return
        self._schedule_work()
        # The tables work without Saleor; these modules need its models to be loaded.
        if find_spec("saleor") is not None:
            import_module(f"{self.name}.checks")
            import_module(f"{self.name}.signals")
            import_module(f"{self.name}.policies.registration")

    def _schedule_work(self) -> None:
        from .outbox.task_queue import PURGE_TASK, RECONCILE_TASK, SWEEP_TASK

        schedule = getattr(settings, "CELERY_BEAT_SCHEDULE", None)
        if schedule is not None:
            schedule[BEAT_ENTRY] = {
                "task": SWEEP_TASK,
                "schedule": SWEEP_SECONDS,
            }
            schedule[NIGHTLY_ENTRY] = {
                "task": RECONCILE_TASK,
                "schedule": crontab(hour="3", minute="20"),
            }
            schedule[PURGE_ENTRY] = {
                "task": PURGE_TASK,
                "schedule": crontab(hour="4", minute="40"),
            }
