"""``xcover_doctor`` while the plugin is inactive: its one finding."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ..management.output import print_json
from ..supported import saleor_version, why_inactive


class Command(BaseCommand):
    help = "Says why the plugin is inactive. Exit code 1."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--channel", action="append", help="looked at once it is active")
        parser.add_argument("--no-call", action="store_true", help="nothing is called")
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the finding as the command of a supported Saleor would."""
        version, sentence = saleor_version(), why_inactive()
        if options["json"]:
            row = {
                "check": "saleor",
                "subject": version,
                "outcome": "problem",
                "sentence": sentence,
            }
            print_json(self.stdout, {"is_fine": False, "findings": [row]})
        else:
            problem = self.style.ERROR("PROBLEM")
            self.stdout.write(f"{problem}  saleor, {version}: {sentence}\n\n1 problem.")
        sys.exit(1)
