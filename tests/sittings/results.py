"""What was played of which content, one small JSON file per unit: a killed run loses nothing."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One unit (a test file, a deep run) that was played to an end, whatever its end was."""

    unit: str
    outcome: str
    """``green``, ``failed`` (tests said so) or ``died`` (the process ended otherwise)."""
    passed: int
    failed: int
    skipped: int
    seconds: float
    cpu: float
    """Processor time of the test process and its children, without servers it talks to."""
    began: str
    """UTC, ISO 8601, as ``ended`` is."""
    ended: str
    sitting: str
    """Which call of the runner played it."""
    commit: str
    failures: list[list[str]] = field(default_factory=list)
    skips: dict[str, int] = field(default_factory=dict)
    earlier_failures: int = 0
    """How often this unit was not green before, on the same content."""

    @property
    def is_green(self) -> bool:
        return self.outcome == "green"


class Kept:
    """The results of one content on one host."""

    def __init__(self, folder: Path, key: str) -> None:
        """Keep below ``folder``; ``key`` names the content."""
        self._all = folder
        self._folder = folder / key

    def begin(self) -> None:
        """Make the folder, so that a run is known before its first result."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[str, Result]:
        """Return what is kept by unit; a file torn by a crash is as good as none."""
        found = (_read(path) for path in sorted(self._folder.glob("*.json")))
        return {result.unit: result for result in found if result}

    def keep(self, result: Result) -> Result:
        """Keep the newest result of a unit, which counts."""
        path = self._folder / f"{flat(result.unit)}.json"
        before = _read(path) if path.exists() else None
        repeated = before.earlier_failures + (not before.is_green) if before else 0
        kept = Result(**{**asdict(result), "earlier_failures": repeated})
        self.begin()
        half = path.with_suffix(f".{os.getpid()}.half")
        half.write_text(json.dumps(asdict(kept), indent=1) + "\n")
        half.replace(path)
        return kept

    def seconds(self) -> dict[str, float]:
        """Return how long each unit took last time, on whatever content and host.

        The results of hosts lie side by side; a unit takes about the same on each.
        """
        newest: dict[str, Result] = {}
        for path in self._all.parent.glob("*/*/*.json"):
            result = _read(path)
            known = newest.get(result.unit) if result else None
            if result and result.is_green and (known is None or known.ended < result.ended):
                newest[result.unit] = result
        return {unit: result.seconds for unit, result in newest.items()}


def flat(unit: str) -> str:
    """Write a unit's name as the name of one file."""
    return unit.replace("/", "+")


def _read(path: Path) -> Result | None:
    try:
        known: dict[str, Any] = json.loads(path.read_text())
        return Result(**{one.name: known[one.name] for one in fields(Result) if one.name in known})
    except (ValueError, TypeError, OSError):
        return None
