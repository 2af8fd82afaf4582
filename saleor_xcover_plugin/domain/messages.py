"""The kinds of calls that must happen, how urgent each is, and how often it is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class MessageKind(StrEnum):
    """A call to XCover that an outbox message stands for."""

    CONFIRM = "confirm"
    PREVIEW_CANCELLATION = "preview_cancellation"
    CONFIRM_CANCELLATION = "confirm_cancellation"
    PREVIEW_MODIFICATION = "preview_modification"
    CONFIRM_MODIFICATION = "confirm_modification"
    OPT_OUT = "opt_out"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How messages of one kind are delivered."""

    priority: int
    """Lower ones are sent first."""
    max_attempts: int
    """How often a message is tried before a person is asked; 288 attempts take about a day."""


DELIVERY: Mapping[MessageKind, Delivery] = {
    # A paid cover without a policy is the worst that can happen.
    MessageKind.CONFIRM: Delivery(0, 288),
    MessageKind.CONFIRM_CANCELLATION: Delivery(1, 288),
    MessageKind.PREVIEW_CANCELLATION: Delivery(2, 48),
    MessageKind.CONFIRM_MODIFICATION: Delivery(3, 288),
    MessageKind.PREVIEW_MODIFICATION: Delivery(4, 288),
    MessageKind.OPT_OUT: Delivery(5, 24),
}

CANCELLATION_KINDS = (MessageKind.PREVIEW_CANCELLATION, MessageKind.CONFIRM_CANCELLATION)
MODIFICATION_KINDS = (MessageKind.PREVIEW_MODIFICATION, MessageKind.CONFIRM_MODIFICATION)
