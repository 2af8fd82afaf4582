"""Bind a database that was moved or copied to the store that runs here."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from ...clock import utc_now
from ...host.runtime import allow_writer
from ...operations import adopt, status
from ..base import PluginCommand
from ..output import print_json, print_table


class Command(PluginCommand):
    help = (
        "Bind this database to the store that runs here (XCOVER_INSTANCE, else PUBLIC_URL): after "
        "the store got a new name, or with --as-new-store after the database was copied. Until "
        "then nothing is sent to XCover. Exit code: 0 done, 1 refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--as-new-store",
            action="store_true",
            help="it is a copy: make a new id, and end unsent what the copy had to send",
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would be done")
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        voided = adopt.Voided()
        try:
            with transaction.atomic():
                if options["as_new_store"]:
                    voided = adopt.adopt_as_new_store(utc_now())
                else:
                    adopt.adopt(utc_now())
                store = status.store()
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except adopt.AdoptionRefused as refused:
            raise CommandError(str(refused)) from refused
        if options["json"]:
            said = {"dry_run": options["dry_run"], "store": store, "voided": asdict(voided)}
            print_json(self.stdout, said)
            return
        print_table(self.stdout, tuple(store), [{k: str(v or "") for k, v in store.items()}])
        if options["as_new_store"]:
            rows = [{"ended, unsent": what, "count": n} for what, n in asdict(voided).items()]
            print_table(self.stdout, ("ended, unsent", "count"), rows)
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was changed.")
