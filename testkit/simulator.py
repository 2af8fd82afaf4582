"""The simulated XCover in a process of its own, controlled over HTTP.

This module needs only the standard library and requests, so that tests inside a real Saleor can
start the simulator with the interpreter of this project's environment.
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

CONTROL_TIMEOUT = 30
"""Seconds a control call may take; one that sends a webhook waits for the receiver."""


class SimulatorProcess:
    """A simulator on a free port; use ``start`` and ``stop``, or a ``with`` block.

    Methods that control it raise ``ValueError`` with the simulator's sentence when it refuses.
    """

    base_url: str
    """Base URL for the client's settings, such as ``http://127.0.0.1:1234/x``."""
    control_url: str
    """Address of the unsigned control API, such as ``http://127.0.0.1:1234/_simulator``."""

    def __init__(self) -> None:
        self._process = ReadyProcess("the simulator", "simulator ready on ")
        self._session = requests.Session()
        self._session.trust_env = False

    def start(
        self, python: str = sys.executable, *arguments: str, timeout: float = 20
    ) -> "SimulatorProcess":
        """Start the simulator with the interpreter ``python`` and wait until it is ready.

        ``arguments`` are options of ``python -m xcover_simulator``; ``timeout`` is in seconds.
        Raises ``DemoError`` if it is not ready in time.
        """
        self.begin(python, *arguments)
        return self.wait_until_ready(timeout)

    def begin(self, python: str = sys.executable, *arguments: str) -> None:
        """Start the simulator without waiting, so that other processes can start meanwhile."""
        foreign = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP")
        self._process.begin(
            [python, "-m", "xcover_simulator", "--port", "0", *arguments],
            env={name: value for name, value in os.environ.items() if name not in foreign},
        )

    def wait_until_ready(self, timeout: float = 20) -> "SimulatorProcess":
        """Wait up to ``timeout`` seconds for the ready line, and set the addresses from it."""
        self.base_url = self._process.wait_until_ready(timeout)
        self.control_url = self.base_url.removesuffix("/x") + "/_simulator"
        return self

    def stop(self) -> int | None:
        """End the process and return its exit code, or None if it was not started."""
        self._session.close()
        return self._process.stop()

    def __enter__(self) -> "SimulatorProcess":
        """Return the simulator, starting it if needed."""
        return self if self._process.is_running else self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the simulator."""
        self.stop()

    @property
    def pid(self) -> int:
        """The process id, for tests that pause or kill the simulator."""
        return self._process.pid

    def errors(self) -> str:
        """Return what the process wrote to its standard error so far."""
        return self._process.errors()

    def state(self) -> dict[str, Any]:
        """Return the complete state of the simulator; amounts are Decimal."""
        return self._control("GET", "")

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the received calls, oldest first; only those of ``operation`` if it is given.

        Raise ``ValueError`` for a name that no call can have: a test that asked for it by mistake
        would find none whatever happened.
        """
        state = self.state()
        if operation is not None and operation not in state["operations"]:
            raise ValueError(
                f"no operation is called {operation}: {', '.join(state['operations'])}"
            )
        calls: list[dict[str, Any]] = state["calls"]
        return [call for call in calls if operation in (None, call["operation"])]

    def reset(self) -> None:
        """Delete all state, clear the faults and restore the initial settings."""
        self._control("POST", "/reset")

    def fault(self, operation: str, kind: str, times: int | None = 1, **parameters: Any) -> None:
        """Order a fault for the next ``times`` calls; None means until it is cleared.

        ``operation`` is an operation name or ``*``, ``kind`` a value of
        ``xcover_simulator.faults.Kind``; ``parameters`` are the fields of its ``FaultOrder``.
        """
        self._control(
            "POST",
            "/faults",
            {"operation": operation, "kind": kind, "times": times, **parameters},
        )

    def replace_faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Replace all waiting faults in one step, so that no call falls in between."""
        self._control("PUT", "/faults", {"faults": list(faults)})

    def clear_faults(self) -> None:
        """Remove all waiting faults."""
        self._control("DELETE", "/faults")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Change settings and return all of them; secrets are hidden."""
        settings: dict[str, Any] = self._control("PATCH", "/settings", changes)["settings"]
        return settings

    def send_webhook(self, event: str, booking_id: str, **options: Any) -> list[dict[str, Any]]:
        """Send a webhook notification now and return the outcome of each copy.

        ``options`` are the fields ``signed``, ``repeat`` and ``date_offset_seconds`` of the control
        API's ``WebhookOrder``.
        """
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
    """Return a Decimal as float; the numbers in control bodies need no exact digits."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} is not JSON")
