"""Record metrics and traces through Saleor's own OpenTelemetry set-up.

Nothing is recorded where Saleor has none: it is initialised in web and worker processes, not in
management commands. No attribute identifies an order, a booking or a person.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction

from ..defect_log import log_defect

log = logging.getLogger(__name__)

Attributes = Mapping[str, str | int]
"""Attributes of a measurement."""

# Upper bounds of histogram buckets, in seconds.

_CALL_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 1.8, 2.5, 4, 7, 15)
_DELAY_BUCKETS = (1, 2, 5, 15, 60, 300, 900, 3600, 21600, 86400)


@dataclass(frozen=True, slots=True)
class Metric:
    """Definition of a metric: a histogram of seconds if it has ``buckets``, else a counter.

    docs/metrics.md lists all of them.
    """

    name: str
    """Name in OpenTelemetry, such as ``saleor.xcover.call.duration``."""
    description: str
    attributes: tuple[str, ...]
    """Names of the attributes it may be recorded with."""
    buckets: tuple[float, ...] = ()
    """Upper bounds of the buckets, in seconds."""


CALLS = Metric(
    "saleor.xcover.call.duration",
    "Calls to XCover, each attempt, in seconds.",
    ("operation", "http.response.status_code", "error.type"),
    _CALL_BUCKETS,
)
OFFERS = Metric(
    "saleor.xcover.offer.count",
    "Offers asked for: available, or the code that says why not.",
    ("outcome",),
)
ANSWERS = Metric(
    "saleor.xcover.answer.count",
    "Answers of shoppers: accepted, declined, withdrawn.",
    ("answer",),
)
POLICIES = Metric(
    "saleor.xcover.policy.count",
    "Policies confirmed, cancelled, or parked for a person.",
    ("event",),
)
CONFIRMATIONS = Metric(
    "saleor.xcover.confirmation.delay",
    "From the order's full payment to its policy, in seconds.",
    (),
    _DELAY_BUCKETS,
)
ALARMS = Metric(
    "saleor.xcover.alarm.count",
    "Alarms raised.",
    ("code",),
)
METRICS = (CALLS, OFFERS, ANSWERS, POLICIES, CONFIRMATIONS, ALARMS)
"""All metrics of the plugin."""

_telemetry: Any = None
try:
    from saleor.core import telemetry

    # Made at import, as Saleor's own metrics are, so that they exist in every process.
    for each in METRICS:
        kind = telemetry.MetricType
        telemetry.meter.create_metric(
            each.name,
            type=kind.HISTOGRAM if each.buckets else kind.COUNTER,
            unit=telemetry.Unit.SECOND if each.buckets else telemetry.Unit.EVENT,
            scope=telemetry.Scope.SERVICE,
            description=each.description,
            bucket_boundaries=each.buckets or None,
        )
    _telemetry = telemetry
except (ImportError, AttributeError, TypeError):
    # A plugin that fails to import stops Saleor; without telemetry it still works.
    pass


def count(metric: Metric, **attributes: str) -> None:
    """Add one to a counter after the current transaction commits."""
    _after_commit(partial(_record, metric, 1, attributes))


def measure(metric: Metric, seconds: float, attributes: Attributes | None = None) -> None:
    """Record a duration in a histogram after the current transaction commits."""
    _after_commit(partial(_record, metric, seconds, attributes or {}))


def _after_commit(record: Callable[[], None]) -> None:
    if connection.in_atomic_block:
        transaction.on_commit(record)
    else:  # on_commit would open a database session, also in a thread that only calls
        record()


@contextmanager
def client_span(name: str, attributes: Mapping[str, str]) -> Iterator[dict[str, str | int]]:
    """Trace a call to another service as a client span.

    Yield a dict for further attributes of the span. The text of an exception is not recorded; add
    ``error.type`` instead.
    """
    learned: dict[str, str | int] = {}
    if _telemetry is None:
        yield learned
        return
    with _telemetry.tracer.start_as_current_span(
        name,
        scope=_telemetry.Scope.SERVICE,
        kind=_telemetry.SpanKind.CLIENT,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield learned
        finally:
            span.set_attributes(learned)


def _record(metric: Metric, amount: float, attributes: Attributes) -> None:
    """Record an amount; log errors instead of raising them into Saleor's ``on_commit``."""
    if _telemetry is None:
        return
    try:
        unit = _telemetry.Unit.SECOND if metric.buckets else _telemetry.Unit.EVENT
        _telemetry.meter.record(metric.name, amount, unit, attributes=dict(attributes))
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log_defect(log, "xcover.telemetry.failed", metric=metric.name)
