"""Reasons for which a cover, an offer or a message is parked or ended: a closed list of codes.

They appear in the column ``reason_code``, in logs and in ``xcover_status``, never in the
storefront. docs/operations.md tells staff what to do about each.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class ReasonCode(StrEnum):
    """The reason why something waits for a person, or why no policy is made."""

    # The cover line of an order buys no policy.
    NOT_OFFERED = "not_offered"
    BOUGHT_ALREADY = "bought_already"
    LINE_CHANGED = "line_changed"
    LINE_REMOVED = "line_removed"
    TICKETS_CHANGED = "tickets_changed"
    COUNTRY_CHANGED = "country_changed"
    REGION_CHANGED = "region_changed"
    OFFER_ENDED = "offer_ended"
    CHECK_FAILED = "check_failed"
    EVENT_CANCELLED = "event_cancelled"
    EVENT_STARTED = "event_started"

    # The state of the order, or a decision of staff.
    NOT_PAID = "not_paid"
    REFUNDED_IN_PART = "refunded_in_part"
    POLICYHOLDER_INCOMPLETE = "policyholder_incomplete"
    NOT_WANTED = "not_wanted"
    EVENT_OVER = "event_over"
    OTHER_STORE = "other_store"

    # XCover's responses, or the lack of one.
    OFFER_GONE = "offer_gone"
    OTHER_BOOKING = "other_booking"
    BOOKING_DIFFERS = "booking_differs"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    GAVE_UP = "gave_up"

    # Causes in this store.
    CREDENTIALS_REFUSED = "xcover_refused_credentials"
    OTHER_ACCOUNT = "other_account"
    SEAL_BROKEN = "seal_broken"
    POISON = "poison"
    UNEXPECTED = "unexpected"


SENTENCES: Mapping[ReasonCode, str] = {
    ReasonCode.NOT_OFFERED: "A protection line nobody quoted was ordered.",
    ReasonCode.BOUGHT_ALREADY: (
        "Another order of the same checkout has the protection (`orderCreateFromCheckout` with "
        "`removeCheckout: false`): the one that was paid first."
    ),
    ReasonCode.LINE_CHANGED: "The line is not one piece at the offered premium.",
    ReasonCode.LINE_REMOVED: "The protection line was taken out of the checkout or the order.",
    ReasonCode.TICKETS_CHANGED: "The tickets changed after the yes, too late to ask again.",
    ReasonCode.COUNTRY_CHANGED: "The buyer's country is not the quoted one any more.",
    ReasonCode.REGION_CHANGED: "The buyer's region is not the quoted one any more, in a store that "
    "limits regions.",
    ReasonCode.OFFER_ENDED: "The yes had ended, but a payment had begun.",
    ReasonCode.CHECK_FAILED: (
        "The checkout changed after the yes and the plugin could not check it (see "
        "`xcover.hook.failed` in the log), but a payment had begun."
    ),
    ReasonCode.EVENT_CANCELLED: "The organiser cancelled the event before the policy was made.",
    ReasonCode.EVENT_STARTED: (
        "The event began before the policy was made: it was paid late, or XCover could not be "
        "asked in time."
    ),
    ReasonCode.NOT_PAID: (
        "The order was cancelled, expired or refunded in full before its policy was made."
    ),
    ReasonCode.REFUNDED_IN_PART: "Part of the order was refunded before the policy was made.",
    ReasonCode.POLICYHOLDER_INCOMPLETE: (
        "The order lacks details of the buyer, or of insured persons, that the policy needs."
    ),
    ReasonCode.NOT_WANTED: (
        "Staff decided that no policy is made. While it waits: XCover may have made it, and its "
        "bookings could not be searched."
    ),
    ReasonCode.EVENT_OVER: ("The policy was put aside until its event was over; its call is gone."),
    ReasonCode.OTHER_STORE: (
        "The offer or policy was made by the store this database was copied from, before "
        "`xcover_adopt --as-new-store`."
    ),
    ReasonCode.OFFER_GONE: "XCover no longer knows the offer.",
    ReasonCode.OTHER_BOOKING: "XCover holds another booking for the offer.",
    ReasonCode.BOOKING_DIFFERS: "The booking is not what was sold.",
    ReasonCode.REFUSED: (
        "XCover refused the policy, the cancellation or the change of the buyer's details."
    ),
    ReasonCode.UNCLEAR: "XCover said yes and named errors: it is unknown whether a policy exists.",
    ReasonCode.GAVE_UP: (
        "XCover gave no usable answer for a day; the sentence says whether it is unknown if it "
        "was done."
    ),
    ReasonCode.CREDENTIALS_REFUSED: "XCover refused the credentials.",
    ReasonCode.OTHER_ACCOUNT: (
        "Another XCover account than the one that is set now made the offer or policy, or was "
        "called about it and its answer was lost: only that one can go on with it."
    ),
    ReasonCode.SEAL_BROKEN: (
        "The answer to a request was lost, it cannot be sent again (the SECRET_KEY that sealed it "
        "is gone, or the order asks for no policy any more), and XCover does not list its bookings."
    ),
    ReasonCode.POISON: "Several workers in a row died while they sent it.",
    ReasonCode.UNEXPECTED: "A defect; see the log.",
}
"""Sentences that tell staff what happened; docs/operations.md tells what to do about each."""


NOTHING_BOUGHT = frozenset(
    {
        ReasonCode.NOT_OFFERED,
        ReasonCode.LINE_CHANGED,
        ReasonCode.TICKETS_CHANGED,
        ReasonCode.OFFER_ENDED,
        ReasonCode.CHECK_FAILED,
        ReasonCode.BOUGHT_ALREADY,
        ReasonCode.COUNTRY_CHANGED,
        ReasonCode.REGION_CHANGED,
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
