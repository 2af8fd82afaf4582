"""The circuit breaker: stop calling XCover while it does not respond, and try again later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

THRESHOLD = 5
"""Consecutive failures, of different calls, that open the breaker."""

FIRST_COOLDOWN = timedelta(seconds=15)
"""Time without calls after the breaker opened; it doubles with each failed trial call."""
MAX_COOLDOWN = timedelta(minutes=2)
"""Longest time without calls."""

PROBE = timedelta(seconds=20)
"""Time reserved for one trial call; longer than any call takes."""

PEEK = timedelta(seconds=2)
"""Time after which deferred calls check again during a trial call, which is usually shorter."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """State of the breaker. It is immutable: methods return the state after a transition.

    The breaker is closed while ``open_until`` is None. While it is open no call is made before
    ``open_until``; then one trial call is made.
    """

    failures: int = 0
    """Consecutive failures."""
    trips: int = 0
    """Consecutive cooldowns since the breaker opened."""
    open_until: datetime | None = None
    """End of the cooldown, or of the time reserved for the trial call."""
    opened_at: datetime | None = None
    is_trying: bool = False
    """True while the trial call is being made."""

    @property
    def is_open(self) -> bool:
        """True if no call may be made except the trial call."""
        return self.open_until is not None

    def deferred_until(self, now: datetime) -> datetime | None:
        """Return the time until which calls are deferred, or None if one may be made now."""
        if self.open_until is None or self.open_until <= now:
            return None
        # Later than any cooldown ends: it was set by a wrong clock.
        if self.open_until > now + MAX_COOLDOWN + PROBE:
            return None
        return min(self.open_until, now + PEEK) if self.is_trying else self.open_until

    def trying(self, now: datetime) -> Breaker:
        """Return the state while the trial call is made; a closed breaker stays closed."""
        return replace(self, open_until=now + PROBE, is_trying=True) if self.is_open else self

    def untried(self, now: datetime) -> Breaker:
        """Return the state after a trial call that was not made, so that the next call may try."""
        return replace(self, open_until=now, is_trying=False) if self.is_trying else self

    def failed(self, now: datetime) -> Breaker:
        """Return the state after a call without a usable response."""
        if self.is_open:
            cooldown = min(FIRST_COOLDOWN * 2**self.trips, MAX_COOLDOWN)
            trips = min(self.trips + 1, 10)
            return replace(self, trips=trips, open_until=now + cooldown, is_trying=False)
        if self.failures + 1 < THRESHOLD:
            return replace(self, failures=self.failures + 1)
        return Breaker(
            failures=self.failures + 1, trips=1, open_until=now + FIRST_COOLDOWN, opened_at=now
        )

    def answered(self) -> Breaker:
        """Return the closed state, after any usable response."""
        return Breaker()
