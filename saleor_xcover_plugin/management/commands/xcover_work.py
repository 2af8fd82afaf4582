"""Do all due work in this process: for cron in a store without Celery workers, and for tests."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from ...clock import utc_now
from ...host.runtime import allow_writer
from ...operations.sweep import LIMIT, sweep
from ..base import PluginCommand
from ..output import print_json, print_table


class Command(PluginCommand):
    help = "Sync changed orders and deliver due outbox messages, without a Celery worker."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, default=LIMIT, help="at most so many of each")
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        result = asdict(sweep(utc_now, limit=options["limit"]))
        if options["json"]:
            print_json(self.stdout, result)
        else:
            rows = [{"looked at": name, "count": count} for name, count in result.items()]
            print_table(self.stdout, ("looked at", "count"), rows)
