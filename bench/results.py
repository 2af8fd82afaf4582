"""The results of the last measurements, kept in a committed file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent / "results.json"
"""The committed file."""
NAMES = (
    "added",
    "mutations",
    "offers",
    "cost",
    "growth",
    "rush",
    "confirmations",
    "history",
    "calls",
    "memory",
    "element",
    "desk",
)
"""The benchmarks, in the order in which they are run and shown."""
MODULES = {"added": "overhead"}
"""The module of each benchmark that is not named like it."""
IN_SALEOR = {
    "added",
    "mutations",
    "offers",
    "cost",
    "growth",
    "rush",
    "confirmations",
    "history",
    "memory",
}
"""The benchmarks that need a real Saleor."""
OURS, DAY = "this plugin", "a day's work"
"""The arms of the benchmark ``cost``."""
MUTATIONS = ("checkoutCreate", "checkoutLinesAdd", "checkoutComplete")
"""The mutations that a shopper waits for."""


def read(path: Path = PATH) -> dict[str, dict[str, Any]]:
    """Return the results by benchmark: date, versions, machine, duration in seconds, numbers."""
    return json.loads(path.read_text()) if path.exists() else {}


def keep(path: Path, name: str, result: Mapping[str, Any]) -> None:
    """Replace the result of one benchmark in the file at ``path``."""
    known = read(path) | {name: dict(result)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({n: known[n] for n in NAMES if n in known}, indent=1) + "\n")
