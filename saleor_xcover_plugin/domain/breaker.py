"""When to stop asking an XCover that does not answer, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

THRESHOLD = 5
"""Failures in a row, of different calls, that open the breaker."""

FIRST_COOLDOWN = timedelta(seconds=15)
MAX_COOLDOWN = timedelta(minutes=2)

PROBE = timedelta(seconds=20)
"""Longer than any call: while one call tries, nobody else does."""

PEEK = timedelta(seconds=2)
"""How soon those who wait for that one call look again: most answers come sooner."""


@dataclass(frozen=True, slots=True)
class Breaker:
    """Closed: ``open_until`` is None. Open: nobody calls before it; then one call tries."""

    failures: int = 0
    trips: int = 0
    open_until: datetime | None = None
    opened_at: datetime | None = None
    is_trying: bool = False
    """One call is out to see whether XCover is back; ``open_until`` is the latest its end comes."""

    @property
    def is_open(self) -> bool:
        return self.open_until is not None

    def held_until(self, now: datetime) -> datetime | None:
        """Return until when calls must wait, or None when one may go."""
        if self.open_until is None or self.open_until <= now:
            return None
        # Further away than any rest: set by a clock that was wrong.
        if self.open_until > now + MAX_COOLDOWN + PROBE:
            return None
        return min(self.open_until, now + PEEK) if self.is_trying else self.open_until

    def trying(self, now: datetime) -> Breaker:
        """One call goes out to see whether XCover is back."""
        return replace(self, open_until=now + PROBE, is_trying=True) if self.is_open else self

    def untried(self, now: datetime) -> Breaker:
        """The call that was to see whether XCover is back is not made: the next one may."""
        return replace(self, open_until=now, is_trying=False) if self.is_trying else self

    def failed(self, now: datetime) -> Breaker:
        """A call got no usable answer."""
        if self.is_open:
            rest = min(FIRST_COOLDOWN * 2**self.trips, MAX_COOLDOWN)
            trips = min(self.trips + 1, 10)
            return replace(self, trips=trips, open_until=now + rest, is_trying=False)
        if self.failures + 1 < THRESHOLD:
            return replace(self, failures=self.failures + 1)
        return Breaker(
            failures=self.failures + 1, trips=1, open_until=now + FIRST_COOLDOWN, opened_at=now
        )

    def answered(self) -> Breaker:
        """XCover answered, whatever it said."""
        return Breaker()
