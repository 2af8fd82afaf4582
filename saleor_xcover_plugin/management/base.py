"""What the commands of the plugin have in common."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ..defect_log import no_values_leave
from ..time_limits import WORKER, DatabaseBusy, busy_sentence, time_limits


class PluginCommand(BaseCommand):
    """A command that waits for no lock for long, and says so where another session held one."""

    done_before_busy = "What was being done is undone; what was done before it stays."
    """What to tell staff of a command that met a lock of another session."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with no_values_leave():
            try:
                with time_limits(WORKER):
                    return super().execute(*args, **options)
            except DatabaseBusy as busy:
                raise CommandError(busy_sentence(self.done_before_busy)) from busy
