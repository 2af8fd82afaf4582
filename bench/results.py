"""The numbers of the last measurements, in a file that is committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent / "results.json"
NAMES = (
    "added",
    "mutations",
    "offers",
    "confirmations",
    "history",
    "calls",
    "memory",
    "element",
)
"""The benchmarks, in the order they are run and shown."""
IN_SALEOR = {"added", "mutations", "offers", "confirmations", "history", "memory"}
"""Those that need a real Saleor."""
MUTATIONS = ("checkoutCreate", "checkoutLinesAdd", "checkoutComplete")
"""What a shopper waits for."""


def read(path: Path = PATH) -> dict[str, dict[str, Any]]:
    """Return by benchmark what is known: when, versions, machine, seconds it took, and numbers."""
    return json.loads(path.read_text()) if path.exists() else {}


def keep(path: Path, name: str, result: Mapping[str, Any]) -> None:
    """Put a benchmark's result in place of its last one."""
    known = read(path) | {name: dict(result)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({n: known[n] for n in NAMES if n in known}, indent=1) + "\n")
