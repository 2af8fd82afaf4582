"""Who becomes policyholder: the billing address, or the shipping address when there is none."""

from __future__ import annotations

from typing import Any

from ..domain.tickets import Policyholder


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
    """Return the number with a leading plus, which XCover demands, or nothing."""
    text = str(getattr(phone, "as_e164", phone) or "")
    return text if text.startswith("+") else ""
