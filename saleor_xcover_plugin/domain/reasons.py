"""Why a cover, an offer or a message waits for a person or is over: a closed list of codes.

The codes stand in ``reason_code`` of our tables, in logs, in ``xcover_status`` and in
docs/operations.md, which says for each what to do. Shoppers never see them.
"""

from __future__ import annotations

from enum import StrEnum


class ReasonCode(StrEnum):
    """Why something waits for a person, or why no policy is made."""

    # The cover line of an order buys nothing.
    NOT_OFFERED = "not_offered"  # no offer of ours stands behind it
    BOUGHT_ALREADY = "bought_already"  # another order of the same checkout holds the offer
    LINE_CHANGED = "line_changed"  # not one piece at the offered premium
    LINE_REMOVED = "line_removed"  # taken out when it could not be sold anew
    TICKETS_CHANGED = "tickets_changed"
    COUNTRY_CHANGED = "country_changed"
    OFFER_ENDED = "offer_ended"  # the checkout changed after a payment had begun
    CHECK_FAILED = "check_failed"  # and could not be checked
    EVENT_CANCELLED = "event_cancelled"
    EVENT_STARTED = "event_started"

    # The order, or what staff decided about it.
    NOT_PAID = "not_paid"
    REFUNDED_IN_PART = "refunded_in_part"
    POLICYHOLDER_INCOMPLETE = "policyholder_incomplete"
    NOT_WANTED = "not_wanted"  # staff decided that no policy is made
    EVENT_OVER = "event_over"  # put aside until its event was over: its call is gone
    OTHER_STORE = "other_store"  # it belongs to the store this database was copied from

    # What XCover answered, or did not.
    OFFER_GONE = "offer_gone"
    OTHER_BOOKING = "other_booking"
    BOOKING_DIFFERS = "booking_differs"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    GAVE_UP = "gave_up"

    # What lies with this store.
    CREDENTIALS_REFUSED = "xcover_refused_credentials"
    OTHER_ACCOUNT = "other_account"  # only another account can say what became of the call
    SEAL_BROKEN = "seal_broken"  # it can neither be looked up nor repeated
    POISON = "poison"  # one worker after the other died of it
    UNEXPECTED = "unexpected"


NOTHING_BOUGHT = frozenset(
    {
        ReasonCode.NOT_OFFERED,
        ReasonCode.LINE_CHANGED,
        ReasonCode.TICKETS_CHANGED,
        ReasonCode.OFFER_ENDED,
        ReasonCode.CHECK_FAILED,
        ReasonCode.BOUGHT_ALREADY,
        ReasonCode.COUNTRY_CHANGED,
        ReasonCode.EVENT_STARTED,
        ReasonCode.EVENT_CANCELLED,
        ReasonCode.REFUNDED_IN_PART,
        ReasonCode.OFFER_GONE,
        ReasonCode.POLICYHOLDER_INCOMPLETE,
    }
)
"""Reasons with which XCover surely holds no policy; any other stays for a person to find out."""

NEVER_BOUGHT = NOTHING_BOUGHT - {ReasonCode.POLICYHOLDER_INCOMPLETE}
"""Reasons of these with which an order will not be insured by itself: details that lack may be
completed, the rest is over and no call waits."""

NOT_MADE_HERE = frozenset({ReasonCode.NOT_WANTED, ReasonCode.OTHER_STORE})
"""Reasons with which this store makes no policy, however fully the order is paid."""
