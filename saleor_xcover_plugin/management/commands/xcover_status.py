"""Show alarms, work that waits for staff, and the state of the plugin."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from ...clock import utc_now
from ...domain.alarms import AlarmCode, at
from ...host.runtime import allow_writer
from ...operations import status
from ...operations.alarms import present_alarms
from ..base import PluginCommand
from ..output import print_json, print_table

_FINE = "Nothing needs a person."


class Command(PluginCommand):
    help = "Show alarms, parked work and open work; exit code 1 when something needs a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        now = utc_now()
        seen, parked = present_alarms(now), status.parked()
        is_fine = not (seen.alarms or seen.unknown or parked)
        report = {
            "at": now,
            "is_fine": is_fine,
            "alarms": seen.alarms,
            "not_looked_at": seen.unknown,
            "parked": parked,
            "store": status.store(),
            "counts": status.counts(),
            "accounts": status.accounts_reached(now),
            "heartbeats": status.heartbeats(),
            "purge": status.purge(),
        }
        if options["json"]:
            print_json(self.stdout, report)
        else:
            self._print(report)
        if not is_fine:
            sys.exit(1)

    def _print(self, report: Mapping[str, Any]) -> None:
        if report["is_fine"]:
            self.stdout.write(_FINE)
        # Each parked row is below, with its own sentence.
        alarms = [row for row in report["alarms"] if row["code"] != AlarmCode.PARKED]
        self._section("Alarms", ("code", "since", "subject", "sentence"), alarms)
        if report["not_looked_at"]:
            codes = ", ".join(report["not_looked_at"])
            self.stdout.write(
                f"\nFailed to look, too many to tell one by one, or what follows from an alarm "
                f"above: {codes}."
            )
        columns = ("kind", "id", "order", "since", "sentence")
        self._section("Waiting for a person", columns, report["parked"])
        open_work = [
            {"what": what, "state": state, "count": count}
            for what, states in report["counts"].items()
            for state, count in states.items()
        ]
        self._section("Open", ("what", "state", "count"), open_work)
        store = report["store"]
        self._section("This store", tuple(store), [store])
        self._section("Ways to XCover", _ACCOUNT_COLUMNS, report["accounts"])
        self._section("Heartbeats", ("name", "at", "found"), report["heartbeats"])
        self._section("Kept and removed (nightly purge)", _PURGE_COLUMNS, report["purge"])

    def _section(
        self, title: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
    ) -> None:
        if not rows:
            return
        self.stdout.write(f"\n{title}:")
        print_table(self.stdout, columns, [{k: _text(v) for k, v in r.items()} for r in rows])


_PURGE_COLUMNS = (
    "kind",
    "days",
    "removed",
    "goes_next_deleted",
    "goes_next_stripped",
    "goes_next_rows",
    "kept",
)

_ACCOUNT_COLUMNS = (
    "account",
    "partner",
    "rate",
    "slowed_down_until",
    "breaker",
    "tries_again_at",
    "clock_ahead_seconds",
    "refused_since",
    "called_last",
)


def _text(value: Any) -> str:
    """Return the text of a cell: short times, empty for None, dictionaries without braces."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return at(value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(number)}" for name, number in value.items())
    return str(value)
