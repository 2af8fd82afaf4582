"""Each result is kept by itself, as soon as it is there."""

from dataclasses import replace
from pathlib import Path

from ...sittings.results import Kept, Result

GREEN = Result(
    unit="tests/flows/test_a.py",
    outcome="green",
    passed=3,
    failed=0,
    skipped=1,
    seconds=12.5,
    cpu=4.0,
    began="2026-01-02T03:00:00+00:00",
    ended="2026-01-02T03:00:12+00:00",
    sitting="one",
    commit="c0ffee",
)


def test_results_of_several_sittings_are_one_union(tmp_path: Path) -> None:
    # given two sittings that each play a part
    other = replace(GREEN, unit="tests/flows/test_b.py", sitting="two")
    Kept(tmp_path, "content").keep(GREEN)
    # when
    Kept(tmp_path, "content").keep(other)
    # then
    assert Kept(tmp_path, "content").read() == {GREEN.unit: GREEN, other.unit: other}
    assert Kept(tmp_path, "other content").read() == {}


def test_the_newest_result_counts_and_earlier_failures_are_not_forgotten(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "content")
    kept.keep(replace(GREEN, outcome="failed"))
    kept.keep(replace(GREEN, outcome="died"))

    kept.keep(GREEN)

    assert kept.read() == {GREEN.unit: replace(GREEN, earlier_failures=2)}


def test_a_file_torn_by_a_crash_is_as_good_as_none(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "content")
    kept.keep(GREEN)
    (path,) = (tmp_path / "content").iterdir()

    path.write_text(path.read_text()[:40])

    assert kept.read() == {}
    assert kept.keep(GREEN).earlier_failures == 0


def test_how_long_a_unit_took_is_known_from_other_contents_and_hosts(tmp_path: Path) -> None:
    here, there = tmp_path / "3.23", tmp_path / "3.21"
    Kept(here, "old").keep(replace(GREEN, seconds=99, ended="2026-01-01T03:00:00+00:00"))
    Kept(there, "newer").keep(GREEN)
    Kept(here, "newest").keep(
        replace(GREEN, outcome="failed", seconds=1, ended="2026-01-03T03:00:00+00:00")
    )

    assert Kept(here, "now").seconds() == {GREEN.unit: 12.5}
