"""Alarms are counted by Saleor's own OpenTelemetry meter."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from demo.client.store import Store

from ..flows.work import Work

Counted = Callable[[], dict[str, int]]


@pytest.fixture
def counted() -> Iterator[Counted]:
    """Start Saleor's telemetry with a reader in memory; return what was counted, by code."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from saleor.core.telemetry import Meter, meter

    reader = InMemoryMetricReader()

    class ReadableMeter(Meter):
        meter_provider = MeterProvider([reader])

    before: Any = meter._meter
    meter.initialize(ReadableMeter, "test")

    def read() -> dict[str, int]:
        data = reader.get_metrics_data()
        return {
            point.attributes["code"]: point.value
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == "saleor.xcover.alarm.count"
            for point in metric.data.data_points
        }

    yield read
    meter._meter = before


def test_every_raised_alarm_counts_once(
    store: Store, work: Work, counted: Counted, simulator: object
) -> None:
    from saleor_xcover_plugin.services import heartbeats

    def compare(findings: int) -> None:
        details = {"findings": findings, "by_code": {}}
        heartbeats.beat(heartbeats.RECONCILE, datetime.now(UTC), details)

    work()
    assert counted() == {}
    # when it comes, stays, goes and comes back
    for findings in (1, 1, 0, 1):
        compare(findings)
        work()
    # then
    assert counted() == {"reconcile_findings": 2}
