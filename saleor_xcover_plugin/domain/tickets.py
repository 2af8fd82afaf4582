"""Plain values for insured events, tickets and policyholders, independent of Saleor and XCover."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """The store's data about one checkout line, as texts by source.

    Keys have the form of sources: ``product.name``, ``product.metadata.event_start``.
    """

    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One event at one place.

    Times are aware and keep the store's offset; ``country`` is an ISO 3166-1 alpha-2 code. Raise
    ``ValueError`` for a time without an offset.
    """

    name: str
    starts_at: datetime
    country: str
    ends_at: datetime | None = None
    venue: str | None = None
    city: str | None = None

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None or (self.ends_at and self.ends_at.tzinfo is None):
            raise ValueError("event times need an offset")


@dataclass(frozen=True, slots=True)
class Tickets:
    """Equal tickets of one event: one ticket line of a checkout."""

    event: Event
    count: int
    unit_price: Decimal
    """Price of one ticket in the basket's currency."""
    reference: str
    """The key of the line's variant."""
    is_resale: bool = False
    product: str = ""
    """The key of the variant's product, which identifies tickets after the variant is deleted."""
    facts: TicketFacts = field(default_factory=TicketFacts, repr=False)
    """The store's data about the line, for payload templates."""


@dataclass(frozen=True, slots=True)
class Basket:
    """All insurable tickets of one checkout, with the other facts a price depends on."""

    tickets: tuple[Tickets, ...]
    currency: str
    """ISO 4217 code."""
    country: str
    """The policyholder's country, an ISO 3166-1 alpha-2 code."""
    language: str
    """ISO 639-1 code; variants such as ``en-us`` are allowed."""
    region: str = ""
    """The policyholder's region or state as in the address, such as NY; may be empty."""

    @property
    def events(self) -> list[Event]:
        """The different events, in the order of their first lines."""
        return list(dict.fromkeys(line.event for line in self.tickets))

    @property
    def earliest_start(self) -> datetime:
        """The start of the first event."""
        return min(line.event.starts_at for line in self.tickets)


@dataclass(frozen=True, slots=True)
class Policyholder:
    """The person the policy is issued to. Only the country shows in ``repr``.

    ``phone`` is an E.164 number with a leading plus, ``country`` an ISO 3166-1 alpha-2 code.
    """

    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)
    country: str
    city: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    region: str = field(default="", repr=False)

    def missing_fields(self) -> tuple[str, ...]:
        """Return the names of the empty fields that XCover requires to confirm an offer.

        Source: https://partner-docs.covergenius.com/offers/api/reference/confirm-offer
        """
        required = ("first_name", "last_name", "email", "phone", "country")
        return tuple(field for field in required if not getattr(self, field).strip())


@dataclass(frozen=True, slots=True)
class Buyer(Policyholder):
    """A policyholder with details that are sent only where a payload template names them."""

    company: str = field(default="", repr=False)
    street: str = field(default="", repr=False)
    street_2: str = field(default="", repr=False)


_PHONE = re.compile(r"\+[1-9][0-9]{5,14}")


def is_phone(text: str) -> bool:
    """Return True if a text is an E.164 phone number with a leading plus, as XCover requires.

    Sources: https://docs.covergenius.com/xcover/data-formats and
    https://www.itu.int/rec/T-REC-E.164; the shortest length of 6 digits is our own choice.
    """
    return bool(_PHONE.fullmatch(text))
