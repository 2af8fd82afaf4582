"""Values that the client returns. Amounts are Decimal, in the currency of their checkout."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

COVER_SKU = "XCOVER-TICKET-PROTECTION"
"""SKU of the variant that carries the premium."""
TAXED_COVER_SKU = f"{COVER_SKU}-TAXED"
"""SKU of the one whose line carries tax."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a checkout or an order. Prices are gross; ``total`` is after all discounts."""

    id: str
    sku: str
    quantity: int
    unit_price: Decimal
    undiscounted_unit_price: Decimal
    total: Decimal

    @property
    def is_cover(self) -> bool:
        """True if the line carries the premium."""
        return self.sku in (COVER_SKU, TAXED_COVER_SKU)


class _WithLines:
    lines: tuple[Line, ...]
    __slots__ = ()

    @property
    def cover_lines(self) -> tuple[Line, ...]:
        """The lines that carry a premium."""
        return tuple(line for line in self.lines if line.is_cover)

    @property
    def ticket_lines(self) -> tuple[Line, ...]:
        """All other lines."""
        return tuple(line for line in self.lines if not line.is_cover)


@dataclass(frozen=True, slots=True)
class Checkout(_WithLines):
    """A checkout as the API returns it to its shopper."""

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
    """An order as checkoutComplete returns it."""

    id: str
    number: str
    total: Decimal
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Fulfillment:
    """A fulfillment of an order. ``lines`` maps order line ids to fulfillment line ids."""

    id: str
    status: str
    lines: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Order(_WithLines):
    """An order as the API returns it to staff. ``notes`` are oldest first."""

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
        """Return True if one note contains all ``parts``, ignoring case."""
        return any(all(part.lower() in note.lower() for part in parts) for note in self.notes)


@dataclass(frozen=True, slots=True)
class Point:
    """A bullet point of a text. ``label`` may be empty."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote of an offer, with its texts."""

    id: str
    title: str
    description: str
    premium: Decimal
    premium_per_ticket: Decimal | None
    pds_url: str
    disclaimer: str
    terms: str
    badge: str
    benefits: tuple[Point, ...]
    inclusions: tuple[Point, ...]
    exclusions: tuple[Point, ...]
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A group of quotes with selection rules. ``choice`` is ``ALTERNATIVES`` or ``ADD_ONS``."""

    slug: str
    choice: str
    is_disabled: bool
    min_select: int
    max_select: int
    quote_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """The live offer of a checkout. ``answer`` is ``accepted``, ``declined`` or None.

    ``texts`` holds the plain texts of the offer by their GraphQL name.
    """

    quotes: tuple[Quote, ...]
    groups: tuple[Group, ...]
    chosen_premium: Decimal | None
    chosen_ids: tuple[str, ...]
    currency: str
    content_hash: str
    heading: str
    disclaimer: str
    extras: tuple[Point, ...]
    texts: Mapping[str, str]
    answer: str | None
    valid_until: str | None
    is_shown: bool

    @property
    def quote_ids(self) -> tuple[str, ...]:
        """The first quotes of each group, as many as may be selected."""
        return tuple(
            quote_id for group in self.groups for quote_id in group.quote_ids[: group.max_select]
        )

    @property
    def premium(self) -> Decimal:
        """The price of ``quote_ids``."""
        chosen = (quote.premium for quote in self.quotes if quote.id in self.quote_ids)
        return sum(chosen, Decimal(0))


@dataclass(frozen=True, slots=True)
class Cover:
    """The cover of an order as the plugin returns it to the shopper.

    ``products`` maps titles to premiums.
    """

    status: str | None
    """None for a status of a newer version."""
    premium: Decimal
    products: Mapping[str, Decimal]
    policy_number: str | None
    pds_url: str | None
    amount_due_back: Decimal
    links: Mapping[str, str | None] | None
    """Those that open the policy without a login; None for who may not."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction of a payment app, with its amounts in ``currency``."""

    id: str
    psp_reference: str
    currency: str
    charged: Decimal
    authorized: Decimal
    refunded: Decimal
