"""The contract between the flow tests and the store of any host."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of the store. ``id`` is its global id."""

    id: str
    slug: str
    currency: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant for sale, at the same ``price`` in the currency of every channel."""

    id: str
    sku: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with an account, who is logged in. ``key`` is the primary key of the user."""

    key: int
    token: str


class Tokens(Protocol):
    """Tokens of people and apps with permissions."""

    def staff_token(self) -> str:
        """Return a token of a member of staff with every permission that the flow tests need."""

    def payment_app_token(self) -> str:
        """Return the token of an app with the permission to handle payments."""

    def store_app_token(self) -> str:
        """Return the token of an app with the permission to handle checkouts."""


class Store(Tokens, Protocol):
    """A ticket store with its people. Taxes are 0, and tickets need no shipping."""

    trace_version: str
    """The Saleor minor version whose recorded traces apply to this host, such as ``3.23``."""

    usd: Channel
    """A channel of the transaction flow, which creates orders only once they are paid."""
    usd_unpaid: Channel
    """A channel that also creates unpaid orders."""
    usd_legacy: Channel
    """A channel of the legacy payment flow."""
    eur: Channel
    nok: Channel
    """A channel in a currency without offers at the simulated XCover."""

    concert: Variant
    """A ticket at 100.00 for an event in sixty days, with complete event data."""
    festival: Variant
    """A ticket at 50.00 for another event in ninety days."""
    mystery: Variant
    """A ticket at 100.00 whose product has no event data."""
    shirt: Variant
    """Merchandise at 25.00, which is not a ticket."""

    warehouse: str
    """Global id of the warehouse that holds everything the store sells."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Every channel of this store."""

    def new_customer(self) -> Customer:
        """Create a customer who is logged in."""

    def give(self, order_id: str, customer: Customer) -> None:
        """Make an order a customer's, as Saleor does when a guest makes an account later."""

    def new_channel(self, currency: str = "USD", **settings: Any) -> Channel:
        """Create a channel that lists every product; ``settings`` are fields of its row."""

    def new_event(self, *, price: str, starts_at: datetime, **metadata: str) -> Variant:
        """Create a ticket for an event, listed at ``price`` in every channel.

        ``metadata`` replaces keys of the product's event data.
        """

    def new_merchandise(self, *, price: str, is_shipped: bool = False) -> Variant:
        """Create a product that is not a ticket, listed at ``price`` in every channel."""

    def cover_variant(self) -> Variant:
        """Return the variant that the plugin's setup created."""

    def command(self, name: str, *arguments: str) -> str:
        """Run a management command and return its output."""

    def forget(self) -> None:
        """Empty the plugin's tables, and age all orders so that its sweep ignores them."""
