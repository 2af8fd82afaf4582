"""Worker processes that can be killed at any moment and are restarted.

The first worker also runs the plugin's sweep once a minute, as Celery beat does in a store. All
workers deliver due messages.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing import RawArray, RawValue

from saleor_xcover_plugin.operations.sweep import sweep
from saleor_xcover_plugin.outbox.claims import Which
from saleor_xcover_plugin.outbox.dispatcher import deliver_due
from saleor_xcover_plugin.outbox.drains import TURN, drain

from .plugin_time import PluginClock

_FORK = multiprocessing.get_context("fork")
_BUSY = 0.0
POLL_INTERVAL = 0.005
"""Real seconds between two checks of shared state."""

_ID_BYTES = 8


class Crew:
    """Forked workers whose state lies in shared memory, so that it survives their end.

    ``size`` is the number of workers; they all use ``clock``.
    """

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
        """Number of claims so far, of one message or a batch, killed workers included."""
        return sum(self._claims)

    def in_flight(self, slot: int) -> int:
        """Return the id of the outbox message that a worker has claimed, or 0.

        Of a batch, it is the last: the one most likely still to be delivered.
        """
        return int(self._in_flight[slot])

    def kill(self, slot: int) -> int:
        """Kill a worker with SIGKILL and start another.

        Return the id of the message that the killed worker had claimed, or 0.
        """
        dead = self._processes[slot]
        dead.kill()
        dead.join()
        message = self.in_flight(slot)
        self._processes[slot] = self._started(slot)
        return message

    def is_idle(self) -> bool:
        """Return True if every worker waits for the next minute."""
        return all(self.clock.seconds_to(moment) > 0 for moment in self._waits_for)

    def skip_wait(self) -> float:
        """Advance the clock to the minute that all workers wait for; return the seconds skipped."""
        seconds = max(self.clock.seconds_to(max(self._waits_for)), 0.0)
        self.clock.jump(seconds)
        return seconds

    def alive(self) -> bool:
        """Return True if every worker process is alive."""
        return all(process.is_alive() for process in self._processes)

    def end(self) -> None:
        """Let the workers finish their current message, and wait for their end.

        A worker that does not end within 30 seconds is killed.
        """
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
        # Errors are provoked on purpose here, and the report shows their effect.
        logging.getLogger("saleor_xcover_plugin").setLevel(logging.CRITICAL)
        self.clock.install()
        _tell_claims(lambda message: self._note_claim(slot, message))
        while self._is_wanted():
            self._turn(slot)

    def _note_claim(self, slot: int, message: int) -> None:
        self._in_flight[slot] = message
        self._claims[slot] += bool(message)

    def _is_wanted(self) -> bool:
        """Return True while the run continues and the process that started it is alive."""
        return not self._is_over.value and os.getppid() == self._conductor

    def _turn(self, slot: int) -> None:
        """Deliver what is due, then wait for the next minute."""
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
    """Workers that drain a long outbox and deliver newly queued messages in between.

    No worker runs the sweep.
    """

    def __init__(self, size: int, clock: PluginClock) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        super().__init__(size, clock)

    def enqueue(self, message: int) -> None:
        """Queue the message with this id, as the hook of a sale sends a task."""
        os.write(self._writer, message.to_bytes(_ID_BYTES, "big"))

    def end(self) -> None:
        super().end()
        os.close(self._reader)
        os.close(self._writer)

    def _turn(self, slot: int) -> None:  # noqa: ARG002 (all workers do the same)
        try:
            queued = os.read(self._reader, _ID_BYTES)
        except BlockingIOError:
            if not drain(self.clock, until=self.clock() + TURN):
                time.sleep(4 * POLL_INTERVAL)
        else:
            deliver_due(self.clock, limit=1, which=Which(only=[int.from_bytes(queued, "big")]))


def _tell_claims(tell: Callable[[int], None]) -> None:
    """Call ``tell`` with the id of the last message of each claim, and with 0 after delivery."""
    from saleor_xcover_plugin.outbox import claims, dispatcher

    claim, deliver = claims._claim, dispatcher._deliver
    deliver_batches = dispatcher.BatchDelivery.run

    def claimed(*arguments):  # type: ignore[no-untyped-def]
        messages = claim(*arguments)
        tell(messages[-1].pk if messages else 0)
        return messages

    def delivered(*arguments):  # type: ignore[no-untyped-def]
        goes_on = deliver(*arguments)
        tell(0)
        return goes_on

    def batches_delivered(*arguments, **options):  # type: ignore[no-untyped-def]
        deliver_batches(*arguments, **options)
        tell(0)

    claims._claim, dispatcher._deliver = claimed, delivered
    dispatcher.BatchDelivery.run = batches_delivered  # type: ignore[method-assign]


def share_nothing() -> None:
    """Close all connections to the database and to XCover, so that forks open their own."""
    from django.db import connections

    from saleor_xcover_plugin.host import runtime

    connections.close_all()
    runtime.http_session.cache_clear()
