"""What a flow may expect of the store it plays in, whatever host serves it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of the store; ``id`` as the API spells it."""

    id: str
    slug: str
    currency: str


@dataclass(frozen=True, slots=True)
class Variant:
    """Something to buy; ``price`` holds in every channel of the store."""

    id: str
    sku: str
    price: Decimal


class Tokens(Protocol):
    """People and apps with rights."""

    def staff_token(self) -> str:
        """Return a token of a member of staff with every permission a flow needs."""

    def payment_app_token(self) -> str:
        """Return the token of an app that may handle payments."""

    def store_app_token(self) -> str:
        """Return the token of an app that may handle checkouts."""


class Store(Tokens, Protocol):
    """A ticket store with its people. Taxes are flat at 0, nothing needs shipping."""

    trace_version: str
    """The Saleor minor version whose recorded traces hold here, such as ``3.23``."""

    usd: Channel
    """Orders are made once they are paid (transaction flow)."""
    usd_unpaid: Channel
    """Orders may be made unpaid."""
    usd_legacy: Channel
    """The legacy payment flow."""
    eur: Channel
    nok: Channel
    """A currency without offers at the simulated XCover."""

    concert: Variant
    """100.00, sixty days ahead, with complete event data."""
    festival: Variant
    """50.00, another event ninety days ahead."""
    mystery: Variant
    """A ticket whose product lacks event data."""
    shirt: Variant
    """Merchandise at 25.00: not a ticket."""

    warehouse: str
    """The id of the warehouse that holds everything the store sells."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Return every channel of this store."""

    def new_channel(self, currency: str = "USD", **settings: Any) -> Channel:
        """Make a channel that lists every product; ``settings`` as Saleor names its fields."""

    def new_event(self, *, price: str, starts_at: datetime, **metadata: str) -> Variant:
        """Make a ticket for an event, listed in every channel."""

    def new_merchandise(self, *, price: str, is_shipped: bool = False) -> Variant:
        """Make something that is no ticket, listed in every channel."""

    def cover_variant(self) -> Variant:
        """Return the variant the plugin's setup made, as a shopper may find it out."""

    def command(self, name: str, *arguments: str) -> str:
        """Run a management command and return what it printed."""

    def forget(self) -> None:
        """Empty the plugin's own tables and let its sweep pass over all earlier orders."""
