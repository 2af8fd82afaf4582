"""The big counts: one table, one seed, parts that continue."""

from dataclasses import replace
from pathlib import Path

import pytest

from ...deep import counts
from ...deep.__main__ import _seed, described
from ...deep.plan import units
from ...sittings import content
from ...sittings.results import Kept
from ..sittings.test_results import GREEN


def test_make_test_plays_a_few_per_cent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XCOVER_DEEP", raising=False)
    few = {name: counts.count(name) for name in counts.COUNTS}
    monkeypatch.setenv("XCOVER_DEEP", "1")
    many = {name: counts.count(name) for name in counts.COUNTS}

    assert few["orders under random kills"] * 20 < many["orders under random kills"]
    # further and further by fewer steps
    assert many["steps between kills"] == many["steps between kills in Saleor"] == 1
    assert few["steps between kills"] > 1


def test_a_seed_tells_the_same_again_and_each_name_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XCOVER_SEED", "7-1")
    first = [counts.seed("refund stories"), counts.seed("shopper stories")]
    again = [counts.seed("refund stories"), counts.seed("shopper stories")]
    monkeypatch.setenv("XCOVER_SEED", "7-2")

    assert first == again
    assert first[0] != first[1]
    assert counts.seed("refund stories") != first[0]


def test_each_part_is_deep_and_has_a_seed_of_its_own(tmp_path: Path) -> None:
    parts = units(7, tmp_path, None)

    assert {part.environment["XCOVER_DEEP"] for part in parts} == {"1"}
    refunds = [part.environment["XCOVER_SEED"] for part in parts if "refunds" in part.name]
    assert refunds == ["7-1", "7-2", "7-3", "7-4", "7-5", "7-6"]
    assert len({part.name for part in parts}) == len(parts)


def test_a_saleor_has_parts_of_its_own(tmp_path: Path) -> None:
    without = {part.name for part in units(7, tmp_path, None)}
    more = [part for part in units(7, tmp_path, tmp_path) if part.name not in without]

    assert more
    assert all(str(tmp_path) in part.command for part in more)


def test_a_run_that_was_stopped_continues_with_its_seed_and_a_whole_one_does_not(
    tmp_path: Path,
) -> None:
    # given a run that was stopped before its first part ended, and then after it
    kept = Kept(tmp_path / "seed-7", content.read().key)
    names = [part.name for part in units(7, tmp_path, None)]
    kept.begin()
    assert _seed(tmp_path, None) == 7
    kept.keep(replace(GREEN, unit=names[0]))
    assert _seed(tmp_path, None) == 7
    # when all parts are played and one is red
    for name in names[1:]:
        kept.keep(replace(GREEN, unit=name))
    kept.keep(replace(GREEN, unit=names[-1], outcome="failed"))
    assert _seed(tmp_path, None) == 7
    # then only a whole green one is over
    kept.keep(replace(GREEN, unit=names[-1]))
    assert _seed(tmp_path, None) != 7


def test_the_report_has_a_row_for_each_part_and_the_end_of_its_output(tmp_path: Path) -> None:
    (tmp_path / "fuzzers 1.log").write_text("many lines\n25 stories, seed 9\n")

    report = described(
        7, ["fuzzers 1", "chaos"], {"fuzzers 1": replace(GREEN, unit="fuzzers 1")}, tmp_path
    )

    assert "seed 7" in report
    assert "| fuzzers 1 | green | 3 passed, 1 skipped | 0:12 |" in report
    assert "| chaos | not played yet | | |" in report
    assert "25 stories, seed 9" in report


def test_what_is_counted_nowhere_else_reads_the_environment() -> None:
    """One mechanism: no test has a variable of its own for how often it tries."""
    root = Path(__file__).resolve().parents[2]
    known = [
        path.relative_to(root).as_posix()
        for path in sorted(root.rglob("*.py"))
        if "XCOVER_DEEP" in path.read_text() or "max_examples=" in path.read_text()
    ]

    assert known == [
        "conftest.py",
        "deep/counts.py",
        "deep/plan.py",
        "flows/test_random_money.py",
        "flows/test_random_refunds.py",
        "saleor/stateful/test_shoppers.py",
        "unit/deep/test_deep.py",
    ]
