"""The cover line follows the tickets: handed out with them, taken back and returned with them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Progress(StrEnum):
    """The statuses of Saleor (``OrderStatus``) that tell how much of an order was handed out."""

    UNFULFILLED = "unfulfilled"
    PARTIALLY_FULFILLED = "partially fulfilled"
    FULFILLED = "fulfilled"
    PARTIALLY_RETURNED = "partially_returned"
    RETURNED = "returned"


UNFINISHED = frozenset({Progress.PARTIALLY_FULFILLED, Progress.PARTIALLY_RETURNED})
"""Only such an order may differ from what it would be without its cover line."""


class CoverStep(StrEnum):
    """A change of the cover line that brings it to where the tickets are."""

    HAND_OUT = "hand_out"
    TAKE_BACK = "take_back"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Pieces:
    """Counts of the pieces of an order, without those that were replaced.

    ``handed_out`` includes, as in Saleor, the pieces that wait for approval (``awaiting``) and the
    pieces that came back (``returned``).
    """

    ordered: int
    handed_out: int
    awaiting: int = 0
    returned: int = 0

    @property
    def progress(self) -> Progress | None:
        """The status Saleor gives an order of these pieces; None where it keeps the one it has.

        Saleor: ``determine_order_status`` in saleor.order.utils.
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
    """Return what brings an order to the status it would have without its cover line.

    ``status`` is the order's own, ``tickets`` all its pieces but the cover. None when nothing has
    to be done, also for orders that are not confirmed, cancelled or expired.
    """
    progress = tickets.progress
    if status not in UNFINISHED or progress is None:
        return None
    return _STEPS.get((Progress(status), progress))
