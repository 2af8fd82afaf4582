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


class MessageState(StrEnum):
    PENDING = "pending"
    SETTLED = "settled"
    DROPPED = "dropped"
    PARKED = "parked"


Status = OfferStatus | CoverStatus | CancellationStatus | MessageState

O, C, X, M = OfferStatus, CoverStatus, CancellationStatus, MessageState

LIVE_OFFER_STATUSES = (O.REQUESTED, O.AVAILABLE, O.UNAVAILABLE, O.SELECTED, O.DECLINED)

TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    # Offer: one is live per checkout. A shown one may end in an opt-out, whatever happened to it
    # since, unless it was confirmed.
    O.REQUESTED: frozenset({O.AVAILABLE, O.UNAVAILABLE, O.SUPERSEDED, O.EXPIRED, O.ABANDONED}),
    O.AVAILABLE: frozenset(
        {O.SELECTED, O.DECLINED, O.SUPERSEDED, O.EXPIRED, O.OPTED_OUT, O.ABANDONED}
    ),
    O.UNAVAILABLE: frozenset({O.REQUESTED, O.SUPERSEDED, O.EXPIRED, O.ABANDONED}),
    O.SELECTED: frozenset(
        {
            O.AVAILABLE,
            O.DECLINED,
            O.SUPERSEDED,
            O.EXPIRED,
            O.CONFIRMED,
            O.OPTED_OUT,
            O.ABANDONED,
        }
    ),
    O.DECLINED: frozenset({O.SELECTED, O.SUPERSEDED, O.EXPIRED, O.OPTED_OUT, O.ABANDONED}),
    O.SUPERSEDED: frozenset({O.OPTED_OUT, O.ABANDONED, O.CONFIRMED}),
    O.EXPIRED: frozenset({O.OPTED_OUT, O.ABANDONED, O.CONFIRMED}),
    O.CONFIRMED: frozenset(),
    O.OPTED_OUT: frozenset(),
    O.ABANDONED: frozenset(),
    # Cover: made when the order is made, one per order.
    C.PLACED: frozenset({C.CONFIRMING, C.PARKED, C.VOID}),
    C.CONFIRMING: frozenset({C.CONFIRMED, C.PLACED, C.PARKED, C.VOID}),
    C.CONFIRMED: frozenset({C.CANCELLING, C.CANCELLED}),
    C.CANCELLING: frozenset({C.CANCELLED, C.CONFIRMED}),
    C.PARKED: frozenset({C.CONFIRMING, C.CONFIRMED, C.VOID}),
    C.CANCELLED: frozenset(),
    C.VOID: frozenset(),
    # Cancellation: a preview first, money and rules compared, then the final word.
    X.REQUESTED: frozenset({X.CONFIRMING, X.CANCELLED, X.PARKED}),
    X.CONFIRMING: frozenset({X.CANCELLED, X.PARKED}),
    X.PARKED: frozenset({X.REQUESTED, X.CANCELLED}),
    X.CANCELLED: frozenset(),
    # Outbox message.
    M.PENDING: frozenset({M.SETTLED, M.DROPPED, M.PARKED}),
    M.PARKED: frozenset({M.PENDING, M.DROPPED}),
    M.SETTLED: frozenset(),
    # A refund taken back may make a confirmation wanted again that was never sent.
    M.DROPPED: frozenset({M.PENDING}),
}


class TransitionRefused(Exception):
    """The change of state is not in the table."""

    def __init__(self, current: Status, wanted: Status) -> None:
        super().__init__(f"{type(current).__name__}: {current.value} may not become {wanted.value}")


def may_become(current: Status, wanted: Status) -> bool:
    """Whether the table allows ``current`` to become ``wanted``."""
    return wanted in TRANSITIONS[current] and type(wanted) is type(current)


def check_transition(current: Status, wanted: Status) -> None:
    """Raise ``TransitionRefused`` unless the table allows the change."""
    if not may_become(current, wanted):
        raise TransitionRefused(current, wanted)
