"""Processes that really die: SIGKILL at the n-th step of what they do.

A step is what can be seen from outside: every SQL statement, what lies before and after a commit,
and what lies before and after a call over HTTP. The mechanism lives here, not in the plugin.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

Die = Callable[[], None]

_AFTER_LIMITS = re.compile(r"statement_timeout = \d+; ")
"""Our time limits stand before a statement, in the same message."""


@dataclass(frozen=True, slots=True)
class End:
    """How a child ended: ``killed`` at the wanted step, or alive at its end."""

    killed: bool
    step: str


def in_a_child(act: Callable[[], object]) -> None:
    """Do something in a process of its own; raise when it fails."""
    end = _forked(lambda _: act())
    if end.killed:
        raise RuntimeError("somebody else killed the child")


def killed_at(step: int, act: Callable[[], object], *, only_in_hooks: bool = False) -> End:
    """Do something in a process of its own that kills itself at its ``step``-th step.

    With ``only_in_hooks`` the steps of our hooks count alone, not those of the host around them.
    """

    def act_and_count(say: Callable[[str], None]) -> None:
        watch = _Steps(step, say)
        if only_in_hooks:
            watch.hooks()
        else:
            watch.everything()
        act()

    return _forked(act_and_count)


class _Steps:
    """Counts steps and dies at one of them."""

    def __init__(self, wanted: int, say: Callable[[str], None]) -> None:
        self._wanted = wanted
        self._say = say
        self._numbers = count(1)

    def _pass(self, name: str) -> None:
        if next(self._numbers) == self._wanted:
            self._say(name)
            os.kill(os.getpid(), signal.SIGKILL)

    def everything(self) -> None:
        """Count what the process does from now on."""
        self._database()
        self._http()

    def hooks(self) -> None:
        """Count what our hooks do, from their first statement to the end of their commit."""
        from django.db import connection

        from saleor_xcover_plugin import plugin

        sync_order = plugin.sync_order

        def counted(*arguments: Any) -> None:
            commit = connection._commit  # type: ignore[attr-defined]
            wrappers = list(connection.execute_wrappers)
            self._pass("before the hook")
            self._database()
            try:
                sync_order(*arguments)
            finally:
                connection.execute_wrappers[:] = wrappers
                connection._commit = commit  # type: ignore[attr-defined]
            self._pass("after the hook")

        plugin.sync_order = counted

    def _database(self) -> None:
        from django.db import connection

        commit = connection._commit  # type: ignore[attr-defined]

        def statement(execute: Any, sql: str, *rest: Any) -> Any:
            meant = _AFTER_LIMITS.split(sql)[-1]
            self._pass(f"before {' '.join(meant.split())[:60]}")
            return execute(sql, *rest)

        def committed() -> None:
            self._pass("before a commit")
            commit()
            self._pass("after a commit")

        connection.execute_wrappers.append(statement)
        connection._commit = committed  # type: ignore[attr-defined]

    def _http(self) -> None:
        from saleor_xcover_plugin.xcover.transport import HttpTransport

        send = HttpTransport.send

        def sent(transport: HttpTransport, request: Any, *, deadline: float) -> Any:
            self._pass(f"before the call {request.operation}")
            answer = send(transport, request, deadline=deadline)
            self._pass(f"after the call {request.operation}")
            return answer

        HttpTransport.send = sent  # type: ignore[method-assign]


def _forked(act: Callable[[Callable[[str], None]], object]) -> End:
    from django.db import connections

    from saleor_xcover_plugin.host import runtime

    # A child must share neither a database connection nor one to XCover.
    connections.close_all()
    runtime.http_session.cache_clear()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _run(act, writer)
    os.close(writer)
    with os.fdopen(reader) as said:
        last_words = said.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return End(killed=True, step=last_words)
    if os.waitstatus_to_exitcode(status) != 0:
        raise RuntimeError(f"the child failed: {last_words}")
    return End(killed=False, step="")


def _run(act: Callable[[Callable[[str], None]], object], writer: int) -> None:
    """Act and end without pytest's own clearing up, which belongs to the parent."""
    code = 1
    try:
        act(lambda text: os.write(writer, text.encode()) and None)
        code = 0
    except BaseException as error:
        os.write(writer, f"{type(error).__name__}: {error}".encode()[:2000])
    finally:
        os._exit(code)
