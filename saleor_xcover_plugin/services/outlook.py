"""How things stand: what is open, what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count

from ..domain.states import CancellationStatus, CoverStatus, MessageState
from ..models import Cancellation, Cover, OutboxMessage

_OPEN_COVERS = [
    s.value for s in (CoverStatus.PLACED, CoverStatus.CONFIRMING, CoverStatus.CANCELLING)
]


def open_work() -> int:
    """Count covers and messages that would be lost if the plugin went away now."""
    messages = OutboxMessage.objects.filter(
        status__in=[MessageState.PENDING.value, MessageState.PARKED.value]
    ).count()
    return messages + Cover.objects.filter(status__in=_OPEN_COVERS).count()


def counts() -> dict[str, dict[str, int]]:
    """Rows per status, for covers, cancellations and outbox messages."""
    return {
        name: dict(model.objects.order_by("status").values_list("status").annotate(n=Count("pk")))
        for name, model in (
            ("covers", Cover),
            ("cancellations", Cancellation),
            ("messages", OutboxMessage),
        )
    }


def parked(limit: int = 100) -> Sequence[dict[str, Any]]:
    """Everything that waits for a person, oldest first, with the sentence that says what to do."""
    rows: list[dict[str, Any]] = [
        {
            "kind": "cover",
            "id": cover.pk,
            "order": cover.order_number,
            "since": cover.updated_at,
            "sentence": cover.reason,
        }
        for cover in Cover.objects.filter(status=CoverStatus.PARKED.value).order_by("updated_at")[
            :limit
        ]
    ]
    rows += [
        {
            "kind": "cancellation",
            "id": x.pk,
            "order": x.cover.order_number,
            "since": x.updated_at,
            "sentence": x.sentence,
        }
        for x in Cancellation.objects.filter(status=CancellationStatus.PARKED.value)
        .select_related("cover")
        .order_by("updated_at")[:limit]
    ]
    rows += [
        {
            "kind": f"message {m.kind}",
            "id": m.pk,
            "order": "",
            "since": m.updated_at,
            "sentence": m.last_error,
        }
        for m in OutboxMessage.objects.filter(status=MessageState.PARKED.value).order_by(
            "updated_at"
        )[:limit]
    ]
    return sorted(rows, key=lambda row: row["since"])[:limit]
