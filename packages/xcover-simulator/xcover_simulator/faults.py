"""Faults on demand: which operation misbehaves next, how, and how often."""

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
ANY = "*"


class Kind(StrEnum):
    """How an operation misbehaves."""

    DELAY = "delay"  # wait, then work and answer normally
    DRIP = "drip"  # work, then answer one byte per interval
    HANG = "hang"  # accept the request and never answer
    RESET = "reset"  # reset the connection, nothing was done
    RESET_AFTER = "reset_after"  # work, then reset the connection: the lost answer
    STATUS = "status"  # an error status with a JSON body
    HTML = "html"  # a gateway's error page
    HTML_OK = "html_ok"  # a gateway's page with status 200
    ERRORS_IN_2XX = "errors_in_2xx"  # work, then say errors in a 2xx with null items
    NULL_PRODUCT = "null_product"  # one product (or booked quote) is null
    PRICE_DRIFT = "price_drift"  # another price than the rate or the offer gives
    MISSING_CONTENT = "missing_content"  # texts an offer must have are absent
    LOCKED = "locked"  # 423, as if the first call still ran
    MALFORMED = "malformed"  # work, then answer 200 with truncated JSON


# What each kind may be told. `after_work`: do the work first, so only the answer is lost.
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
# Kinds that make sense for some operations only; "*" then means just these.
_APPLIES_TO: dict[Kind, set[str]] = {
    Kind.ERRORS_IN_2XX: set(OPERATIONS) - _WITHOUT_BODY - {"list_bookings"},
    Kind.NULL_PRODUCT: {"create_offer", "confirm"},
    Kind.PRICE_DRIFT: {"create_offer", "confirm", *_MODIFYING},
    Kind.MISSING_CONTENT: {"create_offer"},
}

Seconds = Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)]


class FaultOrder(BaseModel):
    """The body of POST /_simulator/faults. ``times`` null means until cleared."""

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
    seconds: Seconds = 60
    interval: Seconds = 0.2
    status: Annotated[int, Field(ge=200, le=599)] = 502
    retry_after: Annotated[int, Field(ge=0)] | str | None = None
    message: str | None = None
    after_work: bool = False
    index: Annotated[int, Field(ge=0)] = 0
    amount: Decimal = Decimal("0.50")
    part: Literal["content", "disclaimer", "title", "pds_url"] = "content"

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
        """Tell whether this fault is meant for ``operation``."""
        return self.operation in (ANY, operation) and operation in _APPLIES_TO.get(
            self.kind, OPERATIONS
        )

    def shown(self) -> Json:
        """Return the order with only the parameters its kind has."""
        return self.model_dump(include={"operation", "kind"} | _PARAMETERS[self.kind])


class FaultOrders(BaseModel):
    """The body of PUT /_simulator/faults: these and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    faults: tuple[FaultOrder, ...]


@dataclass(slots=True)
class Fault:
    """An accepted order and how often it is still to happen (None: always)."""

    order: FaultOrder
    remaining: int | None
    hits: int = 0

    @property
    def kind(self) -> Kind:
        """How the operation misbehaves."""
        return self.order.kind

    @property
    def works_first(self) -> bool:
        """Tell whether XCover does what was asked before it misbehaves."""
        if self.kind in (Kind.RESET, Kind.LOCKED):
            return False
        if self.kind in (Kind.HANG, Kind.STATUS, Kind.HTML, Kind.HTML_OK):
            return self.order.after_work
        return True


class FaultQueue:
    """Faults in the order they were asked for; one at most strikes a call."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, order: FaultOrder) -> None:
        """Append a fault."""
        self._waiting.append(Fault(order, order.times))

    def replace(self, orders: Iterable[FaultOrder]) -> None:
        """Put these in the place of all others; no call comes through in between."""
        self._waiting = [Fault(order, order.times) for order in orders]

    def clear(self) -> None:
        """Forget all faults."""
        self._waiting.clear()

    def take(self, operation: str) -> Fault | None:
        """Return the oldest fault meant for ``operation`` and count it down."""
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
        """Return the faults that are still to come."""
        return [{**fault.order.shown(), "times": fault.remaining} for fault in self._waiting]
