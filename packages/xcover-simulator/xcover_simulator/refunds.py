"""Who gets the premium back. INFERRED beyond cooling-off: only full refunds are recorded."""

from datetime import datetime, timedelta
from decimal import Decimal

from .settings import Settings
from .store import CONFIRMED, BookedQuote


def cooling_off_ends(settings: Settings, quote: BookedQuote) -> datetime:
    """Return the last moment of cooling-off: confirmation + 14 days (recorded for GB)."""
    return quote.confirmed_at + timedelta(days=settings.cooling_off_days)


def refund_for(settings: Settings, quote: BookedQuote, now: datetime) -> Decimal | None:
    """Return what is paid back for ``quote`` now, or None when cancelling is refused."""
    rule: str = settings.refund_rule
    if rule == "full":
        in_time = now <= cooling_off_ends(settings, quote) and now < quote.event.start
        if in_time:
            return quote.premium.total
        rule = settings.after_cooling_off
    return Decimal(0) if rule == "zero" else None


def can_be_cancelled(settings: Settings, quote: BookedQuote, now: datetime) -> bool:
    """Tell what ``can_be_cancelled`` answers: true in CONFIRMED unless the rule refuses."""
    return quote.status == CONFIRMED and refund_for(settings, quote, now) is not None
