"""What is insured and for whom: plain values, no Saleor words and no wire words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Event:
    """One event at one place. Times are timezone-aware and keep the store's offset."""

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
    """Equal tickets of one event: one ticket line of a checkout.

    ``unit_price`` is the price of one ticket in the basket's currency; ``reference`` names the
    line's variant for logs and for matching a quote to its tickets.
    """

    event: Event
    count: int
    unit_price: Decimal
    reference: str
    is_resale: bool = False
    product: str = ""
    """The key of the variant's product, by which it is found after it was deleted."""


@dataclass(frozen=True, slots=True)
class Basket:
    """All insurable tickets of one checkout and what a price depends on.

    ``country`` is the policyholder's ISO 3166-1 alpha-2 code, ``language`` an ISO 639-1 code
    (variants such as ``en-us`` allowed), ``currency`` an ISO 4217 code.
    """

    tickets: tuple[Tickets, ...]
    currency: str
    country: str
    language: str

    @property
    def earliest_start(self) -> datetime:
        return min(line.event.starts_at for line in self.tickets)


@dataclass(frozen=True, slots=True)
class Policyholder:
    """The person the policy is issued to. ``phone`` is E.164 with a leading plus.

    Only the country shows in ``repr``.
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
        """Name the fields XCover lists as required for confirming and that are empty.

        Source: partner guide "confirm offer": first_name, last_name, email, phone, country.
        """
        required = ("first_name", "last_name", "email", "phone", "country")
        return tuple(field for field in required if not getattr(self, field).strip())


_PHONE = re.compile(r"\+[1-9][0-9]{5,14}")


def is_phone(text: str) -> bool:
    """Whether a text is a phone number as XCover demands it: E.164 with a leading plus.

    Source: https://www.itu.int/rec/T-REC-E.164; the shortest is a judgement of ours.
    """
    return bool(_PHONE.fullmatch(text))
