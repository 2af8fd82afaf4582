"""Every state and every allowed change of it. What is not in a table is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class OfferStatus(StrEnum):
    REQUESTED = "requested"
    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    SELECTED = "selected"
    DECLINED = "declined"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    CONFIRMED = "confirmed"
    OPTED_OUT = "opted_out"
    ABANDONED = "abandoned"


class CoverStatus(StrEnum):
    PLACED = "placed"
    CONFIRMING = "confirming"
    CONFIRMED = "confirmed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    PARKED = "parked"
    VOID = "void"


class CancellationStatus(StrEnum):
    REQUESTED = "requested"
    CONFIRMING = "confirming"
    CANCELLED = "cancelled"
    PARKED = "parked"
    KEPT = "kept"


class ModificationStatus(StrEnum):
    REQUESTED = "requested"
    CONFIRMING = "confirming"
    APPLIED = "applied"
    PARKED = "parked"
    DROPPED = "dropped"


class MessageState(StrEnum):
    PENDING = "pending"
    SETTLED = "settled"
    DROPPED = "dropped"
    PARKED = "parked"


Status = OfferStatus | CoverStatus | CancellationStatus | ModificationStatus | MessageState

Of, Co, Ca, Mo, Ms = OfferStatus, CoverStatus, CancellationStatus, ModificationStatus, MessageState

OPEN_MODIFICATION_STATUSES = (Mo.REQUESTED, Mo.CONFIRMING)
LIVE_OFFER_STATUSES = (Of.REQUESTED, Of.AVAILABLE, Of.UNAVAILABLE, Of.SELECTED, Of.DECLINED)

# Equal words of two tables are equal strings, so each table stands on its own.
TRANSITIONS: Mapping[type, Mapping[Status, frozenset[Status]]] = {
    # One offer is live per checkout. A shown one may end in an opt-out, whatever happened to it
    # since, unless it was confirmed.
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
        # What discounts stood against is there again without them.
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
        # Its order was refunded before the policy was made, and the refund was taken back.
        Of.ABANDONED: frozenset({Of.CONFIRMED}),
    },
    # Made when the order is made, one per order.
    CoverStatus: {
        Co.PLACED: frozenset({Co.CONFIRMING, Co.PARKED, Co.VOID}),
        Co.CONFIRMING: frozenset({Co.CONFIRMED, Co.PLACED, Co.PARKED, Co.VOID}),
        Co.CONFIRMED: frozenset({Co.CANCELLING, Co.CANCELLED}),
        Co.CANCELLING: frozenset({Co.CANCELLED, Co.CONFIRMED}),
        # To placed: the order that held its offer was not paid, and this one is.
        Co.PARKED: frozenset({Co.CONFIRMING, Co.CONFIRMED, Co.PLACED, Co.VOID}),
        Co.CANCELLED: frozenset(),
        Co.VOID: frozenset({Co.PLACED}),
    },
    # A preview first, money and rules compared, then the final word.
    CancellationStatus: {
        Ca.REQUESTED: frozenset({Ca.CONFIRMING, Ca.CANCELLED, Ca.PARKED}),
        # A preview that lapsed is asked for again.
        Ca.CONFIRMING: frozenset({Ca.CANCELLED, Ca.PARKED, Ca.REQUESTED}),
        Ca.PARKED: frozenset({Ca.REQUESTED, Ca.CONFIRMING, Ca.CANCELLED, Ca.KEPT}),
        Ca.CANCELLED: frozenset(),
        # Nothing to decide, or a person decided to keep the policy; they may think again.
        Ca.KEPT: frozenset({Ca.REQUESTED}),
    },
    # A preview first, applied only when it costs nothing; the policy stays confirmed throughout.
    ModificationStatus: {
        Mo.REQUESTED: frozenset({Mo.CONFIRMING, Mo.PARKED, Mo.DROPPED}),
        Mo.CONFIRMING: frozenset({Mo.APPLIED, Mo.PARKED, Mo.DROPPED}),
        # Cover Genius may apply by hand what waited for a person.
        Mo.PARKED: frozenset({Mo.REQUESTED, Mo.CONFIRMING, Mo.APPLIED, Mo.DROPPED}),
        Mo.APPLIED: frozenset(),
        Mo.DROPPED: frozenset(),
    },
    MessageState: {
        Ms.PENDING: frozenset({Ms.SETTLED, Ms.DROPPED, Ms.PARKED}),
        Ms.PARKED: frozenset({Ms.PENDING, Ms.DROPPED}),
        Ms.SETTLED: frozenset(),
        # A refund taken back may make a confirmation wanted again that was never sent.
        Ms.DROPPED: frozenset({Ms.PENDING}),
    },
}


class TransitionRefused(Exception):
    """The change of state is not in the table."""

    def __init__(self, current: Status, wanted: Status) -> None:
        super().__init__(f"{type(current).__name__}: {current.value} may not become {wanted.value}")


def may_transition(current: Status, wanted: Status) -> bool:
    """Whether the table allows ``current`` to become ``wanted``."""
    return type(wanted) is type(current) and wanted in TRANSITIONS[type(current)][current]


def check_transition(current: Status, wanted: Status) -> None:
    """Raise ``TransitionRefused`` unless the table allows the change."""
    if not may_transition(current, wanted):
        raise TransitionRefused(current, wanted)
