"""Who becomes policyholder: the billing address, or the shipping address when there is none."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from saleor.account.models import Address
from saleor.order.lock_objects import order_qs_select_for_update
from saleor.order.models import Order

from ..domain.tickets import Policyholder, is_phone
from .compiled_query import Row

_ADDRESS = ("first_name", "last_name", "city", "postal_code", "country", "country_area", "phone")


def address_columns(name: str) -> tuple[str, ...]:
    """Return the columns that bring an address along with its checkout or order."""
    return (f"{name}_id", *(f"{name}__{column}" for column in _ADDRESS))


def address_in(row: Row, name: str) -> Address | None:
    """Return the address of a row with ``address_columns``.

    Saleor's own model, because it knows what a phone or country in the database means.
    """
    if row[f"{name}_id"] is None:
        return None
    return Address(**{column: row[f"{name}__{column}"] for column in _ADDRESS})


def policyholder_of(billing: Any | None, shipping: Any | None, email: str) -> Policyholder:
    """Build the policyholder from Saleor addresses; fields the shopper left out stay empty.

    The same address names the country that is quoted, so quote and policy cannot differ. Only a
    missing phone may come from the other address.
    """
    address = billing or shipping
    if address is None:
        return Policyholder("", "", email, "", "")
    return Policyholder(
        first_name=address.first_name,
        last_name=address.last_name,
        email=email,
        phone=_e164(address.phone) or _e164(getattr(shipping, "phone", None)),
        country=address.country.code or "",
        city=address.city,
        postcode=address.postal_code,
        region=address.country_area,
    )


def _e164(phone: Any) -> str:
    """Return the number as XCover demands it, with a leading plus, or nothing.

    A stored text that is no number reads ``+NoneNone``.
    """
    text = str(getattr(phone, "as_e164", phone) or "")
    return text if is_phone(text) else ""


def complete(order_id: uuid.UUID, wanted: Mapping[str, str]) -> list[str]:
    """Fill empty fields of the order's own copy of the address; return the names of those filled.

    Call inside a transaction: the order's row is locked.
    """
    order = order_qs_select_for_update().filter(pk=order_id).first()
    if order is None:
        return []
    filled = []
    if "email" in wanted and not order.user_email:
        Order.objects.filter(pk=order_id).update(user_email=wanted["email"])
        filled.append("email")
    address = order.billing_address or order.shipping_address
    if address is not None:
        empty = [name for name in _IN_ADDRESS if name in wanted and _is_empty(address, name)]
        for name in empty:
            setattr(address, name, wanted[name])
        if empty:
            address.save(update_fields=empty)
        filled += empty
    return filled


def _is_empty(address: Any, name: str) -> bool:
    """Whether the policy lacks it: a phone nobody can read is none."""
    value = getattr(address, name)
    return not (_e164(value) if name == "phone" else str(value or ""))


_IN_ADDRESS = ("first_name", "last_name", "phone")
