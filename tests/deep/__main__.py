"""``make deep``: play the big counts of chance, seeded, in as many sittings as it takes.

A run that was stopped continues with its seed; a finished one starts again with another seed.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path

from testkit import shutdown

from ..sittings import content
from ..sittings.progress import clock, counts
from ..sittings.results import Kept, Result, flat
from ..sittings.sitting import Sitting, is_green
from ..sittings.workers import FreshWorker
from .plan import ROOT, units

FOLDER = ROOT / ".cache" / "deep"
LAST_LINES = 12
"""Lines of each part's output in the report; all of it is in the logs."""


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    saleor = options.saleor if (options.saleor / ".venv" / "bin" / "python").exists() else None
    if saleor is None:
        sys.stderr.write(f"deep: no Saleor at {options.saleor}: its parts are left out\n")
    seed = options.seed if options.seed is not None else _seed(FOLDER, saleor)
    folder = FOLDER / f"seed-{seed}"
    parts = {unit.name: unit for unit in units(seed, folder, saleor)}
    chosen = [name for name in parts if any(word in name for word in options.parts or [""])]
    sys.stderr.write(f'deep: seed {seed}; DEEP="--seed {seed}" tells the same again\n')
    shutdown.listen()
    sitting = Sitting(folder, chosen, parts.__getitem__, resume=True)
    sitting.kept.begin()
    results: dict[str, Result] = {}
    try:
        results = sitting.play(options.jobs, _hire)
        return 0 if is_green(results) else 1
    except shutdown.ToldToEnd as told:
        sys.stderr.write("deep: ended; make deep continues\n")
        return told.exit_code
    finally:
        report = FOLDER / "report.md"
        report.write_text(described(seed, parts, sitting.kept.read(), sitting.logs))
        sys.stderr.write(f"deep: report in {report}\n")


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.deep", description=__doc__)
    parser.add_argument("parts", nargs="*", help="words of the parts to play; otherwise all")
    parser.add_argument("--seed", type=int, help="tell the run of this seed again, or continue it")
    parser.add_argument("-j", "--jobs", type=int, default=1, help="parts at a time")
    parser.add_argument("--saleor", type=Path, default=ROOT.parent / "saleor")
    return parser.parse_args(arguments)


def _seed(folder: Path, saleor: Path | None) -> int:
    """Return the seed of the newest run of this content that is not done, or a new one."""
    key = content.read().key
    begun = sorted(folder.glob(f"seed-*/{key}"), key=lambda path: path.stat().st_mtime)
    for path in reversed(begun):
        seed = int(path.parent.name.removeprefix("seed-"))
        known = Kept(path.parent, key).read()
        wanted = [unit.name for unit in units(seed, path.parent, saleor)]
        if not is_green({name: known[name] for name in wanted if name in known}) or (
            set(wanted) - set(known)
        ):
            return seed
    return secrets.randbelow(10**6)


def _hire(number: int) -> FreshWorker:
    return FreshWorker({"XCOVER_FLOWS_DATABASE": f"xcover_deep_{number}"})


def described(seed: int, parts: Iterable[str], known: dict[str, Result], logs: Path) -> str:
    """Write the report: a row for each part, then the end of what it said."""
    rows, said = [], []
    for name in parts:
        result = known.get(name)
        if result is None:
            rows.append(f"| {name} | not played yet | | |")
            continue
        rows.append(f"| {name} | {result.outcome} | {counts(result)} | {clock(result.seconds)} |")
        log = logs / f"{flat(name)}.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        said.append("\n".join([f"## {name}", "", "```", *lines[-LAST_LINES:], "```", ""]))
    head = [f"# Deep run, seed {seed}", "", "| part | | | took |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows, "", *said])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
