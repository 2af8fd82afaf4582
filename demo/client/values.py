"""What the driver hands back: small values, money as Decimal."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

COVER_SKU = "XCOVER-TICKET-PROTECTION"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a checkout or an order; prices gross, ``total`` after all discounts."""

    id: str
    sku: str
    quantity: int
    unit_price: Decimal
    undiscounted_unit_price: Decimal
    total: Decimal

    @property
    def is_cover(self) -> bool:
        return self.sku == COVER_SKU


class _WithLines:
    lines: tuple[Line, ...]
    __slots__ = ()

    @property
    def cover_lines(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.is_cover)

    @property
    def ticket_lines(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.is_cover)


@dataclass(frozen=True, slots=True)
class Checkout(_WithLines):
    """A checkout as its shopper sees it."""

    id: str
    token: str
    currency: str
    total: Decimal
    subtotal: Decimal
    lines: tuple[Line, ...]
    email: str | None
    voucher_code: str | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PlacedOrder(_WithLines):
    """An order as checkoutComplete shows it to its shopper."""

    id: str
    number: str
    total: Decimal
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Order(_WithLines):
    """An order as staff see it; ``notes`` oldest first."""

    id: str
    number: str
    status: str
    charge_status: str
    currency: str
    total: Decimal
    charged: Decimal
    refunded: Decimal
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    metadata: Mapping[str, str]
    private_metadata: Mapping[str, str]

    def has_note(self, *parts: str) -> bool:
        """Whether one note holds all ``parts``, whatever their case."""
        return any(all(part.lower() in note.lower() for part in parts) for note in self.notes)


@dataclass(frozen=True, slots=True)
class Quote:
    """One quote of an offer as the storefront shows it."""

    id: str
    title: str
    premium: Decimal
    pds_url: str
    disclaimer: str
    benefits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """The live offer of a checkout. ``answer`` is ``accepted``, ``declined`` or None."""

    quotes: tuple[Quote, ...]
    premium: Decimal
    currency: str
    content_hash: str
    heading: str
    disclaimer: str
    answer: str | None
    valid_until: str

    @property
    def quote_ids(self) -> tuple[str, ...]:
        return tuple(quote.id for quote in self.quotes)


@dataclass(frozen=True, slots=True)
class Cover:
    """The cover of an order as its shopper sees it."""

    status: str
    premium: Decimal
    policy_number: str | None
    pds_url: str | None
    amount_due_back: Decimal


@dataclass(frozen=True, slots=True)
class Transaction:
    """A payment at a payment app."""

    id: str
    psp_reference: str
    currency: str
    charged: Decimal
    authorized: Decimal
    refunded: Decimal
