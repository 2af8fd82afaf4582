"""The kinds of outbox messages, their priorities and their numbers of attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class MessageKind(StrEnum):
    """The call to XCover that an outbox message makes."""

    CONFIRM = "confirm"
    PREVIEW_CANCELLATION = "preview_cancellation"
    CONFIRM_CANCELLATION = "confirm_cancellation"
    PREVIEW_MODIFICATION = "preview_modification"
    CONFIRM_MODIFICATION = "confirm_modification"
    OPT_OUT = "opt_out"


SENTENCES: Mapping[MessageKind, str] = {
    MessageKind.CONFIRM: "To make the policy of a paid order.",
    MessageKind.PREVIEW_CANCELLATION: "To say what cancelling the policy would refund.",
    MessageKind.CONFIRM_CANCELLATION: "To cancel the policy for the refund it named.",
    MessageKind.PREVIEW_MODIFICATION: "To say what a change of the buyer's details would cost.",
    MessageKind.CONFIRM_MODIFICATION: "To change the buyer's details in the policy, at no cost.",
    MessageKind.OPT_OUT: "To note that tickets were bought without the protection on offer.",
}
"""Sentences that tell staff what a message of each kind asks of XCover."""


LEADING_ON = frozenset({MessageKind.PREVIEW_CANCELLATION, MessageKind.PREVIEW_MODIFICATION})
"""Kinds whose outcome may add another message, which is due at once."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The delivery of messages of one kind."""

    priority: int
    """Messages with a lower one are sent first."""
    max_attempts: int
    """Number of attempts before a message is parked; 288 take about a day."""


# The delivery of each kind; cancellations come before modifications, opt-outs last.
DELIVERY: Mapping[MessageKind, Delivery] = {
    # First, because a paid cover without a policy insures nothing.
    MessageKind.CONFIRM: Delivery(0, 288),
    MessageKind.CONFIRM_CANCELLATION: Delivery(1, 288),
    MessageKind.PREVIEW_CANCELLATION: Delivery(2, 48),
    MessageKind.CONFIRM_MODIFICATION: Delivery(3, 288),
    MessageKind.PREVIEW_MODIFICATION: Delivery(4, 288),
    MessageKind.OPT_OUT: Delivery(5, 24),
}

CANCELLATION_KINDS = (MessageKind.PREVIEW_CANCELLATION, MessageKind.CONFIRM_CANCELLATION)
"""Messages whose subject is a ``Cancellation``."""
MODIFICATION_KINDS = (MessageKind.PREVIEW_MODIFICATION, MessageKind.CONFIRM_MODIFICATION)
"""Messages whose subject is a ``Modification``."""
