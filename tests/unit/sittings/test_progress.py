"""The line after each unit: how many, how long, how much is left."""

import io
from dataclasses import replace

import pytest

from ...sittings.progress import Progress, clock
from .test_results import GREEN


def test_the_rest_is_estimated_from_earlier_sittings_and_the_pace_of_this_one() -> None:
    # given eight units of ten seconds each for two workers
    names = [f"test_{number}.py" for number in range(8)]
    progress = Progress(names, dict.fromkeys(names, 10.0), 2, io.StringIO())
    assert progress.rest() == 40
    # when four of them took twice as long
    for name in names[:4]:
        progress.done(replace(GREEN, unit=name, seconds=20), elapsed=40)
    # then
    assert progress.rest() == 40


def test_one_long_unit_alone_is_not_halved() -> None:
    progress = Progress(["a", "b"], {"a": 600.0, "b": 10.0}, 2, io.StringIO())

    assert progress.rest() == 600


def test_a_line_names_all_that_a_waiting_person_wants_to_know() -> None:
    out = io.StringIO()
    progress = Progress(["tests/flows/test_a.py", "b"], {"b": 90.0}, 2, out)

    progress.done(GREEN, elapsed=61)

    assert out.getvalue() == (
        "[1/2] tests/flows/test_a.py: 3 passed, 1 skipped, 0:12 | 1:01 gone, about 1:30 left\n"
    )


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3661, "1:01:01")]
)
def test_a_clock_reads_like_one(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown
