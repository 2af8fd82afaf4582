"""Show which XCover accounts offers and policies belong to; say that one has moved."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from ...clock import utc_now
from ...host.runtime import allow_writer
from ...operations import accounts
from ..base import PluginCommand
from ..channels import BAD_ARGUMENTS
from ..output import print_json, print_table


class Command(PluginCommand):
    help = (
        "Show the XCover accounts that are set, and those that offers, policies and calls belong "
        "to. With --moved: an account has a new address or partner code, which is set in a channel "
        "now. Exit code: 0 done, 1 something belongs to an account that no channel names."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--moved", metavar="ACCOUNT", help="the account, as it is shown")
        parser.add_argument(
            "--to", metavar="CHANNEL", help="slug of the channel in which its new data are set"
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would be changed")
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["moved"]) != bool(options["to"]):
            raise CommandError("Name both: --moved ACCOUNT --to CHANNEL.", returncode=BAD_ARGUMENTS)
        moved, known = self._move(options) if options["moved"] else (None, accounts.known())
        if options["json"]:
            rows = [{**asdict(each), "is_missed": each.is_missed} for each in known]
            told = {"moved": moved and asdict(moved), "dry_run": options["dry_run"]}
            print_json(self.stdout, {"accounts": rows, **told})
        else:
            self._print(known, moved)
            if options["dry_run"]:
                self.stdout.write("Dry run: nothing was changed.")
        if any(each.is_missed for each in known):
            sys.exit(1)

    def _move(self, options: dict[str, Any]) -> tuple[accounts.Moved, list[accounts.KnownAccount]]:
        """Return what was moved, and the accounts as they are then; a dry run undoes it."""
        try:
            with transaction.atomic():
                moved = accounts.move(options["moved"], options["to"], utc_now())
                known = accounts.known()
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except accounts.MoveRefused as refused:
            raise CommandError(str(refused)) from refused
        return moved, known

    def _print(self, known: list[accounts.KnownAccount], moved: accounts.Moved | None) -> None:
        if moved is not None:
            rows = [{"moved": what, "count": count} for what, count in asdict(moved).items()]
            print_table(self.stdout, ("moved", "count"), rows)
            self.stdout.write("")
        rows = [
            {
                "account": each.key[: accounts.SHOWN],
                "set in": ", ".join(each.channels) or "NO CHANNEL",
                "policies in force": each.policies,
                "open offers": each.offers,
                "calls to make": each.messages,
            }
            for each in known
        ]
        columns = ("account", "set in", "policies in force", "open offers", "calls to make")
        print_table(self.stdout, columns, rows)
