"""Call the hooks of the plugin as Saleor's plugin manager does, one by one."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

from saleor_xcover_plugin.domain.hooks import HOOKS
from testkit.client.store import Channel

CALLED = tuple(name for name in HOOKS if name != "webhook")


@dataclass(frozen=True, slots=True)
class Scene:
    """An order with a policy and a checkout with a yes, as the API names them."""

    order_id: str
    checkout_id: str
    channel: Channel

    @property
    def order(self) -> Any:
        from saleor.order.models import Order

        return Order.objects.get(pk=key_of(self.order_id))

    @property
    def checkout(self) -> Any:
        from saleor.checkout.models import Checkout

        return Checkout.objects.get(pk=key_of(self.checkout_id))

    def call(self, hook: str) -> object:
        """Call a hook of a plugin that was made for this call."""
        return self.ready(hook)()

    def ready(self, hook: str) -> Callable[[], object]:
        """Return a call of a hook with everything read that Saleor has at hand."""
        arguments = tuple(self._arguments(hook))
        return partial(getattr(self._plugin(), hook), *arguments)

    def _plugin(self) -> Any:
        from saleor.plugins.manager import get_plugins_manager

        manager = get_plugins_manager(allow_replica=False)
        return manager.get_plugin("covergenius.xcover", self.channel.slug)

    def _arguments(self, hook: str) -> Iterator[Any]:
        if hook.startswith("checkout"):
            yield self.checkout
        elif hook.startswith("preprocess"):
            yield SimpleNamespace(checkout=self.checkout)
            yield []
        elif hook.startswith("fulfillment"):
            yield SimpleNamespace(order=self.order)
        else:
            yield self.order


def key_of(global_id: str) -> str:
    """Return the key in the database of what the API calls so."""
    return base64.b64decode(global_id).decode().partition(":")[2]
