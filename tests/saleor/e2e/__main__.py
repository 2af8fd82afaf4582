"""Play Saleor's own end-to-end tests: ``python -m tests.saleor.e2e ../saleor [folders] [options]``.

Folders and files are named as below ``saleor/tests/e2e`` (``checkout``, ``orders/discounts``); all
that sell something are played when none is named. Exit code 0 only when nothing differs from the
play without the plugin but what the rule allows, and covers were sold. See ``__init__.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from demo.simulator import SimulatorProcess

from .. import run, runs
from . import databases, records
from .verdict import Judgement, Results, Verdict, judge

HERE = Path(__file__).resolve().parent
FOLDERS = (
    "checkout",
    "orders",
    "transactions",
    "vouchers",
    "promotions",
    "gift_cards",
    "shipping_zone",
    "warehouse",
    "taxes",
    "product",
)
MODES = ("quiet", "cover")
BASELINES = run.ROOT / ".cache" / "saleor-e2e"
PYTEST_COULD_NOT = (2, 3, 4)
"""Exit codes of pytest: interrupted, internal error, usage error."""


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    saleor = options.saleor.resolve()
    python = saleor / ".venv" / "bin" / "python"
    version = runs.version_of(tomllib.loads((saleor / "pyproject.toml").read_text()))
    run.install(saleor, python)
    started = time.monotonic()
    template = databases.prepare_template(python, saleor, version)
    with SimulatorProcess() as simulator, tempfile.TemporaryDirectory() as folder:
        session = _Session(saleor, python, options, template, simulator.base_url, Path(folder))
        baseline = _baseline(session, BASELINES / f"{version}.json", options)
        judgements = [
            judge(mode, baseline, session.play(mode), _excused(mode, options))
            for mode in options.modes
        ]
    databases.drop_copies(options.workers)
    _print(judgements)
    if options.json:
        options.json.write_text(json.dumps([_as_json(j) for j in judgements], indent=1) + "\n")
    is_good = all(judgement.is_good for judgement in judgements)
    is_whole = not (options.what or options.choose or options.kept_baseline)
    if is_good and is_whole and options.modes == list(MODES):
        kept = records.record(version, _commit(), judgements, time.monotonic() - started)
        _say(f"this run is recorded in {kept}: commit it")
    return 0 if is_good else 1


def _baseline(session: _Session, kept: Path, options: argparse.Namespace) -> Results:
    """Play without the plugin, or take what such a play left when ``--kept-baseline`` says so."""
    known: Results = json.loads(kept.read_text()) if kept.exists() else {}
    chosen = {test: result for test, result in known.items() if test.startswith(_chosen(options))}
    if options.kept_baseline and chosen:
        return chosen
    baseline = session.play("baseline")
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({**known, **baseline}))
    return baseline


def _chosen(options: argparse.Namespace) -> tuple[str, ...]:
    return tuple(f"saleor/tests/e2e/{name}" for name in options.what or FOLDERS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make test-saleor-e2e", description=__doc__)
    parser.add_argument("saleor", type=Path)
    parser.add_argument("what", nargs="*", help="folders or files below saleor/tests/e2e")
    parser.add_argument("-k", dest="choose", default="", help="as pytest's -k")
    parser.add_argument("-n", dest="workers", type=int, default=2)
    parser.add_argument("--modes", nargs="*", choices=MODES, default=list(MODES))
    parser.add_argument(
        "--kept-baseline",
        action="store_true",
        help="compare with the last play without the plugin instead of playing it again",
    )
    parser.add_argument("--json", type=Path, help="write verdicts and counts into this file")
    return parser


class _Session:
    """Plays Saleor's tests in its own environment, in one mode after the other."""

    def __init__(
        self,
        saleor: Path,
        python: Path,
        options: argparse.Namespace,
        template: str,
        xcover_url: str,
        folder: Path,
    ) -> None:
        self._saleor, self._python, self._options = saleor, python, options
        self._template, self._xcover_url, self._folder = template, xcover_url, folder

    def play(self, mode: str) -> Results:
        """Play all chosen tests and return what happened, by test."""
        folder = self._folder / mode
        folder.mkdir()
        databases.copy_for(self._options.workers, self._template)
        _say(f"playing {mode}")
        done = subprocess.run(
            [str(self._python), str(HERE / "launch.py"), *self._arguments()],
            cwd=self._saleor,
            env=self._environment(mode, folder),
            stdout=sys.stderr,
            check=False,
        )
        results = {
            result["test"]: result
            for file in sorted(folder.glob("*.jsonl"))
            for result in map(json.loads, file.read_text().splitlines())
        }
        if done.returncode in PYTEST_COULD_NOT or not results:
            raise SystemExit(f"pytest could not play {mode}: exit code {done.returncode}")
        return results

    def _arguments(self) -> list[str]:
        tests = Path("saleor") / "tests" / "e2e"
        chosen = [str(tests / name) for name in self._options.what or FOLDERS]
        missing = [name for name in chosen if not (self._saleor / name).exists()]
        if missing:
            raise SystemExit(f"Saleor has no {', '.join(missing)}")
        # The copies are migrated already: only their tables are looked at.
        options = ["-n", str(self._options.workers), "--reuse-db", "--nomigrations"]
        options += ["-q", "--tb=short", "-rN", "-p", "no:cacheprovider"]
        if self._options.choose:
            options += ["-k", self._options.choose]
        return [*options, "-p", "tests.saleor.e2e.plugin", *chosen]

    def _environment(self, mode: str, folder: Path) -> dict[str, str]:
        secrets = ("XCOVER_API_KEY", "XCOVER_API_SECRET", "DATABASE_URL_REPLICA")
        known = {name: value for name, value in os.environ.items() if name not in secrets}
        return {
            **known,
            "PYTHONPATH": os.pathsep.join((str(self._saleor), str(run.TEST_DEPENDENCIES))),
            "PYTHONSAFEPATH": "1",
            "DATABASE_URL": databases.url_of(databases.base_name()),
            # The plugin's guard re-raises, so that no defect hides behind it.
            "XCOVER_RAISE_IN_HOOKS": "1",
            "XCOVER_E2E_MODE": mode,
            "XCOVER_E2E_FOLDER": str(folder),
            "XCOVER_E2E_URL": self._xcover_url,
        }


def _excused(mode: str, options: argparse.Namespace) -> dict[str, str]:
    """Return reasons by test; without an offer nothing is excused, nor what is not played."""
    if mode != "cover":
        return {}
    known: dict[str, str] = json.loads((HERE / "excused.json").read_text())
    if options.choose:
        return known
    return {test: reason for test, reason in known.items() if test.startswith(_chosen(options))}


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


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=HERE,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def _say(sentence: str) -> None:
    sys.stderr.write(f"tests/saleor/e2e: {sentence}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
