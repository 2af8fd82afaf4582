"""Decide about cancellations of policies on the command line."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...domain.cancellations import ClaimState
from ...domain.states import CancellationStatus
from ...host.runtime import allow_writer
from ...models import Cancellation, Cover
from ...staff import decisions
from ..base import PluginCommand
from ..output import print_json, print_table

COLUMNS = ("id", "order", "policy", "rule", "refund", "until", "sentence")
"""Columns of the list."""


class Command(PluginCommand):
    help = (
        "List cancellations that wait for a decision, ask XCover what it would refund, approve "
        "exactly that refund, keep a policy, or say what is known of a claim."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="what waits for a decision, oldest first")
        listing.add_argument("--json", action="store_true", help="machine-readable output")
        ask = actions.add_parser("ask", help="have XCover asked what it would refund")
        ask.add_argument("order", help="number of the order")
        approve = actions.add_parser("approve", help="cancel for the refund that was shown")
        approve.add_argument("id", type=int)
        approve.add_argument("amount", help="the refund as it was shown, such as 6.66")
        approve.add_argument("currency")
        keep = actions.add_parser("keep", help="leave the policy in force")
        keep.add_argument("id", type=int)
        keep.add_argument(
            "--asked-xcover",
            action="store_true",
            help="Cover Genius was asked and says that the policy is in force",
        )
        claim = actions.add_parser("claim", help="say what is known of a claim")
        claim.add_argument("order", help="number of the order")
        claim.add_argument("state", choices=[state.value for state in ClaimState])

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "list":
            self._list(as_json=options["json"])
            return
        try:
            self._decide(options)
        except decisions.DecisionRefused as refused:
            raise CommandError(f"{refused.code.value}: {refused}") from refused

    def _decide(self, options: dict[str, Any]) -> None:
        action, now = options["action"], utc_now()
        if action == "ask":
            decisions.ask(_order(options["order"]), now)
            said = "XCover will be asked; look again with: xcover_cancellation list"
        elif action == "approve":
            money = decisions.read_refund(options["amount"], options["currency"])
            decided = decisions.approve(options["id"], money, now)
            payee = (
                "the buyer itself: refund nothing for the protection"
                if decided.xcover_refunds_buyer
                else "the store"
            )
            said = (
                f"The policy will be cancelled for a refund of {money}, paid by XCover to {payee}."
            )
        elif action == "keep":
            decisions.keep(options["id"], now, asked_xcover=options["asked_xcover"])
            said = "The policy stays in force."
        else:
            state = ClaimState(options["state"])
            decisions.note_claim(_order(options["order"]), state, now)
            said = f"Noted: {state.value}."
        self.stdout.write(said)

    def _list(self, *, as_json: bool) -> None:
        waiting = Cancellation.objects.filter(status=CancellationStatus.PARKED.value)
        rows = [
            {
                "id": row.pk,
                "order": row.cover.order_number,
                "policy": row.cover.booking_id or "",
                "rule": row.rule,
                "refund": str(row.refund_money or ""),
                "xcover_refunds_buyer": row.xcover_refunds_buyer,
                "until": row.confirm_before.isoformat() if row.confirm_before else "",
                "sentence": row.sentence,
            }
            for row in waiting.select_related("cover").order_by("updated_at")
        ]
        if as_json:
            print_json(self.stdout, {"waiting": rows})
        elif rows:
            print_table(self.stdout, COLUMNS, rows)
        else:
            self.stdout.write("Nothing waits for a decision.")


def _order(number: str) -> uuid.UUID:
    found = Cover.objects.filter(order_number=number).values_list("order_id", flat=True).first()
    if found is None:
        raise CommandError(f"Order {number} has no protection.")
    return found
