"""Tests that need a real Saleor and nothing else; the fixtures are those of the flows."""

from pathlib import Path

import pytest

from ..flows import hosts
from ..flows.conftest import (  # noqa: F401 (fixtures)
    bare_store,
    driver,
    open_store,
    payments,
    sell_insurance,
    shopper,
    simulator,
    simulator_process,
    staff,
    store,
    work,
)


def pytest_configure(config: pytest.Config) -> None:
    if hosts.HOST:
        hosts.HOST.configure()


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> hosts.Unserved | None:
    return hosts.module_or_skip(module_path, parent)
