"""How long the events of an offer last, as far as anybody knows."""

from datetime import UTC, datetime, timedelta

import pytest

from saleor_xcover_plugin.checkout.ticketed_events import last_known_end
from saleor_xcover_plugin.models import Offer

START = datetime(2027, 3, 1, 20, 0, tzinfo=UTC)
END = START + timedelta(days=90)


def offer(**request):
    starts = {"7": START.isoformat()}
    return Offer(request={"tickets": {"7": 2}, "starts": starts, **request}, event_starts_at=START)


@pytest.mark.parametrize(
    ("ends", "moved_to", "known"),
    [
        ({}, None, START),
        ({"7": END.isoformat()}, None, END),
        ({}, START + timedelta(days=5), START + timedelta(days=5)),
        ({"7": END.isoformat()}, START + timedelta(days=5), END),
        ({"7": END.isoformat()}, END + timedelta(days=5), END + timedelta(days=5)),
    ],
)
def test_the_later_of_end_and_start_counts(ends, moved_to, known):
    assert last_known_end(offer(ends=ends), {"7": moved_to}) == known


def test_an_offer_of_before_ends_were_stored_knows_its_start():
    assert last_known_end(offer(), {}) == START
    assert last_known_end(Offer(request={}, event_starts_at=START), {}) == START
