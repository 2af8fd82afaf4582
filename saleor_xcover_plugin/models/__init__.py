"""Our tables. Host ids are plain values: checkouts vanish when an order is made."""

from .cancellations import Cancellation, EventChange
from .installation import Installation
from .modifications import Modification
from .sales import WAS_REMOVED, Consent, Cover, Offer, Quote
from .usage import Usage
from .work import (
    Alarm,
    Failure,
    Heartbeat,
    OutboxMessage,
    ReceivedNotification,
    Watermark,
    XCoverAccount,
)

__all__ = [
    "WAS_REMOVED",
    "Alarm",
    "Cancellation",
    "Consent",
    "Cover",
    "EventChange",
    "Failure",
    "Heartbeat",
    "Installation",
    "Modification",
    "Offer",
    "OutboxMessage",
    "Quote",
    "ReceivedNotification",
    "Usage",
    "Watermark",
    "XCoverAccount",
]
