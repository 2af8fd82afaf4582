"""Rows as the API returns them, as plain mappings."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..checkout.calculations import fetch_checkout_data
from ..checkout.fetch import CheckoutLineInfo, fetch_checkout_info, fetch_checkout_lines
from ..checkout.models import Checkout
from ..order.models import Order
from ..order.utils import refunded_amount
from ..payment.models import TransactionItem
from ..plugins.manager import get_plugins_manager
from .ids import global_id
from .permissions import PAYMENT_APP, STAFF, STORE_APP, require

View = dict[str, Any]


def money(amount: Decimal, currency: str) -> View:
    return {"amount": amount, "currency": currency}


def taxed(amount: Decimal, currency: str) -> View:
    """Return a taxed amount; there are no taxes, so gross equals net."""
    return {"gross": money(amount, currency), "net": money(amount, currency)}


def metadata(row: Any, requestor: str) -> View:
    def private() -> list[View]:
        require(requestor, STAFF, PAYMENT_APP, STORE_APP)
        return items(row.private_metadata if row else {})

    return {"metadata": items(row.metadata if row else {}), "privateMetadata": private}


def items(values: Mapping[str, Any] | None) -> list[View]:
    return [{"key": key, "value": str(value)} for key, value in (values or {}).items()]


def product(row: Any, listed: Mapping[int, Any] | None = None) -> View:
    return {
        "id": global_id("Product", row.pk),
        "name": row.name,
        "metadata": items(row.metadata),
        "variants": lambda: [variant(v, listed) for v in row.variants.all()],
    }


def variant(row: Any, listed: Mapping[int, Any] | None = None) -> View:
    listing = (listed or {}).get(row.pk)
    price = taxed(listing.price_amount, listing.currency) if listing else None
    return {
        "id": global_id("ProductVariant", row.pk),
        "name": row.name,
        "sku": row.sku,
        "product": lambda: product(row.product),
        "pricing": {"price": price},
    }


def checkout(row: Checkout, requestor: str) -> View:
    """Return a checkout, priced again if its prices have expired."""
    lines, _ = fetch_checkout_lines(row)
    manager = get_plugins_manager(allow_replica=False)
    info = fetch_checkout_info(row, lines, manager)
    info, lines = fetch_checkout_data(info, manager, lines).get()
    return {
        "id": global_id("Checkout", row.pk),
        "token": str(row.pk),
        "email": row.email,
        "voucherCode": row.voucher_code,
        "chargeStatus": row.charge_status.upper(),
        "totalPrice": taxed(row.total_gross_amount, row.currency),
        "subtotalPrice": taxed(row.subtotal_gross_amount, row.currency),
        "lines": [_checkout_line(line_info, requestor) for line_info in lines],
        **metadata(getattr(row, "metadata_storage", None), requestor),
    }


def _checkout_line(info: CheckoutLineInfo, requestor: str) -> View:
    line = info.line
    return {
        "id": global_id("CheckoutLine", line.pk),
        "quantity": line.quantity,
        "variant": variant(line.variant),
        "unitPrice": taxed(line.total_price_gross_amount / line.quantity, line.currency),
        "undiscountedUnitPrice": money(line.undiscounted_unit_price_amount, line.currency),
        "totalPrice": taxed(line.total_price_gross_amount, line.currency),
        **metadata(line, requestor),
    }


def order(row: Order, requestor: str) -> View:
    """Return an order. Fields for staff only are resolved lazily, and refused to others."""
    currency = row.currency
    return {
        "id": global_id("Order", row.pk),
        "token": str(row.pk),
        "number": str(row.number),
        "created": row.created_at.isoformat(),
        "status": row.status.upper().replace(" ", "_"),
        "chargeStatus": row.charge_status.upper(),
        "origin": row.origin.upper(),
        "voucherCode": row.voucher_code,
        "total": taxed(row.total_gross_amount, currency),
        "undiscountedTotal": taxed(row.undiscounted_total_gross_amount, currency),
        "totalCharged": money(row.total_charged_amount, currency),
        "totalRefunded": lambda: money(refunded_amount(row), currency),
        "lines": lambda: [_order_line(line, requestor) for line in row.lines.all()],
        "events": lambda: _events(row, requestor),
        "transactions": lambda: _transactions(row, requestor),
        **metadata(row, requestor),
    }


def fulfillment(row: Any) -> View:
    return {
        "id": global_id("Fulfillment", row.pk),
        "status": row.status.upper(),
        "lines": [
            {
                "id": global_id("FulfillmentLine", line.pk),
                "quantity": line.quantity,
                "orderLine": {"id": global_id("OrderLine", line.order_line_id)},
            }
            for line in row.lines.all()
        ],
    }


def _order_line(line: Any, requestor: str) -> View:
    return {
        "id": global_id("OrderLine", line.pk),
        "productName": line.product_name,
        "productSku": line.product_sku,
        "quantity": line.quantity,
        "isPriceOverridden": line.is_price_overridden,
        "unitPrice": taxed(line.unit_price_gross_amount, line.currency),
        "undiscountedUnitPrice": taxed(line.undiscounted_unit_price_gross_amount, line.currency),
        "totalPrice": taxed(line.total_price_gross_amount, line.currency),
        **metadata(line, requestor),
    }


def _events(row: Order, requestor: str) -> list[View]:
    require(requestor, STAFF)
    return [
        {"type": event.type.upper(), "message": event.parameters.get("message")}
        for event in row.events.all()
    ]


def _transactions(row: Order, requestor: str) -> list[View]:
    require(requestor, STAFF, PAYMENT_APP)
    return [transaction(item) for item in row.payment_transactions.order_by("pk")]


def transaction(item: TransactionItem) -> View:
    return {
        "id": global_id("TransactionItem", item.token),
        "pspReference": item.psp_reference or "",
        "chargedAmount": money(item.charged_value, item.currency),
        "authorizedAmount": money(item.authorized_value, item.currency),
        "refundedAmount": money(item.refunded_value, item.currency),
    }
