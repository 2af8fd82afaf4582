"""What ``make deep`` plays, in parts that are each an hour at most."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from ..sittings.workers import Unit

ROOT = Path(__file__).resolve().parents[2]
MINIATURE = ["-c", "tests/flows/pytest.ini", "--rootdir=."]


def units(seed: int, report: Path, saleor: Path | None) -> list[Unit]:
    """Return all parts; those in a real Saleor only where there is one.

    Each part draws from a seed of its own, which is made of ``seed``.
    """
    parts = [*_fuzzers(seed), *_miniature(seed), *_chaos(seed, report)]
    return parts + (list(_saleor(seed, saleor)) if saleor else [])


def _fuzzers(seed: int) -> Iterator[Unit]:
    for part in range(1, 4):
        command = _pytest("-m", "hypothesis", f"--hypothesis-seed={seed + part}", "tests/unit")
        yield _unit(f"fuzzers {part}", command, f"{seed}-{part}")
    command = _pytest("-s", "tests/unit/payload/test_generated.py")
    yield _unit("payload templates", command, str(seed))


def _miniature(seed: int) -> Iterator[Unit]:
    for part in range(1, 7):
        command = _pytest(*MINIATURE, "-s", "tests/flows/test_random_refunds.py")
        yield _unit(f"random refunds {part}", command, f"{seed}-{part}")
    command = _pytest(*MINIATURE, "-s", "tests/flows/test_random_money.py")
    yield _unit("random money", command, str(seed))
    command = _pytest(*MINIATURE, "-s", "tests/flows/test_random_answers.py")
    yield _unit("random answers", command, str(seed))
    command = _pytest(*MINIATURE, "-s", "tests/flows/test_hostile_documents.py")
    yield _unit("hostile documents", command, str(seed))
    command = _pytest(*MINIATURE, "-s", "tests/chaos/test_kill_points.py")
    yield _unit("killed at each step", command, str(seed))
    command = _pytest(*MINIATURE, "tests/flows/test_error_tracker.py")
    yield _unit("reports of failures at each step", command, str(seed))


def _chaos(seed: int, report: Path) -> Iterator[Unit]:
    kinds = ("orders", "between", "throughput", "outage", "event")
    for kind in kinds:
        others = [word for other in kinds if other != kind for word in (f"--{other}", "0")]
        folder = report / f"chaos-{kind}"
        command = [sys.executable, "-m", "tests.chaos", *others]
        command += ["--seed", str(seed), "--report", str(folder)]
        yield _unit(f"chaos {kind}", command, str(seed), tells=False)


def _saleor(seed: int, saleor: Path) -> Iterator[Unit]:
    def inside(file: str) -> list[str]:
        return [sys.executable, "-m", "tests.saleor.run", str(saleor), file, "-s"]

    for part in range(1, 5):
        command = inside("tests/saleor/stateful/test_shoppers.py")
        yield _unit(f"random shoppers {part}", command, f"{seed}-{part}", tells=False)
    for part in range(1, 3):
        command = inside("tests/flows/test_random_refunds.py")
        yield _unit(f"random refunds in Saleor {part}", command, f"{seed}-s{part}", tells=False)
    for name, file in (("kills in Saleor", "test_kills.py"), ("plans", "test_plans.py")):
        yield _unit(name, inside(f"tests/saleor/{file}"), str(seed), tells=False)


def _pytest(*arguments: str) -> list[str]:
    # The order of tests and the numbers Python's dice begin with are part of what is told again.
    return [sys.executable, "-m", "pytest", "-p", "no:randomly", *arguments]


def _unit(name: str, command: list[str], seed: str, *, tells: bool = True) -> Unit:
    return Unit(name, command, {"XCOVER_DEEP": "1", "XCOVER_SEED": seed}, ROOT, tells)
