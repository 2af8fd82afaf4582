"""Flows: the same tests on every host. ``--record`` writes what the host did."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import hosts
from .driver import Driver
from .recorder import Recorder
from .store import Store
from .work import Work


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="write traces instead of comparing them")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "trace: what the host does in this flow is recorded in fixtures/saleor"
    )
    hosts.start(config)


def pytest_report_header() -> str:
    return hosts.report_header()


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> hosts.Unserved | None:
    return hosts.module_or_skip(module_path, parent)


@pytest.fixture(autouse=True)
def trace(request: pytest.FixtureRequest) -> Iterator[None]:
    """Record what the host does in tests marked ``trace``, and compare it with what is stored."""
    if request.node.get_closest_marker("trace") is None:
        yield
        return
    driver: Driver = request.getfixturevalue("driver")
    store: Store = request.getfixturevalue("store")
    recorder = Recorder(request.node.name.removeprefix("test_"), driver, store)
    work: Work = request.getfixturevalue("work")
    work.listeners.append(recorder.heard_work)
    with recorder:
        yield
    if request.config.getoption("--record", default=False):
        recorder.write()
    else:
        recorder.compare()
