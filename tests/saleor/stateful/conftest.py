"""One world for all random shoppers of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from demo.client.driver import Driver
from demo.client.payment_app import PaymentApp
from demo.client.store import Store
from demo.simulator import SimulatorProcess

from ...flows.work import Work

if TYPE_CHECKING:  # Django is not ready when a conftest is read
    from .world import World


@pytest.fixture(scope="session")
def world(open_store: Store, driver: Driver, simulator_process: SimulatorProcess) -> World:
    from .world import open_world

    driver.listeners.clear()
    payments = PaymentApp(driver, open_store.payment_app_token())
    return open_world(driver, open_store, payments, Work(open_store), simulator_process)
