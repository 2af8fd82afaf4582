"""What is known of a call after an attempt that failed: the whole table of ADR 22."""

from itertools import product

import pytest

from saleor_xcover_plugin.domain.sending import Sending, sending_after

NEVER, REFUSED, UNKNOWN, EARLIER = Sending

HELD_BACK = {"left": False, "was_turned_away": False, "shows_not_done": False}
TURNED_AWAY = {"left": True, "was_turned_away": True, "shows_not_done": False}
LOST = {"left": True, "was_turned_away": False, "shows_not_done": False}
NOT_DONE = {"left": True, "was_turned_away": False, "shows_not_done": True}


@pytest.mark.parametrize(
    ("ended", "after"),
    [
        (HELD_BACK, (NEVER, REFUSED, UNKNOWN, EARLIER)),
        (TURNED_AWAY, (REFUSED, REFUSED, UNKNOWN, EARLIER)),
        (LOST, (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)),
        (NOT_DONE, (REFUSED, REFUSED, REFUSED, REFUSED)),
    ],
    ids=["held back", "turned away", "lost", "shown not to be done"],
)
def test_a_row_of_the_table(ended, after):
    assert tuple(sending_after(before, **ended) for before in Sending) == after


def test_only_what_shows_that_nothing_was_done_ends_an_unknown_outcome():
    for left, was_turned_away in product((True, False), repeat=2):
        after = sending_after(
            UNKNOWN, left=left, was_turned_away=was_turned_away, shows_not_done=False
        )
        assert after == UNKNOWN
