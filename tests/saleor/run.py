"""Play the flows inside a real Saleor: ``python -m tests.saleor.run ../saleor [arguments]``.

Test files are played side by side (``-j N``, or the variable XCOVER_SALEOR_JOBS), each in a process
and on a database of its own. Results are kept below ``.cache/saleor-runs`` by the content of the
work tree; ``--resume`` plays only what has no green result for it. ``--smoke`` plays the selection
in ``tests/saleor/smoke.txt``, ``--json`` prints the results for machines. Test files, folders,
``file::test`` and options of pytest choose as they do there.

Uses Saleor's own virtual environment. Installs the built wheels there and nothing else; what only
the tests need goes into a folder of ours.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from testkit import shutdown
from testkit.saleor.installing import TEST_DEPENDENCIES, install_test_packages, run_pip
from testkit.saleor.version import version_of

from ..deep.counts import is_deep
from ..sittings.sitting import Sitting, is_green
from ..sittings.workers import FreshWorker, Unit, WarmWorker
from . import chosen, runs

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".cache" / "saleor-runs"
ELSEWHERE = KEPT / "nothing"
"""An empty folder: Celery puts the one it is started in before all installed packages."""
JOBS = 2
"""Test files at a time, unless told otherwise."""


def main(arguments: list[str]) -> int:
    if not arguments:
        sys.stderr.write(f"usage: {__doc__}")
        return 2
    saleor = Path(arguments[0]).resolve()
    python = saleor / ".venv" / "bin" / "python"
    if not python.exists():
        sys.stderr.write(
            f"No Saleor at {saleor}: expected its checkout with its own .venv. Set SALEOR_ROOT.\n"
        )
        return 2
    options, others = _parser().parse_known_args(arguments[1:])
    asked = chosen.choose([*others, *(chosen.smoke(ROOT) if options.smoke else ())], ROOT)
    shutdown.listen()
    try:
        with _alone_in(saleor):
            install(saleor, python)
            ELSEWHERE.mkdir(parents=True, exist_ok=True)
            return _Suite(saleor, python, asked).play(options)
    except shutdown.ToldToEnd as told:
        _say("ended; what was finished is kept, ARGS=--resume continues")
        return told.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("tests.saleor.run", allow_abbrev=False)
    jobs = int(os.environ.get("XCOVER_SALEOR_JOBS", JOBS))
    parser.add_argument("-j", "--jobs", type=int, default=jobs)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser


class _Suite:
    """The suite inside one Saleor, or what was chosen of it."""

    def __init__(self, saleor: Path, python: Path, asked: chosen.Chosen) -> None:
        self._saleor, self._python, self._asked = saleor, python, asked
        self._version = version_of(tomllib.loads((saleor / "pyproject.toml").read_text()))

    def play(self, options: argparse.Namespace) -> int:
        """Play what was asked for and return 0 when all of it is green."""
        sitting = Sitting(
            KEPT / self._version,
            list(self._asked.files),
            self._unit,
            resume=options.resume,
            long_ones=chosen.LONG_ONES,
            # Big counts with another seed each time are kept by make deep.
            is_kept=self._asked.is_by_file and not is_deep(),
        )
        self._logs = sitting.logs
        if len(sitting.waiting) == 1 and not options.json:
            # As pytest itself would: its output comes at once, a debugger works.
            self._is_in_the_foreground = True
            results = sitting.play(1, lambda _: FreshWorker(has_terminal=True), is_quiet=True)
        else:
            # Two files must not write one recording at once.
            jobs = 1 if self._asked.records else max(1, options.jobs)
            results = sitting.play(jobs, self._hire)
        if options.json:
            sys.stdout.write(json.dumps([asdict(result) for result in results.values()]) + "\n")
        self._record_if_whole(sitting)
        return 0 if is_green(results) else 1

    _is_in_the_foreground = False

    def _record_if_whole(self, sitting: Sitting) -> None:
        whole = sitting.union(chosen.every_file(ROOT)) if sitting.is_kept else None
        if whole is None:
            return
        if not sitting.content.is_committed:
            _say("all files are green, but not committed: commit, then ARGS=--resume records it")
            return
        where = runs.record(whole, self._version, sitting.content.commit)
        _say(f"all files are green; recorded in {where}: commit it")

    def _unit(self, name: str) -> Unit:
        tests = [str(ROOT / test) for test in self._asked.files[name]]
        ini = str(ROOT / "tests" / "saleor" / "pytest.ini")
        arguments = ["-c", ini, "--rootdir", str(ROOT), *self._asked.options, *tests]
        if not self._is_in_the_foreground:
            return Unit(name, arguments)
        command = [str(self._python), "-m", "pytest", *arguments]
        return Unit(name, command, self._environment(), ELSEWHERE)

    def _hire(self, number: int) -> WarmWorker:
        return WarmWorker(
            [str(self._python), str(ROOT / "tests" / "saleor" / "warm.py")],
            {**self._environment(), "XCOVER_FLOWS_WORKER": str(number)},
            ELSEWHERE,
            self._logs / f"worker-{number}.log",
        )

    def _environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": os.pathsep.join((str(self._saleor), str(TEST_DEPENDENCIES))),
            # The installed wheel is tested, not the folder beside it.
            "PYTHONSAFEPATH": "1",
        }


@contextmanager
def _alone_in(saleor: Path) -> Iterator[None]:
    """Wait for whoever tests in this checkout: there is one installed wheel in it."""
    name = f"xcover-tests-{hashlib.sha256(str(saleor).encode()).hexdigest()[:12]}.lock"
    with (Path(tempfile.gettempdir()) / name).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say(f"somebody else tests in {saleor}; waiting for the end of it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(saleor: Path, python: Path) -> None:
    """Install the built wheels, and nothing else, into Saleor's environment."""
    plugin, acceptance = _wheel("saleor_xcover_plugin"), _wheel("xcover_acceptance")
    _require_only_the_plugin(plugin)
    _say(f"Saleor at {saleor}, plugin {plugin.name}")
    _require_nothing_else(python, plugin, acceptance)
    run_pip(python, "install", "--force-reinstall", "--no-deps", str(plugin), str(acceptance))
    install_test_packages(python)


def _wheel(name: str) -> Path:
    wheels = sorted((ROOT / "dist").glob(f"{name}-*.whl"))
    if len(wheels) != 1:
        raise SystemExit("Build the wheel first: make wheel")
    return wheels[0]


def _require_only_the_plugin(wheel: Path) -> None:
    """Demo and tests are never installed into a store."""
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.partition("/")[0] for name in archive.namelist()}
    strange = {f for f in folders if not f.startswith("saleor_xcover_plugin")}
    if strange:
        raise SystemExit(f"The wheel would also install {', '.join(sorted(strange))}.")


def _require_nothing_else(python: Path, *wheels: Path) -> None:
    """Ask pip what installing the wheels would change in Saleor's environment."""
    asked = ("install", "--dry-run", "--quiet", "--report", "-")
    report = json.loads(run_pip(python, *asked, *map(str, wheels), capture=True))
    changed = sorted(item["metadata"]["name"] for item in report["install"])
    _say(f"installing it would add or change: {', '.join(changed) or 'nothing'}")
    if set(changed) - {"saleor-xcover-plugin", "xcover-acceptance"}:
        raise SystemExit("The wheels would change Saleor's environment.")


def _say(sentence: str) -> None:
    sys.stderr.write(f"tests/saleor: {sentence}\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
