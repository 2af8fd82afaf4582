"""Build the policyholder from the billing address, or from the shipping address without one."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from saleor.account.models import Address
from saleor.order.lock_objects import order_qs_select_for_update
from saleor.order.models import Order

from ..compiled_query import Row
from ..domain.tickets import Buyer, is_phone

_ADDRESS = (
    "first_name",
    "last_name",
    "company_name",
    "street_address_1",
    "street_address_2",
    "city",
    "postal_code",
    "country",
    "country_area",
    "phone",
)


def address_columns(name: str) -> tuple[str, ...]:
    """Return the columns of an address (``billing_address``, ``shipping_address``) in a query."""
    return (f"{name}_id", *(f"{name}__{column}" for column in _ADDRESS))


def address_in(row: Row, name: str) -> Address | None:
    """Return the address in a row with ``address_columns``, or None if there is none.

    It is an unsaved instance of Saleor's model, which parses phone and country.
    """
    if row[f"{name}_id"] is None:
        return None
    return Address(**{column: row[f"{name}__{column}"] for column in _ADDRESS})


def policyholder_of(billing: Any | None, shipping: Any | None, email: str) -> Buyer:
    """Build the policyholder from Saleor addresses; missing fields are empty.

    All fields come from the billing address if there is one, else from the shipping address. Only a
    missing phone may come from the other address. The country is the one that is quoted, so quote
    and policy cannot differ.
    """
    address = billing or shipping
    if address is None:
        return Buyer("", "", email, "", "")
    return Buyer(
        first_name=address.first_name,
        last_name=address.last_name,
        email=email,
        phone=_e164(address.phone) or _e164(getattr(shipping, "phone", None)),
        country=address.country.code or "",
        city=address.city,
        postcode=address.postal_code,
        region=address.country_area,
        company=address.company_name,
        street=address.street_address_1,
        street_2=address.street_address_2,
    )


def _e164(phone: Any) -> str:
    """Return the phone number with plus and country code, or an empty text.

    XCover's format: https://docs.covergenius.com/xcover/data-formats. A stored text that is no
    number is read by Saleor as ``+NoneNone``.
    """
    text = str(getattr(phone, "as_e164", phone) or "")
    return text if is_phone(text) else ""


def complete(order_id: uuid.UUID, wanted: Mapping[str, str]) -> list[str]:
    """Fill empty fields of the order's policyholder; return the names of the fields filled.

    ``wanted`` may contain ``email``, ``first_name``, ``last_name`` and ``phone``. Fields that have
    a value are kept. Call inside a transaction: the order's row is locked.
    """
    order = order_qs_select_for_update().filter(pk=order_id).first()
    if order is None:
        return []
    filled = []
    if "email" in wanted and not order.user_email.strip():
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
    """Return True if the field is empty or blank; an unreadable phone counts as empty."""
    value = getattr(address, name)
    return not (_e164(value) if name == "phone" else str(value or "").strip())


_IN_ADDRESS = ("first_name", "last_name", "phone")
