"""Flows: the same tests on every host. ``--record`` writes what the host did."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testkit import hosts
from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder
from testkit.simulator import SimulatorProcess
from testkit.steps import accept_cover
from testkit.work import Work

from .recorder import Recorder

RECORDER = pytest.StashKey[Recorder]()


def pytest_addoption(parser: pytest.Parser) -> None:
    hosts.add_options(parser)


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
    """Record what the host does in tests marked ``trace``."""
    if request.node.get_closest_marker("trace") is None:
        yield
        return
    work: Work = request.getfixturevalue("work")
    recorder = Recorder(
        request.node.name.removeprefix("test_"),
        request.getfixturevalue("driver"),
        request.getfixturevalue("store"),
    )
    work.listeners.append(recorder.heard_work)
    request.node.stash[RECORDER] = recorder
    with recorder:
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """After a traced test passed, store its trace or compare it with what is stored."""
    yield
    recorder = item.stash.get(RECORDER, None)
    if recorder is None:
        return
    if item.config.getoption("--record", default=False):
        recorder.write()
    else:
        recorder.compare()


@pytest.fixture
def gone(
    shopper: Callable[[Channel], Shopper],
    store: Store,
    staff: Staff,
    work: Work,
    simulator: SimulatorProcess,
) -> PlacedOrder:
    """A paid order whose offer XCover no longer knew: no policy, and the premium is due."""
    ada = shopper(store.usd_unpaid)
    accept_cover(ada, store)
    order = ada.complete()
    simulator.fault("confirm", "status", times=1, status=404)
    staff.mark_as_paid(order.id)
    work()
    return order
