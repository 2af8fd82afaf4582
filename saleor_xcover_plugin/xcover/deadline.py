"""Run blocking network work inside one total deadline.

``requests`` applies its timeout to each socket operation, so a name look-up, headers or a body that
drip in byte by byte outlast any limit. The work therefore runs in a thread, and its caller leaves
at the deadline. What is left behind is ended by cutting its connections (``connections.py``), which
it sees as closed. Raising an exception inside the thread instead would end it at any byte code,
also while it holds a lock of logging or of the connection pool, and nobody could take that lock
again.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar, cast

T = TypeVar("T")

THREAD_NAME = "xcover-call"


class DeadlineExceeded(Exception):
    """The work was not done in time; it may still have reached the other side."""


class WorkFailed(Exception):
    """The work itself failed, with ``error``. Anything else came from outside, to its caller."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.error = error


class Cuttable(Protocol):
    """Something the work waits for that can be ended from another thread."""

    def cut(self) -> None:
        """End it at once; does nothing the second time, and raises nothing."""


class Work(Generic[T]):
    """One piece of work in its thread, and the connections it uses just now."""

    def __init__(self, work: Callable[[threading.Event], T]) -> None:
        self.is_abandoned = threading.Event()
        self.is_done = threading.Event()
        self.result: list[T] = []
        self.error: Exception | None = None
        self._work = work
        self._uses: set[Cuttable] = set()
        self._lock = threading.Lock()

    def run(self) -> None:
        """Do the work and keep its result or its error for the caller."""
        _current.set(cast("Work[object]", self))
        try:
            self.result.append(self._work(self.is_abandoned))
        except Exception as error:  # handed to the caller, who waits in run_with_deadline
            self.error = error
        finally:
            self.is_done.set()

    def use(self, what: Cuttable) -> None:
        """Have ``what`` cut when nobody waits for the work any more; at once, if that is so now."""
        with self._lock:
            self._uses.add(what)
            if self.is_abandoned.is_set():
                what.cut()

    def release(self, what: Cuttable) -> None:
        """Leave alone what was handed back: the next call may use it already."""
        with self._lock:
            self._uses.discard(what)

    def abandon(self) -> None:
        """Cut what the work waits for; it ends by itself."""
        with self._lock:
            self.is_abandoned.set()
            for what in self._uses:
                what.cut()


_current: contextvars.ContextVar[Work[object] | None] = contextvars.ContextVar(
    "xcover_call", default=None
)


def current_work() -> Work[object] | None:
    """Return the work this thread does, None outside ``run_with_deadline``."""
    return _current.get()


def run_with_deadline(seconds: float, work: Callable[[threading.Event], T]) -> T:
    """Return what ``work`` returns, within ``seconds``.

    ``work`` is given an event that is set once nobody waits for it any more. Raise ``WorkFailed``
    with what it raised, or ``DeadlineExceeded``. What a signal raises in the caller, such as the
    time limit of a Celery task, comes out as it is, and the work is abandoned.
    """
    job = Work(work)
    # The copied context keeps the caller's trace around the spans of the HTTP library.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(job.run,), name=THREAD_NAME, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # no thread is left
        raise WorkFailed(error) from None
    try:
        # Not join: Python 3.11 takes a thread for ended when a signal interrupts its join.
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
