"""The pytest plugin that plays Saleor's own tests: ``-p tests.saleor.e2e.plugin``.

Runs inside Saleor's own session, with its settings and its conftest. Steered by environment only:
``XCOVER_E2E_MODE``, ``XCOVER_E2E_FOLDER`` (where what happened is written, a line per test),
``XCOVER_E2E_CONTENT`` (what these results are about), ``XCOVER_E2E_DONE`` (tests that need not be
played) and ``XCOVER_E2E_URL`` (the simulated XCover).
"""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .play import Play

PLUGIN = "saleor_xcover_plugin.plugin.XCoverPlugin"
PLAY = pytest.StashKey["Play"]()
REPORTS = pytest.StashKey[dict[str, Any]]()


@pytest.fixture(autouse=True)
def xcover_play(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Listen to both API clients of Saleor's tests and put the plugin into its manager."""
    # Asked for first, so that this ends before the test's transaction does.
    for name in ("transactional_db", "db"):
        if name in request.fixturenames:
            request.getfixturevalue(name)
    from .play import Play  # needs Django's models, which are not there when this is loaded

    _restore_constants()
    play = Play(os.environ["XCOVER_E2E_MODE"], os.environ.get("XCOVER_E2E_URL", ""))
    request.node.stash[PLAY] = play
    for client in _clients():
        _listen(client, play, monkeypatch)
    if play.mode != "baseline":
        _load_plugin(monkeypatch)
        _let_xcover_through(monkeypatch)
    yield
    play.finish()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what was played in an earlier sitting."""
    done = set(json.loads(Path(os.environ["XCOVER_E2E_DONE"]).read_text()))
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in done])
    items[:] = [item for item in items if item.nodeid not in done]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    report = yield
    known = item.stash.setdefault(REPORTS, {"outcome": "passed", "why": ""})
    if report.outcome != "passed" and known["outcome"] == "passed":
        known["outcome"], known["why"] = report.outcome, _reason(report)
    if report.when == "teardown":
        play = item.stash.get(PLAY, None)
        _write({"test": item.nodeid, **known, **(play.result() if play else {})})
    return report


_constants: dict[str, dict[str, Any]] = {}
"""What Saleor's tests share, as it was before the first of them."""


def _restore_constants() -> None:
    """Have every test begin with the same constants, whatever was played before it.

    One of Saleor's tests writes into the address they all use; which ones saw that depended on
    where pytest-xdist had put them, so no two plays were alike.
    """
    from saleor.tests import e2e

    for name, value in vars(e2e).items():
        if name.isupper() and isinstance(value, dict):
            known = _constants.setdefault(name, copy.deepcopy(value))
            value.clear()
            value.update(copy.deepcopy(known))


def _clients() -> list[type]:
    from saleor.graphql.tests.fixtures import ApiClient
    from saleor.tests.e2e.conftest import E2eApiClient

    return [E2eApiClient, ApiClient]


def _listen(client: type, play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    original = client.post_graphql  # type: ignore[attr-defined]  # Saleor's

    def post_graphql(self: Any, query: str, variables: Any = None, **options: Any) -> Any:
        return play.post(
            lambda text, given: original(self, text, given, **options), query, variables
        )

    monkeypatch.setattr(client, "post_graphql", post_graphql)


def _load_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the plugin to whatever list a test works with; last, where Saleor's settings put it."""
    from saleor.plugins.manager import PluginsManager

    original = PluginsManager.__init__

    def with_plugin(self: Any, plugins: list[str], *given: Any, **named: Any) -> None:
        original(self, [*(p for p in plugins if p != PLUGIN), PLUGIN], *given, **named)

    monkeypatch.setattr(PluginsManager, "__init__", with_plugin)


def _let_xcover_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep recorded conversations of Saleor's tests (vcrpy) from answering for the simulator."""
    from vcr import VCR

    original = VCR.__init__

    def ignoring(self: Any, *given: Any, **named: Any) -> None:
        original(self, *given, **{"ignore_hosts": ("127.0.0.1",), **named})

    monkeypatch.setattr(VCR, "__init__", ignoring)


def _reason(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    place = f"{Path(crash.path).name}:{crash.lineno}: " if crash else ""
    return f"{place}{text}"[:1500]


def _write(result: dict[str, Any]) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    path = Path(os.environ["XCOVER_E2E_FOLDER"]) / f"{worker}-{os.getpid()}.jsonl"
    result = {"at": time.time(), "content": os.environ["XCOVER_E2E_CONTENT"], **result}
    with path.open("a") as file:
        file.write(json.dumps(result, default=_number) + "\n")


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{value!r} is not JSON")
