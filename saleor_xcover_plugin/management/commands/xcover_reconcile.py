"""Compare orders, the plugin's tables and XCover for a period, and say what mends differences."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...domain.numbers import counted
from ...domain.period import Period
from ...host import orders
from ...host.runtime import allow_writer
from ...operations.reconciliation import GRACE, Report, orders_of, reconcile
from ..base import PluginCommand
from ..output import print_json, print_table
from ..period import BAD_ARGUMENTS, add_period, read_period
from ..progress import Progress

DAYS = 7
"""Default length of the period, in days."""
MAX_MINUTES = 100_000
"""Largest value of ``--older-than``."""
FOUND, NOT_COMPARED = 1, 3
"""Exit codes."""


class Command(PluginCommand):
    help = (
        "Find paid orders without policy, policies without paid order, other prices, declines "
        "XCover was not told, and what was cancelled on one side only. Changes nothing without "
        "--mend. Exit code: 0 nothing found, 1 something found, 2 bad arguments, 3 XCover could "
        "not be asked about everything."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_period(parser, days=DAYS)
        parser.add_argument("--local", action="store_true", help="do not ask XCover")
        parser.add_argument(
            "--older-than",
            type=int,
            default=int(GRACE.total_seconds() // 60),
            metavar="MINUTES",
            help="younger work is on its way (default: %(default)s)",
        )
        parser.add_argument(
            "--mend",
            action="store_true",
            help="repeat what a lost hook or webhook would have done; nothing else",
        )
        parser.add_argument("--json", action="store_true", help="machine-readable output")
        parser.add_argument("--no-progress", action="store_true", help="no bar on a terminal")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        if not 0 <= options["older_than"] <= MAX_MINUTES:
            raise CommandError(f"--older-than: 0 to {MAX_MINUTES}.", returncode=BAD_ARGUMENTS)
        period = read_period(options, utc_now(), days=DAYS)
        progress = Progress(
            self.stderr,
            "orders",
            total=orders.count_created(period.start, period.end, period.channel_ids),
            is_wanted=not options["no_progress"],
        )
        report = reconcile(
            orders_of(period),
            utc_now,
            asks_xcover=not options["local"],
            grace=timedelta(minutes=options["older_than"]),
            mends=options["mend"],
            progress=progress,
        )
        progress.close()
        self._print(report, period, options)
        if report.not_compared:
            sys.exit(NOT_COMPARED)
        if report.defects:
            sys.exit(FOUND)

    def _print(self, report: Report, period: Period, options: dict[str, Any]) -> None:
        rows = [
            asdict(finding) | {"amount": finding.money.digits(), "sentence": finding.sentence}
            for finding in report.findings
        ]
        if options["json"]:
            said: dict[str, Any] = {
                "from": period.start,
                "until": period.end,
                "mended": options["mend"],
                "orders": report.orders,
                "compared": report.compared,
                "not_compared": report.not_compared,
                "by_code": report.by_code,
                "findings": rows,
            }
            print_json(self.stdout, said)
            return
        if rows:
            columns = ("code", "order_number", "amount", "currency", "sentence", "mend")
            print_table(self.stdout, columns, rows)
        self.stdout.write(
            f"{counted(report.orders, 'order')} with our traces, "
            f"{counted(report.compared, 'policy', 'policies')} compared, "
            f"{counted(len(report.defects), 'difference')}."
        )
        if report.not_compared:
            self.stdout.write(
                f"Not compared: orders {', '.join(report.not_compared)}. Run this again; where it "
                "stays so, the log says why (xcover.work.failed): report it."
            )
        if options["mend"] and report.defects:
            self.stdout.write("Mended what a hook would have done; run xcover_work, then this.")
