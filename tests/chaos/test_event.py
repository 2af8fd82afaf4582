"""The run over a cancelled event, killed again and again."""

from ..deep.counts import count, seed
from ..flows.steps import PREMIUM
from . import sales
from .event import CancelledEvent, every_few_seconds

POLICIES, KILLS = count("policies of a cancelled event"), 6
SEED = seed("policies of a cancelled event")


def test_a_run_that_is_killed_goes_on_and_cancels_nothing_twice(store, shopper, simulator):
    # given
    event = CancelledEvent(
        simulator, sales.covered(shopper, store, simulator), POLICIES, tell=lambda *_: None
    )

    # when
    run = event.play(kill_after=every_few_seconds(SEED, 0.3, 1.5), kills=KILLS, minute_passes=True)

    # then
    assert run.finding.is_clean, run.finding
    assert run.kills >= 3
    assert run.calls["cancel"] >= POLICIES
    assert run.due == POLICIES * PREMIUM
