"""For commands, which may wait where a shopper may not."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..xcover.transport import Answer, Request, Sends
from .gate import HeldBack

PATIENCE_SECONDS = 60.0
_LONGEST_REST = 5.0


class PatientTransport:
    """Sends through a gated transport, and waits for its turn instead of giving up at once.

    Raise ``HeldBack`` when the turn does not come within ``PATIENCE_SECONDS``, or XCover does not
    answer anybody.
    """

    def __init__(self, gated: Sends, *, rest: Callable[[float], None] = time.sleep) -> None:
        self.clock = gated.clock
        self._gated = gated
        self._rest = rest

    def send(self, request: Request, *, deadline: float) -> Answer:
        waited = 0.0
        while True:
            try:
                return self._gated.send(request, deadline=deadline)
            except HeldBack as held:
                if not held.is_busy or waited >= PATIENCE_SECONDS:
                    raise
                wait = (held.until - self.clock()).total_seconds()
                wait = min(max(wait, 0.1), _LONGEST_REST)
                self._rest(wait)
                waited += wait
