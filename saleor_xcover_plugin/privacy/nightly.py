"""Run the nightly purge: remove what was announced the night before, then announce the next.

So everything that will be removed is shown by ``xcover_status`` for a day, also before the first
purge and after a change of the retention periods.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from ..clock import Clock
from ..domain.retention import Days, read_periods
from ..failures import PERIODS, Failures
from ..models import Heartbeat
from ..operations import heartbeats
from .purge import purge
from .report import Report

PURGE_VARIABLE = "XCOVER_PURGE"
"""Name of the Django setting or environment variable with the retention periods, or ``off``."""

_NIGHT = timedelta(days=1)


def chosen_days() -> Days | None:
    """Return the retention period of each kind in days; None if the nightly purge is off.

    Read from ``XCOVER_PURGE``, a Django setting or else an environment variable such as
    ``evidence=4018 hashes=60``. Kinds that are not named keep their default. Raise ``ValueError``
    if it cannot be parsed.
    """
    chosen = getattr(settings, PURGE_VARIABLE, None) or os.environ.get(PURGE_VARIABLE, "")
    return read_periods(str(chosen))


def purge_tonight(clock: Clock) -> None:
    """Remove what was announced the night before, and announce what the next night removes.

    Nothing is removed in the first night, nor in the first one after the periods were changed.
    """
    now = clock()
    heartbeats.begin(heartbeats.PURGE, now)
    failures, days = Failures(now), None
    with failures.contain(PERIODS):
        days = chosen_days()
    if failures.met:
        return
    if days is None:
        heartbeats.beat(heartbeats.PURGE, now, {"switched_off": True})
        return
    done = _remove_announced(days, now)
    next_night = clock() + _NIGHT
    coming = purge(days, next_night, is_dry=True)
    heartbeats.beat(heartbeats.PURGE, clock(), _details(days, done, coming, next_night))


def _remove_announced(days: Days, now: datetime) -> Report:
    """Remove what was past its period at the time the last announcement named, and no more."""
    announced = heartbeats.found(heartbeats.PURGE)
    until = _announced_until(announced, days)
    return Report() if until is None else purge(days, min(now, until))


def _announced_until(announced: Heartbeat | None, days: Days) -> datetime | None:
    """Return the time the announcement was made for; None if there is none for these periods."""
    details = announced.details if announced is not None else None
    if not isinstance(details, Mapping) or details.get("days") != _plain(days):
        return None
    try:
        return datetime.fromisoformat(details["until"])
    except (KeyError, TypeError, ValueError):  # an invalid row announces nothing
        return None


def _details(days: Days, done: Report, coming: Report, until: datetime) -> dict[str, Any]:
    return {
        "removed": sum(c.deleted + c.stripped for c in done.counts.values()),
        "goes_next": sum(c.deleted + c.stripped for c in coming.counts.values()),
        "kept": sum(coming.kept.values()),
        "failed": done.failed,
        "until": until.isoformat(),
        "days": _plain(days),
        "kinds": [
            {
                "kind": kind.value,
                "days": days[kind],
                "removed": done.counts[kind].deleted + done.counts[kind].stripped,
                **{f"goes_next_{name}": n for name, n in asdict(counts).items() if name != "kept"},
                "kept": counts.kept,
            }
            for kind, counts in coming.counts.items()
        ],
    }


def _plain(days: Days) -> dict[str, int]:
    return {kind.value: number for kind, number in days.items()}
