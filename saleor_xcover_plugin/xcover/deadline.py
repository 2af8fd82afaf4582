"""Run blocking network work inside one total deadline.

``requests`` applies its timeout to each socket operation, so a name look-up, headers or a body that
drip in byte by byte outlast any limit. The work therefore runs in a thread, and its caller leaves
at the deadline. What is left behind is ended by shutting its socket down, which it sees as a closed
connection. Raising an exception inside the thread instead would end it at any byte code, also
while it holds a lock of logging or of the connection pool, and nobody could take that lock again.
"""

from __future__ import annotations

import contextlib
import contextvars
import http.client
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

THREAD_NAME = "xcover-call"
_PAUSE_SECONDS = 0.1
_CUTS = 600


class DeadlineExceeded(Exception):
    """The work was not done in time; it may still have reached the other side."""


class WorkFailed(Exception):
    """The work itself failed, with ``error``. Anything else came from outside, to its caller."""

    def __init__(self, error: Exception) -> None:
        super().__init__(type(error).__name__)
        self.error = error


class _Work(Generic[T]):
    def __init__(self, work: Callable[[threading.Event], T]) -> None:
        self.is_abandoned = threading.Event()
        self.is_done = threading.Event()
        self.result: list[T] = []
        self.error: Exception | None = None
        self._work = work

    def run(self) -> None:
        try:
            self.result.append(self._work(self.is_abandoned))
        except Exception as error:  # handed to the caller, who waits in run_within
            self.error = error
        finally:
            self.is_done.set()


def run_with_deadline(seconds: float, work: Callable[[threading.Event], T]) -> T:
    """Return what ``work`` returns, within ``seconds``.

    ``work`` is given an event that is set once nobody waits for it any more. Raise ``WorkFailed``
    with what it raised, or ``DeadlineExceeded``. What a signal raises in the caller, such as
    the time limit of a Celery task, comes out as it is, and the work is abandoned.
    """
    job = _Work(work)
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
        _abandon(job, thread)
        raise
    if not is_done:
        _abandon(job, thread)
        raise DeadlineExceeded
    if job.error is not None:
        raise WorkFailed(job.error)
    return job.result[0]


def _abandon(job: _Work[T], thread: threading.Thread) -> None:
    job.is_abandoned.set()
    threading.Thread(
        target=_cut_off, args=(thread,), name=f"{THREAD_NAME}-end", daemon=True
    ).start()


def _cut_off(thread: threading.Thread) -> None:
    """Shut down the socket ``thread`` is busy with, until it ends.

    More than once, because it may be looking up a name now and open its connection later.
    """
    for _ in range(_CUTS):
        if not thread.is_alive():
            return
        for connection in _sockets_of(thread):
            with contextlib.suppress(OSError):
                # Not SSLSocket.shutdown: that takes the TLS state away under the reading thread.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        thread.join(_PAUSE_SECONDS)


def _sockets_of(thread: threading.Thread) -> Iterator[socket.socket]:
    """Find the sockets ``thread`` has in its hands.

    The pool hands nothing out before an answer's headers are complete, hence the look at the stack.
    """
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        for value in list(frame.f_locals.values()):
            if isinstance(value, http.client.HTTPConnection):
                value = value.sock
            elif isinstance(value, socket.SocketIO):
                value = getattr(value, "_sock", None)
            if isinstance(value, socket.socket):
                yield value
        frame = frame.f_back
