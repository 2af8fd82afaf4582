"""Queries about many orders at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from django.db.models import Count, Exists, F, OuterRef
from django.db.models.functions import TruncDate
from saleor.order import OrderStatus
from saleor.order.models import Order

from ..domain.numbers import LARGEST_INTEGER, whole_number
from ..domain.states import OfferStatus
from ..models import WAS_REMOVED, Cover, Offer
from .orders import with_cover_lines

_CHUNK = 500
"""Orders in one query: few enough for PostgreSQL to look each up by its key."""


def paid_in_full(order_ids: Sequence[uuid.UUID], *, before: datetime) -> set[uuid.UUID]:
    """Return those of the orders that are paid in full and unchanged since ``before`` (UTC).

    "Paid in full" means the same as ``OrderSnapshot.is_paid_in_full``.
    """
    found: set[uuid.UUID] = set()
    for start in range(0, len(order_ids), _CHUNK):
        found.update(
            Order.objects.filter(
                pk__in=order_ids[start : start + _CHUNK],
                total_charged_amount__gte=F("total_gross_amount"),
                updated_at__lte=before,
            )
            .exclude(status__in=[OrderStatus.CANCELED, OrderStatus.EXPIRED])
            .values_list("pk", flat=True)
        )
    return found


def sold_without_row(order_ids: Iterable[uuid.UUID], *, at: datetime) -> set[uuid.UUID]:
    """Return those of the orders that are paid in full and have a cover line, but no cover row.

    Orders that changed after ``at`` (UTC) are left out.
    """
    lined = list(with_cover_lines(order_ids))
    paid = paid_in_full(lined, before=at)
    if not paid:
        return set()
    return paid - set(Cover.objects.filter(order_id__in=paid).values_list("order_id", flat=True))


def numbers_of(order_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return the orders' numbers; orders that are gone are left out."""
    rows = Order.objects.filter(pk__in=list(order_ids)).values_list("pk", "number")
    return {pk: str(number) for pk, number in rows}


def number_of(order_id: uuid.UUID) -> str:
    """Return an order's number, or its id when it is gone."""
    return numbers_of([order_id]).get(order_id, str(order_id))


def channels_of(numbers: Iterable[str]) -> dict[str, int]:
    """Return the channel ids of orders by their number; any other text is left out."""
    known = [n for text in numbers if (n := whole_number(text, most=LARGEST_INTEGER)) is not None]
    rows = Order.objects.filter(number__in=known).values_list("number", "channel_id")
    return {str(number): channel_id for number, channel_id in rows}


def count_without_cover(
    start: datetime, end: datetime, channel_ids: Sequence[int]
) -> list[tuple[int, str, date, int]]:
    """Count the orders without cover whose shopper was shown an offer that could be bought.

    Return tuples of channel id, currency, UTC day and count for orders created from ``start`` until
    before ``end``; no ``channel_ids`` stands for all channels.
    """
    seen = Offer.objects.filter(order_id=OuterRef("pk"), shown_at__isnull=False).exclude(
        status=OfferStatus.UNAVAILABLE.value
    )
    made = Order.objects.filter(created_at__gte=start, created_at__lt=end)
    if channel_ids:
        made = made.filter(channel_id__in=channel_ids)
    days = (
        made.filter(
            Exists(seen),
            ~Exists(Cover.objects.filter(~WAS_REMOVED, order_id=OuterRef("pk"))),
        )
        .order_by()
        .values("channel_id", "currency", on_day=TruncDate("created_at", tzinfo=UTC))
        .annotate(count=Count("pk"))
    )
    return list(days.values_list("channel_id", "currency", "on_day", "count"))


def find(number: str) -> tuple[uuid.UUID, uuid.UUID | None] | None:
    """Return the id of the order with this number and its checkout token; None if there is none."""
    if whole_number(number, most=LARGEST_INTEGER) is None:
        return None
    found = Order.objects.filter(number=number).values_list("pk", "checkout_token").first()
    if found is None:
        return None
    order_id, token = found
    return order_id, uuid.UUID(token) if token else None
