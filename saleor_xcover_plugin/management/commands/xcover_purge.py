"""Remove data that is past its retention period."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...domain.numbers import counted
from ...domain.retention import MAX_DAYS, OPTIONS, PERIODS, SENTENCES, days_of
from ...host.runtime import allow_writer
from ...privacy.nightly import PURGE_VARIABLE, chosen_days
from ...privacy.purge import purge
from ...privacy.report import Report
from ..base import PluginCommand
from ..channels import BAD_ARGUMENTS
from ..output import print_json, print_table

KEPT = 1
"""Exit code when something past its period is open and needs staff."""


class Command(PluginCommand):
    help = (
        "Remove offers, answers, covers, hashes and webhooks that are past the time they are kept "
        "(beat does it every night, a day after it was announced in xcover_status). "
        "What is open is never removed, however old. May be killed, repeated and run beside "
        "workers. Exit code: 0 done, 1 something past its time is open and needs a person, 2 bad "
        "arguments. What is kept how long, and why, is in docs/privacy.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for name, period in OPTIONS.items():
            parser.add_argument(
                f"--{name}",
                type=int,
                metavar="DAYS",
                help=f"{period.meaning} (default: XCOVER_PURGE, else {period.days}; at least "
                f"{period.least})",
            )
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        for name, period in OPTIONS.items():
            given = options[name]
            if given is not None and not period.least <= given <= MAX_DAYS:
                raise CommandError(
                    f"--{name}: {period.least} to {MAX_DAYS} days.", returncode=BAD_ARGUMENTS
                )
        try:
            usual = chosen_days() or days_of({})
        except ValueError as error:
            sentence = f"{PURGE_VARIABLE} cannot be read ({error}). Nothing was removed."
            raise CommandError(sentence, returncode=BAD_ARGUMENTS) from error
        days = {kind: options[p.option] or usual[kind] for kind, p in PERIODS.items()}
        is_dry = options["dry_run"]
        report = purge(days, utc_now(), is_dry=is_dry)
        rows = [
            {"kind": kind.value, "days": days[kind], **asdict(report.counts[kind])}
            for kind in PERIODS
        ]
        if options["json"]:
            kept = {obstacle.value: count for obstacle, count in report.kept.items()}
            said = {"dry_run": is_dry, "kinds": rows, "kept": kept, "failed": report.failed}
            print_json(self.stdout, said)
        else:
            self._print(report, rows, is_dry=is_dry)
        if report.needs_person:
            sys.exit(KEPT)

    def _print(self, report: Report, rows: list[dict[str, Any]], *, is_dry: bool) -> None:
        print_table(self.stdout, ("kind", "days", "deleted", "stripped", "rows", "kept"), rows)
        for obstacle, count in sorted(report.kept.items()):
            self.stdout.write(f"Kept, {count}: {SENTENCES[obstacle]}")
        if report.failed:
            self.stdout.write(
                f"Failed, {counted(report.failed, 'case')}: see xcover_status, and "
                "xcover.work.failed in the log."
            )
        if is_dry:
            self.stdout.write("Nothing was removed: this is what a run without --dry-run removes.")
