"""Report what was offered, sold and declined in a period, in figures and plots."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...domain.sales_figures import Sales
from ...host.runtime import allow_writer
from ...operations.sales_report import sales_of
from ...operations.sales_rows import COLUMNS, as_json, days_of, for_people, totals_of, write_csv
from ..base import PluginCommand
from ..files import STDOUT, writing
from ..output import print_json, print_table
from ..period import BAD_ARGUMENTS, add_period, read_period
from ..report.page import nothing, page_of

DAYS = 30
"""Default length of the period, in days."""
MAX_DAYS = 1_100
"""Largest length of the period, in days."""


class Command(PluginCommand):
    help = (
        "Count what was offered, sold, declined, confirmed and cancelled, and add up premiums, tax "
        "and what is due back: by channel, currency and UTC day, and in all per channel and "
        "currency. Currencies are never added together. Changes nothing. What each figure counts "
        "is in docs/operations.md and on the page --html writes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_period(parser, days=DAYS)
        parser.add_argument(
            "--csv", metavar="FILE", help="write the days as CSV; - writes to standard output"
        )
        parser.add_argument(
            "--html", metavar="FILE", help="write one page with plots that needs nothing else"
        )
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        if STDOUT in (options["csv"], options["html"]) and (
            options["json"] or options["csv"] == options["html"]
        ):
            raise CommandError(
                "Only one of --json, --csv and --html may write to standard output.",
                returncode=BAD_ARGUMENTS,
            )
        now = utc_now()
        sales = sales_of(read_period(options, now, days=DAYS, most_days=MAX_DAYS))
        if options["csv"]:
            with writing(options["csv"], self.stdout) as out:
                write_csv(sales, out)
        if options["html"]:
            with writing(options["html"], self.stdout) as out:
                out.write(page_of(sales, now))
        self._print(sales, options)

    def _print(self, sales: Sales, options: dict[str, Any]) -> None:
        if options["json"]:
            print_json(self.stdout, as_json(sales))
        elif STDOUT in (options["csv"], options["html"]):
            return
        elif not sales.by_day:
            self.stdout.write(nothing(sales))
            self._print_refusals(sales)
        else:
            self._print_tables(sales)
            self._print_refusals(sales)
        written = [name for name in (options["csv"], options["html"]) if name]
        if written:
            self.stderr.write(f"Written: {', '.join(written)}.")

    def _print_refusals(self, sales: Sales) -> None:
        if sales.refusals:
            self.stdout.write("\nWhy no offer:")
            rows = [refusals._asdict() for refusals in sales.refusals]
            print_table(self.stdout, ("channel", "code", "requests", "why"), rows)

    def _print_tables(self, sales: Sales) -> None:
        print_table(self.stdout, COLUMNS, [for_people(row) for row in days_of(sales)])
        self.stdout.write(f"\nIn all, {sales.first} to {sales.last}:")
        print_table(self.stdout, COLUMNS[1:], [for_people(row) for row in totals_of(sales)])
