"""The purge of every night: it removes what it announced the night before, and announces the next.

So what a first run would remove, or one after a change of the periods, is a day in
``xcover_status`` before it goes.
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
"""Django setting or environment variable: how long things are kept, or ``off``."""

_NIGHT = timedelta(days=1)


def chosen_days() -> Days | None:
    """Return how long each kind is kept; None when the nightly purge is switched off.

    ``XCOVER_PURGE`` as Django setting, then as environment variable, such as
    ``evidence=4018 hashes=60``. Raise ``ValueError`` for what cannot be read.
    """
    chosen = getattr(settings, PURGE_VARIABLE, None) or os.environ.get(PURGE_VARIABLE, "")
    return read_periods(str(chosen))


def purge_tonight(clock: Clock) -> None:
    """Remove what was announced the night before, and write down what goes next.

    Nothing goes in the first night, nor in one after the periods were changed.
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
    """Remove what was past its time by the moment the last announcement named, and not more."""
    announced = heartbeats.found(heartbeats.PURGE)
    until = _announced_until(announced, days)
    return Report() if until is None else purge(days, min(now, until))


def _announced_until(announced: Heartbeat | None, days: Days) -> datetime | None:
    """Return for which moment these very periods were announced; None when they were not."""
    details = announced.details if announced is not None else None
    if not isinstance(details, Mapping) or details.get("days") != _plain(days):
        return None
    try:
        return datetime.fromisoformat(details["until"])
    except (KeyError, TypeError, ValueError):  # a row somebody broke announces nothing
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
