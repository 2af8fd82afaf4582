"""Read orders as plain values, and find the orders that changed or hold a cover line."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from saleor.order import OrderOrigin, OrderStatus
from saleor.order.lock_objects import order_qs_select_for_update
from saleor.order.models import Fulfillment, Order, OrderLine

from ..compiled_query import KEY, CompiledQuery, Row, is_one_of_keys, rows_together
from ..domain.fulfillment import UNFINISHED
from ..domain.numbers import whole_number
from ..domain.refund_attribution import Refunded, Sold, SoldLine
from ..models import Offer
from .cover_product import MARK, MARK_VALUE, is_cover_type
from .metadata import PAPERS, SUMMARY_KEY, papers_of_order
from .policyholders import address_columns, address_in, policyholder_of
from .refunds import SUMS, has_refunds, refunded, with_sums
from .tickets import key_of_variant
from .values import OFFER_KEY, CoverLine, OrderSnapshot

_ORDER = (
    "pk",
    "number",
    "status",
    "origin",
    "channel_id",
    "checkout_token",
    "currency",
    "total_gross_amount",
    "total_charged_amount",
    "shipping_price_gross_amount",
    "created_at",
    "updated_at",
    "user_email",
    "summary",
    "papers",
    *address_columns("billing_address"),
    *address_columns("shipping_address"),
    *SUMS,
)

PRODUCT_MARK = "variant__product__product_type__private_metadata"
"""Column of an order line that tells whether its product is the cover (``is_cover_type``)."""

_LINE = (
    "id",
    "quantity",
    "unit_price_gross_amount",
    "total_price_gross_amount",
    "private_metadata",
    "variant_id",
    "product_variant_id",
    "is_gift",
    PRODUCT_MARK,
)


@cache
def _orders() -> CompiledQuery:
    """Return the query for an order with addresses and refunded sums."""
    return _compiled(Order.objects.filter(pk=KEY))


@cache
def _lines() -> CompiledQuery:
    """Return the query for the lines of an order, with ``PRODUCT_MARK``."""
    return CompiledQuery(OrderLine.objects.filter(order_id=KEY).values(*_LINE))


@cache
def _several_orders() -> CompiledQuery:
    return _compiled(Order.objects.filter(is_one_of_keys("pk")))


def _compiled(orders: QuerySet[Any]) -> CompiledQuery:
    # Of the metadata, which other apps may fill with megabytes, a few texts are needed.
    found = _with_what_we_wrote(with_sums(orders))
    return CompiledQuery(found.order_by().values(*_ORDER))


def _with_what_we_wrote(orders: QuerySet[Any]) -> QuerySet[Any]:
    """Add columns with what we wrote into public metadata to a query of orders."""
    return orders.annotate(
        summary=KeyTextTransform(SUMMARY_KEY, "metadata"), papers=papers_of_order()
    )


@cache
def _free_orders() -> CompiledQuery:
    free = Order.objects.select_for_update(of=("self",), skip_locked=True)
    return CompiledQuery(free.filter(is_one_of_keys("pk")).order_by("pk").values("pk"))


@cache
def _lines_of_several() -> CompiledQuery:
    found = OrderLine.objects.filter(is_one_of_keys("order_id"))
    return CompiledQuery(found.values("order_id", *_LINE))


_OF_COVER_PRODUCT = Q(variant__product__product_type__private_metadata__contains={MARK: MARK_VALUE})
"""Filter for order lines of the cover product."""

_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
"""Pattern of a checkout token as Saleor writes it."""


def read(order_id: uuid.UUID, *, lock: bool = False) -> OrderSnapshot | None:
    """Return the order as it is now; None when it is gone or a draft.

    ``lock`` locks its row until the end of the caller's transaction.
    """
    if lock:
        order_qs_select_for_update().filter(pk=order_id).only("pk").first()
    found, lines = rows_together([_orders(), _lines()], order_id)
    order = found[0] if found else None
    if order is None or order["status"] == OrderStatus.DRAFT:
        return None
    return _snapshot(order, lines, refunded(order, _sold(order, lines)))


def read_unrefunded(
    order_ids: Collection[uuid.UUID], *, lock: bool = False
) -> dict[uuid.UUID, OrderSnapshot]:
    """Return those of the orders of which no money went back, as ``read`` does, by id.

    Others need queries of their own. ``lock`` locks their rows until the end of the caller's
    transaction, in the sequence of their ids, and leaves out those that another session holds.
    """
    ids = list(order_ids)
    if lock:
        ids = [row["pk"] for row in _free_orders().rows_of(ids)]
    lines: dict[uuid.UUID, list[Row]] = {order_id: [] for order_id in ids}
    for line in _lines_of_several().rows_of(ids):
        lines[line["order_id"]].append(line)
    return {
        order["pk"]: _snapshot(order, lines[order["pk"]], Refunded(Decimal(0)))
        for order in _several_orders().rows_of(ids)
        if order["status"] != OrderStatus.DRAFT and not has_refunds(order)
    }


def _snapshot(order: Row, lines: Sequence[Row], given: Refunded) -> OrderSnapshot:
    tickets = [line for line in lines if not _is_cover(line) and not line["is_gift"]]
    return OrderSnapshot(
        id=order["pk"],
        number=str(order["number"]),
        channel_id=order["channel_id"],
        checkout_token=_token(order["checkout_token"]),
        is_from_checkout=order["origin"] == OrderOrigin.CHECKOUT,
        is_cancelled=order["status"] == OrderStatus.CANCELED,
        is_expired=order["status"] == OrderStatus.EXPIRED,
        is_partly_handed_out=order["status"] in UNFINISHED,
        currency=order["currency"],
        total=order["total_gross_amount"],
        cost=_cost(order, lines),
        charged=order["total_charged_amount"] or Decimal(0),
        given=given,
        has_gift_card=bool(given.amount) and _is_paid_with_gift_card(order["pk"]),
        created_at=order["created_at"],
        updated_at=order["updated_at"],
        lines=tuple(_sold_line(line) for line in tickets),
        cover_lines=tuple(_cover_line(line) for line in lines if _is_cover(line)),
        cover_summary=order["summary"],
        papers=order["papers"] or {},
        policyholder=policyholder_of(
            address_in(order, "billing_address"),
            address_in(order, "shipping_address"),
            order["user_email"],
        ),
    )


def line_texts(order_id: uuid.UUID) -> dict[uuid.UUID, dict[str, str]]:
    """Return the public metadata of the lines of an order as texts, by the lines' ids."""
    lines = OrderLine.objects.filter(order_id=order_id)
    return {
        pk: {key: str(value) for key, value in (metadata or {}).items()}
        for pk, metadata in lines.values_list("pk", "metadata")
    }


def checkout_token_of(order_id: uuid.UUID) -> Subquery:
    """Return a subquery for the token of the checkout that became this order.

    It yields NULL unless Saleor's text is a UUID: it may be empty, or anything in imported orders.
    """
    made = Order.objects.filter(pk=order_id, checkout_token__regex=_UUID)
    return Subquery(made.values(token=Cast("checkout_token", UUIDField())))


def channel_of(order_id: uuid.UUID) -> int | None:
    """Return the id of the channel the order is in now; None when the order is gone."""
    return Order.objects.filter(pk=order_id).values_list("channel_id", flat=True).first()


def owner_of(order_id: uuid.UUID) -> int | None:
    """Return the primary key of the user who owns the order; None for a guest's order."""
    return Order.objects.filter(pk=order_id).values_list("user_id", flat=True).first()


def mirror_status(order: Any) -> None:
    """Copy the order's status from the database to the instance that the mutation returns."""
    if order.status in UNFINISHED:
        statuses = Order.objects.filter(pk=order.pk).values_list("status", flat=True)
        order.status = statuses.first() or order.status


def mirror_papers(order: Any, is_covered: bool | None) -> None:
    """Copy what we wrote into the order's public metadata to the instance Saleor goes on with.

    Saleor writes the e-mail that confirms a new order from that instance. If ``is_covered`` is
    None, nothing was written, and what stands there came from the checkout: it is left out. If it
    is False, nothing is looked for where the checkout had nothing of ours.
    """
    ours, found = PAPERS | {SUMMARY_KEY}, order.metadata or {}
    if not (is_covered or ours & found.keys()):
        return
    foreign = {key: value for key, value in found.items() if key not in ours}
    order.metadata = {**foreign, **(_written(order.pk) if is_covered is not None else {})}


def _written(order_id: uuid.UUID) -> dict[str, Any]:
    """Read what we wrote into an order's public metadata."""
    rows = _what_we_wrote().rows(order_id)
    if not rows:
        return {}
    (row,) = rows
    summary = {} if row["summary"] is None else {SUMMARY_KEY: row["summary"]}
    return {**summary, **(row["papers"] or {})}


@cache
def _what_we_wrote() -> CompiledQuery:
    written = _with_what_we_wrote(Order.objects.filter(pk=KEY))
    return CompiledQuery(written.order_by().values("summary", "papers"))


def with_unfollowed_tickets(
    since: datetime | None = None, *, newest: int | None = None
) -> list[uuid.UUID]:
    """Return the orders with a cover line that are fulfilled or returned in part.

    Saleor does not change ``updated_at`` when another fulfillment leaves the status as it is. With
    ``newest``, only orders of the so many newest fulfillments are returned, and with ``since``
    (UTC) only of those created since then.
    """
    unfinished = Order.objects.filter(status__in=[status.value for status in UNFINISHED])
    if newest is not None:
        made = Fulfillment.objects.order_by("-pk").values_list("order_id", "created_at")[:newest]
        recent = {order_id for order_id, at in made if since is None or at >= since}
        unfinished = unfinished.filter(pk__in=recent)
    return list(_with_cover_line(unfinished).order_by("pk").values_list("pk", flat=True))


def count_still_to_hand_out() -> int:
    """Count the orders with a cover line that are unfulfilled, or fulfilled or returned in part."""
    begun = [OrderStatus.UNFULFILLED, *(status.value for status in UNFINISHED)]
    return _with_cover_line(Order.objects.filter(status__in=begun)).count()


def _with_cover_line(orders: QuerySet[Order]) -> QuerySet[Order]:
    lines = OrderLine.objects.filter(
        _OF_COVER_PRODUCT | Q(private_metadata__has_key=OFFER_KEY), order_id=OuterRef("pk")
    )
    return orders.filter(Exists(lines))


def changed_after(
    position: tuple[datetime, uuid.UUID], *, until: datetime, limit: int
) -> list[tuple[datetime, uuid.UUID]]:
    """Return the next positions of orders that changed after a position, oldest first.

    A position is ``updated_at`` and id: Saleor expires orders in bulk, all with the same time.
    ``until`` (UTC) is inclusive.
    """
    after, last_id = position
    return list(
        Order.objects.filter(
            Q(updated_at__gt=after) | Q(updated_at=after, pk__gt=last_id),
            updated_at__gte=after,
            updated_at__lte=until,
        )
        .order_by("updated_at", "pk")
        .values_list("updated_at", "pk")[:limit]
    )


def created_after(
    position: tuple[datetime, uuid.UUID],
    *,
    until: datetime,
    channel_ids: Sequence[int],
    limit: int,
) -> list[tuple[datetime, uuid.UUID]]:
    """Return the next positions of orders created after a position and before ``until`` (UTC).

    A position is ``created_at`` and id. No ``channel_ids`` stands for all channels. Oldest first.
    """
    after, last_id = position
    made = Order.objects.filter(
        Q(created_at__gt=after) | Q(created_at=after, pk__gt=last_id),
        created_at__gte=after,
        created_at__lt=until,
    )
    if channel_ids:
        made = made.filter(channel_id__in=channel_ids)
    return list(made.order_by("created_at", "pk").values_list("created_at", "pk")[:limit])


def count_created(start: datetime, end: datetime, channel_ids: Sequence[int]) -> int:
    """Count the orders created from ``start`` until before ``end`` (UTC).

    No ``channel_ids`` stands for all channels.
    """
    made = Order.objects.filter(created_at__gte=start, created_at__lt=end)
    return (made.filter(channel_id__in=channel_ids) if channel_ids else made).count()


def ids_by_checkout(tokens: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the order ids of those checkouts that became an order, by checkout token."""
    rows = Order.objects.filter(checkout_token__in=[str(t) for t in tokens]).values_list(
        "checkout_token", "pk"
    )
    return {uuid.UUID(token): pk for token, pk in rows}


def ids_of_checkout(token: uuid.UUID) -> list[uuid.UUID]:
    """Return the ids of all orders made from a checkout: an app may keep it and make several."""
    found = Order.objects.filter(checkout_token=str(token)).order_by("created_at", "pk")
    return list(found.values_list("pk", flat=True))


def offers_in_lines(token: uuid.UUID, *, but: uuid.UUID | None = None) -> set[int]:
    """Return the ids of the offers named by cover lines of a checkout's orders.

    Drafts, cancelled and expired orders are ignored, and so is the order ``but``.
    """
    ended = (OrderStatus.DRAFT, OrderStatus.CANCELED, OrderStatus.EXPIRED)
    orders = Order.objects.filter(checkout_token=str(token)).exclude(status__in=ended)
    lines = OrderLine.objects.filter(
        order_id__in=orders.exclude(pk=but).values("pk"), private_metadata__has_key=OFFER_KEY
    )
    named = lines.values_list(KeyTextTransform(OFFER_KEY, "private_metadata"), flat=True)
    return {number for number in map(whole_number, named) if number is not None}


def with_our_traces(order_ids: list[uuid.UUID]) -> list[uuid.UUID]:
    """Return those of the orders with a cover line, a summary, or an offer for their checkout."""
    ours = Q(metadata__has_any_keys=[SUMMARY_KEY, *sorted(PAPERS)])
    is_telling = ExpressionWrapper(ours, output_field=BooleanField())
    named = Order.objects.filter(pk__in=order_ids).annotate(is_telling=is_telling)
    rows = list(named.values_list("pk", "checkout_token", "is_telling"))
    tokens = {pk: token for pk, token, _ in rows}
    telling = {pk for pk, _, tells in rows if tells}
    known = {
        str(token)
        for token in Offer.objects.filter(
            checkout_token__in=[t for t in map(_token, tokens.values()) if t]
        ).values_list("checkout_token", flat=True)
    }
    marked = set(
        OrderLine.objects.filter(
            _OF_COVER_PRODUCT,
            order_id__in=order_ids,
        ).values_list("order_id", flat=True)
    )
    found = marked | telling
    return [pk for pk in order_ids if pk in found or tokens.get(pk, "") in known]


def existing(order_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of the orders that Saleor still has."""
    return set(Order.objects.filter(pk__in=list(order_ids)).values_list("pk", flat=True))


def with_cover_lines(order_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of the orders that have a cover line, even if its product was deleted."""
    lines = OrderLine.objects.filter(_OF_COVER_PRODUCT | Q(private_metadata__has_key=OFFER_KEY))
    return set(lines.filter(order_id__in=list(order_ids)).values_list("order_id", flat=True))


def _is_paid_with_gift_card(order_id: uuid.UUID) -> bool:
    return Order.gift_cards.through.objects.filter(order_id=order_id).exists()


def _cover_line(line: Row) -> CoverLine:
    return CoverLine.of(
        line["id"], line["quantity"], line["unit_price_gross_amount"], line["private_metadata"]
    )


def _cost(order: Row, lines: Sequence[Row]) -> Decimal:
    """Return the sum of lines and shipping, or the total if that is less because of discounts.

    If a line is deleted while Saleor makes the order, the order's total still includes it.
    """
    parts = (line["total_price_gross_amount"] for line in lines)
    return min(sum(parts, order["shipping_price_gross_amount"]), order["total_gross_amount"])


def _sold(order: Row, lines: Sequence[Row]) -> Sold:
    return Sold(
        lines=[_sold_line(line) for line in lines],
        covers={line["id"] for line in lines if _is_cover(line)},
        shipping=order["shipping_price_gross_amount"],
        total=order["total_gross_amount"],
    )


def _sold_line(line: Row) -> SoldLine:
    return SoldLine(
        line["id"],
        _variant_of(line),
        line["quantity"],
        line["unit_price_gross_amount"],
        line["total_price_gross_amount"],
    )


def _variant_of(line: Row) -> str:
    """Return the key of the line's variant; for a deleted variant from the id kept in the line."""
    if line["variant_id"] is not None:
        return str(line["variant_id"])
    return key_of_variant(line["product_variant_id"])


def _is_cover(line: Row) -> bool:
    # The mark on the line itself survives the deletion of the product.
    return is_cover_type(line[PRODUCT_MARK]) or _cover_line(line).offer_id is not None


def _token(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
