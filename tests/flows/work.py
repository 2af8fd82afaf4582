"""The plugin's background work, done here and now."""

import json
from collections.abc import Callable

from .store import Store


class Work:
    """Call it to run ``xcover_work``; ``listeners`` hear of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.listeners: list[Callable[[], None]] = []

    def __call__(self) -> dict[str, int]:
        """Do all due work and return how much of each kind was looked at."""
        done: dict[str, int] = json.loads(self._store.command("xcover_work", "--json"))
        for listener in self.listeners:
            listener()
        return done
