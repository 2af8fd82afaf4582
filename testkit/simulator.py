"""Run the simulated XCover as a process of its own and steer it over HTTP.

Only the standard library and requests are needed here, so tests inside a real Saleor
can start the simulator with the interpreter of this project's environment.
"""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any

import requests

from .process import ReadyProcess

CONTROL_TIMEOUT = 30  # seconds; an ordered webhook may wait for its receiver


class SimulatorProcess:
    """One simulator on a free port; use ``start()`` and ``stop()``, or ``with``."""

    base_url: str
    """What the client is to be configured with, such as ``http://127.0.0.1:1234/x``."""
    control_url: str
    """The unsigned control API, such as ``http://127.0.0.1:1234/_simulator``."""

    def __init__(self) -> None:
        self._process = ReadyProcess("the simulator", "simulator ready on ")
        self._session = requests.Session()
        self._session.trust_env = False

    def start(
        self, python: str = sys.executable, *arguments: str, timeout: float = 20
    ) -> "SimulatorProcess":
        """Start the module with ``python`` on a free port and wait for its ready line."""
        self.begin(python, *arguments)
        return self.wait_until_ready(timeout)

    def begin(self, python: str = sys.executable, *arguments: str) -> None:
        """Start the module and do not wait: others can start meanwhile."""
        foreign = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP")
        self._process.begin(
            [python, "-m", "xcover_simulator", "--port", "0", *arguments],
            env={name: value for name, value in os.environ.items() if name not in foreign},
        )

    def wait_until_ready(self, timeout: float = 20) -> "SimulatorProcess":
        """Wait for the ready line, which names the addresses."""
        self.base_url = self._process.wait_until_ready(timeout)
        self.control_url = self.base_url.removesuffix("/x") + "/_simulator"
        return self

    def stop(self) -> int | None:
        """End the process and return its exit code; None when it never ran."""
        self._session.close()
        return self._process.stop()

    def __enter__(self) -> "SimulatorProcess":
        """Return the running simulator, started now if it was not."""
        return self if self._process.is_running else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()

    @property
    def pid(self) -> int:
        """The process id, for tests that pause or kill the simulator."""
        return self._process.pid

    def errors(self) -> str:
        """Return what the process wrote to its standard error so far."""
        return self._process.errors()

    def state(self) -> dict[str, Any]:
        """Return everything the simulator remembers; amounts are Decimal."""
        return self._control("GET", "")

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the calls that arrived, oldest first, all or those of one operation."""
        calls: list[dict[str, Any]] = self.state()["calls"]
        return [call for call in calls if operation in (None, call["operation"])]

    def reset(self) -> None:
        """Forget everything; settings return to those of the start, faults are cleared."""
        self._control("POST", "/reset")

    def fault(self, operation: str, kind: str, times: int | None = 1, **parameters: Any) -> None:
        """Order a fault for the next ``times`` calls (None: until cleared)."""
        self._control(
            "POST",
            "/faults",
            {"operation": operation, "kind": kind, "times": times, **parameters},
        )

    def replace_faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Put these in the place of all others at once: no call comes through in between."""
        self._control("PUT", "/faults", {"faults": list(faults)})

    def clear_faults(self) -> None:
        """Forget the faults that have not struck yet."""
        self._control("DELETE", "/faults")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings and return all of them, secrets hidden."""
        settings: dict[str, Any] = self._control("PATCH", "/settings", changes)["settings"]
        return settings

    def send_webhook(self, event: str, booking_id: str, **options: Any) -> list[dict[str, Any]]:
        """Send a webhook now and return what became of each copy."""
        order = {"event": event, "booking_id": booking_id, **options}
        sent: list[dict[str, Any]] = self._control("POST", "/webhooks", order)["webhooks"]
        return sent

    def _control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        content = None if body is None else json.dumps(body, default=_number)
        answer = self._session.request(
            method,
            self.control_url + path,
            data=content,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            timeout=CONTROL_TIMEOUT,
        )
        known: dict[str, Any] = json.loads(answer.content, parse_float=Decimal)
        if answer.status_code != 200:
            raise ValueError(f"{method} {path}: {known.get('error', known)}")
        return known


def _number(value: Any) -> Any:
    """Write a Decimal in a control body; the figures there need no exact digits."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} is not JSON")
