"""Orderly shutdown on Ctrl-C, SIGTERM or the loss of the terminal.

Each signal becomes an exception, so that context managers stop what was started.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that end a process in order."""


class ToldToEnd(BaseException):
    """A signal asked this process to end. Not an error: only the entry point should catch it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """The exit status that a shell reports for a process ended by this signal."""
        return 128 + self.number


class _Listener:
    def __init__(self) -> None:
        self.is_ending = False
        self.heard: int | None = None
        self._waiting: int | None = None
        self._held = 0

    def hear(self, number: int, _frame: FrameType | None) -> None:
        if self.is_ending:
            return
        self.heard = number
        if self._held:
            self._waiting = number
            return
        raise ToldToEnd(number)

    @contextmanager
    def deferred_signals(self) -> Iterator[None]:
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._waiting is not None and not self._held and not self.is_ending:
            raise ToldToEnd(self._waiting)


_listener = _Listener()


def listen() -> None:
    """Raise ``ToldToEnd`` in the main thread when one of ``SIGNALS`` arrives. Call it there."""
    for number in SIGNALS:
        # A process started with nohup must outlive its terminal.
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue
        signal.signal(number, _listener.hear)


def told() -> ToldToEnd | None:
    """Return an exception for the signal that arrived last, or None.

    The exception is raised wherever the interpreter happens to be. Python 3.11 turns it into a
    RuntimeError inside a ``__set_name__``, and prints and drops it inside a ``__del__`` or a
    callback. This function reports the signal in those cases too.
    """
    return None if _listener.heard is None else ToldToEnd(_listener.heard)


def end_if_told() -> None:
    """Raise ``ToldToEnd`` if a signal arrived whose exception was swallowed.

    Call it between steps, where an interruption does no harm.
    """
    heard = told()
    if heard and not _listener.is_ending:
        raise heard


def no_more() -> None:
    """Ignore further signals, because stopping takes seconds and must not be interrupted."""
    _listener.is_ending = True


@contextmanager
def deferred_signals() -> Iterator[None]:
    """Defer signals to the end of the block, for steps that must not be interrupted."""
    with _listener.deferred_signals():
        yield
