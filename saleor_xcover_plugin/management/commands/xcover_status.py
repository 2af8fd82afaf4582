"""Show what is open and what waits for a person."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ...host.db import allow_writer
from ...services import outlook
from ..output import print_json, print_table


class Command(BaseCommand):
    help = "Show covers, cancellations and messages by state; exit code 1 when work is parked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        counts, parked = outlook.counts(), outlook.parked()
        if options["json"]:
            print_json(self.stdout, {"counts": counts, "parked": parked})
        else:
            rows = [
                {"what": what, "state": state, "count": count}
                for what, states in counts.items()
                for state, count in states.items()
            ]
            print_table(self.stdout, ("what", "state", "count"), rows)
            if parked:
                self.stdout.write("\nWaiting for a person:")
                print_table(self.stdout, ("kind", "id", "order", "sentence"), parked)
        if parked:
            sys.exit(1)
