"""Report the state of the plugin: open work, work that waits for staff, and the XCover accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model

from .. import installation
from ..domain.states import CancellationStatus, CoverStatus, MessageState, ModificationStatus
from ..models import COVER_WAITS, Cancellation, Cover, Heartbeat, Modification, OutboxMessage
from ..outbox import accounts
from ..staff.subjects import MessageOrder, orders_of
from .heartbeats import PURGE

_OPEN_COVERS = [
    s.value for s in (CoverStatus.PLACED, CoverStatus.CONFIRMING, CoverStatus.CANCELLING)
]
_OPEN: Sequence[tuple[str, type[Model], Sequence[str]]] = (
    ("covers", Cover, [*_OPEN_COVERS, CoverStatus.PARKED.value]),
    ("cancellations", Cancellation, ["requested", "confirming", "parked"]),
    ("modifications", Modification, ["requested", "confirming", "parked"]),
    ("messages", OutboxMessage, ["pending", "parked"]),
)


def open_work() -> int:
    """Return the number of covers and messages that would be lost if the plugin were removed."""
    messages = OutboxMessage.objects.filter(
        status__in=[MessageState.PENDING.value, MessageState.PARKED.value]
    ).count()
    return messages + Cover.objects.filter(status__in=_OPEN_COVERS).count()


def counts() -> dict[str, dict[str, int]]:
    """Return the number of open and parked rows by table and status.

    One query per status, because each status has a partial index of its own.
    """
    return {
        name: {
            status: count
            for status in statuses
            if (count := model._default_manager.filter(status=status).count())
        }
        for name, model, statuses in _OPEN
    }


def parked(limit: int = 100) -> Sequence[dict[str, Any]]:
    """Return what waits for staff, oldest first, with the sentence that says what to do.

    At most ``limit`` rows of kind, id, order number, since (UTC), reason code and sentence.
    """
    covers = Cover.objects.filter(status=CoverStatus.PARKED.value)
    dated = covers.annotate(waits=COVER_WAITS).order_by("waits")
    rows = [
        _row("cover", cover, cover.waits, cover.order_number, cover.reason_code, cover.reason)
        for cover in dated[:limit]
    ]
    cancellations = Cancellation.objects.filter(status=CancellationStatus.PARKED.value)
    rows += [
        _row("cancellation", x, x.created_at, x.cover.order_number, "", x.sentence)
        for x in cancellations.select_related("cover").order_by("created_at")[:limit]
    ]
    modifications = Modification.objects.filter(status=ModificationStatus.PARKED.value)
    rows += [
        _row("modification", x, x.created_at, x.cover.order_number, "", x.sentence)
        for x in modifications.select_related("cover").order_by("created_at")[:limit]
    ]
    messages = list(
        OutboxMessage.objects.filter(status=MessageState.PARKED.value).order_by("updated_at")[
            :limit
        ]
    )
    about = orders_of(messages)
    rows += [
        _row(
            f"message {m.kind}",
            m,
            m.updated_at,
            _number(about.get(m.pk)),
            m.reason_code,
            m.last_error,
        )
        for m in messages
    ]
    return sorted(rows, key=lambda row: row["since"])[:limit]


def accounts_reached(now: datetime) -> list[dict[str, Any]]:
    """Return the state of each XCover account in use: rate, breaker, clock and credentials."""
    return [
        {
            "account": accounts.subject_of(settings),
            "partner": settings.partner_code,
            "rate": f"{settings.rates.selling}/s",
            "slowed_down_until": _latest(account.throttled_until.values(), now),
            "breaker": "closed" if account.open_until is None else "open",
            "open_since": account.opened_at,
            "tries_again_at": account.open_until,
            "failures": account.failures,
            "clock_ahead_seconds": account.clock_skew,
            "refused_since": account.refused_since,
            "called_last": account.updated_at,
        }
        for account, settings in accounts.rows_of(accounts.by_channel().values())
    ]


def store() -> dict[str, Any]:
    """Return the id of this installation, the store it is bound to and the one that runs here."""
    row = installation.found()
    return {
        "installation": str(row.installation_id) if row else None,
        "bound_to": row.bound_to if row else "",
        "runs_here": installation.name_here(),
        "copied_at": row.copied_at if row else None,
        "binding": installation.binding_of(row).value,
    }


def heartbeats() -> list[dict[str, Any]]:
    """Return when periodic work last ended and what it found, without counts by kind."""
    return [
        {"name": row.name, "at": row.beat_at, "found": _short(row.details)}
        for row in Heartbeat.objects.order_by("name")
    ]


def purge() -> list[dict[str, Any]]:
    """Return by kind what the last nightly purge removed, and what the next one will remove."""
    row = Heartbeat.objects.filter(name=PURGE).first()
    kinds = row.details.get("kinds") if row is not None and isinstance(row.details, dict) else None
    return kinds if isinstance(kinds, list) else []


def _short(details: Any) -> Any:
    if not isinstance(details, dict):
        return details
    return {name: value for name, value in details.items() if name not in ("kinds", "days")}


def _row(
    kind: str, parked: Any, since: datetime, order: str, reason: str, sentence: str
) -> dict[str, Any]:
    return {
        "kind": kind,
        "id": parked.pk,
        "order": order,
        "since": since,
        "reason": reason,
        "sentence": sentence,
    }


def _number(order: MessageOrder | None) -> str:
    return order.number if order is not None else ""


def _latest(times: Iterable[str], now: datetime) -> datetime | None:
    """Return the latest of the times that are in the future, or None."""
    to_come = [time for text in times if (time := datetime.fromisoformat(text)) > now]
    return max(to_come, default=None)
