"""``make mutants``: make one small mistake after the other and see whether a test notices.

The rules in ``domain/`` in full, the code that delivers as a sample drawn by ``--seed``. What was
played is kept: a run that was stopped continues, and after a change only what it may concern is
played again. Exit code 1 means a score below the goal, or a survivor that no test kills and
``equivalent.toml`` does not justify.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from testkit import shutdown

from ..sittings import content
from ..sittings.progress import clock
from .groups import GROUPS, ROOT, Group, Suite, drawn
from .kept import Equivalent, Fate, Kept, equivalents
from .making import Mutant, mutants
from .playing import Player, SuiteFails
from .report import Judged, Score, as_json, survivors, table

FOLDER = ROOT / ".cache" / "mutants"
GOAL = 90.0
SEED = 20
_EACH = 25
"""After how many mutants a line is said where no terminal shows a bar."""


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    screen = Console(stderr=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    justified = equivalents()
    judged: list[Judged] = []
    stale: set[Equivalent] = set()
    shutdown.listen()
    code = 0
    try:
        for group in GROUPS:
            files = [one for one in group.modules() if _is_asked_for(options.words, group, one)]
            if files:
                all_ = [mutant for file in files for mutant in _made(file)]
                stale |= _stale(all_, justified, files)
                chosen = drawn(all_, options.seed, group.sample)
                _play(group, chosen, justified, screen, judged, options)
    except SuiteFails as error:
        sys.stderr.write(f"mutants: the tests fail without a mistake: {error}\n")
        return 1
    except shutdown.ToldToEnd as told:
        sys.stderr.write("mutants: ended; make mutants continues\n")
        code = told.exit_code
    _tell(options, judged, stale)
    return code or _verdict(judged, stale)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("words", nargs="*", help="of files or groups to play; otherwise all")
    parser.add_argument("--seed", type=int, default=SEED, help="draws the samples")
    parser.add_argument("--resume", action="store_true", help="as it does anyway")
    parser.add_argument("--anew", action="store_true", help="forget what was played")
    parser.add_argument("--most", type=int, help="play this many more at most")
    parser.add_argument(
        "--only-told", action="store_true", help="play nothing, report what is kept"
    )
    parser.add_argument("--json", action="store_true", help="print the report for machines")
    return parser.parse_args(arguments)


def _is_asked_for(words: Sequence[str], group: Group, file: str) -> bool:
    return not words or group.name in words or any(word in file for word in words)


def _made(file: str) -> list[Mutant]:
    """Return a file's mutants; making them takes longer than reading what was made."""
    from dataclasses import asdict

    from .kept import hashed

    text = (ROOT / file).read_text()
    makers = (Path(__file__).with_name("making.py")).read_text()
    path = FOLDER / "made" / f"{hashed(file + text + makers)}.json"
    if path.exists():
        return [Mutant(**one) for one in json.loads(path.read_text())]
    made = mutants(file, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_text(json.dumps([asdict(one) for one in made]))
    half.replace(path)
    return made


def _stale(
    made: Sequence[Mutant], justified: Sequence[Equivalent], files: Sequence[str]
) -> set[Equivalent]:
    mine = [one for one in justified if one.file in files]
    return {one for one in mine if not any(one.is_of(mutant) for mutant in made)}


def _play(
    group: Group,
    chosen: Sequence[Mutant],
    justified: Sequence[Equivalent],
    screen: Console,
    judged: list[Judged],
    options: argparse.Namespace,
) -> None:
    fates: dict[str, Judged] = {}
    for mutant in chosen:
        is_justified = any(one.is_of(mutant) for one in justified)
        outcome = "equivalent" if is_justified else "not played"
        fates[mutant.key] = Judged(group.name, mutant, outcome)
    left = [one for one in chosen if fates[one.key].outcome == "not played"]
    try:
        for tests in group.tests:
            kept = Kept(FOLDER / f"{tests.name}.jsonl", tests)
            if options.anew:
                kept.forget()
            known = {one.key: fate for one in left if (fate := kept.of(one))}
            waiting = [one for one in left if one.key not in known]
            alive = "survived" if tests is group.tests[-1] else "not played"
            for mutant in left:
                if fate := known.get(mutant.key):
                    fates[mutant.key] = _judged(group, mutant, fate, alive)
            said = f"{len(left)} mutants, {len(known)} known, {len(waiting)} to play"
            screen.print(f"{group.name}, {tests.name}: {said}", markup=False)
            playing = [] if options.only_told else waiting[: options.most]
            _play_with(tests, group, playing, kept, screen, fates, alive)
            # A mutant is done when a test killed it, or when all tests let it live.
            left = [one for one in left if (fate := kept.of(one)) and fate.outcome == "survived"]
    finally:
        judged += fates.values()


def _play_with(
    tests: Suite,
    group: Group,
    playing: Sequence[Mutant],
    kept: Kept,
    screen: Console,
    fates: dict[str, Judged],
    alive: str,
) -> None:
    if not playing:
        return
    log = FOLDER / f"{tests.name}.log"
    played: list[Judged] = []
    with (
        Player(tests, group.modules(), log) as player,
        _Bar(screen, f"{group.name}, {tests.name}", len(playing)) as bar,
    ):
        for mutant in playing:
            said: dict[str, Any] = player.play(mutant)
            fate = kept.keep(mutant, said["outcome"], said["by"], said["took"])
            played.append(Judged(group.name, mutant, fate.outcome, fate.by))
            fates[mutant.key] = _judged(group, mutant, fate, alive)
            bar.advance(played)


def _judged(group: Group, mutant: Mutant, fate: Fate, alive: str) -> Judged:
    return Judged(group.name, mutant, alive if fate.outcome == "survived" else "killed", fate.by)


class _Bar:
    """A moving bar in a terminal, a plain line now and then anywhere else."""

    def __init__(self, screen: Console, name: str, total: int) -> None:
        self._screen, self._total, self._began = screen, total, time.monotonic()
        columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=screen) if screen.is_terminal else None
        self._task = self._bar.add_task("", total=total) if self._bar else None

    def __enter__(self) -> _Bar:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, played: Sequence[Judged]) -> None:
        if self._bar and self._task is not None:
            self._bar.advance(self._task)
        elif len(played) % _EACH == 0 or len(played) == self._total:
            score, gone = Score.of(played), time.monotonic() - self._began
            left = gone / len(played) * (self._total - len(played))
            self._screen.print(
                f"[{len(played)}/{self._total}] {score.killed} killed, {score.survived} survived"
                f" | {clock(gone)} gone, about {clock(left)} left",
                markup=False,
            )


def _tell(options: argparse.Namespace, judged: Sequence[Judged], stale: set[Equivalent]) -> None:
    commit = content.read().commit[:12]
    found = as_json(options.seed, commit, judged)
    (FOLDER / "report.json").write_text(json.dumps(found, indent=1) + "\n")
    lines = [f"Mutants of {commit}, seed {options.seed}:", "", *table(judged), ""]
    unjustified = survivors(judged)
    if unjustified:
        lines += ["Survivors:", "", *unjustified, ""]
    for one in sorted(stale, key=lambda each: (each.file, each.scope)):
        lines.append(f"justified, but no mutant any more: {one.file}, {one.scope}: {one.now}")
    (FOLDER / "report.md").write_text("\n".join(lines) + "\n")
    if options.json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(lines) + "\n")
    sys.stderr.write(f"mutants: report in {FOLDER / 'report.md'}\n")


def _verdict(judged: Sequence[Judged], stale: set[Equivalent]) -> int:
    """Return 1 below the goal, or with a survivor, one not played or a needless justification."""
    groups = {one.group for one in judged}
    scores = [Score.of([one for one in judged if one.group == name]) for name in groups]
    is_good = all(one.percent >= GOAL and not one.survived and not one.waiting for one in scores)
    return 0 if is_good and not stale else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
