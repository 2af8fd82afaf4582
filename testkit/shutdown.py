"""Being told to end: Ctrl-C, SIGTERM, or a terminal that goes away.

Each becomes an exception, so that whatever was started is stopped on the way out.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ToldToEnd(BaseException):
    """Somebody ends this process; not an error, so nothing but the way out may catch it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def exit_code(self) -> int:
        """Return what a shell shows for a process ended by this signal."""
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
    def held_back(self) -> Iterator[None]:
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._waiting is not None and not self._held and not self.is_ending:
            raise ToldToEnd(self._waiting)


_listener = _Listener()


def listen() -> None:
    """From now on raise ``ToldToEnd`` in the main thread when a signal comes."""
    for number in SIGNALS:
        # Who started us with nohup wants us to outlive the terminal.
        if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
            continue
        signal.signal(number, _listener.hear)


def told() -> ToldToEnd | None:
    """Return what was heard, also when the exception never arrived as itself.

    It is raised wherever the interpreter is just then. Inside a ``__set_name__`` Python 3.11 turns
    it into a RuntimeError, inside a ``__del__`` or a callback it is printed and forgotten.
    """
    return None if _listener.heard is None else ToldToEnd(_listener.heard)


def end_if_told() -> None:
    """Raise what a finalizer swallowed; between steps, where nothing can be torn."""
    heard = told()
    if heard and not _listener.is_ending:
        raise heard


def no_more() -> None:
    """Ignore further signals: stopping takes seconds and must not be left half done."""
    _listener.is_ending = True


@contextmanager
def held_back() -> Iterator[None]:
    """Let a signal wait for the end of the block, for steps that must not be torn apart."""
    with _listener.held_back():
        yield
