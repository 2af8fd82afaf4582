"""Metrics and traces by Saleor's own OpenTelemetry: what happened, and nobody's name."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from testkit.client.driver import Refused
from testkit.client.payment_app import PaymentApp
from testkit.client.people import EMAIL
from testkit.client.shopper import Shopper
from testkit.client.store import Channel, Store
from testkit.simulator import SimulatorProcess
from testkit.steps import buy_with_cover
from testkit.work import Work

from ..flows.waits import let_waits_pass

SendShopper = Callable[[Channel], Shopper]
Seen = dict[tuple[tuple[str, Any], ...], Any]


@dataclass
class Telemetry:
    """What Saleor's telemetry would have sent away."""

    reader: Any
    exporter: Any

    def points(self, name: str) -> Seen:
        """Return the points of one metric by their attributes: a count, or count and sum."""
        data = self.reader.get_metrics_data()
        return {
            tuple(sorted(point.attributes.items())): getattr(point, "value", None)
            or (point.count, point.sum)
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == f"saleor.xcover.{name}"
            for point in metric.data.data_points
        }

    def counted(self, name: str) -> dict[str, int]:
        """Return a counter's values by its one attribute."""
        return {attributes[0][1]: value for attributes, value in self.points(name).items()}

    def spans(self) -> list[tuple[str, dict[str, Any]]]:
        """Return our spans with their own attributes, oldest first."""
        own = [span for span in self.exporter.get_finished_spans() if span.name[:7] == "xcover."]
        return [
            (
                span.name,
                {k: v for k, v in span.attributes.items() if k in ("operation", *_LEARNED)},
            )
            for span in own
        ]

    def everything(self) -> str:
        spans = [span.to_json() for span in self.exporter.get_finished_spans()]
        return f"{self.reader.get_metrics_data()} {spans}"


_LEARNED = ("http.response.status_code", "error.type")


@pytest.fixture
def telemetry() -> Iterator[Telemetry]:
    """Start Saleor's telemetry with everything kept in memory."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from saleor.core.telemetry import Meter, Tracer, meter, tracer

    reader, exporter = InMemoryMetricReader(), InMemorySpanExporter()
    spans = TracerProvider()
    spans.add_span_processor(SimpleSpanProcessor(exporter))

    class ReadableMeter(Meter):
        meter_provider = MeterProvider([reader])

    class ReadableTracer(Tracer):
        tracer_provider = spans

    before: tuple[Any, Any] = meter._meter, tracer._tracer
    meter.initialize(ReadableMeter, "test")
    tracer.initialize(ReadableTracer, "test")
    yield Telemetry(reader, exporter)
    meter._meter, tracer._tracer = before


def test_every_raised_alarm_counts_once(
    store: Store, work: Work, telemetry: Telemetry, simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.operations import heartbeats

    def compare(findings: int) -> None:
        details = {"findings": findings, "by_code": {}}
        heartbeats.beat(heartbeats.RECONCILE, datetime.now(UTC), details)

    work()
    assert telemetry.counted("alarm.count") == {}
    # when it comes, stays, goes and comes back
    for findings in (1, 1, 0, 1):
        compare(findings)
        work()
    # then
    assert telemetry.counted("alarm.count") == {"reconcile_findings": 2}


def test_a_sale_is_measured_from_the_offer_to_the_end_of_its_policy(
    store: Store,
    shopper: SendShopper,
    payments: PaymentApp,
    work: Work,
    telemetry: Telemetry,
    simulator: SimulatorProcess,
) -> None:
    # given one sale, refunded whole, and one that XCover confirms at the second attempt
    simulator.fault("confirm", "status", status=503)
    order, payment = buy_with_cover(shopper(store.usd), payments, {store.concert: 2})
    work()
    let_waits_pass()
    work()
    payments.refund(payment, order.total)
    for _ in range(3):
        work()
    # then
    assert telemetry.counted("offer.count") == {"available": 1}
    assert telemetry.counted("answer.count") == {"accepted": 1}
    assert telemetry.counted("policy.count") == {"confirmed": 1, "cancelled": 1}
    ((attributes, (confirmations, seconds)),) = telemetry.points("confirmation.delay").items()
    assert (attributes, confirmations, seconds > 0) == ((), 1, True)
    calls = {
        tuple(value for _, value in sorted(attributes, reverse=True)): count
        for attributes, (count, _) in telemetry.points("call.duration").items()
    }
    assert calls == {
        ("create_offer", 200): 1,
        ("confirm_offer", 503): 1,
        ("confirm_offer", 200): 1,
        ("preview_cancellation", 200): 1,
        ("confirm_cancellation", 200): 1,
    }
    # and each call is a span, in the same words
    assert len(telemetry.spans()) == 5
    assert telemetry.spans()[0] == (
        "xcover.create_offer",
        {"operation": "create_offer", "http.response.status_code": 200},
    )
    # and nobody is named, no booking and no secret
    (booking,) = simulator.state()["bookings"]
    for private in (EMAIL, "Ada", booking["id"], "demo-secret"):
        assert private not in telemetry.everything()


def test_a_call_without_answer_is_told_by_its_kind(
    store: Store, shopper: SendShopper, telemetry: Telemetry, simulator: SimulatorProcess
) -> None:
    simulator.fault("create_offer", "reset", times=None)
    ada = shopper(store.usd)
    ada.create_checkout({store.concert: 2})
    with pytest.raises(Refused):
        ada.offer()

    assert telemetry.counted("offer.count") == {"xcover_unavailable": 1}
    ((attributes, (calls, _)),) = telemetry.points("call.duration").items()
    assert dict(attributes) == {"operation": "create_offer", "error.type": "XCoverUnavailable"}
    assert calls == 1
    ((_, learned),) = telemetry.spans()
    assert learned == {"operation": "create_offer", "error.type": "XCoverUnavailable"}


def test_what_is_rolled_back_is_not_counted(store: Store, telemetry: Telemetry) -> None:
    from django.db import transaction

    from saleor_xcover_plugin.host import telemetry as ours

    with transaction.atomic():
        ours.count(ours.ANSWERS, answer="accepted")
        transaction.set_rollback(True)
    ours.count(ours.ANSWERS, answer="declined")

    assert telemetry.counted("answer.count") == {"declined": 1}
