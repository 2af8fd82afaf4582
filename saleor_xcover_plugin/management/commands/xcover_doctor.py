"""Check everything a store needs for selling ticket protection, and say what to do."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from django.core.management.base import CommandParser

from ...clock import utc_now
from ...domain.numbers import counted
from ...host.runtime import allow_writer
from ...operations.doctor import Finding, Severity, examine
from ..base import PluginCommand
from ..channels import add_channels, chosen_channels
from ..output import print_json

_MARKS = {
    Severity.FINE: "ok     ",
    Severity.WARNING: "warning",
    Severity.PROBLEM: "PROBLEM",
    Severity.SKIPPED: "skipped",
}


class Command(PluginCommand):
    help = (
        "Look at credentials (a real call without effect), clock, cover product, discounts, event "
        "data, broker, worker, beat and hooks; changes nothing. Exit code 1 when there is a "
        "problem."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_channels(parser)
        parser.add_argument("--no-call", action="store_true", help="do not call XCover")
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        channels = chosen_channels(options["channel"])
        found = []
        for finding in examine(channels, utc_now(), may_call=not options["no_call"]):
            found.append(finding)
            if not options["json"]:
                self._print(finding)
        counts = Counter(finding.outcome for finding in found)
        if options["json"]:
            rows = [
                {
                    "check": each.check,
                    "subject": each.subject,
                    "outcome": each.outcome.value,
                    "sentence": each.sentence,
                }
                for each in found
            ]
            is_fine = not counts[Severity.PROBLEM]
            print_json(self.stdout, {"is_fine": is_fine, "findings": rows})
        else:
            told = [_counted(counts[each], each) for each in Severity if counts[each]]
            self.stdout.write(f"\n{', '.join(told)}.")
        if counts[Severity.PROBLEM]:
            sys.exit(1)

    def _print(self, finding: Finding) -> None:
        """Write a finding at once, so that a slow check is seen."""
        colour = {Severity.PROBLEM: self.style.ERROR, Severity.WARNING: self.style.WARNING}
        paint = colour.get(finding.outcome, str)
        about = f"{finding.check}, {finding.subject}" if finding.subject else finding.check
        self.stdout.write(f"{paint(_MARKS[finding.outcome])}  {about}: {finding.sentence}")
        self.stdout.flush()


def _counted(number: int, outcome: Severity) -> str:
    has_plural = outcome in (Severity.WARNING, Severity.PROBLEM)
    return counted(number, outcome.value, None if has_plural else outcome.value)
