"""The plugin's background work, done here and now."""

import base64
import json
from collections.abc import Callable

from testkit.client.store import Channel, Store


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

    def fetch_offer(self, checkout_id: str, channel: Channel) -> None:
        """Have a worker ask for an offer before anybody looks at it."""
        from saleor_xcover_plugin.tasks import request_offer

        request_offer(_key(checkout_id), int(_key(channel.id)))


def _key(global_id: str) -> str:
    return base64.b64decode(global_id).decode().partition(":")[2]
