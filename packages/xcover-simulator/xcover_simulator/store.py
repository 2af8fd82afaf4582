"""Everything the simulated XCover knows, and its clock."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from .faults import FaultQueue
from .idempotency import KeptAnswers
from .ids import Ids
from .jsontext import Json
from .pricing import Premium
from .settings import Settings
from .throttle import Throttle

CONFIRMED = "CONFIRMED"
CANCELLED = "CANCELLED"

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Event:
    """One event whose tickets are protected; ``tickets`` holds the price of each."""

    name: str
    start: datetime
    end: datetime | None
    venue: str | None
    city: str | None
    country: str | None
    tickets: list[Decimal]


@dataclass(frozen=True, slots=True)
class Product:
    """One priced quote of an offer; it covers one event (inferred).

    ``plan`` is 1 for the usual product of its event, 2 for the second one.
    """

    quote_id: str
    product_config_id: str
    event: Event
    premium: Premium
    plan: int = 1


@dataclass(slots=True)
class Offer:
    """What create offer answered; ``booking_id`` is set once it is confirmed."""

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
    """One quote of a booking. ``cancelled_from`` is when the cover ends."""

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
    """A confirmed offer: the policy."""

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
        """CANCELLED once every quote is cancelled (inferred for several quotes)."""
        alive = any(quote.status == CONFIRMED for quote in self.quotes)
        return CONFIRMED if alive else CANCELLED


@dataclass(slots=True)
class Cancellation:
    """A cancellation preview, or an immediate cancellation (``confirm_before`` is None)."""

    id: str
    booking_id: str
    refunds: dict[str, Decimal]
    reasons: dict[str, str]
    asked_at: datetime
    confirm_before: datetime | None
    done_at: datetime | None = None


@dataclass(slots=True)
class Update:
    """A previewed modification and the body that asked for it."""

    id: str
    booking_id: str
    body: Json
    previewed_at: datetime
    total_price_diff: Decimal
    applied_at: datetime | None = None


@dataclass(slots=True)
class OptOut:
    """An offer that was declined; ``times`` counts repeated calls."""

    offer_id: str
    at: datetime
    times: int = 1


@dataclass(slots=True)
class Email:
    """A message XCover would have sent; nothing leaves the simulator."""

    booking_id: str
    event: str
    to: str
    at: datetime


@dataclass(slots=True)
class Call:
    """One request as it arrived; ``status`` stays None when no answer was sent."""

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
    """One webhook and what became of each attempt."""

    event: str
    booking_id: str
    url: str
    signed: bool | str
    body: Json
    attempts: list[Json] = field(default_factory=list)
    delivered: bool = False


class Store:
    """The simulator's memory. It lives on one event loop; operations on it never await."""

    def __init__(
        self, settings: Settings, clock: Clock | None = None, ids: Ids | None = None
    ) -> None:
        self._first_settings = settings
        self._clock = clock or (lambda: datetime.now(UTC))
        self.ids = ids or Ids()
        self.reset()

    def reset(self) -> None:
        """Forget everything and return to the settings of the start."""
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
        self.kept_answers = KeptAnswers()
        self.throttle = Throttle()

    def now(self) -> datetime:
        """Return the simulator's time: the real one plus ``now_offset_seconds``."""
        return self._clock() + timedelta(seconds=self.settings.now_offset_seconds)

    def counts(self) -> dict[str, int]:
        """Return how many calls each operation received."""
        return dict(Counter(call.operation for call in self.calls))
