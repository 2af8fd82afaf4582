"""One shop per case; ``--record`` writes the numbers instead of comparing them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from testkit.client.driver import Driver
from testkit.client.payment_app import PaymentApp
from testkit.client.shopper import Shopper
from testkit.client.store import Channel
from testkit.simulator import SimulatorProcess
from testkit.work import Work

from . import record
from .cases import CASES, Case
from .play import Player
from .record import Record

if TYPE_CHECKING:  # Django is not ready when a conftest is read
    from testkit.saleor.store import SaleorStore

    from .shop import Shelf, Shop


@pytest.fixture(scope="session")
def shelf(open_store: SaleorStore) -> Shelf:
    from .shop import Shelf

    return Shelf(open_store)


@pytest.fixture(scope="session")
def app_token() -> str:
    from .shop import make_app

    return make_app()


@pytest.fixture(scope="session")
def channel_like(
    open_store: SaleorStore, sell_insurance: Callable[[Channel], Channel]
) -> Callable[[Case], Channel]:
    """Return the channel of all cases that want the same currency and settings."""
    made: dict[str, Channel] = {}

    def find(case: Case) -> Channel:
        kind = f"{case.currency} {sorted(case.channel.items())}"
        if kind not in made:
            made[kind] = sell_insurance(open_store.new_channel(case.currency, **case.channel))
        return made[kind]

    return find


@pytest.fixture
def shop(
    case: Case,
    driver: Driver,
    store: SaleorStore,
    shelf: Shelf,
    channel_like: Callable[[Case], Channel],
    app_token: str,
    simulator: SimulatorProcess,
) -> Iterator[Shop]:
    """Open a shop for a case."""
    from .shop import Shop

    shop = Shop(driver, store, shelf, app_token, channel_like(case))
    yield shop
    shop.close()


@pytest.fixture
def player(driver: Driver, payments: PaymentApp, work: Work, simulator: SimulatorProcess) -> Player:
    return Player(lambda shop: Shopper(driver, shop.channel), payments, work, simulator)


@pytest.fixture
def compare(request: pytest.FixtureRequest) -> Callable[[Case, Record], None]:
    """Compare what was played with what is recorded; ``--record`` records it first."""
    from testkit.saleor.bootstrap import version

    def compare(case: Case, played: Record) -> None:
        known = record.read()
        if request.config.getoption("--record", default=False):
            known[case.name] = played
            record.write(version(), {c.name: known[c.name] for c in CASES if c.name in known})
        assert played == known.get(case.name), "run tests/saleor/pricing once with --record"

    return compare


@pytest.fixture(autouse=True)
def _try_what_is_left_untried(no_objection_is_missed: None) -> None:
    """Have Saleor object where the plugin asks for no price."""
