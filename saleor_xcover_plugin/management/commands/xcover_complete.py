"""Complete the buyer's details a policy waits for, without leaving them in the shell's history."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...host.runtime import allow_writer
from ...models import Cover
from ...staff import policyholder_completion
from ...staff.decisions import DecisionRefused
from ..base import PluginCommand


class Command(PluginCommand):
    help = (
        "Fill empty fields of the buyer's details of an order whose policy waits for them, then "
        "send the confirmation again. Values are read line by line from the standard input, as "
        "`phone: +14155550100`; fields: first_name, last_name, email, phone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("order", help="number of the order")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        number = options["order"]
        order_id = (
            Cover.objects.filter(order_number=number).values_list("order_id", flat=True).first()
        )
        if order_id is None:
            raise CommandError(f"Order {number} has no protection.")
        try:
            policyholder_completion.complete(order_id, _given(sys.stdin), utc_now())
        except DecisionRefused as refused:
            raise CommandError(f"{refused.code.value}: {refused}") from refused
        self.stdout.write("The confirmation will be sent again.")


def _given(lines: Any) -> dict[str, str]:
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            found[name.strip()] = value.strip()
    return found
