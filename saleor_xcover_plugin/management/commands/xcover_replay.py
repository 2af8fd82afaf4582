"""Replay parked messages. Their idempotency keys prevent a second policy."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from ...clock import utc_now
from ...domain.states import MessageState
from ...host.runtime import allow_writer
from ...models import OutboxMessage
from ...staff.replay import replay
from ..base import PluginCommand
from ..output import print_json, print_table


class Command(PluginCommand):
    help = (
        "Send parked outbox messages again, under their keys. What XCover surely did not carry out "
        "is judged again first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, help="message ids from xcover_status")
        parser.add_argument("--all", action="store_true", help="every parked message")
        parser.add_argument("--dry-run", action="store_true", help="show what would be sent")
        parser.add_argument("--json", action="store_true", help="machine-readable output")

    @allow_writer()
    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["ids"]) == options["all"]:
            raise CommandError("Name message ids, or --all.")
        messages = OutboxMessage.objects.filter(status=MessageState.PARKED.value).order_by("pk")
        if options["ids"]:
            messages = messages.filter(pk__in=options["ids"])
        rows = []
        for message in messages:
            is_replayed = not options["dry_run"] and replay(message.pk, utc_now())
            rows.append(
                {
                    "id": message.pk,
                    "kind": message.kind,
                    "outcome": "pending" if is_replayed else "parked",
                    "sentence": message.last_error,
                }
            )
        missing = sorted(set(options["ids"]) - {row["id"] for row in rows})
        if options["json"]:
            print_json(self.stdout, {"messages": rows, "not_parked": missing})
        else:
            print_table(self.stdout, ("id", "kind", "outcome", "sentence"), rows)
        if missing:
            raise CommandError(f"Not parked: {', '.join(map(str, missing))}.")
