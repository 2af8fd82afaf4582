"""Whole green runs in a real Saleor, kept as data: the README's support matrix is made of them."""

import datetime
import json
from collections.abc import Sequence
from pathlib import Path

from testkit.saleor.version import minor_of

from ..sittings.results import Result

RUNS = Path(__file__).resolve().parents[2] / "fixtures" / "saleor" / "runs.json"


def record(results: Sequence[Result], version: str, commit: str) -> Path:
    """Keep the newest whole green run of this Saleor minor version; return where.

    ``results`` holds every test file once, played in one sitting or several of the same commit.
    """
    sittings = {result.sitting for result in results}
    known = read()
    known[minor_of(version)] = {
        "saleor": version,
        "on": max(result.ended for result in results)[:10],
        "tests": sum(result.passed + result.skipped for result in results),
        "skipped": sum(result.skipped for result in results),
        "seconds": sum(_seconds(results, sitting) for sitting in sittings),
        "sittings": len(sittings),
        "repeated": sum(result.earlier_failures > 0 for result in results),
        "commit": commit[:12],
    }
    RUNS.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
    return RUNS


def _seconds(results: Sequence[Result], sitting: str) -> int:
    """Return how long a sitting took from its first begin to its last end."""
    its = [result for result in results if result.sitting == sitting]
    began = min(datetime.datetime.fromisoformat(result.began) for result in its)
    ended = max(datetime.datetime.fromisoformat(result.ended) for result in its)
    return round((ended - began).total_seconds())


def read() -> dict[str, dict[str, str | int]]:
    """Return the recorded runs by minor version."""
    return json.loads(RUNS.read_text()) if RUNS.exists() else {}
