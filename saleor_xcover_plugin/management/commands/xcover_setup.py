"""Provision the cover product in Saleor. Can be run again at any time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from ... import installation
from ...apps import BEAT_ENTRIES
from ...clock import utc_now
from ...config.settings import PLUGIN_ID
from ...domain.instance import Binding
from ...domain.numbers import counted
from ...host import catalog, configuration, dashboard_app, orders, warehouses
from ...host.runtime import allow_writer
from ...operations import status
from ...operations.desk_app import desk_app
from ..base import PluginCommand
from ..channels import add_channels, chosen_channels
from ..output import print_json, print_table


class Command(PluginCommand):
    help = (
        "Create or correct what the cover line needs: tax class at 0 %, product type, product, "
        "variant, listings, stock in every warehouse; and the app that shows the desk in the "
        "dashboard. Run it again after adding a channel and after an upgrade."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_channels(parser)
        parser.add_argument("--dry-run", action="store_true", help="show what would be done")
        parser.add_argument(
            "--remove",
            action="store_true",
            help="take product, settings, app and beat entry away; refused while work is open",
        )
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            steps = self._remove() if options["remove"] else self._provision(options["channel"])
            if options["dry_run"]:
                transaction.set_rollback(True)
        rows = [{"what": step.what, "outcome": step.outcome} for step in steps]
        if options["json"]:
            print_json(self.stdout, {"dry_run": options["dry_run"], "steps": rows})
            return
        print_table(self.stdout, ("what", "outcome"), rows)
        if options["remove"] and (count := orders.count_still_to_hand_out()):
            self.stdout.write(
                f"Not handed out in full: {counted(count, 'order')} with protection. Once the "
                "plugin is uninstalled nothing hands out the protection line any more: fulfil it "
                "with the tickets (allowStockToBeExceeded, as its product is gone)."
            )
        if options["dry_run"]:
            self.stdout.write("Dry run: nothing was changed.")

    def _provision(self, chosen: list[str] | None) -> list[catalog.Step]:
        channels = chosen_channels(chosen)
        made = catalog.provision(channels, utc_now(), configuration.with_tax_on_line(channels))
        return [*made, *_stock_up(), *_bind(), *desk_app().ensure()]

    def _remove(self) -> list[catalog.Step]:
        open_work = status.open_work()
        if open_work:
            raise CommandError(
                f"Still open: {counted(open_work, 'cover or message', 'covers or messages')}. "
                "Removing the plugin now would lose them. Run xcover_work, look at xcover_status, "
                "then try again."
            )
        return [*catalog.remove(BEAT_ENTRIES, PLUGIN_ID), *dashboard_app.remove()]


def _bind() -> Iterator[catalog.Step]:
    """Bind the database to this store, unless it is bound to a store already."""
    is_new = installation.bind(utc_now())
    row = installation.current()
    here = installation.name_here()
    if here:
        is_elsewhere = installation.binding_of(row) == Binding.ELSEWHERE
        elsewhere = f"bound to {row.bound_to}: see xcover_adopt"
        outcome = elsewhere if is_elsewhere else "created" if is_new else "unchanged"
        yield catalog.Step(f"binding to {here}", outcome)


def _stock_up() -> Iterator[catalog.Step]:
    """Stock the product in every warehouse, whatever channels were chosen."""
    wrong = {each.name: each for each in warehouses.unstocked()}
    warehouses.stock_up()
    for name in warehouses.names():
        found = wrong.get(name)
        outcome = "unchanged" if found is None else "corrected" if found.has_row else "created"
        yield catalog.Step(f"stock in {name}", outcome)
