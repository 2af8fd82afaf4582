"""Have our own code fail at each of its steps in turn, in words that quote a buyer."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.db import IntegrityError, connection

from ..deep.counts import is_deep

MOST = 500 if is_deep() else 20
"""Failures of one act. Behind many orders of other tests one comparison of all takes seconds."""

Act = Callable[[], object]
GetReady = Callable[[], Act]


class Steps:
    """Counts steps, and fails at one of them with a text."""

    def __init__(self, fails_at: int, text: str) -> None:
        self._fails_at, self._text = fails_at, text
        self.count = 0

    @property
    def has_failed(self) -> bool:
        return self.count >= self._fails_at

    def step(self, kind: type[Exception]) -> None:
        self.count += 1
        if self.count == self._fails_at:  # never at 0
            raise kind(self._text)


@contextmanager
def statement_that_fails(steps: Steps) -> Iterator[None]:
    """Have a statement fail as PostgreSQL lets it, quoting the row; the host's own do not."""
    root = _root()

    def count(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        is_about_savepoints = str(sql).startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))
        if not is_about_savepoints and _is_called_from(root, sys._getframe()):
            steps.step(IntegrityError)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield


@contextmanager
def function_that_fails(steps: Steps) -> Iterator[None]:
    """Have a function of the plugin fail when another of the plugin calls it, whatever it gets."""
    root = _root()
    # What catches and reports must stay whole.
    spared = tuple(f"{root}/{name}" for name in ("guard.py", "defect_log.py", "time_limits.py"))

    def profile(frame: FrameType, event: str, _argument: object) -> None:
        name, caller = frame.f_code.co_filename, frame.f_back
        is_ours = name.startswith(root) and not name.startswith(spared)
        is_door = caller is None or not caller.f_code.co_filename.startswith(root)
        # A generator is also called when it is thrown away, where nobody can catch anything.
        is_generator = bool(frame.f_code.co_flags & inspect.CO_GENERATOR)
        if event == "call" and is_ours and not is_door and not is_generator:
            steps.step(ValueError)

    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(None)


def _root() -> str:
    import saleor_xcover_plugin

    return str(Path(saleor_xcover_plugin.__file__).parent)


def _is_called_from(root: str, frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(root):
            return True
        frame = frame.f_back
    return False


def at_each_step(
    get_ready: GetReady,
    text: str,
    *,
    way: Callable[[Steps], Any] = statement_that_fails,
    every: int = 1,
    most: int = MOST,
) -> int:
    """Do something again and again, and fail at another step each time; return how often it failed.

    Getting ready does not fail. ``every`` leaves steps out. No more than ``most`` steps are tried,
    spread over all there are: how many that is depends on what the tests before left behind, and
    each costs the whole act.
    """
    total = _count(get_ready, text, way)
    failed = 0
    for fails_at in range(1, total + 1, max(every, -(-total // most))):
        act = get_ready()
        steps = Steps(fails_at, text)
        with way(steps):
            act()
        failed += steps.has_failed
    return failed


def _count(get_ready: GetReady, text: str, way: Callable[[Steps], Any]) -> int:
    act = get_ready()
    steps = Steps(0, text)
    with way(steps):
        act()
    return steps.count
