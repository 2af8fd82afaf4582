"""Read a checkout in two queries, three with a voucher, and lock it as Saleor does."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.db import transaction
from saleor.checkout.lock_objects import checkout_qs_select_for_update
from saleor.checkout.models import Checkout

from ..domain.eligibility import CheckoutFacts, ProductLine
from ..domain.event_data import EventMapping
from .attributes import ticket_facts
from .checkout_flags import is_taxed_by_app, order_discount
from .checkout_rows import METADATA, checkout_row, line_rows, money_row, voucher_row
from .cover_product import is_cover_type
from .people import address_in, policyholder_of
from .prepared import Row
from .values import CheckoutState, CoverLine


def read(token: uuid.UUID, mapping: EventMapping) -> CheckoutState | None:
    """Return the checkout, or None when it is gone (it may have become an order)."""
    row = checkout_row(token, mapping)
    if row is None:
        return None
    voucher = voucher_row(token) if row["voucher_code"] else Row()
    lines = line_rows(token, mapping)
    tickets = [line for line in lines if not _is_cover(line) and not line["is_gift"]]
    holder = policyholder_of(
        address_in(row, "billing_address"), address_in(row, "shipping_address"), _email(row)
    )
    facts = CheckoutFacts(
        currency=row["currency"],
        country=holder.country,
        language=row["language_code"] or "",
        lines=[_product_line(line, row.get(METADATA) or {}) for line in tickets],
        order_discount=order_discount(row, voucher),
        is_taxed_by_app=is_taxed_by_app(row),
    )
    return CheckoutState(
        token=row["pk"],
        channel_id=row["channel_id"],
        facts=facts,
        cover_lines=tuple(
            _cover_line(line, stands_last=line is lines[-1]) for line in lines if _is_cover(line)
        ),
        policyholder=holder,
        has_voucher=bool(row["voucher_code"]),
        has_gift=any(line["is_gift"] for line in lines),
        is_priced_anew=row["has_stale_prices"],
        summary=row["summary"],
        needs_shipping=any(
            line["variant__product__product_type__is_shipping_required"] for line in lines
        ),
    )


def has_money(token: uuid.UUID) -> bool:
    """Whether money is authorised, charged or pending, or a legacy completion is under way."""
    row = money_row(token)
    return row is not None and (
        row["has_transaction_money"]
        or row["has_payment_money"]
        or Checkout(completing_started_at=row["completing_started_at"]).is_checkout_locked()
    )


@contextmanager
def locked(token: uuid.UUID) -> Iterator[Any | None]:
    """Hold the checkout's row lock in a transaction; None when it has become an order.

    Lock order everywhere: checkout, lines, offer, cover, outbox.
    """
    with transaction.atomic():
        yield checkout_qs_select_for_update().filter(pk=token).first()


def exists(token: uuid.UUID) -> bool:
    return Checkout.objects.filter(pk=token).exists()


def existing(tokens: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Keep the tokens of checkouts Saleor still has."""
    return set(Checkout.objects.filter(pk__in=list(tokens)).values_list("pk", flat=True))


def _product_line(line: Row, checkout_metadata: Mapping[str, Any]) -> ProductLine:
    return ProductLine(
        reference=str(line["variant_id"]),
        product_type=line["variant__product__product_type__slug"],
        quantity=line["quantity"],
        unit_price=line["unit_price"] or Decimal(0),
        facts=ticket_facts(line, checkout_metadata),
        product=str(line["variant__product_id"]),
        is_event_cancelled=line["event_changed_at"] is not None and line["event_moved_to"] is None,
        moved_to=line["event_moved_to"],
    )


def _cover_line(line: Row, *, stands_last: bool) -> CoverLine:
    return CoverLine.of(
        line["id"],
        line["quantity"],
        line["unit_price"],
        line["private_metadata"],
        line["correction"],
        stands_last=stands_last,
    )


def _is_cover(line: Row) -> bool:
    return is_cover_type(line["variant__product__product_type__private_metadata"])


def _email(row: Row) -> str:
    return row["user__email"] or row["email"] or ""
