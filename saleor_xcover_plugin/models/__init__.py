"""Our tables. Host ids are plain values: checkouts vanish when an order is made."""

from .accounts import XCoverAccount
from .cancellations import Cancellation, EventChange
from .installation import Installation
from .modifications import Modification
from .monitoring import Alarm, Failure, Heartbeat, Watermark
from .notifications import ReceivedNotification
from .outbox import OutboxMessage
from .sales import WAS_REMOVED, Consent, Cover, Offer, Quote
from .usage import Usage

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
