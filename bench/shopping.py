"""One shopper's way through the store, each mutation handed to whoever measures it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from testkit.client.shopper import Shopper

from .environment import Place

Doing = Callable[[str, Callable[[], Any]], Any]
"""Is given the mutation's name and what does it."""


def buy(place: Place, do: Doing, *, is_insured: bool = False) -> None:
    """Buy two tickets and a T-shirt, doing each of ``results.MUTATIONS`` by ``do``."""
    ada: Shopper = place.shopper()
    store = place.store
    do("checkoutCreate", lambda: ada.create_checkout({store.concert: 2}))
    do("checkoutLinesAdd", lambda: ada.add(store.shirt))
    if is_insured:
        ada.accept(ada.offer())
    do("checkoutComplete", ada.complete)
