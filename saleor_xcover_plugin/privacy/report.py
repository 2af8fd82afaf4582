"""What a purge did, or would do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..domain.retention import Kind, Obstacle


@dataclass
class Counts:
    """What came of one kind."""

    deleted: int = 0
    """Cases of which nothing is left."""
    stripped: int = 0
    """Covers that stay: without evidence, because Saleor still has their order, or without what
    tells of the buyer."""
    rows: int = 0
    """Rows deleted."""
    kept: int = 0
    """Cases past their period that are open."""


@dataclass
class Report:
    counts: dict[Kind, Counts] = field(default_factory=lambda: {kind: Counts() for kind in Kind})
    kept: Counter[Obstacle] = field(default_factory=Counter)
    failed: int = 0
    """Cases that raised; the log says why, and they are as they were."""

    @property
    def needs_person(self) -> bool:
        """Whether something stays for ever unless somebody acts."""
        return self.failed > 0 or any(obstacle.needs_person for obstacle in self.kept)

    def keep(self, kind: Kind, obstacle: Obstacle) -> None:
        self.kept[obstacle] += 1
        self.counts[kind].kept += 1

    def add(self, batch: Report) -> None:
        for kind, counts in batch.counts.items():
            mine = self.counts[kind]
            mine.deleted += counts.deleted
            mine.stripped += counts.stripped
            mine.rows += counts.rows
            mine.kept += counts.kept
        self.kept += batch.kept
