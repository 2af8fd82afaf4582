"""All statuses and the allowed transitions between them. Any other transition is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class OfferStatus(StrEnum):
    """The status of an offer for a checkout."""

    REQUESTED = "requested"
    """XCover is being asked for it."""
    AVAILABLE = "available"
    """It can be shown and answered."""
    UNAVAILABLE = "unavailable"
    """XCover made none, or it cannot be sold; ``reason_code`` says why."""
    SELECTED = "selected"
    """The shopper accepted it."""
    DECLINED = "declined"
    """The shopper declined it."""
    SUPERSEDED = "superseded"
    """The checkout changed; a newer offer may replace it."""
    EXPIRED = "expired"
    """It became too old to be accepted."""
    CONFIRMED = "confirmed"
    """It became a policy."""
    OPTED_OUT = "opted_out"
    """XCover was told that it was not taken."""
    ABANDONED = "abandoned"
    """It ended without a policy and without an opt-out."""


class CoverStatus(StrEnum):
    """The status of the sold protection of an order."""

    PLACED = "placed"
    """Sold; the order is not paid in full."""
    CONFIRMING = "confirming"
    """Paid; the call that makes the policy is due."""
    CONFIRMED = "confirmed"
    """XCover made the policy."""
    CANCELLING = "cancelling"
    """XCover is being asked to cancel the policy."""
    CANCELLED = "cancelled"
    """XCover cancelled the policy."""
    PARKED = "parked"
    """A person has to act; ``reason_code`` says why."""
    VOID = "void"
    """The order ended before there was a policy."""


class CancellationStatus(StrEnum):
    """The status of the cancellation that a refund led to."""

    REQUESTED = "requested"
    """A preview is due."""
    CONFIRMING = "confirming"
    """The preview was accepted and its confirmation is due."""
    CANCELLED = "cancelled"
    """XCover cancelled the policy."""
    PARKED = "parked"
    """A person has to decide."""
    KEPT = "kept"
    """The policy stays in force."""


class ModificationStatus(StrEnum):
    """The status of a change of the buyer's details."""

    REQUESTED = "requested"
    """A preview is due."""
    CONFIRMING = "confirming"
    """The preview was free and its confirmation is due."""
    APPLIED = "applied"
    """XCover changed the policy."""
    PARKED = "parked"
    """A person has to act."""
    DROPPED = "dropped"
    """It is not wanted any more."""


class EventChangeKind(StrEnum):
    """What an organiser did with an event."""

    CANCELLED = "cancelled"
    """The event does not take place."""
    MOVED = "moved"
    """It begins at another time."""
    TAKES_PLACE = "takes_place"
    """It takes place as it was sold, although staff had told otherwise."""


class EventRunStatus(StrEnum):
    """The status of work on all policies of an event."""

    ASKING = "asking"
    """XCover is asked what cancelling each policy would refund."""
    ASKED = "asked"
    """Staff have to approve what XCover would refund."""
    CANCELLING = "cancelling"
    """The policies with an approved refund are being cancelled."""
    TELLING = "telling"
    """The orders are being told."""
    DONE = "done"
    """Nothing is left to do."""
    WITHDRAWING = "withdrawing"
    """Staff decided against it; cancellations that wait because of the event are being closed."""
    WITHDRAWN = "withdrawn"
    """Staff decided against it, and nothing waits because of it."""


class MessageState(StrEnum):
    """The status of an outbox message."""

    PENDING = "pending"
    """The call is to be made, or made again."""
    SETTLED = "settled"
    """The call was made and its outcome is known."""
    DROPPED = "dropped"
    """The call is not wanted any more."""
    PARKED = "parked"
    """A person has to act; ``reason_code`` says why."""


Status = (
    OfferStatus
    | CoverStatus
    | CancellationStatus
    | ModificationStatus
    | EventRunStatus
    | MessageState
)
"""Any status with a table of transitions."""

Of, Co, Ca, Mo, Ms = OfferStatus, CoverStatus, CancellationStatus, ModificationStatus, MessageState
Er = EventRunStatus

OPEN_MODIFICATION_STATUSES = (Mo.REQUESTED, Mo.CONFIRMING)
"""A cover has at most one modification in one of these statuses."""
OPEN_EVENT_RUN_STATUSES = (
    Er.ASKING,
    Er.ASKED,
    Er.CANCELLING,
    Er.TELLING,
    Er.WITHDRAWING,
)
"""Tickets belong to at most one run in one of these statuses."""
IN_FORCE = (CoverStatus.CONFIRMED, CoverStatus.CANCELLING)
"""Statuses of a cover whose policy is in force."""

LIVE_OFFER_STATUSES = (Of.REQUESTED, Of.AVAILABLE, Of.UNAVAILABLE, Of.SELECTED, Of.DECLINED)
"""A checkout has at most one offer in one of these statuses."""

# The allowed next statuses of each status. Members of two enums may be equal strings, so each enum
# has a table of its own.
TRANSITIONS: Mapping[type, Mapping[Status, frozenset[Status]]] = {
    # An offer that was shown may end in an opt-out from any status but confirmed.
    OfferStatus: {
        Of.REQUESTED: frozenset(
            {Of.AVAILABLE, Of.UNAVAILABLE, Of.SUPERSEDED, Of.EXPIRED, Of.ABANDONED}
        ),
        Of.AVAILABLE: frozenset(
            {
                Of.SELECTED,
                Of.DECLINED,
                Of.UNAVAILABLE,  # its premium does not fit the checkout's discount
                Of.SUPERSEDED,
                Of.EXPIRED,
                Of.OPTED_OUT,
                Of.ABANDONED,
            }
        ),
        # It becomes available when a discount that prevented it is removed.
        Of.UNAVAILABLE: frozenset(
            {Of.REQUESTED, Of.AVAILABLE, Of.SUPERSEDED, Of.EXPIRED, Of.ABANDONED}
        ),
        Of.SELECTED: frozenset(
            {
                Of.AVAILABLE,
                Of.DECLINED,
                Of.SUPERSEDED,
                Of.EXPIRED,
                Of.CONFIRMED,
                Of.OPTED_OUT,
                Of.ABANDONED,
            }
        ),
        Of.DECLINED: frozenset(
            {Of.SELECTED, Of.SUPERSEDED, Of.EXPIRED, Of.OPTED_OUT, Of.ABANDONED}
        ),
        Of.SUPERSEDED: frozenset({Of.OPTED_OUT, Of.ABANDONED, Of.CONFIRMED}),
        Of.EXPIRED: frozenset({Of.OPTED_OUT, Of.ABANDONED, Of.CONFIRMED}),
        Of.CONFIRMED: frozenset(),
        Of.OPTED_OUT: frozenset(),
        # Its order was refunded before the policy was made, and the refund was undone.
        Of.ABANDONED: frozenset({Of.CONFIRMED}),
    },
    # A cover is created with its order; there is one per order.
    CoverStatus: {
        Co.PLACED: frozenset({Co.CONFIRMING, Co.PARKED, Co.VOID}),
        Co.CONFIRMING: frozenset({Co.CONFIRMED, Co.PLACED, Co.PARKED, Co.VOID}),
        Co.CONFIRMED: frozenset({Co.CANCELLING, Co.CANCELLED}),
        Co.CANCELLING: frozenset({Co.CANCELLED, Co.CONFIRMED}),
        # To placed: another order used its offer and was not paid, and this one is.
        Co.PARKED: frozenset({Co.CONFIRMING, Co.CONFIRMED, Co.PLACED, Co.VOID}),
        Co.CANCELLED: frozenset(),
        Co.VOID: frozenset({Co.PLACED}),
    },
    # The preview is judged before it is confirmed.
    CancellationStatus: {
        Ca.REQUESTED: frozenset({Ca.CONFIRMING, Ca.CANCELLED, Ca.PARKED}),
        # A preview that lapsed is requested again.
        Ca.CONFIRMING: frozenset({Ca.CANCELLED, Ca.PARKED, Ca.REQUESTED}),
        Ca.PARKED: frozenset({Ca.REQUESTED, Ca.CONFIRMING, Ca.CANCELLED, Ca.KEPT}),
        Ca.CANCELLED: frozenset(),
        # A person who decided to keep the policy may change the decision.
        Ca.KEPT: frozenset({Ca.REQUESTED}),
    },
    # A change is applied only if its preview costs nothing; the policy stays confirmed meanwhile.
    ModificationStatus: {
        Mo.REQUESTED: frozenset({Mo.CONFIRMING, Mo.PARKED, Mo.DROPPED}),
        Mo.CONFIRMING: frozenset({Mo.APPLIED, Mo.PARKED, Mo.DROPPED}),
        # Cover Genius may have applied a parked change by hand.
        Mo.PARKED: frozenset({Mo.REQUESTED, Mo.CONFIRMING, Mo.APPLIED, Mo.DROPPED}),
        Mo.APPLIED: frozenset(),
        Mo.DROPPED: frozenset(),
    },
    EventRunStatus: {
        Er.ASKING: frozenset({Er.ASKED, Er.WITHDRAWING}),
        Er.ASKED: frozenset({Er.CANCELLING, Er.WITHDRAWING}),
        Er.CANCELLING: frozenset({Er.DONE}),
        Er.TELLING: frozenset({Er.DONE}),
        Er.WITHDRAWING: frozenset({Er.WITHDRAWN}),
        Er.DONE: frozenset(),
        Er.WITHDRAWN: frozenset(),
    },
    MessageState: {
        Ms.PENDING: frozenset({Ms.SETTLED, Ms.DROPPED, Ms.PARKED}),
        Ms.PARKED: frozenset({Ms.PENDING, Ms.DROPPED}),
        Ms.SETTLED: frozenset(),
        # If a refund is undone, a confirmation that was never sent is wanted again.
        Ms.DROPPED: frozenset({Ms.PENDING}),
    },
}


class TransitionRefused(Exception):
    """The transition is not in the table."""

    def __init__(self, current: Status, wanted: Status) -> None:
        super().__init__(f"{type(current).__name__}: {current.value} may not become {wanted.value}")


def may_transition(current: Status, wanted: Status) -> bool:
    """Return True if the table allows ``current`` to become ``wanted``."""
    return type(wanted) is type(current) and wanted in TRANSITIONS[type(current)][current]


def check_transition(current: Status, wanted: Status) -> None:
    """Raise ``TransitionRefused`` unless the table allows the transition."""
    if not may_transition(current, wanted):
        raise TransitionRefused(current, wanted)
