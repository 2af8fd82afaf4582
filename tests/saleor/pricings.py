"""Count how often Saleor prices a checkout for the plugin: each time is a recalculation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def counted_pricings() -> Iterator[list[object]]:
    """Collect an item for each time the plugin has Saleor price a checkout."""
    from saleor_xcover_plugin.host import cover_line

    asked: list[object] = []
    price = cover_line.price_checkout

    def counting(*arguments: Any) -> Any:
        asked.append(None)
        return price(*arguments)

    cover_line.price_checkout = counting
    try:
        yield asked
    finally:
        cover_line.price_checkout = price
