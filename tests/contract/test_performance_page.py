"""docs/performance.md and docs/scale.md show the kept numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import page, results, scale
from testkit.generated_tables import require_current

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = {"performance.md": page.PARTS, "scale.md": scale.PARTS}


@pytest.mark.parametrize(
    ("name", "part"), [(name, part) for name, parts in PAGES.items() for part in parts]
)
def test_the_page_shows_the_kept_numbers(
    name: str, part: Any, request: pytest.FixtureRequest
) -> None:
    update = request.config.getoption("--update-golden")

    require_current(DOCS / name, part.__name__, part(results.read()), update=update)


def test_every_benchmark_was_run() -> None:
    assert tuple(results.read()) == results.NAMES
