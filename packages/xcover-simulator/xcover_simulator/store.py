"""The simulator's memory and clock, and the records it keeps."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from .faults import FaultQueue
from .idempotency import KeptResponses
from .ids import Ids
from .jsontext import Json
from .pricing import Premium
from .settings import Settings
from .throttle import Throttle

CONFIRMED = "CONFIRMED"
"""Status of a booking or quote in force."""
CANCELLED = "CANCELLED"
"""Status of a cancelled booking or quote."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Event:
    """A ticketed event. ``tickets`` holds the price of each ticket in the offer's currency."""

    name: str
    start: datetime
    end: datetime | None
    venue: str | None
    city: str | None
    country: str | None
    tickets: list[Decimal]


@dataclass(frozen=True, slots=True)
class Product:
    """A priced quote of an offer, which covers one event (inferred).

    ``plan`` is 1 for the first product of its event and 2 for the second.
    """

    quote_id: str
    product_config_id: str
    event: Event
    premium: Premium
    plan: int = 1


@dataclass(slots=True)
class Offer:
    """A created offer. ``booking_id`` is set once it is confirmed."""

    id: str
    session_id: str
    schema: str
    currency: str
    language: str
    created_at: datetime
    products: list[Product]
    rules: list[Json] = field(default_factory=list)
    booking_id: str | None = None


@dataclass(slots=True)
class BookedQuote:
    """A quote of a booking. ``cancelled_from`` is the time at which the protection ends."""

    id: str
    event: Event
    premium: Premium
    policy_start: datetime
    created_at: datetime
    confirmed_at: datetime
    updated_at: datetime
    insured: Any = None
    status: str = CONFIRMED
    cancelled_at: datetime | None = None
    cancelled_from: datetime | None = None
    reason: str = ""


@dataclass(slots=True)
class Booking:
    """A confirmed offer, which is a policy."""

    id: str
    offer_id: str
    currency: str
    language: str
    policyholder: Json
    quotes: list[BookedQuote]
    partner_transaction_id: str | None
    booking_agent: Any
    security_token: str
    account_id: str
    created_at: datetime
    updated_at: datetime

    @property
    def status(self) -> str:
        """CANCELLED if every quote is cancelled, otherwise CONFIRMED (inferred)."""
        alive = any(quote.status == CONFIRMED for quote in self.quotes)
        return CONFIRMED if alive else CANCELLED


@dataclass(slots=True)
class Cancellation:
    """A cancellation preview or an immediate cancellation."""

    id: str
    booking_id: str
    refunds: dict[str, Decimal]
    """Refund by quote id, in the booking's currency."""
    reasons: dict[str, str]
    """Reason by quote id."""
    asked_at: datetime
    confirm_before: datetime | None
    """Last moment to confirm a preview; None for an immediate cancellation."""
    done_at: datetime | None = None
    """Time at which the cancellation was carried out."""


@dataclass(slots=True)
class Update:
    """A previewed modification and the request body that described it."""

    id: str
    booking_id: str
    body: Json
    previewed_at: datetime
    total_price_diff: Decimal
    applied_at: datetime | None = None


@dataclass(slots=True)
class OptOut:
    """A declined offer. ``times`` counts the calls."""

    offer_id: str
    at: datetime
    times: int = 1


@dataclass(slots=True)
class Email:
    """An e-mail that XCover would have sent. The simulator sends none."""

    booking_id: str
    event: str
    to: str
    at: datetime


@dataclass(slots=True)
class Call:
    """A request of the partner. ``status`` stays None when no response was sent."""

    operation: str
    method: str
    path: str
    query: str
    at: datetime
    idempotency_key: str | None = None
    body: Any = None
    fault: str | None = None
    status: int | None = None


@dataclass(slots=True)
class Delivery:
    """A webhook and the outcome of each attempt to deliver it."""

    event: str
    booking_id: str
    url: str
    signed: bool | str
    body: Json
    attempts: list[Json] = field(default_factory=list)
    delivered: bool = False


class Store:
    """The simulator's memory.

    Use it on one event loop only. Operations on it never await, so they need no locks.
    ``clock`` returns the real time in UTC, and ``ids`` generates identifiers; both can be replaced
    to make runs repeatable.
    """

    def __init__(
        self, settings: Settings, clock: Clock | None = None, ids: Ids | None = None
    ) -> None:
        self._first_settings = settings
        self._clock = clock or (lambda: datetime.now(UTC))
        self.ids = ids or Ids()
        self.reset()

    def reset(self) -> None:
        """Delete all records and restore the initial settings."""
        self.settings = self._first_settings
        self.offers: dict[str, Offer] = {}
        self.bookings: dict[str, Booking] = {}
        self.cancellations: dict[str, Cancellation] = {}
        self.updates: dict[str, Update] = {}
        self.opt_outs: dict[str, OptOut] = {}
        self.emails: list[Email] = []
        self.webhooks: list[Delivery] = []
        self.calls: list[Call] = []
        self.faults = FaultQueue()
        self.kept_answers = KeptResponses()
        self.throttle = Throttle()

    def now(self) -> datetime:
        """Return the simulator's time in UTC: the clock plus ``now_offset_seconds``."""
        return self._clock() + timedelta(seconds=self.settings.now_offset_seconds)

    def counts(self) -> dict[str, int]:
        """Return the number of calls by operation."""
        return dict(Counter(call.operation for call in self.calls))
