"""A broker and a worker, as a store has them."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TextIO

REDIS = ("localhost", 6379)
_OWN = range(6, 16)
"""Redis databases of test sessions; below are a store's and the benchmarks'."""
_claims: list[TextIO] = []
"""Kept open: closing one gives it back."""


@cache
def own_broker() -> str:
    """Return a broker nobody else uses: no worker hears another session's.

    A locked file says whose it is until the session's process ends, however it ends.
    """
    for number in _OWN:
        claim = (Path(tempfile.gettempdir()) / f"xcover-tests-redis-{number}.lock").open("w")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.close()
            continue
        _claims.append(claim)
        return _url(number)
    raise RuntimeError(f"all Redis databases from {_OWN.start} on are in use by other sessions")


def _url(number: int) -> str:
    host, port = REDIS
    return f"redis://{host}:{port}/{number}"


def is_there() -> bool:
    """Whether a Redis listens."""
    with socket.socket() as probe:
        return probe.connect_ex(REDIS) == 0


def empty(broker: str) -> None:
    """Forget all tasks."""
    import redis

    with redis.Redis.from_url(broker) as queue:
        queue.flushdb()


@contextmanager
def celery_with(broker: str) -> Iterator[Any]:
    """Have Celery use a broker as a store with workers does; it reads Django's settings live."""
    from celery import current_app
    from django.conf import settings

    wanted = {"CELERY_TASK_ALWAYS_EAGER": False, "CELERY_BROKER_URL": broker}
    before = {name: getattr(settings, name) for name in wanted}
    for name, value in wanted.items():
        setattr(settings, name, value)
    try:
        assert current_app.conf.task_always_eager is False
        assert current_app.conf.broker_url == broker
        yield current_app
    finally:
        for name, value in before.items():
            setattr(settings, name, value)


class Worker:
    """A real Celery worker of the real Saleor, to be killed and started again."""

    def __init__(self, broker: str) -> None:
        self._broker = broker
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "celery", "--app", "saleor.celeryconf:app", "worker"]
        self._process = subprocess.Popen(
            [*command, "--pool=solo", "--loglevel=ERROR", "--without-gossip", "--without-mingle"],
            env={
                **os.environ,
                "CELERY_BROKER_URL": self._broker,
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        """End it as the kernel does when memory runs out: without a word."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
