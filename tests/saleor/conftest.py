"""Tests that need a real Saleor; most fixtures are those of the flows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testkit import hosts
from testkit.client.driver import Driver
from testkit.client.store import Channel

if TYPE_CHECKING:
    from testkit.saleor.store import SaleorStore

    from .box_office import Premises


def pytest_addoption(parser: pytest.Parser) -> None:
    hosts.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    hosts.start(config)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> hosts.Unserved | None:
    return hosts.module_or_skip(module_path, parent)


@pytest.fixture
def premises(
    driver: Driver, store: SaleorStore, sell_insurance: Callable[[Channel], Channel]
) -> Callable[..., Premises]:
    """Open a channel with its own warehouses and sell protection in it."""
    # Its factories want Django's models, which are there only after pytest_configure.
    from .box_office import Premises

    def opened(**settings: object) -> Premises:
        channel = store.new_channel(**settings)
        return Premises(driver, store, sell_insurance(channel))

    return opened
