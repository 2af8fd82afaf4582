"""What of a real Saleor's suite is played, and when a whole run is written down."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ...saleor import chosen, runs
from .test_results import GREEN

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("flows/test_b.py", "flows/test_a.py", "saleor/test_c.py", "saleor/deep/test_d.py"):
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "tests" / "flows" / "conftest.py").touch()
    return tmp_path


WHOLE = [
    "tests/flows/test_a.py",
    "tests/flows/test_b.py",
    "tests/saleor/deep/test_d.py",
    "tests/saleor/test_c.py",
]


def test_the_suite_is_split_into_its_files(root: Path) -> None:
    assert chosen.every_file(root) == WHOLE


@pytest.mark.parametrize(
    ("arguments", "files", "options", "is_by_file"),
    [
        ([], WHOLE, [], True),
        (["-q", "--durations=5"], WHOLE, ["-q", "--durations=5"], True),
        (["-k", "refund"], WHOLE, ["-k", "refund"], False),
        (["tests/saleor"], WHOLE[2:], [], True),
        (["tests/flows/test_a.py", "-q"], WHOLE[:1], ["-q"], True),
        (["tests/flows/test_a.py", "-k", "refund"], WHOLE[:1], ["-k", "refund"], False),
        (["tests/flows/test_a.py::test_one"], WHOLE[:1], [], False),
        (["tests/flows", "--record"], WHOLE[:2], ["--record"], False),
    ],
)
def test_arguments_choose_as_they_do_for_pytest(
    root: Path, arguments: list[str], files: list[str], options: list[str], is_by_file: bool
) -> None:
    found = chosen.choose(arguments, root)

    assert list(found.files) == files
    assert found.options == options
    assert found.is_by_file is is_by_file
    assert found.records is ("--record" in arguments)


def test_the_long_files_are_there() -> None:
    assert set(chosen.LONG_ONES) <= set(chosen.every_file(ROOT))


def test_each_file_of_the_smoke_selection_is_there_and_has_a_reason() -> None:
    known = chosen.smoke(ROOT)

    assert known
    assert set(known) <= set(chosen.every_file(ROOT))
    assert all(len(reason.split()) > 3 for reason in known.values())


def test_two_tests_of_a_file_are_played_in_one_process(root: Path) -> None:
    found = chosen.choose(["tests/flows/test_a.py::test_1", "tests/flows/test_a.py::test_2"], root)

    assert found.files == {
        "tests/flows/test_a.py": ["tests/flows/test_a.py::test_1", "tests/flows/test_a.py::test_2"]
    }


def test_a_whole_run_is_written_down_with_its_sittings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a run in two sittings of an hour and of a minute; one file was not green at once
    monkeypatch.setattr(runs, "RUNS", tmp_path / "runs.json")
    first = [
        GREEN,
        replace(GREEN, unit="b", ended="2026-01-02T04:00:00+00:00", earlier_failures=1),
    ]
    later = replace(
        GREEN,
        unit="c",
        sitting="two",
        began="2026-01-03T03:00:00+00:00",
        ended="2026-01-03T03:01:00+00:00",
    )
    # when
    path = runs.record([*first, later], "3.23.28", "c0ffee0123456789")
    # then
    assert json.loads(path.read_text()) == {
        "3.23": {
            "saleor": "3.23.28",
            "on": "2026-01-03",
            "tests": 12,
            "skipped": 3,
            "seconds": 3660,
            "sittings": 2,
            "repeated": 1,
            "commit": "c0ffee012345",
        }
    }
