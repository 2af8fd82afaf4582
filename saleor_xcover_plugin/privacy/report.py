"""Count what a purge removed and kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..domain.retention import Kind, Obstacle


@dataclass
class Counts:
    """Counts of one kind of data. In a dry run, of what would be removed."""

    deleted: int = 0
    """Number of cases that were deleted in full."""
    stripped: int = 0
    """Number of covers that stay: without evidence, because Saleor still has their order, or
    without the buyer's hashes."""
    rows: int = 0
    """Number of rows that were deleted."""
    kept: int = 0
    """Number of cases that are past their period but still open."""


@dataclass
class Report:
    """Counts of one purge by kind, and the obstacles it met."""

    counts: dict[Kind, Counts] = field(default_factory=lambda: {kind: Counts() for kind in Kind})
    kept: Counter[Obstacle] = field(default_factory=Counter)
    """Number of cases that were kept, by the obstacle."""
    failed: int = 0
    """Number of cases that raised. They are unchanged, and the log has the exception."""

    @property
    def needs_person(self) -> bool:
        """Return True if something stays for ever unless staff act."""
        return self.failed > 0 or any(obstacle.needs_person for obstacle in self.kept)

    def keep(self, kind: Kind, obstacle: Obstacle) -> None:
        """Count a case that is past its period and is kept because of ``obstacle``."""
        self.kept[obstacle] += 1
        self.counts[kind].kept += 1

    def add(self, batch: Report) -> None:
        """Add the counts of a batch, except ``failed``."""
        for kind, counts in batch.counts.items():
            mine = self.counts[kind]
            mine.deleted += counts.deleted
            mine.stripped += counts.stripped
            mine.rows += counts.rows
            mine.kept += counts.kept
        self.kept += batch.kept
