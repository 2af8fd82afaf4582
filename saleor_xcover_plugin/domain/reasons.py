"""Reasons for which a cover, an offer or a message is parked or ended: a closed list of codes.

They appear in the column ``reason_code``, in logs and in ``xcover_status``, never in the
storefront. docs/operations.md tells staff what to do about each.
"""

from __future__ import annotations

from enum import StrEnum


class ReasonCode(StrEnum):
    """The reason why something waits for a person, or why no policy is made."""

    # The cover line of an order buys no policy.
    NOT_OFFERED = "not_offered"  # the line belongs to no offer of the plugin's
    BOUGHT_ALREADY = "bought_already"  # another order of the same checkout used the offer
    LINE_CHANGED = "line_changed"  # not one piece at the offered premium
    LINE_REMOVED = "line_removed"  # taken out because it could not be sold again
    TICKETS_CHANGED = "tickets_changed"
    COUNTRY_CHANGED = "country_changed"
    OFFER_ENDED = "offer_ended"  # the checkout changed after a payment had begun
    CHECK_FAILED = "check_failed"  # the same, and the checkout could not be checked
    EVENT_CANCELLED = "event_cancelled"
    EVENT_STARTED = "event_started"

    # The state of the order, or a decision of staff.
    NOT_PAID = "not_paid"
    REFUNDED_IN_PART = "refunded_in_part"
    POLICYHOLDER_INCOMPLETE = "policyholder_incomplete"
    NOT_WANTED = "not_wanted"  # staff decided that no policy is made
    EVENT_OVER = "event_over"  # parked until the event was over; the message is deleted
    OTHER_STORE = "other_store"  # belongs to the store this database was copied from

    # XCover's responses, or the lack of one.
    OFFER_GONE = "offer_gone"  # XCover does not know the offer any more
    OTHER_BOOKING = "other_booking"  # XCover has another booking for the offer
    BOOKING_DIFFERS = "booking_differs"  # the booking is not what the buyer accepted
    REFUSED = "refused"
    UNCLEAR = "unclear"  # the response is a success that carries errors
    GAVE_UP = "gave_up"  # all attempts failed

    # Causes in this store.
    CREDENTIALS_REFUSED = "xcover_refused_credentials"
    OTHER_ACCOUNT = "other_account"  # sent through another account, which alone knows the outcome
    SEAL_BROKEN = "seal_broken"  # encrypted with another SECRET_KEY
    POISON = "poison"  # several workers in a row died while delivering it
    UNEXPECTED = "unexpected"  # a defect


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
"""Reasons for which XCover certainly has no policy. With any other a person has to find out."""

NEVER_BOUGHT = NOTHING_BOUGHT - {ReasonCode.POLICYHOLDER_INCOMPLETE}
"""Those of ``NOTHING_BOUGHT`` that are final; an incomplete address may still be completed."""

NOT_MADE_HERE = frozenset({ReasonCode.NOT_WANTED, ReasonCode.OTHER_STORE})
"""Reasons for which this store makes no policy even if the order is paid."""
