"""Have several things happen at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from testkit.client.driver import DriverError


def together(*actions: Callable[[], Any]) -> list[Any]:
    """Run actions at once, each on a database connection of its own; errors are results."""
    from threading import Barrier

    from django.db import connections

    barrier = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return action()
        except DriverError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))
