"""The plugin's tables.

Ids of Saleor's rows are plain values without foreign keys, because Saleor deletes a checkout when
it becomes an order. Times are in UTC.
"""

from .accounts import XCoverAccount
from .cancellations import Cancellation, EventChange
from .event_runs import EventCommand, EventRun
from .installation import Installation
from .modifications import Modification
from .monitoring import Alarm, Failure, Heartbeat, Watermark
from .notifications import ReceivedNotification
from .outbox import ExpectedDrain, OutboxMessage
from .sales import COVER_WAITS, WAS_REMOVED, Consent, Cover, Offer, Quote
from .usage import RefusalCount, Usage

__all__ = [
    "COVER_WAITS",
    "WAS_REMOVED",
    "Alarm",
    "Cancellation",
    "Consent",
    "Cover",
    "EventChange",
    "EventCommand",
    "EventRun",
    "ExpectedDrain",
    "Failure",
    "Heartbeat",
    "Installation",
    "Modification",
    "Offer",
    "OutboxMessage",
    "Quote",
    "ReceivedNotification",
    "RefusalCount",
    "Usage",
    "Watermark",
    "XCoverAccount",
]
