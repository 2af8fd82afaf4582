"""Record when periodic work began and ended, so that its absence is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..domain.alarms import Pulse
from ..models import Heartbeat

SWEEP = "sweep"
"""The sweep, every minute."""
RECONCILE = "reconcile"
"""The nightly comparison with XCover."""
PURGE = "purge"
"""The nightly purge."""


def begin(name: str, now: datetime) -> None:
    """Record that work begins. ``beat`` records that it ended."""
    unfinished = pulse(name).unfinished + 1
    Heartbeat.objects.update_or_create(
        name=_begun(name), defaults={"beat_at": now, "details": {"unfinished": unfinished}}
    )


def beat(name: str, now: datetime, details: Mapping[str, Any]) -> None:
    """Record that work ended, with what it found as JSON data."""
    Heartbeat.objects.update_or_create(
        name=name, defaults={"beat_at": now, "details": dict(details)}
    )
    Heartbeat.objects.filter(name=_begun(name)).update(details={"unfinished": 0})


def pulse(name: str) -> Pulse:
    """Return when work last began and ended, and how often it began since it last ended."""
    rows = Heartbeat.objects.in_bulk([name, _begun(name)])
    begun, ended = rows.get(_begun(name)), rows.get(name)
    return Pulse(
        begun_at=begun.beat_at if begun else None,
        ended_at=ended.beat_at if ended else None,
        unfinished=_number(begun.details, "unfinished") if begun else 0,
    )


def found(name: str) -> Heartbeat | None:
    """Return the last beat of work with what it found, or None before the first."""
    return Heartbeat.objects.filter(name=name).first()


def _begun(name: str) -> str:
    return f"{name} begun"


def _number(details: Any, name: str) -> int:
    """Return a whole number from the details, or 0: an invalid row must not stop the work."""
    value = details.get(name) if isinstance(details, dict) else None
    return value if isinstance(value, int) else 0
