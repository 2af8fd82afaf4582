"""How many calls per second are taken, as Django REST framework counts them.

A window of one second that slides: a call is refused while the window already holds the allowed
number, and a refused call does not count itself.
"""

import math
from collections import deque
from datetime import datetime, timedelta

from .jsontext import Json
from .refusals import throttled

WINDOW = timedelta(seconds=1)
SELLING = "selling"
OTHER = "other"
_SELLING_OPERATIONS = {"create_offer", "confirm"}


class Throttle:
    """The calls of the last second in each lane, and how many were refused so far."""

    def __init__(self) -> None:
        self._taken: dict[str, deque[datetime]] = {SELLING: deque(), OTHER: deque()}
        self._refused = {SELLING: 0, OTHER: 0}
        self._busiest = {SELLING: 0, OTHER: 0}

    def admit(
        self,
        operation: str,
        now: datetime,
        *,
        selling_per_second: int | None,
        other_per_second: int | None,
    ) -> None:
        """Count the call in, or raise the 429. None allows any number."""
        lane = SELLING if operation in _SELLING_OPERATIONS else OTHER
        allowed = selling_per_second if lane == SELLING else other_per_second
        taken = self._taken[lane]
        # A time to come stems from a clock that was set back since, and counts no more.
        while taken and not now - WINDOW < taken[0] <= now:
            taken.popleft()
        if allowed is not None and len(taken) >= allowed:
            self._refused[lane] += 1
            raise throttled(math.ceil((taken[0] + WINDOW - now).total_seconds()))
        taken.append(now)
        self._busiest[lane] = max(self._busiest[lane], len(taken))

    def shown(self) -> Json:
        """Return the 429s by lane, and the most calls a window of one second has held."""
        return {"refused": dict(self._refused), "busiest_second": dict(self._busiest)}
