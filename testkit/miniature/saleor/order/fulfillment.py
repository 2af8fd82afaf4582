"""Fulfillment of orders from stock. Nothing is ever restocked."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import transaction

from ..core.refusal import deny
from ..core.utils.events import call_event
from ..warehouse.models import Stock, Warehouse
from . import FulfillmentStatus, OrderStatus
from .actions import call_order_event, fulfill_order_lines
from .events import fulfillment_fulfilled_items_event
from .fetch import OrderLineInfo
from .models import Fulfillment, FulfillmentLine, Order, OrderLine
from .utils import update_order_status

Pieces = list[tuple[OrderLine, Warehouse, int]]


@transaction.atomic
def create_fulfillments(order: Order, pieces: Pieces, manager: Any) -> list[Fulfillment]:
    """Create one fulfillment per warehouse; refused if a line has no stock row, as in Saleor."""
    made: dict[Any, Fulfillment] = {}
    for line, warehouse, quantity in pieces:
        if not 0 < quantity <= line.quantity - line.quantity_fulfilled:
            deny("Only what is left of a line can be fulfilled.", "fulfill_order_line", "lines")
        stock = Stock.objects.filter(warehouse=warehouse, product_variant=line.variant).first()
        if stock is None:
            deny("Insufficient product stock.", "insufficient_stock", "stocks")
        if warehouse.pk not in made:
            made[warehouse.pk] = Fulfillment.objects.create(
                order=order, status=FulfillmentStatus.FULFILLED
            )
        fulfill_order_lines([OrderLineInfo(line, quantity, line.variant, warehouse.pk)], manager)
        FulfillmentLine.objects.create(
            fulfillment=made[warehouse.pk], order_line=line, quantity=quantity, stock=stock
        )
    fulfillments = list(made.values())
    update_order_status(order)
    lines = [line for each in fulfillments for line in each.lines.all()]
    fulfillment_fulfilled_items_event(
        order=order, user=None, app=None, fulfillment_lines=lines, auto=False
    )
    _announce(order, fulfillments, manager)
    return fulfillments


def _announce(order: Order, fulfillments: list[Fulfillment], manager: Any) -> None:
    for each in fulfillments:
        call_event(manager.fulfillment_created, each, False)
    call_order_event(manager, "order_updated", order)
    if order.status == OrderStatus.FULFILLED:
        call_order_event(manager, "order_fulfilled", order)


def given_pieces(order: Order, lines: list[dict[str, Any]], find: Any) -> Pieces:
    """Read the quantities to fulfill; each line and warehouse may appear once."""
    pieces: Pieces = []
    seen: dict[Any, set[Any]] = defaultdict(set)
    for wanted in lines:
        line = find(order.lines.select_related("variant"), "OrderLine", wanted["orderLineId"])
        for stock in wanted["stocks"]:
            warehouse = find(Warehouse.objects.all(), "Warehouse", stock["warehouse"])
            if warehouse.pk in seen[line.pk]:
                deny("Duplicated warehouse ID.", "duplicated_input_item", "warehouse")
            seen[line.pk].add(warehouse.pk)
            pieces.append((line, warehouse, stock["quantity"]))
    return pieces
