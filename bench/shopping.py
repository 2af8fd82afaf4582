"""One purchase, whose mutations are run by the benchmark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from testkit.client.shopper import Shopper

from .environment import Place

Doing = Callable[[str, Callable[[], Any]], Any]
"""Called with the name of a mutation and the function that sends it."""


def buy(place: Place, do: Doing, *, is_insured: bool = False) -> None:
    """Buy two tickets and a T-shirt; ``do`` runs each of ``results.MUTATIONS``.

    ``is_insured`` accepts the offer before the order is completed.
    """
    ada: Shopper = place.shopper()
    store = place.store
    do("checkoutCreate", lambda: ada.create_checkout({store.concert: 2}))
    do("checkoutLinesAdd", lambda: ada.add(store.shirt))
    if is_insured:
        ada.accept(ada.offer())
    do("checkoutComplete", ada.complete)
