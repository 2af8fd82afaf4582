"""Show the data stored about an order's buyer and remove it on request."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...host.runtime import allow_writer
from ...privacy.erase import EraseRefused, Holding, erase, find_order, inspect
from ..base import PluginCommand
from ..output import print_json, print_table

_ELSEWHERE = (
    "Not touched: the order in Saleor (your store's own data) and the policy at XCover (ask Cover "
    "Genius)."
)


class Command(PluginCommand):
    help = (
        "Show what the plugin holds about the buyer of an order; with --confirm remove what tells "
        "of their person. Refused while a policy is in force or something is still to be sent: "
        "the code and the sentence say what to do first. It cannot be undone. Exit code: 0 shown "
        "or removed, 1 refused or no such order, 2 bad arguments."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--order", required=True, metavar="NUMBER", help="number of the order")
        parser.add_argument("--confirm", action="store_true", help="remove it, do not only look")
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        number, is_confirmed = options["order"], options["confirm"]
        order_id = find_order(number)
        if order_id is None:
            raise CommandError(f"No such order: {number}. Nothing was changed.")
        now = utc_now()
        try:
            found = erase(order_id, now) if is_confirmed else inspect(order_id, now)
        except EraseRefused as refused:
            raise CommandError(f"{refused.code.value}: {refused}") from refused
        if options["json"]:
            self._print_json(number, found, is_confirmed=is_confirmed)
        else:
            self._print(found, is_confirmed=is_confirmed)

    def _print_json(self, number: str, found: Holding, *, is_confirmed: bool) -> None:
        said = {
            "order": number,
            "removed": is_confirmed,
            "refused": found.code.value if found.code else None,
            "sentence": found.sentence,
            "held": [asdict(one) for one in found.held],
        }
        print_json(self.stdout, said)

    def _print(self, found: Holding, *, is_confirmed: bool) -> None:
        goes = "removed" if is_confirmed else "goes"
        rows = [
            {"what": one.what, "held": one.count, "on request": goes if one.goes else "stays"}
            for one in found.held
        ]
        print_table(self.stdout, ("what", "held", "on request"), rows)
        if found.code is not None:
            self.stdout.write(f"Not now: {found.code.value}: {found.sentence}")
        elif not found.to_remove:
            self.stdout.write("Nothing is held that tells of the buyer's person.")
        elif not is_confirmed:
            self.stdout.write("Nothing was changed. Add --confirm to remove what goes.")
        self.stdout.write(_ELSEWHERE)
