"""A Redis broker and a Celery worker of a real Saleor."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TextIO

REDIS = ("localhost", 6379)
"""Host and port of Redis."""
_OWN = range(6, 16)
"""Redis databases of test sessions; lower ones belong to stores and benchmarks."""
_claims: list[TextIO] = []
"""Lock files of claimed databases; closing one releases its database."""


@cache
def own_broker() -> str:
    """Return the address of a Redis database that no other test session uses.

    A file lock reserves it until this process ends. Raises ``RuntimeError`` if all are in use.
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
    """Return True if Redis accepts connections."""
    with socket.socket() as probe:
        return probe.connect_ex(REDIS) == 0


def empty(broker: str) -> None:
    """Delete everything in the Redis database ``broker``."""
    import redis

    with redis.Redis.from_url(broker) as queue:
        queue.flushdb()


def waiting(broker: str) -> int:
    """Return how many tasks in the Redis database ``broker`` no worker has fetched yet."""
    import redis

    with redis.Redis.from_url(broker) as queue:
        return int(queue.llen("celery"))  # type: ignore[arg-type]


@contextmanager
def celery_with(broker: str) -> Iterator[Any]:
    """Make Celery use ``broker`` inside the block instead of running tasks eagerly.

    Works because Celery reads Django's settings on every access. Yields the Celery application.
    """
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
    """A Celery worker of the real Saleor that can be killed and restarted.

    ``include`` is a module with further tasks, ``environment`` what its process has besides ours.
    """

    def __init__(
        self, broker: str, *, include: str = "", environment: Mapping[str, str] | None = None
    ) -> None:
        self._broker = broker
        self._include = include
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the worker without waiting for it."""
        command = [sys.executable, "-m", "celery", "--app", "saleor.celeryconf:app", "worker"]
        command += ["--include", self._include] if self._include else []
        self._process = subprocess.Popen(
            [*command, "--pool=solo", "--loglevel=ERROR", "--without-gossip", "--without-mingle"],
            env={
                **os.environ,
                "CELERY_BROKER_URL": self._broker,
                "PYTHONPATH": os.pathsep.join(sys.path),
                **self._environment,
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def pid(self) -> int:
        """The worker's process id. Raise ``RuntimeError`` if it does not run."""
        if self._process is None:
            raise RuntimeError("the worker does not run")
        return self._process.pid

    def kill(self) -> None:
        """Kill the worker with SIGKILL, as the kernel does when memory runs out."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
