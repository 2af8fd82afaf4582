"""One world for all random shoppers of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from testkit.client.driver import Driver
from testkit.client.payment_app import PaymentApp
from testkit.client.store import Store
from testkit.simulator import SimulatorProcess
from testkit.work import Work

if TYPE_CHECKING:  # Django is not ready when a conftest is read
    from .world import World


@pytest.fixture(scope="session")
def world(open_store: Store, driver: Driver, simulator_process: SimulatorProcess) -> World:
    from .world import open_world

    driver.listeners.clear()
    payments = PaymentApp(driver, open_store.payment_app_token())
    return open_world(driver, open_store, payments, Work(open_store), simulator_process)


@pytest.fixture(autouse=True)
def _try_what_is_left_untried(no_objection_is_missed: None) -> None:
    """Have Saleor object where the plugin asks for no price."""
