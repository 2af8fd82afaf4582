"""Decide about the policy of an order whose confirmation is parked."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...host.runtime import allow_writer
from ...models import Cover
from ...staff.decisions import DecisionRefused, read_refund
from ...staff.given_back import mark_given_back
from ...staff.take_over import take_over
from ...staff.unmade_covers import do_not_make, make_after_all
from ..base import PluginCommand


class Command(PluginCommand):
    help = (
        "Say that no policy is made for an order whose confirmation is parked. What was charged "
        "for the protection is then due back. Where XCover may have made the policy already, its "
        "bookings are searched first. Or say that what was due went back to the buyer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order", help="number of the order")
        decision = parser.add_mutually_exclusive_group(required=True)
        decision.add_argument("--do-not-make", action="store_true", help="make no policy for it")
        decision.add_argument(
            "--make-after-all",
            action="store_true",
            help="take that back while it waits: XCover is asked; a policy it made is found",
        )
        decision.add_argument(
            "--take-over",
            metavar="POLICY",
            help="Cover Genius named this policy for the order: look at it and take it over",
        )
        decision.add_argument(
            "--given-back",
            nargs=2,
            metavar=("AMOUNT", "CURRENCY"),
            help="the amount due went back to the buyer without a refund in Saleor",
        )
        parser.add_argument(
            "--asked-xcover",
            action="store_true",
            help="Cover Genius was asked and knows of no policy: search nothing",
        )

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        number = options["order"]
        found = Cover.objects.filter(order_number=number).values_list("order_id", flat=True)
        order_id = found.first()
        if order_id is None:
            raise CommandError(f"Order {number} has no protection.")
        try:
            if options["take_over"] is not None:
                cover = take_over(order_id, options["take_over"], utc_now)
            elif options["given_back"] is not None:
                cover = mark_given_back(order_id, read_refund(*options["given_back"]), utc_now())
            elif options["make_after_all"]:
                cover = make_after_all(order_id, utc_now())
            else:
                cover = do_not_make(order_id, utc_now(), asked_xcover=options["asked_xcover"])
        except DecisionRefused as refused:
            raise CommandError(f"{refused.code.value}: {refused}") from refused
        if options["given_back"] is not None:
            self.stdout.write("Nothing is due to the buyer any more.")
            return
        self.stdout.write(cover.reason or _told(cover))


def _told(cover: Cover) -> str:
    if cover.booking_id:
        return f"The order holds policy {cover.booking_id}: it is {cover.status}."
    return "XCover is asked for the policy; one it made is found."
