"""A cancelled or moved event: every cover, what XCover would refund, and cancelling them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...domain.words import counted
from ...host import tickets
from ...host.db import allow_writer
from ...services import event_changes, event_run
from ...services.clock import utc_now
from ..output import print_json, print_table
from ..progress import Progress

WAITS, BAD_ARGUMENTS, NOT_CONFIRMED = 1, 2, 3


class Command(BaseCommand):
    help = (
        "Find every cover of an event. Without --cancelled or --moved-to nothing is changed. "
        "--cancelled remembers that the organiser cancelled it and asks XCover what cancelling "
        "each policy would refund; the policies are cancelled only after you confirmed their "
        "number. Interrupted, it goes on where it was. Exit code: 0 nothing is left, 1 something "
        "waits, 2 bad arguments, 3 nobody confirmed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("product", help="slug or id of the product sold as its tickets")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--cancelled", action="store_true", help="the organiser cancelled it")
        what.add_argument(
            "--moved-to", metavar="TIME", help="when it begins now: 2027-03-01T19:00+01:00"
        )
        parser.add_argument(
            "--confirm", type=int, metavar="NUMBER", help="cancel so many policies, do not ask"
        )
        parser.add_argument("--json", action="store_true", help="machine-readable output")
        parser.add_argument("--no-progress", action="store_true", help="no bar on a terminal")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        variants = tickets.variants_of(options["product"])
        if not variants:
            raise CommandError(
                f"There is no product {options['product']}.", returncode=BAD_ARGUMENTS
            )
        if options["confirm"] is not None and not options["cancelled"]:
            raise CommandError("--confirm goes with --cancelled.", returncode=BAD_ARGUMENTS)
        covers, code = event_changes.covers_of(variants), 0
        if options["moved_to"]:
            self._move(variants, covers, options["moved_to"])
        elif options["cancelled"]:
            event_changes.tell_cancelled(variants, utc_now())
            code = self._cancel(covers, options)
        self._print(covers, options)
        if code or (options["cancelled"] and self._waits(covers)):
            sys.exit(code or WAITS)

    def _move(self, variants: Sequence[str], covers: Sequence[int], text: str) -> None:
        try:
            starts_at = datetime.fromisoformat(text)
        except ValueError:
            starts_at = None
        if starts_at is None or starts_at.tzinfo is None:
            raise CommandError(
                "Give the time with its offset: 2027-03-01T19:00+01:00.", returncode=BAD_ARGUMENTS
            )
        event_changes.tell_moved(variants, starts_at.astimezone(UTC), utc_now())
        count = event_changes.note_move(covers, starts_at.astimezone(UTC))
        told = f"{counted(count, 'order')} with a policy {'was' if count == 1 else 'were'} told"
        self.stderr.write(f"{told}; none was cancelled.")

    def _cancel(self, covers: Sequence[int], options: dict[str, Any]) -> int:
        """Ask, show, have it confirmed, carry out; return the exit code of a refusal."""
        asking = event_run.unasked(covers) + event_run.open_calls(covers)
        progress = self._progress("previews", asking, options)
        event_run.ask(covers, utc_now, progress=progress, pause=event_run.sleep)
        progress.close()
        count = sum(1 for _ in event_run.to_approve(covers))
        if count and not self._is_confirmed(covers, count, options):
            return NOT_CONFIRMED
        progress = self._progress("cancellations", count + event_run.open_calls(covers), options)
        event_run.carry_out(covers, utc_now, progress=progress, pause=event_run.sleep)
        progress.close()
        return 0

    def _is_confirmed(self, covers: Sequence[int], count: int, options: dict[str, Any]) -> bool:
        if options["confirm"] is not None:
            if options["confirm"] != count:
                self.stderr.write(
                    f"{_policies(count)} could be cancelled, not {options['confirm']}: nothing was."
                )
            return bool(options["confirm"] == count)
        if options["json"] or not sys.stdin.isatty():
            self.stderr.write(f"Nothing was cancelled. Look, then add --confirm {count}.")
            return False
        self._print(covers, options)
        answer = input(f"It cannot be undone. Type {count} to cancel {_policies(count)}: ")
        return answer.strip() == str(count)

    def _progress(self, what: str, total: int, options: dict[str, Any]) -> Progress:
        return Progress(self.stderr, what, total=total, is_wanted=not options["no_progress"])

    def _waits(self, covers: Sequence[int]) -> bool:
        done = ("cancelled", "kept")
        found = event_run.outcomes(covers)
        return any(o.what not in done and not o.what.startswith("no policy") for o in found)

    def _print(self, covers: Sequence[int], options: dict[str, Any]) -> None:
        rows = [
            asdict(outcome) | {"refund": outcome.refund_money.digits()}
            for outcome in event_run.outcomes(covers)
        ]
        if options["json"]:
            print_json(self.stdout, {"covers": len(covers), "outcomes": rows})
        elif rows:
            print_table(self.stdout, ("what", "policies", "refund", "currency"), rows)
        else:
            self.stdout.write("No cover was sold for it.")


def _policies(count: int) -> str:
    return counted(count, "policy", "policies")
