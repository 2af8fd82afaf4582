"""One call of a runner: play what has no green result for this content yet, keep what ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import content
from .pool import Pool
from .progress import GUESS, Progress
from .results import Kept, Result
from .workers import Unit, Worker

LONG = 600.0
"""Seconds expected of a unit that is known to be a long one."""


class Sitting:
    """What is asked for now, of a suite that may need several sittings."""

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        unit_of: Callable[[str], Unit],
        *,
        root: Path = content.ROOT,
        resume: bool = False,
        is_kept: bool = True,
        long_ones: Sequence[str] = (),
    ) -> None:
        """Results lie below ``folder``, by the content of ``root``.

        ``resume`` leaves out what is green already. Without ``is_kept`` results are neither used
        nor kept, as those of a selection within a unit. ``long_ones`` begin where it is not known
        yet how long anything takes.
        """
        self._root, self._unit_of, self._long_ones = root, unit_of, long_ones
        self.content = content.read(root)
        self.kept = Kept(folder, self.content.key)
        self.logs = folder / "logs"
        self.is_kept = is_kept
        """Whether the results of this sitting count later; not when the tree was changed."""
        known = self.kept.read() if resume and is_kept else {}
        self.green = {name: known[name] for name in names if name in known and known[name].is_green}
        if self.green:
            self._say(f"{len(self.green)} of {len(names)} are green on this content already")
        if not is_kept:
            self._say("a selection: its results are not kept")
        self.waiting = self._in_order([name for name in names if name not in self.green])

    def play(
        self, jobs: int, hire: Callable[[int], Worker], *, is_quiet: bool = False
    ) -> dict[str, Result]:
        """Play what is left with this many workers; return results of all asked for."""
        played: dict[str, Result] = {}
        progress, started = Progress(self.waiting, self.kept.seconds(), jobs), time.monotonic()
        pool = Pool(jobs, self.logs, progress, hire, is_quiet=is_quiet)
        try:
            for result in pool.play(
                [self._unit_of(name) for name in self.waiting], self.content.commit
            ):
                played[result.unit] = self._keep(result)
        finally:
            if played and not is_quiet:
                progress.table(list(played.values()), time.monotonic() - started)
        return {**self.green, **played}

    def _in_order(self, names: list[str]) -> list[str]:
        """Begin with the longest, so that no worker ends long after the others."""
        seconds = {**dict.fromkeys(self._long_ones, LONG), **self.kept.seconds()}
        return sorted(names, key=lambda name: (-seconds.get(name, GUESS), -self._size(name)))

    def _size(self, name: str) -> int:
        """Take a file that was never played for the longer, the larger it is."""
        path = self._root / name
        return path.stat().st_size if path.is_file() else 0

    def _keep(self, result: Result) -> Result:
        if self.is_kept and content.read(self._root).key != self.content.key:
            self._say("the work tree was changed meanwhile: results from here on are not kept")
            self.is_kept = False
        return self.kept.keep(result) if self.is_kept else result

    def union(self, every: Sequence[str]) -> list[Result] | None:
        """Return the results of all sittings once every one of these units is green."""
        known = self.kept.read()
        found = [known[name] for name in every if name in known and known[name].is_green]
        return found if len(found) == len(every) else None

    def _say(self, sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")


def is_green(results: dict[str, Result]) -> bool:
    """Whether something was played, and all of it is green."""
    return bool(results) and all(result.is_green for result in results.values())
