"""Minutes without XCover; the rates of the hour after are measured by ``make chaos`` alone."""

from datetime import timedelta

from testkit.load import sales
from testkit.load.outage import Outage

from ..deep.counts import count

BACKLOG = count("covers in an outage")


def test_what_waited_for_xcover_is_confirmed_once_and_within_its_limits(store, shopper, simulator):
    # given paid covers and an XCover that is dead for ten minutes
    run = Outage(
        simulator,
        sales.covered(shopper, store, simulator),
        backlog=BACKLOG,
        fresh=2,
        workers=2,
        tell=lambda *_: None,
    )

    # when it is back
    drain = run.run(timedelta(minutes=10))

    # then each has one policy, those sold meanwhile too, and XCover refused nothing
    assert drain.finding.is_clean, drain.finding
    assert drain.throttled == {"selling": 0, "other": 0}
    assert (len(drain.backlog_waits), len(drain.fresh_waits)) == (BACKLOG, 2)
    # and while it was dead hardly anybody knocked
    assert drain.calls_in_outage < 30
