"""Progress of a run: a bar in a terminal, one line per step anywhere else."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)


class Steps:
    """Progress display for ``total`` steps, as a context manager.

    ``begin`` starts a step and ends the previous one.
    """

    def __init__(self, screen: Console, total: int) -> None:
        self._screen = screen
        self._total = total
        self._begun = 0
        self._bar = _bar(screen) if screen.is_terminal else None
        self._task = self._bar.add_task("", total=total) if self._bar else None

    def __enter__(self) -> Steps:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """Remove the bar."""
        if self._bar:
            self._bar.stop()

    def begin(self, what: str) -> None:
        """Begin the next step; ``what`` describes it."""
        if self._bar and self._task is not None:
            self._bar.update(self._task, description=what, completed=self._begun)
        else:
            self.tell(f"[{self._begun + 1}/{self._total}] {what}")
        self._begun += 1

    def tell(self, sentence: str) -> None:
        """Print a line above the bar."""
        self._screen.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _bar(screen: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=screen,
        transient=True,
    )
