"""The run over a cancelled event, killed again and again."""

from testkit.load import sales
from testkit.steps import PREMIUM

from ..deep.counts import count, seed
from .event import CancelledEvent, every_few_policies

POLICIES, KILLS = count("policies of a cancelled event"), 6
SEED = seed("policies of a cancelled event")


def test_a_run_that_is_killed_goes_on_and_cancels_nothing_twice(store, shopper, simulator):
    # given
    event = CancelledEvent(
        simulator, sales.covered(shopper, store, simulator), POLICIES, tell=lambda *_: None
    )

    # when
    few = every_few_policies(SEED, most=POLICIES // KILLS)
    run = event.play(kill_after=few, kills=KILLS, minute_passes=True)

    # then
    assert run.finding.is_clean, run.finding
    assert run.kills == KILLS
    assert run.calls["cancel"] >= POLICIES
    assert run.due == POLICIES * PREMIUM
