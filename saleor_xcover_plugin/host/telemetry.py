"""Metrics through Saleor's own OpenTelemetry meter; nothing where the host has none.

Saleor initialises it in web and worker processes. Management commands measure nothing.
"""

from __future__ import annotations

from typing import Any

ALARMS = "saleor.xcover.alarm.count"
"""How many alarms were raised, by ``code``."""

_meter: Any = None
try:
    from saleor.core.telemetry import MetricType, Scope, Unit, meter

    # Saleor makes its metrics at import, too, so that they exist in every process from its start.
    meter.create_metric(
        ALARMS,
        type=MetricType.COUNTER,
        unit=Unit.EVENT,
        scope=Scope.SERVICE,
        description="Number of alarms of the XCover plugin.",
    )
    _meter = meter
except (ImportError, AttributeError):
    # A plugin that fails to import stops Saleor: without telemetry it works all the same.
    pass


def count_alarm(code: str) -> None:
    """Count one raised alarm."""
    if _meter is not None:
        _meter.record(ALARMS, 1, Unit.EVENT, attributes={"code": code})
