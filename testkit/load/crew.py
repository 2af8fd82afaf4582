"""Worker processes that can be killed at any moment and are started again.

The first of them beats: once a minute it sweeps, as beat has it done in a store. The others drain.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing import RawArray, RawValue

from saleor_xcover_plugin.operations.sweep import sweep
from saleor_xcover_plugin.outbox.dispatcher import TURN, deliver_due, drain

from .plugin_time import PluginClock

_FORK = multiprocessing.get_context("fork")
_BUSY = 0.0
POLL_INTERVAL = 0.005
"""Real seconds between two looks at something shared."""

_ID_BYTES = 8


class Crew:
    """Forked workers; each says what it is at in memory that outlives it."""

    def __init__(self, size: int, clock: PluginClock) -> None:
        self.size = size
        self._conductor = os.getpid()
        self.clock = clock
        self._waits_for = RawArray("d", size)
        self._in_flight = RawArray("q", size)
        self._claims = RawArray("q", size)
        self._is_over = RawValue("b", 0)
        self._processes = [self._started(slot) for slot in range(size)]

    @property
    def claims(self) -> int:
        """How many messages were claimed so far, by the living and the dead."""
        return sum(self._claims)

    def in_flight(self, slot: int) -> int:
        """Return the id of the outbox message the worker has claimed, 0 for none."""
        return int(self._in_flight[slot])

    def kill(self, slot: int) -> int:
        """Kill a worker with SIGKILL and start another; return what the dead one had claimed."""
        dead = self._processes[slot]
        dead.kill()
        dead.join()
        message = self.in_flight(slot)
        self._processes[slot] = self._started(slot)
        return message

    def is_idle(self) -> bool:
        """Whether everybody waits for a minute to come."""
        return all(self.clock.seconds_to(moment) > 0 for moment in self._waits_for)

    def skip_wait(self) -> float:
        """Jump to the minute all wait for; return the seconds jumped."""
        seconds = max(self.clock.seconds_to(max(self._waits_for)), 0.0)
        self.clock.jump(seconds)
        return seconds

    def alive(self) -> bool:
        return all(process.is_alive() for process in self._processes)

    def end(self) -> None:
        """Let everybody finish what it is at, then leave."""
        self._is_over.value = 1
        for process in self._processes:
            process.join(30)
            if process.is_alive():
                process.kill()
                process.join()

    def _started(self, slot: int) -> multiprocessing.process.BaseProcess:
        share_nothing()
        self._waits_for[slot], self._in_flight[slot] = _BUSY, 0
        process = _FORK.Process(target=self._work, args=(slot,), daemon=True)
        process.start()
        return process

    def _work(self, slot: int) -> None:
        # What goes wrong here is meant to; the report says what came of it.
        logging.getLogger("saleor_xcover_plugin").setLevel(logging.CRITICAL)
        self.clock.install()
        _tell_claims(lambda message: self._note_claim(slot, message))
        while self._is_wanted():
            self._turn(slot)

    def _note_claim(self, slot: int, message: int) -> None:
        self._in_flight[slot] = message
        self._claims[slot] += bool(message)

    def _is_wanted(self) -> bool:
        """Whether there is more to do, and somebody it is done for."""
        return not self._is_over.value and os.getppid() == self._conductor

    def _turn(self, slot: int) -> None:
        """Do what is due, then wait for the next minute."""
        self._waits_for[slot] = _BUSY
        if slot == 0:
            sweep(self.clock)
        while self._is_wanted() and deliver_due(self.clock, limit=20):
            pass
        minute = self.clock.next_minute()
        self._waits_for[slot] = minute
        while self._is_wanted() and self.clock.seconds_to(minute) > 0:
            time.sleep(POLL_INTERVAL)


class Drainers(Crew):
    """Workers on a long outbox: one turn of draining after the other, and in between what was just
    sold, as tasks queue up behind each other in a broker."""

    def __init__(self, size: int, clock: PluginClock) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        super().__init__(size, clock)

    def queue(self, message: int) -> None:
        """Queue one message, as the hook of a sale does."""
        os.write(self._writer, message.to_bytes(_ID_BYTES, "big"))

    def end(self) -> None:
        super().end()
        os.close(self._reader)
        os.close(self._writer)

    def _turn(self, slot: int) -> None:  # noqa: ARG002 (nobody sweeps; all do the same)
        try:
            woken = os.read(self._reader, _ID_BYTES)
        except BlockingIOError:
            if not drain(self.clock, until=self.clock() + TURN):
                time.sleep(4 * POLL_INTERVAL)
        else:
            deliver_due(self.clock, limit=1, only=[int.from_bytes(woken, "big")])


def _tell_claims(tell: Callable[[int], None]) -> None:
    """Say which message is claimed, from the claim to the end of its delivery."""
    from saleor_xcover_plugin.outbox import dispatcher
    from saleor_xcover_plugin.outbox import store as outbox

    claim, delivered = outbox.claim, dispatcher._deliver

    def claimed(*arguments, **options):  # type: ignore[no-untyped-def]
        messages = claim(*arguments, **options)
        tell(messages[0].pk if messages else 0)
        return messages

    def told(*arguments):  # type: ignore[no-untyped-def]
        goes_on = delivered(*arguments)
        tell(0)
        return goes_on

    outbox.claim, dispatcher._deliver = claimed, told


def share_nothing() -> None:
    """A child must share neither a database connection nor one to XCover."""
    from django.db import connections

    from saleor_xcover_plugin.host import runtime

    connections.close_all()
    runtime.http_session.cache_clear()
