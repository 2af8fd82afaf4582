"""One turn of a worker: what it tries, what it leaves for later, and what its logs say."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from testkit.client.shopper import Shopper
from testkit.client.staff import Staff
from testkit.client.store import Channel, Store
from testkit.client.values import PlacedOrder
from testkit.simulator import SimulatorProcess
from testkit.steps import accept_cover, asked, bookings, sealed_elsewhere
from testkit.work import Work

from .holding import held
from .test_put_aside import kill_workers, messages
from .test_sent_or_not import held_back

SendShopper = Callable[[Channel], Shopper]


def deliver(limit: int = 10) -> int:
    from saleor_xcover_plugin.clock import utc_now
    from saleor_xcover_plugin.outbox.dispatcher import deliver_due

    return deliver_due(utc_now, limit=limit)


@pytest.fixture
def sold(shopper: SendShopper, store: Store, staff: Staff, work: Work) -> list[PlacedOrder]:
    """Sell two orders with cover, paid; no worker has been at them."""
    placed = []
    for _ in range(2):
        buyer = shopper(store.usd_unpaid)
        accept_cover(buyer, store)
        placed.append(buyer.complete())
        staff.mark_as_paid(placed[-1].id)
    return placed


def message_of(order: PlacedOrder) -> Any:
    from saleor_xcover_plugin.models import Cover

    return messages(kind="confirm").get(subject_id=Cover.objects.get(order_number=order.number).pk)


@contextmanager
def without(channel: Channel, field: str) -> Iterator[None]:
    """Have a setting of a channel be lost meanwhile."""
    from saleor.plugins.models import PluginConfiguration

    rows = PluginConfiguration.objects.filter(
        identifier="covergenius.xcover", channel__slug=channel.slug
    )
    before = rows.get().configuration
    lacks = [{**item, "value": ""} if item["name"] == field else item for item in before]
    rows.update(configuration=lacks)
    try:
        yield
    finally:
        rows.update(configuration=before)


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[Any]:
    """Return the records of an event of ours, as an operator's log keeps them."""
    return [record for record in caplog.records if record.message == event]


def test_a_turn_tries_what_is_due_up_to_its_limit(
    sold: list[PlacedOrder], simulator: SimulatorProcess
) -> None:
    assert [deliver(limit=1), deliver(), deliver()] == [1, 1, 0]
    assert len(bookings(simulator)) == 2


def test_every_kind_of_call_has_its_delivery() -> None:
    from saleor_xcover_plugin.domain.messages import MessageKind
    from saleor_xcover_plugin.outbox import registry

    assert registry.kinds() == set(MessageKind)


def test_a_cover_somebody_holds_is_left_for_later_and_the_next_is_tried(
    sold: list[PlacedOrder], simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    from saleor_xcover_plugin.models import Cover
    from saleor_xcover_plugin.time_limits import WORKER_AFTER_BUSY, busy_sentence, time_limits

    first, _ = sold
    with (
        held(Cover.objects.filter(order_number=first.number)),
        time_limits(WORKER_AFTER_BUSY),
        caplog.at_level(logging.WARNING, logger="saleor_xcover_plugin"),
    ):
        assert deliver() == 2

    waiting = message_of(first)
    (record,) = told(caplog, "xcover.delivery.busy")
    assert record.outbox_message == waiting.pk
    assert record.reason
    assert (waiting.status, waiting.leased_until) == ("pending", None)
    assert waiting.last_error == busy_sentence()
    assert waiting.next_attempt_at > datetime.now(UTC)
    assert len(bookings(simulator)) == 1


def test_where_even_that_cannot_be_written_the_end_of_the_lease_brings_it(
    sold: list[PlacedOrder], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from saleor_xcover_plugin.models import Cover
    from saleor_xcover_plugin.outbox import outcomes as module
    from saleor_xcover_plugin.time_limits import WORKER_AFTER_BUSY, DatabaseBusy, time_limits

    first, _ = sold

    def hold(*_: Any) -> bool:
        raise DatabaseBusy("its row is held, too")

    monkeypatch.setattr(module, "_plan_again", hold)
    with (
        held(Cover.objects.filter(order_number=first.number)),
        time_limits(WORKER_AFTER_BUSY),
        caplog.at_level(logging.WARNING, logger="saleor_xcover_plugin"),
    ):
        assert deliver() == 2

    waiting = message_of(first)
    _, second = told(caplog, "xcover.delivery.busy")
    assert (second.outbox_message, second.reason) == (waiting.pk, "its row is held, too")
    assert waiting.status == "pending"
    assert waiting.leased_until > datetime.now(UTC)


def test_what_another_store_made_is_put_aside_and_the_next_is_tried(
    sold: list[PlacedOrder], simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin import installation
    from saleor_xcover_plugin.models import Cover, Offer
    from saleor_xcover_plugin.outbox.other_store import SENTENCE

    # given an offer made before this database became a store of its own
    first, _ = sold
    now = datetime.now(UTC)
    offers = Offer.objects.filter(cover__order_number=first.number)
    offers.update(created_at=now - timedelta(days=2))
    Cover.objects.filter(order_number=first.number).update(created_at=now - timedelta(days=2))
    row = installation.found()
    assert row is not None
    type(row).objects.update(copied_at=now - timedelta(days=1))
    # when
    assert deliver() == 2
    # then
    parked = message_of(first)
    assert (parked.status, parked.reason_code) == ("parked", "other_store")
    assert parked.last_error.startswith(SENTENCE)
    assert len(bookings(simulator)) == 1


def test_a_defect_of_ours_is_tried_again_and_says_where_it_is_logged(
    sold: list[PlacedOrder],
    simulator: SimulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from saleor_xcover_plugin.policies.confirm import ConfirmHandler
    from saleor_xcover_plugin.policies.confirm_batch import ConfirmBatch

    def fail(*_: Any) -> None:
        raise KeyError("a defect of ours")

    monkeypatch.setattr(ConfirmHandler, "prepare", fail)
    monkeypatch.setattr(ConfirmBatch, "prepare", lambda *_: {})
    assert deliver() == 2

    first = message_of(sold[0])
    assert first.last_error == "An unexpected error was logged under saleor_xcover_plugin."
    assert (first.status, first.leased_until) == ("pending", None)
    assert [record.outbox_message for record in told(caplog, "xcover.delivery.failed")] == [
        message.pk for message in messages().order_by("pk")
    ]
    assert "confirm" not in asked(simulator)


def test_a_message_that_kills_its_workers_is_logged_and_told(
    sold: list[PlacedOrder], caplog: pytest.LogCaptureFixture
) -> None:
    kill_workers()

    assert deliver() == 2

    parked = message_of(sold[0])
    assert (parked.status, parked.reason_code) == ("parked", "poison")
    assert parked.last_error.startswith(
        "5 workers in a row died while they called XCover (confirm, message "
        f"{parked.pk}). Look at their logs (memory, time limits), then try again."
    )
    assert parked.pk in [record.outbox_message for record in told(caplog, "xcover.delivery.poison")]


def test_what_cannot_be_parked_with_its_cover_is_parked_alone(
    sold: list[PlacedOrder], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from saleor_xcover_plugin.policies.confirm import ConfirmHandler

    def fail(*_: Any) -> None:
        raise KeyError("a defect of ours")

    monkeypatch.setattr(ConfirmHandler, "park", fail)
    kill_workers()

    assert deliver() == 2

    assert {message.reason_code for message in messages(status="parked")} == {"poison"}
    assert len(told(caplog, "xcover.delivery.failed")) == 2


def test_while_xcover_does_not_answer_all_wait_until_the_same_time(
    sold: list[PlacedOrder], simulator: SimulatorProcess
) -> None:
    from saleor_xcover_plugin.models import XCoverAccount

    with held_back():
        (until,) = set(XCoverAccount.objects.values_list("open_until", flat=True))
        assert deliver() == 0

        assert {message.next_attempt_at for message in messages()} == {until}
        assert {message.attempts for message in messages()} == {0}
        assert deliver() == 0
    assert "confirm" not in asked(simulator)


def test_a_process_with_another_secret_key_leaves_all_to_those_with_the_right_one(
    sold: list[PlacedOrder],
    store: Store,
    simulator: SimulatorProcess,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = datetime.now(UTC)
    with sealed_elsewhere(store.usd_unpaid, "api_secret"):
        assert deliver() == 2

    for message in messages():
        assert (message.status, message.attempts, message.leased_until) == ("pending", 0, None)
        rest = message.next_attempt_at - before
        assert timedelta(minutes=1) <= rest < timedelta(minutes=2)
    assert {record.field for record in told(caplog, "xcover.settings.incomplete")} == {"api_secret"}
    assert "confirm" not in asked(simulator)


def test_settings_that_lack_something_are_named_and_waited_for(
    sold: list[PlacedOrder], store: Store, simulator: SimulatorProcess
) -> None:

    with without(store.usd_unpaid, "partner_code"):
        assert deliver() == 2

    for message in messages():
        assert (message.status, message.reason_code) == ("parked", "xcover_refused_credentials")
        assert message.last_error == (
            "The plugin's configuration is incomplete: Partner code is missing."
        )
    assert "confirm" not in asked(simulator)


def test_refused_credentials_are_logged_with_the_operation(
    sold: list[PlacedOrder], simulator: SimulatorProcess, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.fault("confirm", "status", times=None, status=401)

    deliver(limit=1)

    message = messages(status="parked").get()
    (record,) = told(caplog, "xcover.credentials.refused")
    assert record.operation == message.operation_id
