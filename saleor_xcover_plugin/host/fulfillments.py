"""Read the fulfillments of an order, and fulfil or return its cover line with the tickets.

All changes go through Saleor's own functions and send no e-mail to the buyer.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from saleor.core.utils.events import call_event
from saleor.order import FulfillmentStatus, actions
from saleor.order.lock_objects import order_lines_qs_select_for_update, order_qs_select_for_update
from saleor.order.models import Fulfillment, FulfillmentLine, OrderLine
from saleor.order.utils import update_order_status
from saleor.plugins.manager import get_plugins_manager
from saleor.site.models import SiteSettings

from ..domain.fulfillment import Pieces
from .compat import call_with_known
from .cover_product import is_cover_type
from .orders import PRODUCT_MARK
from .values import OFFER_KEY

_RETURNED = (FulfillmentStatus.RETURNED, FulfillmentStatus.REFUNDED_AND_RETURNED)
_GONE = (*_RETURNED, FulfillmentStatus.REPLACED, FulfillmentStatus.CANCELED)
"""Statuses of fulfillments whose lines cannot be returned any more."""


@dataclass(slots=True)
class OrderFulfillment:
    """Locked order with its lines and its fulfillment lines."""

    order: Any
    """Saleor's order."""
    cover_lines: list[Any] = field(default_factory=list)
    """Order lines of the cover."""
    ticket_lines: list[Any] = field(default_factory=list)
    """All other order lines."""
    handed_out: list[Any] = field(default_factory=list)
    """Fulfillment lines, oldest first, with their fulfillment and stock."""

    @property
    def tickets(self) -> Pieces:
        """Counts of the pieces of all lines but the cover, without replaced ones."""
        ids = {line.pk for line in self.ticket_lines}
        counts: dict[str, int] = defaultdict(int)
        for line in self.handed_out:
            if line.order_line_id in ids:
                counts[line.fulfillment.status] += line.quantity
        replaced = counts[FulfillmentStatus.REPLACED]
        return Pieces(
            ordered=sum(line.quantity for line in self.ticket_lines) - replaced,
            handed_out=sum(line.quantity_fulfilled for line in self.ticket_lines) - replaced,
            awaiting=counts[FulfillmentStatus.WAITING_FOR_APPROVAL],
            returned=sum(counts[status] for status in _RETURNED),
        )

    def of_cover(self) -> list[Any]:
        """Return the fulfillment lines of the cover."""
        ids = {line.pk for line in self.cover_lines}
        return [line for line in self.handed_out if line.order_line_id in ids]

    def of_tickets(self, *statuses: str) -> list[Any]:
        """Return the other fulfillment lines in fulfillments with one of these statuses."""
        ids = {line.pk for line in self.ticket_lines}
        return [
            line
            for line in self.handed_out
            if line.order_line_id in ids and line.fulfillment.status in statuses
        ]

    def holding_only_cover(self, status: str) -> list[Any]:
        """Return the fulfillments with this status that contain only the cover."""
        with_tickets = {line.fulfillment_id for line in self.of_tickets(status)}
        return [
            line.fulfillment
            for line in self.of_cover()
            if line.fulfillment.status == status and line.fulfillment_id not in with_tickets
        ]


def read(order_id: uuid.UUID) -> OrderFulfillment | None:
    """Lock and read an order; return None if it is gone. The caller is in a transaction.

    The locks are taken as Saleor takes them, to avoid deadlocks: fulfillments, lines, order.
    """
    list(Fulfillment.objects.filter(order_id=order_id).order_by("pk").select_for_update())
    lines = list(order_lines_qs_select_for_update().filter(order_id=order_id))
    order = order_qs_select_for_update().filter(pk=order_id).first()
    if order is None:
        return None
    found = OrderFulfillment(order)
    marks = dict(OrderLine.objects.filter(order_id=order_id).values_list("pk", PRODUCT_MARK))
    for line in lines:
        is_cover = is_cover_type(marks.get(line.pk)) or OFFER_KEY in (line.private_metadata or {})
        (found.cover_lines if is_cover else found.ticket_lines).append(line)
    found.handed_out = list(
        FulfillmentLine.objects.filter(fulfillment__order_id=order_id)
        .select_related("fulfillment", "stock")
        .order_by("pk")
    )
    return found


def may_be_handed_out(order: Any) -> bool:
    """Return True if the order is paid in full or the store fulfils unpaid orders too."""
    return bool(order.is_fully_paid() or _site_settings().fulfillment_allow_unpaid)


def hand_out(found: OrderFulfillment) -> bool:
    """Add what is left of the cover to the fulfillment of the tickets fulfilled last.

    Cancelling that fulfillment then cancels the cover with the tickets. A fulfillment of only the
    cover that waits for approval is approved. Return True if anything changed.
    """
    manager = get_plugins_manager(allow_replica=False)
    waiting = found.holding_only_cover(FulfillmentStatus.WAITING_FOR_APPROVAL)
    for fulfillment in waiting:
        actions.approve_fulfillment(
            fulfillment,
            None,
            None,
            manager,
            _site_settings(),
            notify_customer=False,
            allow_stock_to_be_exceeded=True,
        )
    beside = found.of_tickets(FulfillmentStatus.FULFILLED)
    left = [line for line in found.cover_lines if line.quantity > line.quantity_fulfilled]
    if beside and left:
        _add(left, beside[-1].fulfillment, beside[-1].stock, found.order, manager)
    return bool(waiting or (beside and left))


def take_back(found: OrderFulfillment) -> bool:
    """Cancel fulfillments of only the cover after a fulfillment of tickets was cancelled.

    Return True if any was cancelled. Before a ticket fulfillment is cancelled the cover's stays:
    staff may fulfil the cover first.
    """
    if not found.of_tickets(FulfillmentStatus.CANCELED):
        return False
    alone = found.holding_only_cover(FulfillmentStatus.FULFILLED)
    for fulfillment in alone:
        call_with_known(
            actions.cancel_fulfillment,
            fulfillment=fulfillment,
            user=None,
            app=None,
            warehouse=None,
            manager=get_plugins_manager(allow_replica=False),
            calculate_stocks_with_shipping_zones=_uses_shipping_zones(),
        )
    return bool(alone)


def return_with_tickets(found: OrderFulfillment) -> bool:
    """Return the cover line as the tickets were, without a refund; return True if it did."""
    from saleor.order import FulfillmentLineData
    from saleor.order.fetch import OrderLineInfo

    handed = [line for line in found.of_cover() if line.fulfillment.status not in _GONE]
    left = [line for line in found.cover_lines if line.quantity > line.quantity_fulfilled]
    if not handed and not left:
        return False
    call_with_known(
        actions.create_fulfillments_for_returned_products,
        user=None,
        app=None,
        order=found.order,
        payment=None,
        order_lines=[
            OrderLineInfo(line=line, quantity=line.quantity - line.quantity_fulfilled)
            for line in left
        ],
        fulfillment_lines=[FulfillmentLineData(line, line.quantity) for line in handed],
        manager=get_plugins_manager(allow_replica=False),
        site_settings=_site_settings(),
    )
    return True


def _add(lines: Sequence[Any], fulfillment: Any, stock: Any, order: Any, manager: Any) -> None:
    """Add order lines to a fulfillment, as Saleor does with digital goods, and call the hooks."""
    from saleor.order.events import fulfillment_fulfilled_items_event
    from saleor.order.fetch import OrderLineInfo

    pieces = {line.pk: line.quantity - line.quantity_fulfilled for line in lines}
    stocks = _stocks_beside(lines, stock)
    call_with_known(
        actions.fulfill_order_lines,
        order_lines_info=[
            OrderLineInfo(
                line=line,
                quantity=pieces[line.pk],
                variant=line.variant,
                warehouse_pk=stock.warehouse_id if stock else None,
            )
            for line in lines
        ],
        manager=manager,
        site_settings=_site_settings(),
        requestor=None,
        allow_stock_to_be_exceeded=True,
    )
    added = FulfillmentLine.objects.bulk_create(
        FulfillmentLine(
            fulfillment=fulfillment,
            order_line=line,
            quantity=pieces[line.pk],
            stock=stocks.get(line.variant_id),
        )
        for line in lines
    )
    update_order_status(order)
    fulfillment_fulfilled_items_event(
        order=order, user=None, app=None, fulfillment_lines=added, auto=True
    )
    # Saleor called the hooks of the tickets' fulfillment itself. These are the hooks it calls when
    # an order is complete.
    call_event(manager.fulfillment_approved, fulfillment, False)
    for event in ("order_updated", "order_fulfilled"):
        actions.call_order_event(manager, event, order)


def _stocks_beside(lines: Iterable[Any], stock: Any) -> dict[int, Any]:
    """Return the stock of each line's variant in the warehouse the tickets came from."""
    if stock is None:
        return {}
    variants = [line.variant_id for line in lines]
    stocks = type(stock).objects.filter(
        warehouse_id=stock.warehouse_id, product_variant_id__in=variants
    )
    return {each.product_variant_id: each for each in stocks}


def _site_settings() -> Any:
    return SiteSettings.objects.get(site_id=settings.SITE_ID)  # type: ignore[misc]  # Saleor's own


def _uses_shipping_zones() -> bool:
    return bool(getattr(_site_settings(), "use_legacy_shipping_zone_stock_availability", True))
