"""The base class of the plugin's commands."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ..defect_log import no_values_leave
from ..time_limits import WORKER, DatabaseBusy, busy_sentence, time_limits


class PluginCommand(BaseCommand):
    """A command with time limits on database locks.

    If another session holds a lock for too long, ``CommandError`` is raised with a sentence for
    staff. Values of local variables are kept out of error reports.
    """

    done_before_busy = "What was being done is undone; what was done before it stays."
    """Part of that sentence: the effect of the command so far."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with no_values_leave():
            try:
                with time_limits(WORKER):
                    return super().execute(*args, **options)
            except DatabaseBusy as busy:
                raise CommandError(busy_sentence(self.done_before_busy)) from busy
