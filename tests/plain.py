"""``make test``: everything that needs no Saleor.

At its end it says what it took, what of the plugin was run, and what it left to other suites.
``python -m tests.plain`` plays all tiers; words in ARGS are options of pytest for each of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from testkit.pytest_events import VARIABLE, Heard, Listener

from .covered import coverage_report
from .deep.counts import COUNTS
from .sittings.progress import clock

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".cache" / "test"
TWO_AT_A_TIME = ("-n", "2", "--dist", "loadfile")
TIERS = {
    "without a host": TWO_AT_A_TIME,
    "flows on the miniature": (
        *("-c", "tests/flows/pytest.ini", "--rootdir=.", *TWO_AT_A_TIME),
        *("tests/flows", "tests/miniature", "tests/chaos"),
    ),
    "in a browser": ("-c", "tests/browser/pytest.ini", "--rootdir=.", "tests/browser"),
}


def main(options: list[str]) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    took: dict[str, float] = {}
    heard: dict[str, Heard] = {}
    codes = []
    for name, arguments in TIERS.items():
        told = FOLDER / f"{name.replace(' ', '-')}.events"
        told.unlink(missing_ok=True)
        started = time.monotonic()
        command = [sys.executable, "-m", "pytest", *arguments, *measured(name), *options]
        environment = {**os.environ, VARIABLE: str(told), "COVERAGE_FILE": str(data_of(name))}
        codes.append(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)
        took[name] = time.monotonic() - started
        listener = Listener(told)
        listener.listen()
        heard[name] = listener.heard
    sys.stdout.write(described(took, heard))
    sys.stdout.write(coverage_report([data_of(name) for name in TIERS]))
    return next((code for code in codes if code), 0)


def measured(tier: str) -> tuple[str, ...]:
    """Return the options that measure coverage; a browser's tests run the plugin elsewhere."""
    if tier == "in a browser":
        return ()
    return ("--cov=saleor_xcover_plugin", "--cov-report=", "--cov-config=pyproject.toml")


def data_of(tier: str) -> Path:
    """Return the file that keeps what a tier ran of the plugin."""
    return FOLDER / f"{tier.replace(' ', '-')}.coverage"


def described(took: dict[str, float], heard: dict[str, Heard]) -> str:
    """Say what was played, how long it took, what was skipped and what is left to others."""
    lines = [f"make test took {clock(sum(took.values()))}:"]
    for name, seconds in took.items():
        outcomes = heard[name].outcomes
        said = ", ".join(f"{outcomes[word]} {word}" for word in sorted(outcomes)) or "nothing"
        lines.append(f"  {clock(seconds):>7}  {name}: {said}")
    skips: Counter[str] = sum((one.skips for one in heard.values()), Counter())
    lines += [f"skipped {times}: {why}" for why, times in skips.most_common()]
    few = [f"{one.few:,} of {one.many:,} {name}" for name, one in COUNTS.items()]
    lines.append("left to make deep (few of many each part):")
    lines += [f"  {one}" for one in few]
    lines.append("left to make test-saleor: the same flows and more in a real Saleor")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
