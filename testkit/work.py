"""The plugin's background work, done in the calling process."""

import base64
import json
from collections.abc import Callable

from testkit.client.store import Channel, Store


class Work:
    """A callable that runs ``xcover_work`` and then calls each of ``listeners``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.listeners: list[Callable[[], None]] = []

    def __call__(self) -> dict[str, int]:
        """Do all due work and return the number of items handled by kind."""
        done: dict[str, int] = json.loads(self._store.command("xcover_work", "--json"))
        for listener in self.listeners:
            listener()
        return done

    def fetch_offer(self, checkout_id: str, channel: Channel) -> None:
        """Request an offer as the Celery task does, before a shopper asks for it."""
        from saleor_xcover_plugin.tasks import request_offer

        request_offer(_key(checkout_id), int(_key(channel.id)))


def _key(global_id: str) -> str:
    return base64.b64decode(global_id).decode().partition(":")[2]
