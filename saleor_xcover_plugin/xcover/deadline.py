"""Run blocking network work within one total deadline.

``requests`` applies its timeout to each socket operation, so a name look-up, or a response that
arrives byte by byte, can exceed any limit. The work therefore runs in a thread, and its caller
returns at the deadline. The abandoned thread ends because its connections are cut
(``connections.py``). Raising an exception inside the thread instead could end it while it holds a
lock of logging or of the connection pool, which would then never be released.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar, cast

T = TypeVar("T")

THREAD_NAME = "xcover-call"
"""Name of the threads that do the work."""


class DeadlineExceeded(Exception):
    """The work was not done in time. A request may still have reached the server."""


class WorkFailed(Exception):
    """The work raised ``error``, or its thread could not be started."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.error = error


class Cuttable(Protocol):
    """A connection, or another resource, that can be ended from another thread."""

    def cut(self) -> None:
        """End it immediately. Must raise nothing, and do nothing if it was cut before."""


class Work(Generic[T]):
    """One piece of work in its thread, with the connections it is using."""

    def __init__(self, work: Callable[[threading.Event], T]) -> None:
        self.is_abandoned = threading.Event()
        self.is_done = threading.Event()
        self.result: list[T] = []
        self.error: Exception | None = None
        self._work = work
        self._uses: set[Cuttable] = set()
        self._lock = threading.Lock()

    def run(self) -> None:
        """Do the work in this thread and store its result or error."""
        _current.set(cast("Work[object]", self))
        try:
            self.result.append(self._work(self.is_abandoned))
        except Exception as error:  # raised for the caller by run_with_deadline
            self.error = error
        finally:
            self.is_done.set()

    def use(self, what: Cuttable) -> None:
        """Register a connection, to be cut when the work is abandoned, or now if it was."""
        with self._lock:
            self._uses.add(what)
            if self.is_abandoned.is_set():
                what.cut()

    def release(self, what: Cuttable) -> None:
        """Unregister a connection that was returned to the pool, where another call may use it."""
        with self._lock:
            self._uses.discard(what)

    def abandon(self) -> None:
        """Cut the registered connections, which ends the work."""
        with self._lock:
            self.is_abandoned.set()
            for what in self._uses:
                what.cut()


_current: contextvars.ContextVar[Work[object] | None] = contextvars.ContextVar(
    "xcover_call", default=None
)


def current_work() -> Work[object] | None:
    """Return the work that this thread does, or None outside ``run_with_deadline``."""
    return _current.get()


def run_with_deadline(seconds: float, work: Callable[[threading.Event], T]) -> T:
    """Run ``work`` in a thread and return its result, within ``seconds``.

    ``work`` is called with a ``threading.Event`` that is set when it is abandoned. Raise
    ``WorkFailed`` with the exception of the work, or ``DeadlineExceeded``. An exception that a
    signal raises in the caller, such as the time limit of a Celery task, passes through; the work
    is then abandoned.
    """
    job = Work(work)
    # The copied context keeps the caller's trace around the spans of the HTTP library.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(job.run,), name=THREAD_NAME, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # the system has no thread left
        raise WorkFailed(error) from None
    try:
        # Not join(): Python 3.11 takes a thread for ended if a signal interrupts join().
        is_done = job.is_done.wait(seconds)
    except BaseException:
        job.abandon()
        raise
    if not is_done:
        job.abandon()
        raise DeadlineExceeded
    if job.error is not None:
        raise WorkFailed(job.error)
    return job.result[0]
