"""Our tables. Host ids are plain values: checkouts vanish when an order is made."""

from .sales import Cancellation, Consent, Cover, Modification, Offer, Quote
from .work import Alarm, Gate, Heartbeat, InboundEvent, OutboxMessage, Watermark

__all__ = [
    "Alarm",
    "Cancellation",
    "Consent",
    "Cover",
    "Gate",
    "Heartbeat",
    "InboundEvent",
    "Modification",
    "Offer",
    "OutboxMessage",
    "Quote",
    "Watermark",
]
