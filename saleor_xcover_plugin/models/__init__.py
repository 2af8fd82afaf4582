"""Our tables. Host ids are plain values: checkouts vanish when an order is made."""

from .cancellations import Cancellation, EventChange
from .installation import Installation
from .modifications import Modification
from .sales import WAS_REMOVED, Consent, Cover, Offer, Quote
from .traffic import Usage
from .work import Alarm, Failure, Gate, Heartbeat, InboundEvent, OutboxMessage, Watermark

__all__ = [
    "WAS_REMOVED",
    "Alarm",
    "Cancellation",
    "Consent",
    "Cover",
    "EventChange",
    "Failure",
    "Gate",
    "Heartbeat",
    "InboundEvent",
    "Installation",
    "Modification",
    "Offer",
    "OutboxMessage",
    "Quote",
    "Usage",
    "Watermark",
]
