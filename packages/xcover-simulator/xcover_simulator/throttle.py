"""A rate limit per second, counted as Django REST framework does.

The window of one second slides. A call is refused while the window holds the allowed number of
calls; a refused call is not counted.
"""

import math
from collections import deque
from datetime import datetime, timedelta

from .jsontext import Json
from .refusals import throttled

WINDOW = timedelta(seconds=1)
"""Length of the sliding window."""
SELLING = "selling"
"""Lane of create offer and confirm."""
OTHER = "other"
"""Lane of every other operation."""
_SELLING_OPERATIONS = {"create_offer", "confirm"}


class Throttle:
    """The calls of the last second in each lane, and the number refused since the start."""

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
        """Count a call of ``operation`` at ``now``.

        Raises the 429 refusal when the window is full. A limit of None allows any number.
        """
        lane = SELLING if operation in _SELLING_OPERATIONS else OTHER
        allowed = selling_per_second if lane == SELLING else other_per_second
        taken = self._taken[lane]
        # A time in the future was counted before the clock was set back; drop it.
        while taken and not now - WINDOW < taken[0] <= now:
            taken.popleft()
        if allowed is not None and len(taken) >= allowed:
            self._refused[lane] += 1
            raise throttled(math.ceil((taken[0] + WINDOW - now).total_seconds()))
        taken.append(now)
        self._busiest[lane] = max(self._busiest[lane], len(taken))

    def shown(self) -> Json:
        """Return the number of refused calls and the fullest window so far, both by lane."""
        return {"refused": dict(self._refused), "busiest_second": dict(self._busiest)}
