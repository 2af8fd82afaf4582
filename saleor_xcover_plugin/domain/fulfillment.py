"""Keep the fulfillment of the cover line in step with that of the tickets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Progress(StrEnum):
    """The statuses of Saleor's ``OrderStatus`` that say how much of an order was fulfilled."""

    UNFULFILLED = "unfulfilled"
    PARTIALLY_FULFILLED = "partially fulfilled"
    FULFILLED = "fulfilled"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"


UNFINISHED = frozenset({Progress.PARTIALLY_FULFILLED, Progress.PARTIALLY_RETURNED})
"""The only statuses that can be due to the cover line alone."""


class CoverStep(StrEnum):
    """A change of the cover line's fulfillment."""

    HAND_OUT = "hand_out"
    """Fulfill it."""
    TAKE_BACK = "take_back"
    """Cancel its fulfillment."""
    RETURN = "return"
    """Mark it as returned."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Numbers of pieces of an order, without those that were replaced."""

    ordered: int
    handed_out: int
    """Fulfilled pieces, including, as in Saleor, ``awaiting`` and ``returned``."""
    awaiting: int = 0
    """Pieces in fulfillments that wait for approval."""
    returned: int = 0
    """Pieces that came back."""

    @property
    def progress(self) -> Progress | None:
        """The status Saleor gives an order of these pieces; None if it leaves the status alone.

        Source: ``determine_order_status`` in
        https://github.com/saleor/saleor/blob/main/saleor/order/utils.py
        """
        approved = self.handed_out - self.awaiting
        if self.ordered == 0:
            return None
        if approved <= 0:
            return Progress.UNFULFILLED
        if 0 < self.returned < self.ordered:
            return Progress.PARTIALLY_RETURNED
        if self.returned == self.ordered:
            return Progress.RETURNED
        if approved < self.ordered:
            return Progress.PARTIALLY_FULFILLED
        return Progress.FULFILLED


_STEPS = {
    (Progress.PARTIALLY_FULFILLED, Progress.FULFILLED): CoverStep.HAND_OUT,
    (Progress.PARTIALLY_FULFILLED, Progress.UNFULFILLED): CoverStep.TAKE_BACK,
    (Progress.PARTIALLY_RETURNED, Progress.RETURNED): CoverStep.RETURN,
}


def next_step(status: str, tickets: Pieces) -> CoverStep | None:
    """Return the step that gives an order the status it would have without its cover line.

    ``status`` is the order's own; ``tickets`` counts all its pieces except the cover. Return None
    if nothing has to be done, which includes unconfirmed, cancelled and expired orders.
    """
    progress = tickets.progress
    if status not in UNFINISHED or progress is None:
        return None
    return _STEPS.get((Progress(status), progress))
