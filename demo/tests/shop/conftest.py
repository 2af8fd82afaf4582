from collections.abc import Callable, Iterator
from typing import Any

import pytest

from demo.shop.settings import Settings

from .shop_process import OpenedShop
from .upstream_server import FakeUpstream

STAFF_TOKEN = "staff-token-that-stays-here"
PAYMENT_TOKEN = "payment-token-that-stays-here"

OpenShop = Callable[..., OpenedShop]


@pytest.fixture
def host() -> Iterator[FakeUpstream]:
    """A host that knows nothing until a test lays out its answers."""
    upstream = FakeUpstream()
    yield upstream
    upstream.close()


@pytest.fixture
def simulator() -> Iterator[FakeUpstream]:
    upstream = FakeUpstream()
    yield upstream
    upstream.close()


@pytest.fixture
def open_shop(host: FakeUpstream) -> Iterator[OpenShop]:
    """Open the shop in front of the host, with both tokens unless told otherwise."""
    opened: list[OpenedShop] = []

    def open_(**changes: Any) -> OpenedShop:
        given = {
            "saleor": host.url,
            "channel": "boxoffice",
            "staff_token": STAFF_TOKEN,
            "payment_token": PAYMENT_TOKEN,
            **changes,
        }
        opened.append(OpenedShop(Settings(**given)))
        return opened[-1]

    yield open_
    for shop in opened:
        shop.close()


@pytest.fixture
def shop(open_shop: OpenShop) -> OpenedShop:
    return open_shop()
