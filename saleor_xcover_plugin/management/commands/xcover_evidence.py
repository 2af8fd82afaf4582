"""Export evidence of what shoppers were shown and answered: per order, or for a period."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from typing import Any, TextIO

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...host.runtime import allow_writer
from ...staff import evidence
from ..base import PluginCommand
from ..files import STDOUT, writing
from ..period import BAD_ARGUMENTS, add_period, read_period

FIELDS = tuple(field.name for field in fields(evidence.Record))
"""Columns of the CSV file."""


class Command(PluginCommand):
    help = (
        "Write one record per answer to an offer, oldest first: what was shown, at which price, "
        "what was answered and when, and whether the stored text is still the one that was "
        "answered. JSON Lines, or CSV. No personal data. Exit code: 0 written, 1 an order is "
        "unknown (nothing is written), 2 bad arguments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--order", action="append", default=[], metavar="NUMBER", help="may be repeated"
        )
        add_period(parser, days=None)
        parser.add_argument("--out", default=STDOUT, metavar="FILE", help="instead of the terminal")
        parser.add_argument("--csv", action="store_true", help="CSV instead of JSON Lines")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        records = self._of_orders(options) if options["order"] else self._of_period(options)
        write = _write_csv if options["csv"] else _write_lines
        with writing(options["out"], self.stdout) as out:
            count = write(records, out)
        if not count and not options["order"]:
            self.stderr.write("Nobody answered an offer in this period.")
        elif options["out"] != STDOUT:
            self.stderr.write(f"Written: {options['out']}, records: {count}.")

    def _of_orders(self, options: dict[str, Any]) -> Iterator[evidence.Record]:
        if options["first"] or options["last"] or options["channel"]:
            raise CommandError(
                "Give orders, or a period with its channels, not both.", returncode=BAD_ARGUMENTS
            )
        numbers = list(dict.fromkeys(options["order"]))
        found = {number: evidence.find_order(number) for number in numbers}
        unknown = [number for number, order in found.items() if order is None]
        if unknown:
            raise CommandError(f"No such order: {', '.join(unknown)}. Nothing was written.")
        orders = [order for order in found.values() if order is not None]
        for order in evidence.without_answer(orders):
            what = (
                "an offer was shown, and nobody answered it"
                if order.was_offered
                else "no offer was shown"
            )
            self.stderr.write(f"Order {order.number}: {what}.")
        return evidence.of_orders(orders)

    def _of_period(self, options: dict[str, Any]) -> Iterator[evidence.Record]:
        if not options["first"]:
            raise CommandError(
                "Say of what: --order NUMBER, or --from YYYY-MM-DD with or without --to.",
                returncode=BAD_ARGUMENTS,
            )
        return evidence.of_period(read_period(options, utc_now(), days=1))


def _write_lines(records: Iterable[evidence.Record], out: TextIO) -> int:
    count = 0
    for count, record in enumerate(records, start=1):  # noqa: B007 counted while streaming
        out.write(f"{json.dumps(_values(record), ensure_ascii=False)}\n")
    return count


def _write_csv(records: Iterable[evidence.Record], out: TextIO) -> int:
    """Write one line per record and return their number; quotes and content are JSON."""
    count = 0
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    for count, record in enumerate(records, start=1):  # noqa: B007 counted while streaming
        values = _values(record)
        for name in ("quotes", "content"):
            values[name] = json.dumps(values[name], ensure_ascii=False)
        writer.writerow(values)
    return count


def _values(record: evidence.Record) -> dict[str, Any]:
    """Return the record as JSON data; times and ids are texts."""
    values = {name: getattr(record, name) for name in FIELDS}  # the content is large: not copied
    values["quotes"] = [asdict(quote) for quote in record.quotes]
    for name in ("answered_at", "shown_at"):
        values[name] = values[name] and values[name].isoformat()
    values["order_id"] = values["order_id"] and str(values["order_id"])
    return values
