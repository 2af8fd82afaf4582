from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import requests

from saleor_xcover_plugin.xcover.client import Credentials, XCoverClient
from saleor_xcover_plugin.xcover.transport import HttpTransport
from testkit.simulator import SimulatorProcess


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[SimulatorProcess]:
    process = SimulatorProcess()
    process.start()
    yield process
    process.stop()


@pytest.fixture
def simulator(simulator_process: SimulatorProcess) -> SimulatorProcess:
    simulator_process.reset()
    return simulator_process


@pytest.fixture
def client_with(simulator: SimulatorProcess) -> Iterator[Callable[..., XCoverClient]]:
    session = requests.Session()
    session.trust_env = False

    def build(**changes: str) -> XCoverClient:
        wanted = {
            "api_url": simulator.base_url,
            "partner_code": "ABCDE",
            "api_key": "demo-key",
            "api_secret": "demo-secret-0001",
        }
        transport = HttpTransport(session, clock=lambda: datetime.now(UTC))
        return XCoverClient(Credentials(**(wanted | changes)), transport)

    yield build
    session.close()


@pytest.fixture
def client(client_with: Callable[..., XCoverClient]) -> XCoverClient:
    return client_with()
