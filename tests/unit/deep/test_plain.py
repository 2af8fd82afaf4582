"""The last lines of ``make test``."""

from testkit.pytest_events import Heard

from ...plain import described


def test_it_says_how_long_it_took_what_it_skipped_and_what_it_left() -> None:
    first, second = Heard(), Heard()
    for line in (
        '{"ended": "a::b", "outcome": "passed", "reason": "", "seconds": 1}',
        '{"ended": "a::c", "outcome": "skipped", "reason": "no Chromium", "seconds": 0}',
    ):
        first.hear(line)

    said = described({"first": 61.0, "second": 9.0}, {"first": first, "second": second})

    assert "make test took 1:10:" in said
    assert "1:01  first: 1 passed, 1 skipped" in said
    assert "0:09  second: nothing" in said
    assert "skipped 1: no Chromium" in said
    assert "12 of 1,000 orders under random kills" in said
