"""Periodic work leaves a trace when it begins and when it ends."""

from datetime import UTC, datetime, timedelta

import pytest

from saleor_xcover_plugin.domain.alarms import Pulse
from saleor_xcover_plugin.models import Heartbeat
from saleor_xcover_plugin.operations import heartbeats

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 12, 4, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


def test_what_never_ran_has_no_pulse() -> None:
    assert heartbeats.pulse("sweep") == Pulse()


def test_beginnings_are_counted_until_one_ends() -> None:
    heartbeats.begin("sweep", NOW)
    heartbeats.begin("sweep", LATER)
    assert heartbeats.pulse("sweep") == Pulse(begun_at=LATER, ended_at=None, unfinished=2)

    heartbeats.beat("sweep", LATER, {"orders": 3})

    assert heartbeats.pulse("sweep") == Pulse(begun_at=LATER, ended_at=LATER, unfinished=0)
    beat = heartbeats.found("sweep")
    assert beat is not None
    assert beat.details == {"orders": 3}


def test_two_kinds_of_work_do_not_mix() -> None:
    heartbeats.begin("sweep", NOW)
    heartbeats.beat("reconcile", LATER, {})

    assert heartbeats.pulse("sweep") == Pulse(begun_at=NOW, unfinished=1)
    assert heartbeats.pulse("reconcile") == Pulse(ended_at=LATER)


@pytest.mark.parametrize("details", [[], "broken", {"unfinished": "many"}, {}])
def test_a_broken_row_does_not_stop_the_work(details: object) -> None:
    heartbeats.begin("sweep", NOW)
    Heartbeat.objects.update(details=details)

    heartbeats.begin("sweep", LATER)

    assert heartbeats.pulse("sweep") == Pulse(begun_at=LATER, unfinished=1)
