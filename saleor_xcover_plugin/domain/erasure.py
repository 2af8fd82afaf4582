"""Decide if a buyer's data may be erased on request, and what must happen first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .cancellations import ClaimState
from .reasons import NOTHING_BOUGHT
from .retention import EVENT_LASTS
from .states import CoverStatus


class EraseCode(StrEnum):
    """The reason why nothing is erased yet; ``SENTENCES`` explains each."""

    MESSAGE_UNSENT = "message_unsent"
    COVER_OPEN = "cover_open"
    UNDER_WAY = "under_way"
    CLAIM_OPEN = "claim_open"
    POLICY_ACTIVE = "policy_active"
    OUTCOME_UNKNOWN = "outcome_unknown"
    PUT_ASIDE = "put_aside"


# The reasons in words, for staff, with what to do about each.
SENTENCES: Mapping[EraseCode, str] = {
    EraseCode.MESSAGE_UNSENT: (
        "A call to XCover about this order is still to be sent. Run xcover_work, then this again."
    ),
    EraseCode.COVER_OPEN: (
        "The order is not paid in full, and its policy may still be made. Cancel the order in "
        "Saleor or have it paid, then run xcover_work and this again."
    ),
    EraseCode.UNDER_WAY: (
        "A cancellation or a change of the policy is under way. See xcover_status: decide or "
        "replay it, then run this again."
    ),
    EraseCode.CLAIM_OPEN: (
        "An insurance claim on the policy is open. When it has ended, say so with "
        "xcover_cancellation claim, then run this again."
    ),
    EraseCode.POLICY_ACTIVE: (
        "The policy is in force. Cancel it first with xcover_cancellation, or come back when its "
        "event is over."
    ),
    EraseCode.OUTCOME_UNKNOWN: (
        "It is not known whether XCover made a policy. Replay the message with xcover_replay or "
        "ask Cover Genius, or come back when the event is over."
    ),
    EraseCode.PUT_ASIDE: (
        "The policy was put aside and its call still waits. Replay or complete it (xcover_status), "
        "or say that none is made (xcover_policy ORDER --do-not-make), then run this again."
    ),
}


@dataclass(frozen=True, slots=True)
class Situation:
    """The facts of one order that decide if its data may be erased."""

    cover: CoverStatus | None
    """None for an order without a cover."""
    last_end: datetime | None
    """The last known end, else start, of the insured events; None if none is known."""
    parked_for: str = ""
    """The reason code of a parked cover."""
    claim: ClaimState = ClaimState.UNKNOWN
    has_pending_message: bool = False
    """True if a call about the order is still to be made."""
    has_parked_confirm: bool = False
    """True if the call that makes the policy waits for a person."""
    is_under_way: bool = False
    """True if a cancellation or modification is being carried out."""
    order_is_there: bool = True
    """True if Saleor still has the order."""
    is_line_unseen: bool = False
    """True if the order holds a protection line and its cover was not placed yet."""


def is_over(last_end: datetime | None, now: datetime) -> bool:
    """Return True if the insured events are over (``EVENT_LASTS``), or no time of them is known."""
    return last_end is None or now >= last_end + EVENT_LASTS


def refusal(situation: Situation, now: datetime) -> EraseCode | None:
    """Return the first reason against erasing the data, or None."""
    cover, is_past = situation.cover, is_over(situation.last_end, now)
    found = {
        EraseCode.MESSAGE_UNSENT: situation.has_pending_message or situation.is_line_unseen,
        EraseCode.COVER_OPEN: cover == CoverStatus.PLACED and situation.order_is_there,
        EraseCode.UNDER_WAY: cover == CoverStatus.CANCELLING or situation.is_under_way,
        EraseCode.CLAIM_OPEN: situation.claim == ClaimState.OPEN,
        EraseCode.POLICY_ACTIVE: cover == CoverStatus.CONFIRMED and not is_past,
        EraseCode.OUTCOME_UNKNOWN: cover == CoverStatus.PARKED
        and situation.parked_for not in NOTHING_BOUGHT
        and not is_past,
        # A confirming cover without a pending call waits for credentials, even after its event.
        EraseCode.PUT_ASIDE: cover == CoverStatus.CONFIRMING
        or (situation.has_parked_confirm and cover != CoverStatus.VOID and not is_past),
    }
    return next((code for code, stands in found.items() if stands), None)
