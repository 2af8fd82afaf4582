"""docs/hooks.md says which hooks each Saleor was seen calling, and in what."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from saleor_xcover_plugin.domain.hooks import ESSENTIAL, HOOKS
from testkit.generated_tables import require_current, table

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "hooks.md"
SALEOR = ROOT / "fixtures" / "saleor"
RECORDED: Mapping[str, dict[str, Any]] = {
    path.stem.removeprefix("hooks-"): json.loads(path.read_text())
    for path in sorted(SALEOR.glob("hooks-*.json"))
}


def _operations(minor: str) -> Mapping[str, tuple[str, ...]]:
    """Return for each operation, in each flow it was seen in, the hooks it called, in order."""
    seen: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for path in sorted((SALEOR / minor).glob("*.json")):
        for step in json.loads(path.read_text())["steps"]:
            if step["hooks"]:
                seen[step["operation"]].add(tuple(call["hook"] for call in step["hooks"]))
    return {
        operation: tuple(sorted(" > ".join(f"`{hook}`" for hook in hooks) for hooks in ways))
        for operation, ways in seen.items()
    }


def places() -> str:
    rows = [
        (
            f"`{hook}`",
            purpose + (" (**nothing takes its place**)" if hook in ESSENTIAL else ""),
            *(str(recorded["places"].get(hook, "not there")) for recorded in RECORDED.values()),
        )
        for hook, purpose in HOOKS.items()
    ]
    return table(("hook", "what for", *(r["saleor"] for r in RECORDED.values())), rows)


def operations() -> str:
    seen = {minor: _operations(minor) for minor in RECORDED}
    rows: list[tuple[str, ...]] = []
    for operation in sorted(set().union(*seen.values())):
        ways: dict[str, list[str]] = defaultdict(list)
        for minor, found in seen.items():
            ways["<br>".join(found.get(operation, ("not played",)))].append(minor)
        rows += [(f"`{operation}`", _all_or(minors), hooks) for hooks, minors in ways.items()]
    return table(("operation", "Saleor", "hooks it was seen calling, a line for each way"), rows)


def _all_or(minors: list[str]) -> str:
    return "all" if len(minors) == len(RECORDED) else ", ".join(minors)


@pytest.mark.parametrize("part", [places, operations])
def test_the_page_says_what_was_recorded(part: Any, request: pytest.FixtureRequest) -> None:
    update = request.config.getoption("--update-golden")
    require_current(PAGE, part.__name__, part(), update=update)


@pytest.mark.parametrize("minor", RECORDED)
def test_every_hook_is_called_by_every_recorded_saleor(minor: str) -> None:
    places_of = RECORDED[minor]["places"]

    assert set(places_of) == set(HOOKS)
    assert [hook for hook, count in places_of.items() if not count] == []
