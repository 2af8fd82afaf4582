"""Play Saleor's own end-to-end tests: ``python -m tests.saleor.e2e ../saleor [folders] [options]``.

Folders and files are named as below ``saleor/tests/e2e`` (``checkout``, ``orders/discounts``); all
that sell something are played when none is named. Exit code 0 only when nothing differs from the
play without the plugin but what the rule allows, and covers were sold. See ``__init__.py``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from testkit.saleor.version import version_of
from testkit.simulator import SimulatorProcess

from .. import run
from . import databases, kept, records
from .sitting import Choice, Sitting
from .verdict import Judgement, Verdict, judge

EXCUSED = Path(__file__).resolve().parent / "excused.json"
MODES = ("baseline", "quiet", "cover")


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    choice = Choice(tuple(options.what), options.choose)
    saleor = options.saleor.resolve()
    version = version_of(tomllib.loads((saleor / "pyproject.toml").read_text()))
    contents = {mode: kept.content_key(mode) for mode in MODES}
    run.install(saleor, saleor / ".venv" / "bin" / "python")
    with SimulatorProcess() as simulator:
        sitting = Sitting(
            saleor,
            version,
            choice,
            options.workers,
            databases.prepare_template(saleor, version),
            simulator.base_url,
            contents,
            options.is_continued,
        )
        played = {mode: sitting.play(mode) for mode in MODES if mode in options.modes}
    without = played.pop("baseline", None) or sitting.results("baseline", is_any_time=True)
    baselines = sitting.baselines(without)
    judgements = [
        judge(mode, baselines, results, _excused(mode, choice)) for mode, results in played.items()
    ]
    _print(judgements)
    if options.json:
        options.json.write_text(json.dumps([_as_json(j) for j in judgements], indent=1) + "\n")
    is_good = all(judgement.is_good for judgement in judgements)
    if is_good and choice.is_everything and list(options.modes) == list(MODES):
        _record(version, judgements)
    return 0 if is_good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make test-saleor-e2e", description=__doc__)
    parser.add_argument("saleor", type=Path)
    parser.add_argument("what", nargs="*", help="folders or files below saleor/tests/e2e")
    parser.add_argument("-k", dest="choose", default="", help="as pytest's -k")
    parser.add_argument("-n", dest="workers", type=int, default=2)
    parser.add_argument(
        "--modes",
        nargs="+",
        choices=MODES,
        default=list(MODES),
        help="play only these; without baseline they are compared with the last one",
    )
    parser.add_argument(
        "--resume",
        dest="is_continued",
        action="store_true",
        help="do not play what was played on this content, nor what has a baseline",
    )
    parser.add_argument("--json", type=Path, help="write verdicts and counts into this file")
    return parser


def _excused(mode: str, choice: Choice) -> dict[str, str]:
    """Return reasons by test; without an offer nothing is excused, nor what is not played."""
    if mode != "cover" or choice.expression:
        return {}
    known: dict[str, str] = json.loads(EXCUSED.read_text())
    return {test: reason for test, reason in known.items() if choice.holds(test)}


def _print(judgements: list[Judgement]) -> None:
    say = sys.stdout.write
    for judgement in judgements:
        for test in judgement.tests:
            if test.verdict is not Verdict.SAME:
                say(f"{judgement.mode}: {test.verdict}: {test.test}\n    {test.why}\n")
    heads = ("play", *(str(verdict) for verdict in Verdict))
    rows = [(j.mode, *(str(j.counts[verdict]) for verdict in Verdict)) for j in judgements]
    widths = [max(len(row[at]) for row in (heads, *rows)) for at in range(len(heads))]
    for row in (heads, *rows):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + "\n")
    for judgement in judgements:
        if judgement.mode == "cover":
            say(
                f"yes said {judgement.said}, ordered {judgement.ordered}, kept {judgement.kept}, "
                f"policies confirmed {judgement.confirmed}; no offer: "
                f"{dict(judgement.no_offer) or 'never'}\n"
            )


def _as_json(judgement: Judgement) -> dict[str, object]:
    return {
        "mode": judgement.mode,
        **records.summary(judgement),
        "no_offer": dict(judgement.no_offer),
        "tests": [asdict(test) for test in judgement.tests],
    }


def _record(version: str, judgements: list[Judgement]) -> None:
    """Write a whole good run down, once what was played is committed."""
    if _git("status", "--porcelain"):
        _say("all is good, but not committed: commit, then ARGS=--resume records it")
        return
    path = records.record(version, _git("rev-parse", "--short", "HEAD"), judgements)
    _say(f"this run is recorded in {path}: commit it")


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=run.ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _say(sentence: str) -> None:
    sys.stderr.write(f"tests/saleor/e2e: {sentence}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
