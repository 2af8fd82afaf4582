"""Faults on demand: the operations that misbehave next, in which way and how often."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .jsontext import Json

OPERATIONS = (
    "create_offer",
    "confirm",
    "opt_out",
    "get_booking",
    "modify",
    "preview_modification",
    "confirm_modification",
    "cancel",
    "confirm_cancellation",
    "send_email",
    "list_bookings",
)
"""Names of the operations a fault can be ordered for."""
UNKNOWN = "unknown"
"""Name of a call to an address that XCover does not have."""
ANY = "*"
"""Stands for every operation in a fault order."""


class Kind(StrEnum):
    """The ways in which an operation misbehaves."""

    DELAY = "delay"  # wait, then work and respond normally
    DRIP = "drip"  # work, then respond one byte per interval
    HANG = "hang"  # accept the request and send no response
    RESET = "reset"  # reset the connection before any work
    RESET_AFTER = "reset_after"  # work, then reset the connection: the response is lost
    STATUS = "status"  # an error status with a JSON body
    HTML = "html"  # an error page of a gateway
    HTML_OK = "html_ok"  # a page of a gateway with status 200
    ERRORS_IN_2XX = "errors_in_2xx"  # work, then respond 2xx with `errors` and null items
    NULL_PRODUCT = "null_product"  # one product (or booked quote) is null
    PRICE_DRIFT = "price_drift"  # a price other than the rate or the offer gives
    MISSING_CONTENT = "missing_content"  # texts that an offer must have are absent
    LOCKED = "locked"  # 423, as if the first call were still running
    MALFORMED = "malformed"  # work, then respond 200 with truncated JSON


# The parameters each kind accepts. `after_work` does the work first, so that only the response
# is lost.
_PARAMETERS: dict[Kind, set[str]] = {
    Kind.DELAY: {"seconds"},
    Kind.DRIP: {"interval"},
    Kind.HANG: {"seconds", "after_work"},
    Kind.RESET: set(),
    Kind.RESET_AFTER: set(),
    Kind.STATUS: {"status", "retry_after", "message", "after_work"},
    Kind.HTML: {"status", "after_work"},
    Kind.HTML_OK: {"after_work"},
    Kind.ERRORS_IN_2XX: {"message"},
    Kind.NULL_PRODUCT: {"index"},
    Kind.PRICE_DRIFT: {"amount"},
    Kind.MISSING_CONTENT: {"part"},
    Kind.LOCKED: set(),
    Kind.MALFORMED: set(),
}

_MODIFYING = {"modify", "preview_modification", "confirm_modification"}
_WITHOUT_BODY = {"opt_out", "send_email"}
# Kinds that apply to some operations only; "*" then means these operations.
_APPLIES_TO: dict[Kind, set[str]] = {
    Kind.ERRORS_IN_2XX: set(OPERATIONS) - _WITHOUT_BODY - {"list_bookings"},
    Kind.NULL_PRODUCT: {"create_offer", "confirm"},
    Kind.PRICE_DRIFT: {"create_offer", "confirm", *_MODIFYING},
    Kind.MISSING_CONTENT: {"create_offer"},
    Kind.MALFORMED: set(OPERATIONS) - _WITHOUT_BODY,
}

Seconds = Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)]


class FaultOrder(BaseModel):
    """The body of ``POST /_simulator/faults``.

    Each kind accepts only the parameters that it uses; any other is a validation error.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: Literal[
        "create_offer",
        "confirm",
        "opt_out",
        "get_booking",
        "modify",
        "preview_modification",
        "confirm_modification",
        "cancel",
        "confirm_cancellation",
        "send_email",
        "list_bookings",
        "*",
    ]
    kind: Kind
    times: Annotated[int, Field(ge=1)] | None = 1
    """Number of calls the fault strikes; null means every call until the fault is cleared."""
    seconds: Seconds = 60
    """Seconds to delay or hang."""
    interval: Seconds = 0.2
    """Seconds between two bytes of a dripped response."""
    status: Annotated[int, Field(ge=200, le=599)] = 502
    retry_after: Annotated[int, Field(ge=0)] | str | None = None
    """Value of the ``Retry-After`` header: seconds, or any text. Null sends no header."""
    message: str | None = None
    after_work: bool = False
    """Do what was asked first, so that only the response is lost."""
    index: Annotated[int, Field(ge=0)] = 0
    """Position of the product or quote that becomes null, from 0."""
    amount: Decimal = Decimal("0.50")
    """Added to the price once per struck call, in the currency of the offer or booking."""
    part: Literal["content", "disclaimer", "title", "pds_url"] = "content"
    """The text that is missing from the offer."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "FaultOrder":
        foreign = self.model_fields_set - {"operation", "kind", "times"} - _PARAMETERS[self.kind]
        if foreign:
            raise ValueError(f"{self.kind} does not take {', '.join(sorted(foreign))}")
        for kind, needed in ((Kind.STATUS, "status"), (Kind.DELAY, "seconds")):
            if self.kind is kind and needed not in self.model_fields_set:
                raise ValueError(f"{kind} needs {needed}")
        if self.operation != ANY and not self.applies_to(self.operation):
            raise ValueError(f"{self.kind} has no meaning for {self.operation}")
        return self

    def applies_to(self, operation: str) -> bool:
        """Return True if the order names ``operation`` and its kind has a meaning for it."""
        return self.operation in (ANY, operation) and operation in _APPLIES_TO.get(
            self.kind, OPERATIONS
        )

    def shown(self) -> Json:
        """Return the order as JSON, with only the parameters that its kind uses."""
        return self.model_dump(include={"operation", "kind"} | _PARAMETERS[self.kind])


class FaultOrders(BaseModel):
    """The body of ``PUT /_simulator/faults``, which replaces all waiting faults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    faults: tuple[FaultOrder, ...]


@dataclass(slots=True)
class Fault:
    """An accepted order and its counters."""

    order: FaultOrder
    remaining: int | None
    """Number of calls still to strike; None means every call until the fault is cleared."""
    hits: int = 0
    """Number of calls struck so far."""

    @property
    def kind(self) -> Kind:
        """The way in which the operation misbehaves."""
        return self.order.kind

    @property
    def works_first(self) -> bool:
        """True if the operation is carried out before it misbehaves."""
        if self.kind in (Kind.RESET, Kind.LOCKED):
            return False
        if self.kind in (Kind.HANG, Kind.STATUS, Kind.HTML, Kind.HTML_OK):
            return self.order.after_work
        return True


class FaultQueue:
    """Waiting faults, oldest first. At most one fault strikes a call."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, order: FaultOrder) -> None:
        """Append a fault to the queue."""
        self._waiting.append(Fault(order, order.times))

    def replace(self, orders: Iterable[FaultOrder]) -> None:
        """Replace all waiting faults in one step, so that no call falls in between."""
        self._waiting = [Fault(order, order.times) for order in orders]

    def clear(self) -> None:
        """Remove all waiting faults."""
        self._waiting.clear()

    def take(self, operation: str) -> Fault | None:
        """Return the oldest fault for ``operation`` and count it down; None if there is none."""
        for fault in self._waiting:
            if fault.order.applies_to(operation):
                fault.hits += 1
                if fault.remaining is not None:
                    fault.remaining -= 1
                    if fault.remaining == 0:
                        self._waiting.remove(fault)
                return fault
        return None

    def shown(self) -> list[Json]:
        """Return the waiting faults as JSON; ``times`` is the number of calls left."""
        return [{**fault.order.shown(), "times": fault.remaining} for fault in self._waiting]
