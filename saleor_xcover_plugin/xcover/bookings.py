"""Bookings, and what cancelling or changing one answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field, model_validator

from .values import (
    Amount,
    AnswerModel,
    Currency,
    Flag,
    Identifier,
    Link,
    Moment,
    PathIdentifier,
    RequiredMoment,
    SoftAmount,
    SoftIdentifier,
    Status,
    TextsByName,
    items,
    mapping,
)


class BookedQuote(AnswerModel):
    id: Identifier
    status: Status
    price: SoftAmount = None
    price_difference: SoftAmount = Field(None, alias="price_diff")
    can_be_cancelled: Flag = None
    cooling_off_until: Moment = Field(None, alias="policy_coolingoff_date")
    refund_value: Amount | None = None
    confirmed_at: Moment = None
    cancelled_at: Moment = None


class BookingLinks(AnswerModel):
    """Links that open the policy without a login: for the buyer and staff, never logged."""

    certificate: Link = Field(None, repr=False)
    certificate_pdf: Link = Field(None, repr=False)
    account: Link = Field(None, repr=False)
    insurance_claim: Link = Field(None, repr=False)
    cancellation: Link = Field(None, repr=False)
    sign_up: Link = Field(None, repr=False)


class Booking(AnswerModel):
    """A policy. ``total_price`` is with tax; compare it with the offered ``total_amount``."""

    id: PathIdentifier
    status: Status
    currency: Currency
    total_price: Amount
    total_tax: SoftAmount = None
    partner_transaction_id: SoftIdentifier = None
    quotes: tuple[BookedQuote, ...]
    pds_url: Link = None
    created_at: Moment = None
    policyholder: TextsByName = Field(default_factory=dict, repr=False)
    """The buyer's details as XCover has them: compared, never stored or logged."""
    links: BookingLinks = Field(repr=False)
    is_refunded_by_xcover: bool = False
    """Whether a flag suggests that XCover pays refunds to the buyer itself."""

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
            "cancellation": data.get("cancel_link"),
            "sign_up": data.get("sign_up_url"),
        }
        return data | {"links": links, "is_refunded_by_xcover": _is_refunded_by_xcover(data)}

    @property
    def is_confirmed(self) -> bool:
        statuses = {self.status, *(quote.status for quote in self.quotes)}
        return bool(self.quotes) and statuses == {"CONFIRMED"}

    @property
    def is_cancelled(self) -> bool:
        return self.status == "CANCELLED"

    @property
    def cooling_off_until(self) -> datetime | None:
        """The earliest end of a quote's cooling-off period; None if any quote names none."""
        return _earliest_end(self.quotes)


class CancelledBooking(Booking):
    """The answer to a cancellation that took place, and the only one that names the refund."""

    refund_amount: SoftAmount = None
    total_refund: SoftAmount = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_preview(cls, data: Any) -> Any:
        # A preview says CANCELLED as well; only its id tells it (recorded).
        if mapping(data).get("cancellation_id") is not None or (
            mapping(data).get("status") != "CANCELLED"
        ):
            raise ValueError("nothing was cancelled")
        return data


class CancellationPreview(AnswerModel):
    """What cancelling would refund. Told by its id: the status says CANCELLED already."""

    booking_id: PathIdentifier = Field(alias="id")
    cancellation_id: PathIdentifier
    confirm_before: RequiredMoment
    currency: Currency
    total_refund: Amount | None = None
    refund_amount: Amount | None = None
    quotes: tuple[BookedQuote, ...]
    is_refunded_by_xcover: bool
    """Whether a flag suggests that XCover pays the buyer itself."""

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
        """The smallest amount the answer names, in ``currency``."""
        return min(self._amounts)

    @property
    def refund_amounts_agree(self) -> bool:
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
    """Look at both flags wherever they were recorded: the partner and its subsidiary."""
    partner = mapping(data.get("partner"))
    places = (data, partner, mapping(partner.get("subsidiary")))
    flags = ("xpay_refund_enabled", "automatic_refund_by_xcore")
    return any(bool(place.get(flag)) for place in places for flag in flags)


class Modification(AnswerModel):
    """A changed booking, or the preview of one (then with ``update_id``)."""

    booking: Booking
    update_id: PathIdentifier | None = None
    price_difference: Amount = Field(alias="total_price_diff")

    @model_validator(mode="before")
    @classmethod
    def _take_booking(cls, data: Any) -> Any:
        return data | {"booking": data} if isinstance(data, dict) else data

    @property
    def is_free(self) -> bool:
        """Whether neither the booking nor any quote of it costs more or less."""
        return not self.price_difference and not any(
            quote.price_difference for quote in self.booking.quotes
        )

    @property
    def booking_id(self) -> str:
        return self.booking.id

    @property
    def status(self) -> str:
        return self.booking.status


def has_null_item(data: dict[str, Any]) -> bool:
    """Whether an item failed: it then comes back as null (XCover partner docs, error types)."""
    return any(item is None for name in ("products", "quotes") for item in items(data.get(name)))
