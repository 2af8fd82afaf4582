"""Bookings, and the responses to cancelling or modifying one.

Amounts are in the booking's currency. The public documentation does not show the fields; they are
known from recorded traffic of Cover Genius's own client,
https://github.com/CoverGenius/xcover-python
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field, model_validator

from .values import (
    Amount,
    Currency,
    Flag,
    Identifier,
    Link,
    Moment,
    PathIdentifier,
    RequiredMoment,
    ResponseModel,
    SoftAmount,
    SoftIdentifier,
    Status,
    TextsByName,
    items,
    mapping,
)


class BookedQuote(ResponseModel):
    """One product of a booking."""

    id: Identifier
    status: Status
    price: SoftAmount = None
    """With tax; it keeps its value when the booking is cancelled."""
    price_difference: SoftAmount = Field(None, alias="price_diff")
    """Change of the price by a modification."""
    can_be_cancelled: Flag = None
    cooling_off_until: Moment = Field(None, alias="policy_coolingoff_date")
    """End of the cooling-off period."""
    refund_value: Amount | None = None
    confirmed_at: Moment = None
    cancelled_at: Moment = None
    """Time of the preview, if the cancellation was previewed."""


class BookingLinks(ResponseModel):
    """Links for the buyer and staff. They open the policy without a login and are never logged."""

    certificate: Link = Field(None, repr=False)
    certificate_pdf: Link = Field(None, repr=False)
    account: Link = Field(None, repr=False)
    insurance_claim: Link = Field(None, repr=False)


class Booking(ResponseModel):
    """A policy at XCover."""

    id: PathIdentifier
    status: Status
    currency: Currency
    total_price: Amount
    """With tax, like an offered quote's premium; 0 after a cancellation."""
    total_tax: SoftAmount = None
    partner_transaction_id: SoftIdentifier = None
    """The id that was sent with the confirmation."""
    quotes: tuple[BookedQuote, ...]
    pds_url: Link = None
    """Link to the policy wording."""
    created_at: Moment = None
    policyholder: TextsByName = Field(default_factory=dict, repr=False)
    """The buyer's details at XCover. They are compared, and never stored or logged."""
    links: BookingLinks = Field(repr=False)
    is_refunded_by_xcover: bool = False
    """True if a flag suggests that XCover pays refunds to the buyer itself."""

    @model_validator(mode="before")
    @classmethod
    def _gather_links_and_flags(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        certificate = mapping(data.get("coi"))
        links = {
            "certificate": certificate.get("url"),
            "certificate_pdf": certificate.get("pdf"),
            "account": data.get("account_url"),
            "insurance_claim": data.get("fnol_link"),
        }
        return data | {"links": links, "is_refunded_by_xcover": _is_refunded_by_xcover(data)}

    @property
    def is_confirmed(self) -> bool:
        """True if the booking and all of its quotes are confirmed."""
        statuses = {self.status, *(quote.status for quote in self.quotes)}
        return bool(self.quotes) and statuses == {"CONFIRMED"}

    @property
    def is_cancelled(self) -> bool:
        """True if the booking is cancelled."""
        return self.status == "CANCELLED"

    @property
    def cooling_off_until(self) -> datetime | None:
        """The earliest end of a quote's cooling-off period; None if any quote names none."""
        return _earliest_end(self.quotes)


class CancelledBooking(Booking):
    """The response to a confirmed cancellation.

    It names the refund, which a later ``get_booking`` does not.
    """

    refund_amount: SoftAmount = None
    total_refund: SoftAmount = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_preview(cls, data: Any) -> Any:
        # The status of a preview is CANCELLED too; only its id tells the two apart.
        if mapping(data).get("cancellation_id") is not None or (
            mapping(data).get("status") != "CANCELLED"
        ):
            raise ValueError("nothing was cancelled")
        return data


class CancellationPreview(ResponseModel):
    """The preview of a cancellation.

    Its status is CANCELLED although nothing was cancelled, so it is recognized by
    ``cancellation_id``.
    """

    booking_id: PathIdentifier = Field(alias="id")
    cancellation_id: PathIdentifier
    """Identifies the preview when it is confirmed."""
    confirm_before: RequiredMoment
    """When the preview lapses."""
    currency: Currency
    total_refund: Amount | None = None
    refund_amount: Amount | None = None
    """At least one of the two totals is present."""
    quotes: tuple[BookedQuote, ...]
    is_refunded_by_xcover: bool
    """True if a flag suggests that XCover pays the refund to the buyer itself."""

    @model_validator(mode="before")
    @classmethod
    def _read_flags(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        if data.get("total_refund") is None and data.get("refund_amount") is None:
            raise ValueError("the refund is missing")
        return data | {"is_refunded_by_xcover": _is_refunded_by_xcover(data)}

    @property
    def _amounts(self) -> tuple[Decimal, ...]:
        by_quote = sum((q.refund_value or Decimal(0) for q in self.quotes), Decimal(0))
        named = (self.total_refund, self.refund_amount)
        return (*(amount for amount in named if amount is not None), by_quote)

    @property
    def refund(self) -> Decimal:
        """The smallest refund that the response names, in ``currency``."""
        return min(self._amounts)

    @property
    def refund_amounts_agree(self) -> bool:
        """True if both totals and the sum over the quotes are equal."""
        return len(set(self._amounts)) == 1

    @property
    def cooling_off_until(self) -> datetime | None:
        """The earliest end of a quote's cooling-off period; None if any quote names none."""
        return _earliest_end(self.quotes)


def _earliest_end(quotes: Sequence[BookedQuote]) -> datetime | None:
    ends = [quote.cooling_off_until for quote in quotes]
    known = [end for end in ends if end is not None]
    return min(known) if known and len(known) == len(ends) else None


def _is_refunded_by_xcover(data: dict[str, Any]) -> bool:
    """Return True if one of two flags is set, wherever recordings have them.

    Inferred from their names; XCover does not document them.
    """
    partner = mapping(data.get("partner"))
    places = (data, partner, mapping(partner.get("subsidiary")))
    flags = ("xpay_refund_enabled", "automatic_refund_by_xcore")
    return any(bool(place.get(flag)) for place in places for flag in flags)


class Modification(ResponseModel):
    """A modified booking, or the preview of a modification."""

    booking: Booking
    update_id: PathIdentifier | None = None
    """Identifies a preview when it is confirmed; None if the modification was applied."""
    price_difference: Amount = Field(alias="total_price_diff")
    """Change of the total price."""

    @model_validator(mode="before")
    @classmethod
    def _take_booking(cls, data: Any) -> Any:
        return data | {"booking": data} if isinstance(data, dict) else data

    @property
    def is_free(self) -> bool:
        """True if neither the total price nor the price of any quote changes."""
        return not self.price_difference and not any(
            quote.price_difference for quote in self.booking.quotes
        )

    @property
    def booking_id(self) -> str:
        """The id of the booking."""
        return self.booking.id

    @property
    def status(self) -> str:
        """The status of the booking."""
        return self.booking.status


def has_null_item(data: dict[str, Any]) -> bool:
    """Return True if a product or quote of a response is null, which means that it failed.

    Source: https://partner-docs.covergenius.com/offers/api/responses/error-types
    """
    return any(item is None for name in ("products", "quotes") for item in items(data.get(name)))
