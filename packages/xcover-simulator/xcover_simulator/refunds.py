"""Refunds of cancelled quotes.

Recorded: the full premium inside the cooling-off period. Everything after it is inferred.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from .settings import Settings
from .store import CONFIRMED, BookedQuote


def cooling_off_ends(settings: Settings, quote: BookedQuote) -> datetime:
    """Return the end of the cooling-off period; by default 14 days (recorded for GB)."""
    return quote.confirmed_at + timedelta(days=settings.cooling_off_days)


def refund_for(settings: Settings, quote: BookedQuote, now: datetime) -> Decimal | None:
    """Return the refund for cancelling ``quote`` at ``now``, or None if that is refused.

    The refund is in the booking's currency. The settings ``refund_rule`` and
    ``after_cooling_off`` decide.
    """
    rule: str = settings.refund_rule
    if rule == "full":
        in_time = now <= cooling_off_ends(settings, quote) and now < quote.event.start
        if in_time:
            return quote.premium.total
        rule = settings.after_cooling_off
    return Decimal(0) if rule == "zero" else None


def can_be_cancelled(settings: Settings, quote: BookedQuote, now: datetime) -> bool:
    """Return True if ``quote`` is confirmed and the refund rule allows cancelling it."""
    return quote.status == CONFIRMED and refund_for(settings, quote, now) is not None
