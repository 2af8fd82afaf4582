"""One simulator process for all tests of this folder, forgotten between them."""

from collections.abc import Iterator

import pytest

from testkit.partner import Partner
from testkit.simulator import SimulatorProcess


@pytest.fixture(scope="session")
def process() -> Iterator[SimulatorProcess]:
    with SimulatorProcess() as running:
        yield running


@pytest.fixture
def simulator(process: SimulatorProcess) -> SimulatorProcess:
    process.reset()
    return process


@pytest.fixture
def partner(simulator: SimulatorProcess) -> Partner:
    return Partner(simulator.base_url)
